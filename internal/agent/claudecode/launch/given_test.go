package launch

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHarmless(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"describes":       {"---\nname: a\ndescription: >\n  long\n  text\n---\nbody\n", "---\nname: a\ndescription: >\n  long\n  text\n---\nbody\n"},
		"grants":          {"---\nname: a\nallowed-tools: Bash(*)\n---\nbody", "---\nname: a\n---\nbody"},
		"grants a list":   {"---\nallowed-tools:\n  - Bash\n- Write\nname: a\n---\n", "---\nname: a\n---\n"},
		"hooks":           {"---\nhooks:\n  Stop:\n    - x\n\nname: a\n---\n", "---\nname: a\n---\n"},
		"quoted key":      {"---\nname: a\n\"allowed-tools\": Bash\n---\n", "---\nname: a\n---\n"},
		"braces":          {"---\n{name: a, allowed-tools: Bash}\n---\n", "---\n---\n"},
		"complex key":     {"---\nname: a\n? allowed-tools\n: Bash\n---\n", "---\nname: a\n---\n"},
		"indented":        {"---\n  allowed-tools: Bash\n---\n", "---\n---\n"},
		"unknown":         {"---\nname: a\ngrants-all: true\n---\n", "---\nname: a\n---\n"},
		"byte order mark": {"\xef\xbb\xbf---\nallowed-tools: Bash\n---\nx", "---\n---\nx"},
		"carriage return": {"---\r\nname: a\r\nallowed-tools: Bash\r\n---\r\nx", "---\nname: a\r\n---\nx"},
		"no head":         {"body\n", "---\n---\nbody\n"},
		"no end":          {"---\nallowed-tools: Bash\n", "---\n---\n---\nallowed-tools: Bash\n"},
		"late head":       {"\n---\nallowed-tools: Bash\n---\n", "---\n---\n\n---\nallowed-tools: Bash\n---\n"},
		"empty":           {"", "---\n---\n"},
	} {
		if got := string(harmless([]byte(tt.text))); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestLinksLeadNowhere: a project's files are strangers' work, and popkit copies with
// the user's rights.
func TestLinksLeadNowhere(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"key": "KEY", "work/.claude/skills/a/SKILL.md": "a", "elsewhere/linked/SKILL.md": "from elsewhere", "user/skills/b/SKILL.md": "b",
		"work/.claude/agents/x.md": "x",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"work/.claude/skills/a/key": "../../../../key", "work/.claude/skills/abs": dir, "work/.claude/agents/k.md": dir + "/key",
		"user/skills/linked": dir + "/elsewhere/linked", "user/skills/gone": dir + "/nothing",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	var notes []string
	l, err := New(CLI{Version: Tested}, Options{Note: func(s string) { notes = append(notes, s) }})
	if err != nil {
		t.Fatal(err)
	}
	l.user.dir = filepath.Join(dir, "user")
	g, err := l.give(Spec{Workspace: filepath.Join(dir, "work"), Given: filepath.Join(dir, "given")})
	if err != nil || len(g.plugins) != 2 {
		t.Fatalf("%+v, %v", g, err)
	}
	var found []string
	err = filepath.WalkDir(filepath.Join(dir, "given"), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "KEY") {
			t.Errorf("%s holds the key", path)
		}
		found = append(found, strings.TrimPrefix(path, dir+"/given/"))
		return err
	})
	want := "project/.claude-plugin/plugin.json project/agents/x.md project/skills/a/SKILL.md " +
		"user/.claude-plugin/plugin.json user/skills/b/SKILL.md user/skills/linked/SKILL.md"
	if got := strings.Join(found, " "); err != nil || got != want {
		t.Errorf("%v, %s", err, got)
	}
	if len(notes) != 4 || !strings.Contains(strings.Join(notes, "\n"), "agents do not see "+dir+"/user/skills/gone") {
		t.Errorf("notes: %q", notes)
	}
}

// TestLinkedConfiguration: users link what they configure to where they keep it.
func TestLinkedConfiguration(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"kept/CLAUDE.md": "figs", "kept/skills/a/SKILL.md": "a", "kept/rules/r.md": "r", "user/x": "", "work/x": ""} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"CLAUDE.md", "skills", "rules"} {
		if err := os.Symlink(filepath.Join(dir, "kept", name), filepath.Join(dir, "user", name)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := New(CLI{Version: Tested}, Options{Note: func(s string) { t.Error(s) }})
	if err != nil {
		t.Fatal(err)
	}
	l.user.dir = filepath.Join(dir, "user")
	if _, err := l.give(Spec{Workspace: filepath.Join(dir, "work"), Given: filepath.Join(dir, "given")}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"user/skills/a/SKILL.md", "memory/CLAUDE.md", "memory/.claude/rules/r.md"} {
		if !there(filepath.Join(dir, "given", name)) {
			t.Errorf("%s is not given", name)
		}
	}
}

func TestLimits(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "user", "skills", "a", "SKILL.md")
	if err := os.MkdirAll(filepath.Dir(big), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(big, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(big, maxBytes+1); err != nil {
		t.Fatal(err)
	}
	c := &copier{files: maxFiles - 1}
	if err := c.plugin(filepath.Join(dir, "user"), ".", filepath.Join(dir, "to"), "user"); err != nil || len(c.notes) != 1 {
		t.Errorf("%v, %q", err, c.notes)
	}
	if there(filepath.Join(dir, "to", "skills", "a", "SKILL.md")) {
		t.Error("it was copied")
	}
}

// TestLongInstructions: what is cut off is said.
func TestLongInstructions(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "CLAUDE.md"), []byte(strings.Repeat("x", maxInstructions+1)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := &copier{}
	text, err := c.text(dir, "CLAUDE.md")
	if err != nil || len(text) != maxInstructions || len(c.notes) != 1 || !strings.Contains(c.notes[0], "the end of "+dir+"/CLAUDE.md") {
		t.Errorf("%d bytes, %v, %q", len(text), err, c.notes)
	}
}

// TestOlderVersions get CLAUDE.md by the system prompt.
func TestOlderVersions(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"user/CLAUDE.md": "figs, see @~/user/more.md", "user/more.md": "dates", "work/CLAUDE.md": "apples"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for version, told := range map[string]bool{Oldest: true, "2.1.19": true, "2.1.20": false, Tested: false} {
		l, err := New(CLI{Version: version}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		l.user.dir = filepath.Join(dir, "user")
		s := Spec{Session: "s", Workspace: filepath.Join(dir, "work"), Given: filepath.Join(dir, "given"), State: dir, System: "role"}
		c, err := l.Prepare(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		line := strings.Join(c.Args, " ")
		for _, text := range []string{"figs", "dates", "apples"} {
			if strings.Contains(line, text) != told {
				t.Errorf("%s: %s in %s", version, text, line)
			}
		}
		if strings.Contains(line, "--add-dir") == told {
			t.Errorf("%s: %s", version, line)
		}
	}
}
