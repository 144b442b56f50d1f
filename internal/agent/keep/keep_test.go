package keep

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/transcript"
	"popkit/internal/redact"
)

// kept keeps what f says and returns the file's lines.
func kept(t testing.TB, limit int64, secrets []string, f func(*Transcript)) []transcript.Line {
	t.Helper()
	path := filepath.Join(t.TempDir(), "agents", "a-1", "transcript.log")
	k, err := Open(path, limit, redact.New(secrets))
	if err != nil {
		t.Fatal(err)
	}
	f(k)
	if err := k.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []transcript.Line
	for line := range strings.Lines(string(raw)) {
		out = append(out, transcript.Read([]byte(line)))
	}
	return out
}

func TestKeep(t *testing.T) {
	lines := kept(t, 0, nil, func(k *Transcript) {
		k.Heard([]byte(`{"type":"system","n":1.50,"html":"<b> & é"}` + "\n"))
		k.Told([]byte(`{"type":"user"}`))
		k.Heard([]byte("node: \xffbad\n"))
		k.Note("stopped")
	})
	var got []string
	for _, l := range lines {
		if l.At.IsZero() {
			t.Errorf("no time: %+v", l)
		}
		got = append(got, fmt.Sprintf("%s|%s|%s", l.From, l.Line, l.Text))
	}
	want := []string{
		`agent|{"type":"system","n":1.50,"html":"<b> & é"}|`, `popkit|{"type":"user"}|`, "agent||node: \uFFFDbad", "note||stopped",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A secret is found however JSON writes it, in values and in keys, and in JSON
// within a string.
func TestSecrets(t *testing.T) {
	const odd = "pä\"ss\\w\tord/1"
	const pem = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEAx0Vq1Zk3vQ9xW1mB7rTZyN8u\nJ2hL6cD4fG0sQeViPk3vQ9xW1mB7rTZyN8uJ2hL6\n-----END RSA PRIVATE KEY-----\n"
	const token = "ghp_Zk3vQ9xW1mB7rTZyN8uJ2hL6cD4fG0sQeViP"
	text := func(v any) string {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	inner := text(map[string]any{"content": "it is " + odd})
	for name, line := range map[string]string{
		"a value":           text(map[string]any{"a": []any{"it is " + odd + "!"}}),
		"a key":             text(map[string]any{odd: 1}),
		"escaped otherwise": `{"a":"p\u00e4\u0022ss\\w\u0009ord\/1"}`,
		"within a string":   text(map[string]any{"result": inner}),
		"twice within":      text(map[string]any{"result": text(map[string]any{"r": inner})}),
		"no JSON":           "it is " + odd,
		"torn JSON":         `{"a":"it is ` + odd,
		"a key's body":      text(map[string]any{"content": pem}),
		"a key, numbered":   text(map[string]any{"content": "     1\t" + strings.ReplaceAll(pem, "\n", "\n     2\t")}),
		"a token":           text(map[string]any{"content": "GITHUB_TOKEN=" + token + "\nok"}),
		"a token in JSON":   text(map[string]any{"content": text(map[string]any{"t": token})}),
		"an address":        text(map[string]any{"content": "postgres://app:q7zk3m9xw2b5@db.corp.net/x"}),
	} {
		l := kept(t, 0, []string{odd}, func(k *Transcript) { k.Heard([]byte(line)) })[0]
		got := string(l.Line) + l.Text
		for _, part := range []string{odd, "ss\\w", "ss\\\\w", "w\\u0009ord", "MIIEpAIBAAKC", "J2hL6cD4fG0sQ", token, "q7zk3m9xw2b5"} {
			if strings.Contains(got, part) {
				t.Errorf("%s: %s is in %s", name, part, got)
			}
		}
		if !strings.Contains(got, redact.Replacement) {
			t.Errorf("%s: nothing was taken out of %s", name, got)
		}
		if name != "no JSON" && name != "torn JSON" && !json.Valid(l.Line) {
			t.Errorf("%s: no JSON is left: %s", name, got)
		}
	}
}

// What is too long is cut, by line and by file, and it is said.
func TestLimits(t *testing.T) {
	long := strings.Repeat("é", MaxString)
	lines := kept(t, 100_000, nil, func(k *Transcript) {
		k.Heard([]byte(`{"content":"` + long + `"}`))
		k.Heard([]byte(long))
		k.Heard([]byte(`{"type":"a"}`))
		k.Note("the end")
	})
	if len(lines) != 4 {
		t.Fatalf("%d lines: %+v", len(lines), lines)
	}
	if n := len(lines[0].Line); n < MaxString || n > MaxString+100 || !strings.Contains(string(lines[0].Line), fmt.Sprintf("%d bytes in all", len(long))) {
		t.Errorf("a string of %d bytes is kept", n)
	}
	for i, want := range []string{"what comes after 100000 bytes is not kept", "the end", "bytes in all"} {
		if l := lines[i+1]; l.From != transcript.FromNote || !strings.Contains(l.Text, want) {
			t.Errorf("line %d: %+v, want %q", i+1, l, want)
		}
	}
}

// Lines of several goroutines do not mix.
func TestAtOnce(t *testing.T) {
	lines := kept(t, 0, nil, func(k *Transcript) {
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for range 100 {
					k.Heard(fmt.Appendf(nil, `{"i":%d,"text":%q}`, i, strings.Repeat("x", 5000)))
				}
			})
		}
		wg.Wait()
	})
	if len(lines) != 800 {
		t.Fatalf("%d lines", len(lines))
	}
	for _, l := range lines {
		if l.At.IsZero() || !json.Valid(l.Line) {
			t.Fatalf("a mixed line: %+v", l)
		}
	}
}

// What holds no secret is kept byte for byte, and the rest stays JSON.
func TestFaithful(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		v := rapid.MapOf(rapid.String(), rapid.OneOf(rapid.String().AsAny(), rapid.Int().AsAny(), rapid.SliceOf(rapid.String()).AsAny())).Draw(rt, "v")
		line, err := json.Marshal(v)
		if err != nil {
			rt.Fatal(err)
		}
		l := kept(t, 0, nil, func(k *Transcript) { k.Heard(line) })[0]
		if string(l.Line) != string(line) {
			rt.Fatalf("%s became %s", line, l.Line)
		}
	})
}

func FuzzObject(f *testing.F) {
	f.Add(`{"a":"b\\\"c","d":["\u00e4",null]}`)
	f.Fuzz(func(t *testing.T, line string) {
		k := &Transcript{redactor: redact.New([]string{"hunter42"})}
		if out, ok := k.object([]byte(line)); ok && (!json.Valid(out) || strings.Contains(string(out), "hunter42")) {
			t.Errorf("%q became %q", line, out)
		}
	})
}

// BenchmarkHeard keeps a line as most are: an answer with a tool call.
func BenchmarkHeard(b *testing.B) {
	k, err := Open(filepath.Join(b.TempDir(), "t"), 0, redact.New([]string{"sk-ant-made-up-for-tests", "hunter42hunter42"}))
	if err != nil {
		b.Fatal(err)
	}
	defer k.Close()
	line := []byte(`{"type":"assistant","message":{"content":[{"id":"toolu_1","input":{"command":"cd src && go test ./... 2>&1 | tail -20","description":"test"},"name":"Bash","type":"tool_use"}],"id":"msg_2","model":"claude-opus-4-8","role":"assistant","stop_reason":null,"stop_sequence":null,"type":"message","usage":{"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"input_tokens":100,"output_tokens":20,"service_tier":"standard"}},"parent_tool_use_id":null,"session_id":"658d950a-dd71-41ec-a4cb-b624b6dadb21","uuid":"3cefcaa2-b326-4cb6-a23b-aaaaaaaaaaaa"}`)
	for b.Loop() {
		k.Heard(line)
	}
}
