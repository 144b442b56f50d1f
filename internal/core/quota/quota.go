package quota

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Longest is how far away a reset can be: weekly quotas are the longest there are.
const Longest = 8 * 24 * time.Hour

// Answer is what a service said.
type Answer struct {
	Text  string    // the line that says so
	Until time.Time // when it may be tried again; zero: not said
}

// lastLines is how many lines from the end are looked at.
const lastLines = 15

// maxLine bounds a line that is looked at, in bytes.
const maxLine = 2000

// Zones finds a time zone by its name, as time.LoadLocation does.
type Zones func(name string) (*time.Location, error)

// Find looks for the newest refusal in the text. A time of the day without a zone
// is meant in that of now.
func Find(text string, now time.Time, zones Zones) (Answer, bool) {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[max(0, len(lines)-lastLines):]
	for i := len(lines) - 1; i >= 0; i-- {
		line := strings.TrimSpace(lines[i])
		line = line[:min(len(line), maxLine)]
		if !refuses(line) {
			continue
		}
		a := Answer{Text: strings.ToValidUTF8(line, "")}
		// The time may stand on a line of its own, after.
		for _, l := range lines[i:] {
			if at := Reset(l[:min(len(l), maxLine)], now, zones); !at.IsZero() {
				a.Until = at
				break
			}
		}
		return a, true
	}
	return Answer{}, false
}

// phrases are what services say when a quota is used up.
var phrases = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`\brate[ _-]?limit(s|ed)?[ _-](error|exceeded|reached|hit)`,
	`\b(hit|reached|exceeded|exceeding|over)\b.{0,40}\b(rate|usage|session|weekly|daily|hourly|token|request|spend(ing)?)[ _-]limit`,
	`\byou(['’]ve| have)? (are |been )?(hit|reached|exceeded) your (\S+ ){0,2}(limit|quota)`,
	`\b(you are|you're|been|being) rate[ -]limited\b`,
	`\b(usage|session|weekly|daily|hourly|\d+-hour|message) limit (reached|exceeded|hit)`,
	`\btoo many requests\b`,
	`\b(status|http|error|code|response)\b[^\n]{0,20}\b429\b`,
	`\bquota (was |is |has been )?(exceeded|exhausted|used up)\b`,
	`\bexceed(ed|s) (your|the) (current )?quota\b`,
	`\binsufficient_quota\b`,
	`\bRESOURCE_EXHAUSTED\b`,
}, "|"))

func refuses(line string) bool { return phrases.MatchString(line) }

var (
	stampForm = regexp.MustCompile(`\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)`)
	epochForm = regexp.MustCompile(`\b(1[6-9]\d{8}|[2-4]\d{9})(\d{3})?\b`)
	inForm    = regexp.MustCompile(`(?i)\b(?:retry[- _]?after|(?:try again|retry|retrying|resets?|reset|available|wait)(?: again)?(?: (?:in|for|after))?)["']?\s*[:=]?\s*["']?((?:about )?\d+(?:\.\d+)?\s*(?:[a-z]+)?(?:[ ,]*(?:and )?\d+(?:\.\d+)?\s*[a-z]+)*)`)
	partForm  = regexp.MustCompile(`(?i)(\d+(?:\.\d+)?)\s*([a-z]*)`)
	clockForm = regexp.MustCompile(`(?i)\b(?:resets?|try again|available|until|renews?)\b[^\n\d]{0,12}?(?:(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (\d{1,2})(?:,? at|,)? )?(\d{1,2})(?::(\d\d))?\s*(am|pm)?(?:\s*\(?\s*([A-Za-z]+(?:/[A-Za-z_]+)*)\)?)?`)
)

// Reset reads when a service may be tried again; zero when the text does not say, or
// says what can't be.
func Reset(text string, now time.Time, zones Zones) time.Time {
	for _, read := range []func(string, time.Time) time.Time{stamp, within, epoch} {
		if at := read(text, now); credible(at, now) {
			return at.UTC()
		}
	}
	if at := clock(text, now, zones); credible(at, now) {
		return at.UTC()
	}
	return time.Time{}
}

func credible(at, now time.Time) bool { return at.After(now) && at.Sub(now) <= Longest }

func stamp(text string, _ time.Time) time.Time {
	found := strings.ToUpper(stampForm.FindString(text))
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, found); err == nil {
			return at
		}
	}
	return time.Time{}
}

func epoch(text string, _ time.Time) time.Time {
	m := epochForm.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}
	}
	sec, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(sec, 0)
}

// within reads "retry-after: 30", "try again in 1h 5m", "resets in 20 minutes".
func within(text string, now time.Time) time.Time {
	m := inForm.FindStringSubmatch(text)
	if m == nil {
		return time.Time{}
	}
	bare := inSeconds(m[0])
	var sum time.Duration
	for _, part := range partForm.FindAllStringSubmatch(m[1], -1) {
		n, err := strconv.ParseFloat(part[1], 64)
		unit, known := units[strings.ToLower(part[2])]
		if part[2] == "" {
			unit, known = time.Second, bare
		}
		if err != nil || !known || n > 1e7 {
			return time.Time{}
		}
		sum += time.Duration(n * float64(unit))
	}
	return now.Add(sum)
}

// inSeconds reports whether a number without a unit means seconds there: in a
// header it does, in a sentence it is a time of the day.
func inSeconds(found string) bool {
	found = strings.ToLower(found)
	return strings.HasPrefix(found, "retry") && strings.Contains(found, "after")
}

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "sec": time.Second, "secs": time.Second, "second": time.Second, "seconds": time.Second,
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
}

var months = map[string]time.Month{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// clock reads "resets at 3pm", "resets 15:30 (UTC)", "resets Oct 9 at 5pm": the
// next time that it is so late.
func clock(text string, now time.Time, zones Zones) time.Time {
	m := clockForm.FindStringSubmatch(text)
	if m == nil || m[4] == "" && m[5] == "" { // "until 3" may be anything
		return time.Time{}
	}
	now = now.In(zoneOf(m[6], now, zones))
	hour, err := strconv.Atoi(m[3])
	if err != nil || hour > 23 || m[5] != "" && (hour < 1 || hour > 12) {
		return time.Time{}
	}
	switch strings.ToLower(m[5]) {
	case "pm":
		hour = hour%12 + 12
	case "am":
		hour %= 12
	}
	minute := 0
	if m[4] != "" {
		if minute, err = strconv.Atoi(m[4]); err != nil || minute > 59 {
			return time.Time{}
		}
	}
	if m[1] == "" {
		at := time.Date(now.Year(), now.Month(), now.Day(), hour, minute, 0, 0, now.Location())
		if !at.After(now) {
			at = time.Date(now.Year(), now.Month(), now.Day()+1, hour, minute, 0, 0, now.Location())
		}
		return at
	}
	day, err := strconv.Atoi(m[2])
	if err != nil || day > 31 {
		return time.Time{}
	}
	at := time.Date(now.Year(), months[strings.ToLower(m[1])], day, hour, minute, 0, 0, now.Location())
	if !at.After(now) {
		at = at.AddDate(1, 0, 0)
	}
	return at
}

func zoneOf(name string, now time.Time, zones Zones) *time.Location {
	switch strings.ToUpper(name) {
	case "":
		return now.Location()
	case "UTC", "GMT", "Z":
		return time.UTC
	}
	if zones != nil && strings.Contains(name, "/") {
		if zone, err := zones(name); err == nil {
			return zone
		}
	}
	return now.Location()
}
