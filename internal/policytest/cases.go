package policytest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/core/policy"
)

// Case is one call, what is known of it, and what is wanted.
type Case struct {
	File       string // of the table
	Name       string // within it: the line, or the ID
	Want, Rule string // Rule is "" where the case names none
	Text       string // as it is in the table
	Call       policy.Call
	Spec       policy.Spec
	Facts      policy.Facts
	Plain      bool // Spec and Facts are the defaults
	Given      Given
}

// Given is what the facts say of the workspace, for who has to build it.
type Given struct {
	Branch string      `json:",omitempty"`
	Links  [][2]string `json:",omitempty"` // a path, and where it leads
	Files  [][2]string `json:",omitempty"` // a name, and what is in it
	Fold   bool        `json:",omitempty"` // names are the same whatever their case
}

// Tracked is what git tracks in the tables.
var Tracked = []string{"src/**", "**/*.go", "tests/**"}

// Facts are what is known in the tables: the workspace is /repo.
func Facts(tracked []string) policy.Facts {
	f := policy.Facts{Workspace: "/repo", Home: "/home/u", Tmp: "/tmp/agent-1"}
	if len(tracked) > 0 {
		f.Tracked = policy.TrackedGlobs(tracked)
	}
	return f
}

// Tables reads all cases of dir/cases/*.txt.
func Tables(dir string) ([]Case, error) {
	files, err := filepath.Glob(filepath.Join(dir, "cases", "*.txt"))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("no cases in %s: %w", dir, err)
	}
	var out []Case
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		given := ""
		for i, line := range strings.Split(strings.TrimRight(string(raw), "\n"), "\n") {
			if strings.HasPrefix(line, "!") {
				given = line
			}
			if line == "" || strings.HasPrefix(line, "!") || strings.HasPrefix(line, "#") {
				continue
			}
			c, err := read(line, given)
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", f, i+1, err)
			}
			c.File, c.Name = filepath.Base(f), fmt.Sprint(i+1)
			out = append(out, c)
		}
	}
	return out, nil
}

func read(line, given string) (Case, error) {
	head, text, ok := strings.Cut(line, ": ")
	if !ok {
		return Case{}, fmt.Errorf("%q is no case", line)
	}
	c := Case{Text: text, Spec: policy.DefaultSpec(), Facts: Facts(Tracked), Plain: given == ""}
	c.Want, c.Rule, _ = strings.Cut(head, " ")
	var err error
	if c.Call, err = callOf(text); err != nil {
		return Case{}, err
	}
	for _, w := range strings.Fields(strings.TrimPrefix(given, "!")) {
		key, value, _ := strings.Cut(w, "=")
		if err := c.with(key, value); err != nil {
			return Case{}, err
		}
	}
	return c, nil
}

func callOf(text string) (policy.Call, error) {
	if rest, ok := strings.CutPrefix(text, "@"); ok {
		tool, input, _ := strings.Cut(rest, " ")
		return policy.Call{Tool: tool, Input: json.RawMessage(input)}, nil
	}
	input, err := json.Marshal(map[string]string{"command": strings.ReplaceAll(text, "⏎", "\n")})
	return policy.Call{Tool: "Bash", Input: input}, err
}

// with changes the rules and the facts as one word of a "!" line says.
func (c *Case) with(key, value string) error {
	list := strings.Split(value, ",")
	s, f, g := &c.Spec, &c.Facts, &c.Given
	switch key {
	case "boundaries":
		s.Boundaries = list
	case "restricted":
		s.RestrictedTools = list
	case "human":
		s.HumanRequired = append(slices.Clip(s.HumanRequired), strings.ReplaceAll(value, "+", " "))
	case "protected":
		s.ProtectedPaths = append(slices.Clip(s.ProtectedPaths), list...)
	case "rule":
		s.Rules = map[string]string{list[0]: list[1]}
	case "grant":
		s.Grants = append(slices.Clip(s.Grants), policy.Grant{Rule: list[0], Subject: strings.ReplaceAll(list[1], "+", " ")})
	case "branch":
		f.Branch, g.Branch = value, value
	case "default":
		f.DefaultBranch = value
	case "fold":
		f.FoldCase, g.Fold = true, true
	case "link":
		g.Links = append(g.Links, [2]string{list[0], list[1]})
		f.Resolve = func(abs string) string {
			if rest, ok := strings.CutPrefix(abs, list[0]); ok && (rest == "" || rest[0] == '/') {
				return list[1] + rest
			}
			return abs
		}
	case "below":
		f.Below = func(string) []string { return list }
		for _, name := range list {
			g.Files = append(g.Files, [2]string{name, "x\n"})
		}
	case "file":
		name, text, _ := strings.Cut(value, ":")
		text = strings.NewReplacer("·", " ", "⏎", "\n").Replace(text)
		g.Files = append(g.Files, [2]string{name, text})
		f.Content = func(rel string) (string, bool) { return text, rel == name }
	default:
		return fmt.Errorf("unknown key %q", key)
	}
	return nil
}

// Acceptances reads dir/guardrails.jsonl.
func Acceptances(dir string) ([]Case, error) {
	f, err := os.Open(filepath.Join(dir, "guardrails.jsonl"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	var out []Case
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		var line struct {
			ID, Tool, Want, Rule string
			Input                json.RawMessage
			Tracked              []string
			Boundaries           struct {
				Patterns   []string `json:"file_patterns"`
				Restricted []string `json:"restricted_tools"`
			}
		}
		if err := json.Unmarshal(scan.Bytes(), &line); err != nil {
			return nil, err
		}
		c := Case{File: "guardrails.jsonl", Name: line.ID, Want: line.Want, Rule: line.Rule, Text: "@" + line.Tool + " " + string(line.Input),
			Call: policy.Call{Tool: line.Tool, Input: line.Input}, Spec: policy.DefaultSpec(), Facts: Facts(line.Tracked)}
		c.Spec.Boundaries, c.Spec.RestrictedTools = line.Boundaries.Patterns, line.Boundaries.Restricted
		out = append(out, c)
	}
	return out, scan.Err()
}
