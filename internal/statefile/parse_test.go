package statefile

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/core/view"
)

func TestParse(t *testing.T) {
	tests := map[string]struct {
		text string
		want view.Insight
	}{
		"specification": {
			`{"insights":[{"agent":"code-explorer","content":"Found it","tags":["model","database"],"phase":"explore"}]}`,
			view.Insight{Agent: "code-explorer", Content: "Found it", Tags: []string{"model", "database"}, Phase: "explore"},
		},
		"older tool": {
			`[{"id":"x1","source_agent":"explorer","phase":"p","type":"pattern","content":"c","tags":[],"timestamp":"2025-12-01T10:00:00.5"}]`,
			view.Insight{ID: "x1", Agent: "explorer", Phase: "p", Type: "pattern", Content: "c", Timestamp: time.Date(2025, 12, 1, 10, 0, 0, 5e8, time.UTC)},
		},
		"byte order mark, number as ID, tags as text": {
			"\ufeff [{\"id\":7,\"content\":\"c\",\"tags\":\"Auth, model,,auth\",\"confidence\":0.5}]\n",
			view.Insight{ID: "7", Content: "c", Tags: []string{"auth", "model"}, Confidence: 0.5},
		},
		"seconds as time": {`[{"content":"c","timestamp":1764583200.25}]`, view.Insight{Content: "c", Timestamp: time.Date(2025, 12, 1, 10, 0, 0, 25e7, time.UTC)}},
		"zone":            {`[{"content":"c","timestamp":"2025-12-01T12:00:00+02:00"}]`, view.Insight{Content: "c", Timestamp: time.Date(2025, 12, 1, 10, 0, 0, 0, time.UTC)}},
		"others' types":   {`[{"content":"c","type":" API-Endpoint "}]`, view.Insight{Type: "api_endpoint", Content: "c"}},
		"a long type":     {`[{"content":"c","type":"` + strings.Repeat("é", 20) + strings.Repeat("x", 40) + `"}]`, view.Insight{Type: strings.Repeat("x", 12), Content: "c"}},
		"no word of type": {`[{"content":"c","type":"!"}]`, view.Insight{Content: "c"}},
		"no such time":    {`[{"content":"c","timestamp":"yesterday","confidence":null}]`, view.Insight{Content: "c"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := Parse([]byte(test.text))
			if err != nil || len(found.Problems) > 0 || len(found.Entries) != 1 {
				t.Fatalf("%+v, %v", found, err)
			}
			got, want := found.Entries[0].Insight, test.want
			if !slices.Equal(got.Tags, want.Tags) || !got.Timestamp.Equal(want.Timestamp) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			got.Tags, want.Tags, got.Timestamp, want.Timestamp = nil, nil, time.Time{}, time.Time{}
			if a, b := mustJSON(t, got), mustJSON(t, want); a != b {
				t.Errorf("got %s, want %s", a, b)
			}
		})
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestParseMistakes(t *testing.T) {
	for text, want := range map[string]string{
		"{":                     "unexpected end",
		`"text"`:                "cannot unmarshal",
		`{"insight":[]}`:        `no "insights"`,
		`{"insights":null}`:     `no "insights"`,
		`[] []`:                 "after top-level value",
		`{"insights":[]}{"a":1`: "after top-level value",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
	found, err := Parse([]byte(`[{"content":"good"},{"content":" "},5,{"content":"x","tags":5}]`))
	if err != nil || len(found.Entries) != 1 || len(found.Problems) != 3 {
		t.Errorf("%+v, %v", found, err)
	}
	if found, err := Parse([]byte(" \n")); err != nil || len(found.Entries) > 0 {
		t.Errorf("a blank file: %+v, %v", found, err)
	}
}

// What Parse reads and encode writes back is read as the same again.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"run":"r","insights":[{"agent":"a","content":"c","tags":["t"],"phase":"p"}]}`))
	f.Add([]byte(`[{"id":1,"source_agent":"a","content":"c","tags":"a,b","timestamp":5}]`))
	f.Add([]byte("\xef\xbb\xbf[{\"content\":\"\xff\"}]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		found, err := Parse(data)
		if err != nil {
			return
		}
		written, err := encode("run-1", nil, found.Entries)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(written)
		if err != nil || again.Run != "run-1" || len(again.Problems) > 0 || len(again.Entries) != len(found.Entries) {
			t.Fatalf("written as %s: %+v, %v", written, again, err)
		}
		for i, e := range again.Entries {
			if e.key() != found.Entries[i].key() || e.Agent != found.Entries[i].Agent {
				t.Errorf("entry %d became %+v", i, e)
			}
		}
		if !json.Valid(written) || bytes.Count(written, []byte("\n")) > 5+len(found.Entries) {
			t.Errorf("not one entry a line: %s", written)
		}
	})
}
