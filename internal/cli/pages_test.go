package cli

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var (
	inline = regexp.MustCompile("`(popkit [^`]*[^`:])`")
	typed  = regexp.MustCompile(`(?m)^(?:\$ )?(popkit [a-z-]+(?: .*)?)$`)
	target = regexp.MustCompile("(?m)(?:^|`)make ([a-z]+)")
	quoted = regexp.MustCompile(`"[^"]*"|'[^']*'|\$\([^)]*\)`)
)

// TestPagesNameCommandsThatExist: what the documents have a reader type is a
// command, with flags that it has, or a target of the Makefile.
func TestPagesNameCommandsThatExist(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	root := newRoot(&Env{})
	root.InitDefaultCompletionCmd()
	count := 0
	for _, page := range append(pages, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		prose, blocks := apart(string(text))
		for _, m := range append(inline.FindAllStringSubmatch(prose, -1), typed.FindAllStringSubmatch(blocks, -1)...) {
			count++
			if problem := typeable(root, m[1]); problem != "" {
				t.Errorf("%s: %q: %s", filepath.Base(page), m[1], problem)
			}
		}
		for _, m := range target.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s: make %s: there is no such target", filepath.Base(page), m[1])
			}
		}
	}
	if count < 100 {
		t.Errorf("only %d commands are in the pages", count)
	}
}

// apart takes a page's code blocks out of its prose.
func apart(text string) (prose, blocks string) {
	for i, part := range strings.Split("\n"+text, "\n```") {
		if i%2 == 0 {
			prose += part + "\n"
		} else {
			blocks += part + "\n"
		}
	}
	return prose, blocks
}

// planned are commands that the pages speak of before they are built.
var planned = []string{"dev", "worker", "mcp", "serve"} //nolint:gochecknoglobals // a table

// typeable says what is wrong with a command of a page, if anything.
func typeable(root *cobra.Command, line string) string {
	line = quoted.ReplaceAllString(line, "TEXT")
	line, _, _ = strings.Cut(line, " | ")
	line, _, _ = strings.Cut(line, "   ") // an explanation
	words := strings.Fields(line)[1:]
	cmd := root
	for len(words) > 0 {
		next, _, err := cmd.Find(words[:1])
		if err != nil || next == cmd {
			break
		}
		cmd, words = next, words[1:]
	}
	if cmd == root {
		for _, p := range planned {
			if len(words) > 0 && words[0] == p {
				return ""
			}
		}
	}
	if cmd.HasSubCommands() && len(words) > 0 && words[0][0] >= 'a' && words[0][0] <= 'z' {
		return cmd.CommandPath() + " has no command " + words[0]
	}
	for _, w := range words {
		name, _, _ := strings.Cut(strings.Trim(w, "[],.;"), "=")
		switch long, isLong := strings.CutPrefix(name, "--"); {
		case isLong && long != "help" && cmd.Flags().Lookup(long) == nil:
			return cmd.CommandPath() + " has no flag --" + long
		case !isLong && len(name) == 2 && name[0] == '-' && cmd.Flags().ShorthandLookup(name[1:]) == nil && name != "-h":
			return cmd.CommandPath() + " has no flag " + name
		}
	}
	return ""
}

// TestTypeable: the check can fail.
func TestTypeable(t *testing.T) {
	root := newRoot(&Env{})
	for line, ok := range map[string]bool{
		`popkit power start "a --nothing" --plan F --yes`: true,
		"popkit power list --jsn":                         false,
		"popkit power strat":                              false,
		"popkit pwer":                                     false,
		"popkit gc -n":                                    true,
		"popkit gc -x":                                    false,
		"popkit power decide q-1 allow":                   true,
	} {
		if problem := typeable(root, line); (problem == "") != ok {
			t.Errorf("%s: %q", line, problem)
		}
	}
}
