package smell

import (
	"strings"

	"popkit/internal/core/source"
)

// bypass is code that takes a protection away, without blanks.
type bypass struct {
	code string
	what string
}

const (
	certificates = "certificates are not verified any more"
	forgery      = "requests are not protected from forgery any more"
	condition    = "a condition holds whatever is asked"
)

var bypasses = map[source.Lang][]bypass{
	source.Go: {{"InsecureSkipVerify:true", certificates}, {"InsecureSkipVerify=true", certificates}, {"ssh.InsecureIgnoreHostKey()", "host keys are not verified any more"},
		{"iftrue||", condition}, {"||true{", condition}, {"&&false{", condition}, {"jwt.UnsafeAllowNoneSignatureType", "unsigned tokens are accepted"}},
	source.Python: {{"verify=False", certificates}, {"_create_unverified_context", certificates}, {"ssl.CERT_NONE", certificates}, {"check_hostname=False", certificates}, {`"verify_signature":False`, "signatures are not verified any more"}, {`"verify":False`, "signatures are not verified any more"},
		{"disable_warnings(", "warnings about certificates are silenced"}, {"@csrf_exempt", forgery}, {"AutoAddPolicy(", "host keys are not verified any more"},
		{"orTrue:", condition}, {"ifTrueor", condition}, {"andFalse:", condition}},
	source.JavaScript: jsBypasses,
	source.TypeScript: jsBypasses,
	source.Java: {{"NoopHostnameVerifier", certificates}, {"ALLOW_ALL_HOSTNAME_VERIFIER", certificates}, {"TrustAllStrategy", certificates}, {"csrf().disable()", forgery},
		{"(true||", condition}, {"||true)", condition}, {"&&false)", condition}},
	source.Rust: {{"danger_accept_invalid_certs(true)", certificates}, {"danger_accept_invalid_hostnames(true)", certificates}, {"iftrue||", condition}, {"||true{", condition}},
	source.Ruby: {{"VERIFY_NONE", certificates}, {"skip_before_action:verify_authenticity_token", forgery}, {"skip_forgery_protection", forgery}, {"save(validate:false)", "validations are passed by"},
		{"save!(validate:false)", "validations are passed by"}, {"iftrue||", condition}},
}

var jsBypasses = []bypass{{"rejectUnauthorized:false", certificates}, {"NODE_TLS_REJECT_UNAUTHORIZED", certificates}, {"strictSSL:false", certificates},
	{"(true||", condition}, {"||true)", condition}, {"&&false)", condition}}

// bypassed finds protections that new lines of code take away.
func (f *file) bypassed() []Finding {
	if !f.product() {
		return nil
	}
	gone := map[string]int{}
	for _, i := range f.removed {
		if b, ok := bypassIn(f.lang, f.old[i]); ok {
			gone[b.code]++
		}
	}
	var out []Finding
	for _, i := range f.added {
		b, ok := bypassIn(f.lang, f.new[i])
		if !ok || f.lang == source.Rust && f.inTest(i) {
			continue
		}
		if gone[b.code]--; gone[b.code] >= 0 {
			continue
		}
		out = append(out, f.finding("validation_bypassed", i, b.what))
	}
	return out
}

func bypassIn(l source.Lang, ln source.Line) (bypass, bool) {
	code := source.Squeeze(ln.Code)
	if code == "" || source.Prefixed(strings.TrimSpace(ln.Code), "import ", "use ", "from ") {
		return bypass{}, false
	}
	text := ""
	if l.JS() || l == source.Python {
		text = strings.ReplaceAll(source.Squeeze(source.Uncommented(ln)), "'", `"`) // what is a key there
	}
	for _, b := range bypasses[l] {
		if strings.Contains(code, b.code) || strings.Contains(b.code, `"`) && strings.Contains(text, b.code) || b.code == "NODE_TLS_REJECT_UNAUTHORIZED" && strings.Contains(text, b.code) {
			return b, true
		}
	}
	return bypass{}, false
}
