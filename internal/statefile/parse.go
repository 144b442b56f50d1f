package statefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"popkit/internal/core/insight"
	"popkit/internal/core/view"
)

// Found is what an insights.json holds.
type Found struct {
	Run      string   // whose view it is; "" when popkit did not write it
	Entries  []Entry  // those that can be read
	Problems []string // what is wrong with the others, each on a line
}

// Entry is one entry of an insights.json.
type Entry struct {
	view.Insight
	raw json.RawMessage // as it was written
}

// Parse reads both forms of the file: {"insights": [{agent, content, tags,
// phase, …}]} and the bare array [{id, source_agent, phase, type, content, tags,
// timestamp}] of older tools. Tags may be one text with commas. A time that
// can't be read is left out. It never panics, whatever data holds.
func Parse(data []byte) (Found, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if len(bytes.TrimSpace(data)) == 0 {
		return Found{}, nil
	}
	var found Found
	list, err := entries(data, &found)
	if err != nil {
		return Found{}, err
	}
	for i, raw := range list {
		e, err := parseEntry(raw)
		if err != nil {
			found.Problems = append(found.Problems, fmt.Sprintf("entry %d: %v", i+1, err))
			continue
		}
		found.Entries = append(found.Entries, e)
	}
	return found, nil
}

// entries returns the file's list of entries.
func entries(data []byte, found *Found) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("[")) {
		err := json.Unmarshal(data, &list)
		return list, err
	}
	var file struct {
		Run      string             `json:"run"`
		Insights *[]json.RawMessage `json:"insights"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	if file.Insights == nil {
		return nil, errors.New(`no "insights": a list is wanted`)
	}
	found.Run = file.Run
	return *file.Insights, nil
}

// wire is an entry as anybody may have written it.
type wire struct {
	ID          any      `json:"id"`
	Agent       string   `json:"agent"`
	SourceAgent string   `json:"source_agent"`
	Phase       string   `json:"phase"`
	Type        string   `json:"type"`
	Content     string   `json:"content"`
	Tags        tags     `json:"tags"`
	Confidence  *float64 `json:"confidence"`
	Timestamp   any      `json:"timestamp"`
}

// tags is a list of texts, or one text with commas.
type tags []string

// UnmarshalJSON reads both forms.
func (t *tags) UnmarshalJSON(b []byte) error {
	var one string
	if err := json.Unmarshal(b, &one); err == nil {
		*t = insight.CleanTags(strings.Split(one, ","))
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return errors.New("tags must be a list of texts")
	}
	*t = insight.CleanTags(list)
	return nil
}

func parseEntry(raw json.RawMessage) (Entry, error) {
	var w wire
	if err := json.Unmarshal(raw, &w); err != nil {
		return Entry{}, err
	}
	if strings.TrimSpace(w.Content) == "" {
		return Entry{}, errors.New("content is missing")
	}
	e := Entry{raw: raw, Insight: view.Insight{
		Agent: w.Agent, Phase: w.Phase, Type: kind(w.Type), Content: w.Content, Tags: w.Tags, Timestamp: moment(w.Timestamp),
	}}
	if w.ID != nil {
		e.ID = fmt.Sprint(w.ID)
	}
	if e.Agent == "" {
		e.Agent = w.SourceAgent
	}
	if w.Confidence != nil {
		e.Confidence = *w.Confidence
	}
	return e, nil
}

// kind returns an entry's type in the form that insights have: others' words for
// it ("API endpoint", "Bug-Report") are no reason to lose what was found.
func kind(word string) string {
	word = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return '_'
	}, strings.ToLower(strings.TrimSpace(word)))
	return strings.Trim(word[:min(len(word), insight.MaxKind)], "_")
}

// moment reads a time as text, with or without its zone, or as seconds. A time
// without zone is taken for UTC.
func moment(v any) time.Time {
	switch v := v.(type) {
	case string:
		for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999"} {
			if t, err := time.Parse(layout, v); err == nil {
				return t.UTC()
			}
		}
	case float64:
		if v > 0 && v < 1e11 {
			return time.UnixMilli(int64(v * 1000)).UTC()
		}
	}
	return time.Time{}
}

// defaultType is what an entry without one is taken for.
const defaultType = "discovery"

// key is what makes two entries the same, as package insight sees it.
func (e *Entry) key() string {
	kind := e.Type
	if kind == "" {
		kind = defaultType
	}
	return insight.Normalize(kind, e.Content)
}

// opening begins what encode writes.
const opening = "{\n  \"run\": "

// encode returns the file's content: the run's entries and then others', each on
// a line.
func encode(run string, ours [][]byte, others []Entry) ([]byte, error) {
	name, err := json.Marshal(run)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, opening+"%s,\n  \"insights\": [", name)
	sep := "\n    "
	for _, line := range ours {
		b.WriteString(sep)
		b.Write(line)
		sep = ",\n    "
	}
	for _, e := range others {
		b.WriteString(sep)
		if err := json.Compact(&b, e.raw); err != nil {
			return nil, err
		}
		sep = ",\n    "
	}
	b.WriteString("\n  ]\n}\n")
	return b.Bytes(), nil
}

// encodeLine returns one of the run's entries.
func encodeLine(in view.Insight) ([]byte, error) {
	if in.Tags == nil {
		in.Tags = []string{}
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(in); err != nil {
		return nil, fmt.Errorf("encode insight %s: %w", in.ID, err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
