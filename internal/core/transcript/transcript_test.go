package transcript

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestRead(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 5e8, time.UTC)
	raw, err := Encode(Line{At: at, From: FromPopkit, Line: json.RawMessage(`{"a":"<b> & é"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(raw), `{"at":"2026-11-22T10:00:00.5Z","from":"popkit","line":{"a":"<b> & é"}}`+"\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	plain, err := json.Marshal(Line{At: at, From: FromPopkit, Line: json.RawMessage(`{"a":"é"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if raw, err := Encode(Line{At: at, From: FromPopkit, Line: json.RawMessage(`{"a":"é"}`)}); err != nil || string(raw) != string(plain)+"\n" {
		t.Errorf("got %s, want %s (%v)", raw, plain, err)
	}
	if raw, err := Encode(Line{At: at, From: FromAgent, Line: json.RawMessage("{\n\"a\": 1}")}); err != nil || string(raw) != `{"at":"2026-11-22T10:00:00.5Z","from":"agent","line":{"a":1}}`+"\n" {
		t.Errorf("lines of several lines: %s, %v", raw, err)
	}
	for text, want := range map[string]string{
		string(raw):                    `popkit|{"a":"<b> & é"}|`,
		`{"type":"system"}`:            `agent|{"type":"system"}|`,
		`{"from":"me","type":"x"}`:     `agent|{"from":"me","type":"x"}|`,
		`{"from":"note","text":"x"} `:  `note||x`,
		`{"from":"note","text":1}`:     `agent|{"from":"note","text":1}|`,
		`{"from":"agent","line":{"a":`: `agent||{"from":"agent","line":{"a":`,
		`[1]`:                          `agent||[1]`,
		"":                             `agent||`,
	} {
		l := Read([]byte(text))
		if got := fmt.Sprintf("%s|%s|%s", l.From, l.Line, l.Text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

// tell returns what lines say, each entry in a line.
func tell(lines ...string) string {
	var t Teller
	var out []string
	for _, l := range lines {
		for _, e := range t.Tell(Read([]byte(l))) {
			text := strings.Join([]string{string(e.Kind), e.Tool, e.Subject, e.Text}, "|")
			if e.Bad {
				text += "|bad"
			}
			out = append(out, text)
		}
	}
	return strings.Join(out, "\n")
}

func popkit(line string) string { return `{"from":"popkit","line":` + line + `}` }

// A denial is told once, with its reason, whoever says it; the tool's own error is
// not told again.
func TestDenied(t *testing.T) {
	const call = `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t1","name":"Bash","input":{"command":"cat .env"}}]}}`
	const result = `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t1","is_error":true,"content":"no"}]}}`
	ask := func(id, subtype string) string {
		return `{"type":"control_request","request_id":"` + id + `","request":{"subtype":"` + subtype + `","tool_use_id":"t1"}}`
	}
	answer := func(id, response string) string {
		return popkit(`{"type":"control_response","response":{"subtype":"success","request_id":"` + id + `","response":` + response + `}}`)
	}
	hook := answer("1", `{"hookSpecificOutput":{"permissionDecision":"deny","permissionDecisionReason":"it is secret"}}`)
	const want = "call|Bash|cat .env|\ndenied|Bash|cat .env|it is secret|bad"
	for name, lines := range map[string][]string{
		"by a hook":               {call, ask("1", "hook_callback"), hook, result},
		"by a permission":         {call, ask("1", "can_use_tool"), answer("1", `{"behavior":"deny","message":"it is secret"}`), result},
		"by both":                 {call, ask("1", "hook_callback"), hook, ask("2", "can_use_tool"), answer("2", `{"behavior":"deny","message":"again"}`), result},
		"of an older hook":        {call, ask("1", "hook_callback"), answer("1", `{"decision":"block","reason":"it is secret"}`), result},
		"besides another request": {ask("7", "mcp_message"), answer("7", `{"behavior":"deny"}`), call, ask("1", "hook_callback"), hook, result},
	} {
		if got := tell(lines...); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
		}
	}
	if got := tell(call, result); got != "call|Bash|cat .env|\nresult|Bash|cat .env|no|bad" {
		t.Errorf("an error of its own: %s", got)
	}
}

func TestSubject(t *testing.T) {
	for _, c := range []struct{ tool, input, subject, more string }{
		{"Read", `{"file_path":"a.go","limit":3}`, "a.go", ""},
		{"Edit", `{"file_path":"a.go","old_string":"a\nb","new_string":""}`, "a.go (+0 -2)", ""},
		{"Bash", `{"command":"\n a \nb\nc","description":"d"}`, "a", "b\nc"},
		{"Grep", `{"pattern":"x"}`, "x", ""},
		{"Agent", `{"subagent_type":"Explore","description":"look","prompt":"p"}`, "Explore: look", "p"},
		{"TodoWrite", `{"todos":[1,2]}`, "2 entries", ""},
		{"TodoWrite", `{"todos":2}`, "todos 2", ""},
		{"mcp__x__y", `{"b":{"c":1},"a":[2]}`, "a [2]", ""},
		{"x", `{}`, "", ""},
		{"x", `[1]`, "[1]", ""},
		{"x", ``, "", ""},
		{"Read", `{"file_path":7}`, "file_path 7", ""},
	} {
		subject, more := Subject(c.tool, json.RawMessage(c.input))
		if subject != c.subject || more != c.more {
			t.Errorf("%s %s: got %q, %q", c.tool, c.input, subject, more)
		}
	}
}

// A field of another form than was known does not take the rest of the line along.
func TestOtherForms(t *testing.T) {
	got := tell(`{"type":"assistant","error":{"x":1},"status":[1],"message":{"content":[{"type":"text","text":"hello"},7,{"type":"new"}]}}`)
	if want := "said||||hello"; !strings.HasPrefix(strings.ReplaceAll(got, "|||", "||||"), want) || !strings.Contains(got, "other|||new") {
		t.Errorf("got %q", got)
	}
}

// A command's task is told by its call; a helper's is told.
func TestTasks(t *testing.T) {
	got := tell(
		`{"type":"system","subtype":"task_started","task_id":"b","task_type":"local_bash","description":"write"}`,
		`{"type":"system","subtype":"task_started","task_id":"a","task_type":"local_agent","subagent_type":"Explore","description":"look"}`,
		`{"type":"system","subtype":"task_notification","task_id":"b","status":"completed","summary":"write"}`,
		`{"type":"system","subtype":"task_notification","task_id":"a","status":"failed","summary":"no luck"}`)
	if want := "other|||starts Explore: look\nother|||task failed: no luck|bad"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// What waits for its end is bounded.
func TestBounded(t *testing.T) {
	var teller Teller
	for i := range 5 * maxOpen {
		teller.Tell(Read(fmt.Appendf(nil, `{"type":"assistant","message":{"content":[{"type":"tool_use","id":"t%d","name":"x"}]}}`, i)))
		teller.Tell(Read(fmt.Appendf(nil, `{"type":"control_request","request_id":"%d","request":{"subtype":"hook_callback","tool_use_id":"t%d"}}`, i, i)))
	}
	if len(teller.calls) > maxOpen || len(teller.hooks) > maxOpen {
		t.Errorf("%d calls and %d requests are remembered", len(teller.calls), len(teller.hooks))
	}
}
