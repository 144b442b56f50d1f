package strictyaml

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Numbers as YAML 1.2 has them.
var (
	coreInt   = regexp.MustCompile(`^[-+]?[0-9]+$`)
	coreFloat = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)[eE][-+]?[0-9]+$`)
)

// node converts what the parser made. After an error it returns an empty node,
// so that the rest is looked at, too.
func (r *yamlReader) node(x ast.Node, depth int) *Node {
	if x == nil {
		return &Node{Place: Place{1, 1}, size: 1}
	}
	n := &Node{Place: place(x.GetToken()), size: 1}
	if r.nodes++; r.nodes > maxNodes {
		if r.nodes == maxNodes+1 {
			r.fail(n.Place, fmt.Sprintf("more than %d values", maxNodes), "")
		}
		return n
	}
	if depth > maxDepth {
		return r.broken(n, fmt.Sprintf("nested deeper than %d", maxDepth), "")
	}
	switch v := x.(type) {
	case *ast.MappingNode:
		return r.mapping(n, v.Values, depth)
	case *ast.MappingValueNode:
		return r.mapping(n, []*ast.MappingValueNode{v}, depth)
	case *ast.SequenceNode:
		n.Kind = List
		for _, item := range v.Values {
			n.Items = append(n.Items, r.node(item, depth+1))
			n.size += n.Items[len(n.Items)-1].size
		}
		return n
	case *ast.AnchorNode:
		value := r.node(v.Value, depth+1)
		r.anchors[v.Name.GetToken().Value] = value
		return value
	case *ast.AliasNode:
		return r.alias(n, v)
	case *ast.TagNode:
		return r.tagged(n, v, depth)
	}
	return r.scalar(n, x)
}

// broken reports what is wrong with a value, and makes n stand for it: nothing
// that follows from it is reported as well.
func (r *yamlReader) broken(n *Node, text, hint string) *Node {
	r.fail(n.Place, text, hint)
	n.bad = true
	return n
}

func (r *yamlReader) scalar(n *Node, x ast.Node) *Node {
	switch v := x.(type) {
	case *ast.StringNode:
		n.Kind, n.Text = String, v.Value
		n.Plain = v.Token.Type != token.SingleQuoteType && v.Token.Type != token.DoubleQuoteType
		if n.Plain && coreInt.MatchString(n.Text) {
			n.Kind, n.Plain = Int, false // the parser misses large ones
		} else if n.Plain && coreFloat.MatchString(n.Text) {
			n.Kind, n.Plain = Float, false // the parser misses "1e-9"
		}
	case *ast.LiteralNode:
		n.Kind, n.Text = String, v.Value.Value
	case *ast.IntegerNode:
		n.Kind, n.Text = Int, v.Token.Value
	case *ast.FloatNode:
		n.Kind, n.Text = Float, v.Token.Value
	case *ast.InfinityNode, *ast.NanNode:
		n.Kind, n.Text = Float, x.GetToken().Value
	case *ast.BoolNode:
		n.Kind, n.Text = Bool, fmt.Sprint(v.Value)
	case *ast.NullNode:
	default:
		return r.broken(n, fmt.Sprintf("a %s is not understood here", strings.ToLower(x.Type().String())), "")
	}
	return n
}

// alias shares the anchor's value. What it expands to counts: a file of a
// kilobyte can expand to a gigabyte.
func (r *yamlReader) alias(n *Node, a *ast.AliasNode) *Node {
	name := a.Value.GetToken().Value
	value, ok := r.anchors[name]
	if !ok {
		return r.broken(n, fmt.Sprintf("there is no anchor &%s before the alias *%s", name, name), `text that begins with "*" needs quotes`)
	}
	if r.nodes += value.size; r.nodes > maxNodes {
		if r.nodes-value.size <= maxNodes {
			r.fail(n.Place, fmt.Sprintf("aliases make it more than %d values", maxNodes), "")
		}
		return n
	}
	return value
}

// tagged allows !!str, which makes a string of any scalar.
func (r *yamlReader) tagged(n *Node, t *ast.TagNode, depth int) *Node {
	if t.Start.Value != "!!str" {
		return r.broken(n, fmt.Sprintf("the tag %s is not understood", t.Start.Value), `text that begins with "!" needs quotes`)
	}
	v := r.node(t.Value, depth+1)
	if v.Kind == Map || v.Kind == List {
		return r.broken(n, fmt.Sprintf("!!str makes text of a word, not of %s", v.Kind), "")
	}
	text := v.Text
	if v.Kind == Bool || v.Kind == Null {
		text = t.Value.GetToken().Value
	}
	return &Node{Kind: String, Place: v.Place, Text: text, size: 1}
}

func (r *yamlReader) mapping(n *Node, values []*ast.MappingValueNode, depth int) *Node {
	n.Kind = Map
	keys := newKeys(r.file, &r.errs)
	var merged []*Node
	for i, v := range values {
		at := place(v.Key.GetToken())
		if i == 0 && (at.Line < n.Line || at.Line == n.Line && at.Col < n.Col) {
			n.Place = at // a map in block style begins at its first key
		}
		value := r.node(v.Value, depth+1)
		n.size += value.size
		if v.Key.IsMergeKey() {
			merged = append(merged, r.sources(value)...)
			continue
		}
		key, ok := r.key(v.Key)
		if ok && keys.fresh(key, at) {
			n.Entries = append(n.Entries, Entry{key, at, value})
		}
	}
	for _, m := range merged { // what the map says itself comes first
		for _, e := range m.Entries {
			if n.Get(e.Key) == nil {
				n.Entries = append(n.Entries, e)
			}
		}
	}
	return n
}

func (r *yamlReader) key(k ast.MapKeyNode) (string, bool) {
	var x ast.Node = k
	if q, ok := x.(*ast.MappingKeyNode); ok {
		x = q.Value
	}
	switch v := x.(type) {
	case *ast.StringNode:
		return v.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NullNode:
		return x.GetToken().Value, true
	}
	r.fail(place(k.GetToken()), "a key must be a word", "")
	return "", false
}

// sources are the maps that a merge key ("<<") takes in.
func (r *yamlReader) sources(value *Node) []*Node {
	list := []*Node{value}
	if value.Kind == List {
		list = value.Items
	}
	for _, m := range list {
		if m.bad {
			return nil
		}
		if m.Kind != Map {
			r.fail(value.Place, "<< takes a map, or a list of maps", "")
			return nil
		}
	}
	return list
}
