package config

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the generated files of docs/")

// leaves lists the keys that a struct takes, as the table names them.
func leaves(t reflect.Type, path string) []string {
	switch t.Kind() {
	case reflect.Struct:
		var out []string
		for f := range t.Fields() {
			if name := f.Tag.Get("json"); f.IsExported() && name != "-" {
				out = append(out, leaves(f.Type, strings.TrimPrefix(path+"."+name, "."))...)
			}
		}
		return out
	case reflect.Map:
		return leaves(t.Elem(), path+".NAME")
	}
	return []string{path}
}

func TestTheTableHasEveryKey(t *testing.T) {
	want := leaves(reflect.TypeFor[Config](), "")
	got := names()
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the table and the structs differ:\n table   %v\n structs %v", got, want)
	}
	for _, k := range keys {
		if k.Meaning == "" || k.Effect == "" {
			t.Errorf("%s: no meaning or no effect", k.Name)
		}
	}
}

func TestExplain(t *testing.T) {
	c := mustLoad(t, map[string]string{"repo/" + RepoFile: "limits: {max_attempts: 1}\nroles:\n  my.tester: {runtime: 'exec:x'}\nenv:\n  set: {A: b}\n"})
	for _, w := range []struct{ key, value, def, origin string }{
		{"limits.max_attempts", "1", "3", RepoFile + ":1"},
		{"limits.max_runtime_minutes", "30", "30", "default"},
		{"roles.my.tester.runtime", `"exec:x"`, "null", RepoFile + ":3"},
		{"roles.nobody.runtime", "null", "null", "default"},
		{"env.set.A", `"b"`, "null", RepoFile + ":5"},
		{"guardrails.protected_paths", `[".env*","**/secrets/**"]`, `[".env*","**/secrets/**"]`, "default"},
	} {
		e, err := c.Explain(w.key)
		if err != nil || string(e.Value) != w.value || string(e.Default) != w.def || e.Origin != w.origin || e.Meaning == "" || e.Effect == "" {
			t.Errorf("%s: %+v, %v; want %+v", w.key, e, err, w)
		}
	}
	for key, want := range map[string]string{
		"limits.max_atempts": `unknown key "limits.max_atempts" (did you mean "limits.max_attempts"?)`,
		"banana":             `unknown key "banana" (popkit config explain lists all)`,
		"limits":             `unknown key "limits" (popkit config explain lists all)`,
	} {
		if _, err := c.Explain(key); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", key, err, want)
		}
	}
	all, err := c.ExplainAll()
	if err != nil {
		t.Fatal(err)
	}
	// One for each key of the table, but for env.caches.NAME, guardrails.rules.NAME,
	// guardrails.audit.rules.NAME and guardrails.drift_detection.actions.NAME, which
	// nobody set.
	if len(all) != len(keys)-4 {
		t.Errorf("%d keys explained, want %d", len(all), len(keys)-4)
	}
}

// TestDocs holds docs/configuration.md to the table; -update writes it.
func TestDocs(t *testing.T) {
	got, err := page()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(have, got) {
		t.Errorf("%s is not what the table says (go test ./internal/config -run TestDocs -update)", path)
	}
}

// TestPageExamplesLoad: what the page shows can be pasted.
func TestPageExamplesLoad(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile("(?s)```(?:yaml|json)\n(.*?)```").FindAllSubmatch(text, -1)
	if len(found) < 2 {
		t.Errorf("only %d examples found", len(found))
	}
	for _, m := range found {
		mustLoad(t, map[string]string{"repo/" + RepoFile: string(m[1])})
	}
}

func page() ([]byte, error) {
	frame, err := os.ReadFile(filepath.Join("testdata", "configuration.md"))
	if err != nil {
		return nil, err
	}
	table, err := keyTable()
	if err != nil {
		return nil, err
	}
	out := bytes.Replace(frame, []byte("KEYS\n"), []byte(table), 1)
	return bytes.Replace(out, []byte("TIERS\n"), []byte(tierTable()), 1), nil
}

func keyTable() (string, error) {
	var b strings.Builder
	b.WriteString("| key | default | unit | meaning | takes effect in |\n|---|---|---|---|---|\n")
	for _, k := range keys {
		def, err := valueAt(Default(), k.Name)
		if err != nil {
			return "", err
		}
		value := "`" + string(def) + "`"
		if string(def) == "null" {
			value = ""
		}
		effect := k.Effect
		if k.Later {
			effect = "later: " + effect
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", k.Name, value, k.Unit, k.Meaning, effect)
	}
	return b.String(), nil
}

func tierTable() string {
	words := map[bool]string{true: "phase-aware", false: "basic"}
	var b strings.Builder
	b.WriteString("| | free | premium | pro |\n|---|---|---|---|\n")
	row := func(name string, cell func(Includes) string) {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", name, cell(Free.Includes()), cell(Premium.Includes()), cell(Pro.Includes()))
	}
	row("agents at once", func(in Includes) string { return fmt.Sprint(in.Agents) })
	row("modes", func(in Includes) string {
		var out []string
		for _, m := range in.Modes {
			out = append(out, string(m))
		}
		return strings.Join(out, ", ")
	})
	row("barriers", func(in Includes) string { return words[in.PhaseAware] })
	row("insights", func(in Includes) string { return map[bool]string{true: "full", false: "basic"}[in.FullRouting] })
	row("Redis", func(in Includes) string {
		return map[bool]string{true: "optional", false: "no"}[slices.Contains(in.Modes, RedisMode)]
	})
	return b.String()
}

// TestDefaultsPassTheChecks: the page shows defaults as they may be written.
func TestDefaultsPassTheChecks(t *testing.T) {
	raw, err := json.Marshal(Default())
	if err != nil {
		t.Fatal(err)
	}
	var plain map[string]any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	c := mustLoad(t, map[string]string{"repo/" + RepoFile: string(raw)})
	if again, err := json.Marshal(c); err != nil || !bytes.Equal(again, raw) {
		t.Errorf("the defaults, written and read:\n got %s\nwant %s\n%v", again, raw, err)
	}
}
