package quota

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// now is a Wednesday, 14:00 in a zone two hours east of Greenwich.
func now() time.Time {
	return time.Date(2026, 3, 4, 14, 0, 0, 0, time.FixedZone("here", 2*3600))
}

func zones(name string) (*time.Location, error) {
	if name == "America/New_York" {
		return time.FixedZone(name, -5*3600), nil
	}
	return nil, errors.New("unknown")
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		text string
		wait time.Duration // 0: a refusal that names no time; -1: none
	}{
		{"Claude AI usage limit reached|1772636400", 3 * time.Hour},
		{"5-hour limit reached ∙ resets 3pm", time.Hour},
		{"You've hit your limit · resets 3:30pm (UTC)", 3*time.Hour + 30*time.Minute},
		{"You've hit your usage limit. Resets at 10am (America/New_York)", 3 * time.Hour},
		{"weekly limit reached, resets Mar 9 at 5pm", 5*24*time.Hour + 3*time.Hour},
		{"usage limit reached, resets at 15:00", time.Hour},
		{"usage limit reached, resets 1pm", 23 * time.Hour},
		{"HTTP 429 Too Many Requests\nretry-after: 30", 30 * time.Second},
		{"error: rate_limit_error: please slow down; Retry-After=2.5", 2500 * time.Millisecond},
		{"Rate limit exceeded. Please try again in 1h 5m.", 65 * time.Minute},
		{"Rate limit reached for model x in organization y. Please try again in 6m0s.", 6 * time.Minute},
		{"rate limit exceeded, retry after 20 minutes", 20 * time.Minute},
		{`{"error":{"type":"rate_limit_error"},"resets_at":"2026-03-04T13:00:00Z"}`, time.Hour},
		{"429 RESOURCE_EXHAUSTED: quota exceeded", 0},
		{"You exceeded your current quota, please check your plan and billing details", 0},
		{"insufficient_quota", 0},
		{"usage limit reached|1600000000", 0}, // long past
		{"usage limit reached, resets in 900 days", 0},
		{"usage limit reached, resets in 99 bottles", 0},
		{"you are being rate limited", 0},
		{"request failed with status code 429", 0},

		{"", -1},
		{"--- FAIL: TestRateLimit (0.00s)", -1},
		{"wrote the rate limiter in limiter.go; all 429 tests pass", -1},
		{"disk quota.go: undefined: Quota", -1},
		{"see RFC 6585 about the limit", -1},
		{"usage limit reached\n" + strings.Repeat("and then much more was said\n", 30), -1},
	} {
		a, ok := Find("some work was done\n"+c.text+"\n", now(), zones)
		switch {
		case ok != (c.wait >= 0):
			t.Errorf("%q: found %t, %+v", c.text, ok, a)
		case !ok:
		case c.wait == 0 && !a.Until.IsZero(), c.wait > 0 && a.Until.Sub(now()) != c.wait:
			t.Errorf("%q: until %s, want in %s", c.text, a.Until, c.wait)
		case !strings.Contains(c.text, a.Text):
			t.Errorf("%q: said by %q", c.text, a.Text)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range []string{"usage limit reached|1772640000", "too many requests; try again in 9999999999h", "429 quota exceeded resets Feb 31 at 5pm", "\xff rate limit exceeded"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, ok := Find(text, now(), zones)
		if !ok && a != (Answer{}) {
			t.Errorf("not found, and yet %+v", a)
		}
		if !a.Until.IsZero() && !credible(a.Until, now()) {
			t.Errorf("until %s", a.Until)
		}
	})
}
