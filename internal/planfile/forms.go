package planfile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"popkit/internal/core/objective"
	"popkit/internal/strictyaml"
)

// The forms that a value may take besides its struct.

// FromNode takes the root key in either case, as the objective's own block has
// it: "Objective:".
func (f *file) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	if !d.Want(n, strictyaml.Map, path) {
		return
	}
	root := *n
	root.Entries = slices.Clone(n.Entries)
	for i, e := range root.Entries {
		if e.Key != "Objective" {
			continue
		}
		if n.Get("objective") != nil {
			d.FailAt(e.At, "Objective", `"Objective" and "objective" are one key`, "leave one of them out")
			root.Entries = slices.Delete(root.Entries, i, i+1)
			break
		}
		root.Entries[i].Key = "objective"
	}
	type plain file
	d.Decode(&root, (*plain)(f), path)
}

// FromNode takes text or a map.
func (c *criterion) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	if n.Kind == strictyaml.String {
		c.Text = n.Text
		return
	}
	if mapOrText(d, n, path, "a criterion", "{text: …, check: …}") {
		d.Decode(n, (*criterionBlock)(c), path)
	}
}

// FromNode takes a command or a map.
func (c *check) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	if n.Kind == strictyaml.String {
		c.Run = n.Text
		return
	}
	if mapOrText(d, n, path, "a check", "{run: …, expect: …, timeout: …}") {
		d.Decode(n, (*checkBlock)(c), path)
	}
}

// FromNode takes a name or a map.
func (p *phase) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	if n.Kind == strictyaml.String {
		p.Name, p.byName = n.Text, true
		return
	}
	if mapOrText(d, n, path, "a phase", "{name: …, tasks: […]}") {
		d.Decode(n, &p.phaseBlock, path)
	}
}

func mapOrText(d *strictyaml.Decoder, n *strictyaml.Node, path, what, form string) bool {
	if n.Kind == strictyaml.Map {
		return true
	}
	d.Fail(n, path, fmt.Sprintf("%s must be text or a map %s, not %s", what, form, n.Kind), "")
	return false
}

// FromNode takes a map, or a list of maps whose lists are joined.
func (b *boundaries) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	if n.Kind == strictyaml.Map {
		d.Decode(n, (*boundariesBlock)(b), path)
		return
	}
	if n.Kind != strictyaml.List {
		d.Fail(n, path, fmt.Sprintf("boundaries must be a map or a list of maps, not %s", n.Kind), "")
		return
	}
	for i, item := range n.Items {
		var part boundariesBlock
		at := strictyaml.Index(path, i)
		d.Decode(item, &part, at)
		b.FilePatterns = join(d, b.FilePatterns, part.FilePatterns, at, path, "file_patterns")
		b.RestrictedTools = join(d, b.RestrictedTools, part.RestrictedTools, at, path, "restricted_tools")
	}
}

// join appends the list that stands at from.key to the one at to.key, and tells
// the decoder where each item stands.
func join(d *strictyaml.Decoder, all, part []string, from, to, key string) []string {
	for i, s := range part {
		place := d.Place(strictyaml.Index(strictyaml.Join(from, key), i))
		d.Mark(strictyaml.Index(strictyaml.Join(to, key), len(all)), &strictyaml.Node{Place: place})
		all = append(all, s)
	}
	return all
}

// FromNode takes text that every YAML reader takes for text.
func (x *ident) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	*x = ident(n.Text) // also when it is wrong: others may name it
	if !d.Want(n, strictyaml.String, path) || !n.Plain {
		return
	}
	if other := ambiguous(n.Text); other != "" {
		d.Fail(n, path, fmt.Sprintf("%s: %s is %s to many YAML readers, not text", strictyaml.Last(path), n.Text, other),
			fmt.Sprintf("write %q", n.Text))
	}
}

// What YAML 1.1 has beside 1.2: dates, and numbers in other notations.
var (
	date   = regexp.MustCompile(`^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$`)
	number = regexp.MustCompile(`^(0[bB][01_]+|0[xX][0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?)$`)
)

// ambiguous says what other readers take the text for, if not for text.
func ambiguous(s string) string {
	switch strings.ToLower(s) {
	case "yes", "no", "on", "off", "y", "n":
		return "true or false"
	}
	switch {
	case date.MatchString(s):
		return "a date"
	case number.MatchString(s):
		return "a number"
	}
	return ""
}

// FromNode takes what time.ParseDuration takes.
func (x *duration) FromNode(d *strictyaml.Decoder, n *strictyaml.Node, path string) {
	const hint = "e.g. 90s, 10m or 1h30m"
	if n.Kind != strictyaml.String {
		d.Fail(n, path, fmt.Sprintf("%s must be a time with its unit, not %s", strictyaml.Last(path), n.Kind), hint)
		return
	}
	if new(objective.Duration).UnmarshalText([]byte(n.Text)) != nil {
		d.Fail(n, path, fmt.Sprintf("%s: %q is no time", strictyaml.Last(path), n.Text), hint)
		return
	}
	*x = duration(n.Text)
}
