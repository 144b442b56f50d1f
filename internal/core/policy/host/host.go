package host

import (
	"slices"
	"strings"
)

// paidHosts take money for a call.
var paidHosts = []string{"api.openai.com", "api.anthropic.com", "generativelanguage.googleapis.com", "api.mistral.ai", "api.cohere.ai", "api.cohere.com", "api.replicate.com",
	"api.together.xyz", "api.groq.com", "openrouter.ai", "api.perplexity.ai", "api.deepseek.com", "api.x.ai", "api.stability.ai", "api.elevenlabs.io", "api.assemblyai.com", "api.twilio.com", "api.sendgrid.com",
	"api.mailgun.net", "api.postmarkapp.com", "api.nexmo.com", "rest.messagebird.com", "api.deepl.com", "maps.googleapis.com", "translation.googleapis.com",
	"vision.googleapis.com", "speech.googleapis.com", "api.fireworks.ai", "api.voyageai.com"}

var paymentHosts = []string{"api.stripe.com", "api.paypal.com", "api-m.paypal.com", "api.braintreegateway.com", "api.squareup.com", "connect.squareup.com", "checkout-live.adyen.com", "api.razorpay.com", "api.plaid.com"}

// Of returns the host of what is written as a URL, with or without its scheme.
func Of(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	if rest, ok := strings.CutPrefix(s, "["); ok {
		s, _, _ = strings.Cut(rest, "]")
	} else {
		s, _, _ = strings.Cut(s, ":")
	}
	return strings.TrimSuffix(strings.ToLower(s), ".")
}

// Paid reports whether a call of the host costs money.
func Paid(h string) bool { return slices.Contains(paidHosts, h) }

// Payment reports whether the host moves money.
func Payment(h string) bool { return slices.Contains(paymentHosts, h) }

// Metadata reports whether the host hands out the machine's credentials.
func Metadata(h string) bool {
	return slices.Contains([]string{"169.254.169.254", "metadata.google.internal", "fd00:ec2::254", "100.100.100.200"}, h)
}

// Local reports whether the host is this machine.
func Local(h string) bool {
	return slices.Contains([]string{"localhost", "127.0.0.1", "::1", "0.0.0.0"}, h)
}
