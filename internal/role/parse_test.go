package role

import (
	"errors"
	"strings"
	"testing"

	"popkit/internal/strictyaml"
)

// file makes a file of a head's lines and a prompt.
func file(head, prompt string) string { return "---\n" + head + "---\n\n" + prompt + "\n" }

const least = "name: builder\ndescription: Builds.\n"

func TestParse(t *testing.T) {
	text := file(`name: builder
# a comment
description: Use it when: something is to be built. <example>user: "go"</example>
  and no sooner.
tools: Read, Bash(git log:*, ls), mcp__db__query, Read
model: opus
color: blue
popkit:
  names: [maker, "smith"]
  runtime: exec:./agent.sh --fast
  plan_required: true
  reviews: false
`, "You build.\n\n---\n\nNo more.")
	f, err := Parse("builder.md", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r := f.Role
	if f.Name != "builder" || r.Description != `Use it when: something is to be built. <example>user: "go"</example> and no sooner.` ||
		strings.Join(r.Tools, "|") != "Read|Bash(git log:*, ls)|mcp__db__query" || r.Model != "opus" || strings.Join(r.Names, "|") != "maker|smith" ||
		r.Runtime != "exec:./agent.sh --fast" || !r.PlanRequired || r.Reviews || r.Prompt != "You build.\n\n---\n\nNo more." {
		t.Errorf("it is %+v", f)
	}
	if len(f.Notes) != 1 || !strings.HasPrefix(f.Notes[0], "color is left to Claude Code") {
		t.Errorf("notes %q", f.Notes)
	}
}

// TestForms: the same in other spellings of Claude Code's files.
func TestForms(t *testing.T) {
	for name, tt := range map[string]struct {
		head  string
		tools string // joined; "all" where they are not limited
		about string
		model string
	}{
		"no tools are all":  {least, "all", "Builds.", ""},
		"empty tools too":   {least + "tools:\n", "all", "Builds.", ""},
		"a star":            {least + "tools: '*'\n", "all", "Builds.", ""},
		"none":              {least + "tools: []\n", "", "Builds.", ""},
		"a list":            {least + "tools:\n  - Read\n  - Grep\n", "Read|Grep", "Builds.", ""},
		"a list not set in": {least + "tools:\n- Read\n- Grep\nmodel: inherit\n", "Read|Grep", "Builds.", ""},
		"folded":            {"name: b\ndescription: >\n  It\n  builds.\nmodel: haiku\n", "all", "It builds.", "haiku"},
		"a block":           {"name: b\ndescription: |-\n  It\n\n  builds.\n", "all", "It builds.", ""},
		"blank lines":       {least + "\ntools:\n\n  # which\n  - Read\n\n\nmodel: opus\n", "Read", "Builds.", "opus"},
		"a block, kept":     {"name: b\ndescription: |+\n  # It\n  builds.\n\n", "all", "# It builds.", ""},
		"quoted":            {"name: 'b'\ndescription: \"It: builds.\"\n", "all", "It: builds.", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := Parse("b.md", []byte(strings.ReplaceAll(file(tt.head, "x"), "\n", "\r\n")))
			if err != nil {
				t.Fatal(err)
			}
			tools := strings.Join(f.Role.Tools, "|")
			if f.Role.Tools == nil {
				tools = "all"
			}
			if tools != tt.tools || f.Role.Description != tt.about || f.Role.Model != tt.model {
				t.Errorf("tools %q, description %q, model %q", tools, f.Role.Description, f.Role.Model)
			}
		})
	}
}

func TestMistakes(t *testing.T) {
	for name, tt := range map[string]struct {
		text string
		want string
	}{
		"empty":                  {"", `r.md:1:1: the file has no head`},
		"no head":                {"You build.\n", `r.md:1:1: the file has no head`},
		"a head without end":     {"---\nname: b\n", `r.md:1:1: the file has no head`},
		"no name":                {file("description: x\n", "y"), `r.md:1:1: the key "name" is missing`},
		"no description":         {file("name: b\ndescription:\n", "y"), `r.md:1:1: the key "description" is missing`},
		"no prompt":              {file(least, ""), `r.md:5:1: there is no prompt below the head`},
		"no name of a role":      {file("name: ../b\ndescription: x\n", "y"), `r.md:2:7: "../b" can't be a role`},
		"a slip in a key":        {file(least+"tool: Read\n", "y"), `r.md:4:1: unknown key "tool" (did you mean "tools"?)`},
		"a slip in a tool":       {file(least+"tools: Read, Gerp\n", "y"), `r.md:4:14: unknown tool "Gerp" (did you mean "Grep"?)`},
		"case of a tool":         {file(least+"tools: [read]\n", "y"), `r.md:4:9: unknown tool "read" (did you mean "Read"?)`},
		"a tool in a list":       {file(least+"tools:\n  - Bsh\n", "y"), `r.md:5:5: unknown tool "Bsh" (did you mean "Bash"?)`},
		"what is no tool":        {file(least+"tools: all of them\n", "y"), `r.md:4:8: "all of them" is no tool`},
		"tools taken away":       {file(least+"disallowedTools: Write\n", "y"), `r.md:4:1: popkit can't take tools away from what is not listed (list those`},
		"no text":                {file("name: b\ndescription:\n  - x\n", "y"), `r.md:3:1: description must be text`},
		"no model":               {file(least+"model: the best one\n", "y"), `r.md:4:8: "the best one" is no model`},
		"our key outside":        {file(least+"plan_required: true\n", "y"), `r.md:4:1: "plan_required" is popkit's own key (set it in below popkit:)`},
		"a slip below popkit":    {file(least+"popkit:\n  plan_requierd: true\n", "y"), `r.md:5:3: unknown key "plan_requierd" in popkit (did you mean "plan_required"?)`},
		"no yes":                 {file(least+"popkit:\n  plan_required: yes\n", "y"), `r.md:5:18: plan_required must be true or false`},
		"popkit in a line":       {file(least+"popkit: plan_required\n", "y"), `r.md:4:9: popkit must be keys of their own lines`},
		"no runtime":             {file(least+"popkit:\n  runtime: exce:x\n", "y"), `r.md:5:12: unknown runtime "exce"`},
		"no other name":          {file(least+"popkit:\n  names: a b\n", "y"), `r.md:5:10: "a b" can't be a role`},
		"twice":                  {file(least+"model: opus\nmodel: haiku\n", "y"), `r.md:5:1: the key "model" is there twice`},
		"a tab":                  {file(least+"popkit:\n\tplan_required: true\n", "y"), `r.md:5:1: a tab at the beginning of a line`},
		"set in below no key":    {file("  color: x\n"+least, "y"), `r.md:2:3: this line is set in and belongs to no key`},
		"no key":                 {file(least+"nonsense\n", "y"), `r.md:4:1: this line is no "key: value"`},
		"no item":                {file(least+"tools:\n  - Read\n  Grep\n", "y"), `r.md:6:3: this line is no "- item" of tools`},
		"an invisible character": {file(least, "be\u202e good"), "r.md:6:3: an invisible character (U+202E)"},
		"a control character":    {file(least, "be\x1b[2J good"), "r.md:6:3: an invisible character (U+001B)"},
		"no UTF-8":               {file(least, "caf\xe9"), `r.md:6:4: this is no UTF-8`},
		"too large":              {file(least, strings.Repeat("x", MaxFile)), `r.md:1:1: the file is larger than 64 KiB`},
		"too long a prompt":      {file(least, strings.Repeat("x", MaxPrompt+1)), `r.md:5:1: the prompt is longer than 32 KiB`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("r.md", []byte(tt.text))
			var all *strictyaml.Errors
			if !errors.As(err, &all) || !strings.HasPrefix(all.List[0].Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// TestAllMistakes: they are all said, in the file's order.
func TestAllMistakes(t *testing.T) {
	f, err := Parse("r.md", []byte(file("name: b\ndescription: x\nmodell: opus\ntools: Raed, Bsah\n", "y")))
	if got := strings.Count(err.Error(), "\n") + 1; got != 3 || f.Name != "b" {
		t.Errorf("%d mistakes in the role %q:\n%v", got, f.Name, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range []string{file(least, "x"), file(least+"tools:\n  - a\n - b\npopkit:\n  names: [,\n   x: y\n", "x"), "---\n---\n", "---\n:\n---\n"} {
		f.Add(r)
	}
	for name := range Builtin() {
		text, _ := Source(name)
		f.Add(string(text))
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := Parse("r.md", []byte(text))
		var all *strictyaml.Errors
		if err != nil && (!errors.As(err, &all) || len(all.List) == 0) {
			t.Fatalf("an error that says nothing: %v", err)
		}
		if all != nil {
			lines := strings.Count(text, "\n") + 3
			for _, e := range all.List {
				if e.Line < 1 || e.Line > lines || e.Col < 1 {
					t.Fatalf("%v is nowhere in %q", e, text)
				}
			}
			return
		}
		if got.Name == "" || got.Role.Description == "" || got.Role.Prompt == "" {
			t.Fatalf("taken, and it is %+v", got)
		}
	})
}
