package scripted

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxScript bounds a script, in bytes.
const maxScript = 4 << 20

// Load reads a script from a file. Its mistakes are a Mistakes error.
func Load(path string) (Script, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Script{}, fmt.Errorf("load script: %w", err)
	}
	return Parse(path, data)
}

// Parse reads a script; name stands for it in mistakes, which are all returned
// at once as a Mistakes error.
func Parse(name string, data []byte) (Script, error) {
	p := &parse{script: Script{name: name, tasks: map[string]part{}}}
	if len(data) > maxScript {
		p.add(nil, fmt.Sprintf("a script of more than %d bytes", maxScript))
	} else {
		p.file(data)
	}
	if len(p.mistakes) > 0 {
		slices.SortStableFunc(p.mistakes, func(a, b Mistake) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		return Script{}, p.mistakes
	}
	return p.script, nil
}

type parse struct {
	script   Script
	mistakes Mistakes
}

func (p *parse) add(t *token.Token, text string) {
	m := Mistake{File: p.script.name, Line: 1, Column: 1, Text: text}
	if t != nil && t.Position != nil {
		m.Line, m.Column = t.Position.Line, t.Position.Column
	}
	p.mistakes = append(p.mistakes, m)
}

func (p *parse) addError(n ast.Node, err error) {
	var positioned yaml.Error
	if errors.As(err, &positioned) && positioned.GetToken() != nil {
		p.add(positioned.GetToken(), positioned.GetMessage())
		return
	}
	p.add(tokenOf(n), err.Error())
}

func tokenOf(n ast.Node) *token.Token {
	if n == nil {
		return nil
	}
	if m, ok := n.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken() // its own token is a colon, or a brace
	}
	return n.GetToken()
}

func (p *parse) file(data []byte) {
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		p.addError(nil, err)
		return
	}
	var bodies []ast.Node
	for _, doc := range f.Docs {
		if doc.Body != nil && doc.Body.Type() != ast.CommentType {
			bodies = append(bodies, doc.Body)
		}
	}
	switch len(bodies) {
	case 0:
		p.add(nil, "an empty script: want a list of steps")
	case 1:
		p.top(bodies[0])
	default:
		p.add(tokenOf(bodies[1]), "a second document: want one")
	}
}

// top is a part with, where it is a mapping, the tasks' own parts.
func (p *parse) top(n ast.Node) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		p.script.fallback = p.part(n)
		return
	}
	var rest []*ast.MappingValueNode
	for _, v := range m.Values {
		if keyOf(v) == "tasks" {
			p.tasks(v.Value)
			continue
		}
		rest = append(rest, v)
	}
	if len(rest) > 0 || len(m.Values) == 0 {
		p.script.fallback = p.attempts(n, rest)
	}
}

func (p *parse) tasks(n ast.Node) {
	m, ok := n.(*ast.MappingNode)
	if !ok {
		p.add(tokenOf(n), "tasks: want a task's ID and its steps, for each task")
		return
	}
	for _, v := range m.Values {
		p.script.tasks[keyOf(v)] = p.part(v.Value)
	}
}

// part is a list of steps, {steps: […]} or {attempts: […]}.
func (p *parse) part(n ast.Node) part {
	if m, ok := n.(*ast.MappingNode); ok {
		return p.attempts(n, m.Values)
	}
	return part{p.steps(n)}
}

func (p *parse) attempts(n ast.Node, values []*ast.MappingValueNode) part {
	var found part
	for _, v := range values {
		switch key := keyOf(v); {
		case found != nil:
			p.add(v.Key.GetToken(), fmt.Sprintf("%s: there are steps or attempts already", key))
		case key == "steps":
			found = part{p.steps(v.Value)}
		case key == "attempts":
			found = p.attemptList(v.Value)
		default:
			p.add(v.Key.GetToken(), fmt.Sprintf("unknown key %q: want steps, attempts or, at the top, tasks", key))
		}
	}
	if len(values) == 0 {
		p.add(tokenOf(n), "want a list of steps")
	}
	return found
}

func (p *parse) attemptList(n ast.Node) part {
	list, ok := n.(*ast.SequenceNode)
	if !ok || len(list.Values) == 0 {
		p.add(tokenOf(n), "attempts: want a list with the steps of each attempt")
		return nil
	}
	var found part
	for _, v := range list.Values {
		m, ok := v.(*ast.MappingNode)
		if !ok {
			found = append(found, p.steps(v))
			continue
		}
		if len(m.Values) != 1 || keyOf(m.Values[0]) != "steps" {
			p.add(tokenOf(v), "an attempt: want {steps: […]}")
			continue
		}
		found = append(found, p.steps(m.Values[0].Value))
	}
	return found
}

func (p *parse) steps(n ast.Node) []line {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		p.add(tokenOf(n), "want a list of steps")
		return nil
	}
	lines := []line{}
	for _, v := range list.Values {
		if l, ok := p.step(v); ok {
			lines = append(lines, l)
		}
	}
	return lines
}

// step is a name alone (hang), or a mapping of one name to what it needs.
func (p *parse) step(n ast.Node) (line, bool) {
	var name string
	var value ast.Node
	switch n := n.(type) {
	case *ast.StringNode:
		name = n.Value
	case *ast.MappingNode:
		if len(n.Values) != 1 {
			p.add(tokenOf(n), "a step is one name with what it needs; begin the next one with its own dash")
			return line{}, false
		}
		name, value = keyOf(n.Values[0]), n.Values[0].Value
	default:
		p.add(tokenOf(n), "want a step, e.g. say: hello")
		return line{}, false
	}
	build, known := kinds[name]
	if !known {
		p.add(tokenOf(n), fmt.Sprintf("unknown step %q: want one of %s", name, strings.Join(StepNames(), ", ")))
		return line{}, false
	}
	s, err := build(value)
	if err != nil {
		if value == nil {
			value = n
		}
		p.addError(value, fmt.Errorf("%s: %w", name, err))
		return line{}, false
	}
	t := tokenOf(n)
	return line{step: s, name: name, at: position{t.Position.Line, t.Position.Column}}, true
}

// StepNames lists the steps there are.
func StepNames() []string { return slices.Sorted(maps.Keys(kinds)) }

func keyOf(v *ast.MappingValueNode) string {
	if s, ok := v.Key.(*ast.StringNode); ok {
		return s.Value
	}
	return v.Key.String()
}

// fill decodes a mapping into a step, with every key known.
func fill[S step](n ast.Node) (S, error) {
	var s S
	if n == nil {
		return s, nil
	}
	err := yaml.NodeToValue(n, &s, yaml.Strict())
	return s, err
}

// text returns what a scalar says, as it is written.
func text(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case ast.ScalarNode:
		return n.GetToken().Value, true
	}
	return "", false
}
