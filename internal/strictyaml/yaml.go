package strictyaml

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// yamlReader makes nodes of the parser's tree. What it can't make sense of it
// reports, and goes on with the rest.
type yamlReader struct {
	file    string
	errs    []Error
	anchors map[string]*Node
	nodes   int // made so far, aliases expanded
}

func parseYAML(file string, data []byte) (*Node, error) {
	r := &yamlReader{file: file, anchors: map[string]*Node{}}
	tokens := lexer.Tokenize(string(data))
	if at, text := tooMuch(tokens); text != "" {
		r.fail(at, text, "")
		return nil, sorted(r.errs)
	}
	doc, err := parseTokens(tokens)
	if err != nil {
		r.syntax(data, err)
		return nil, sorted(r.errs)
	}
	body := r.document(doc)
	var n *Node
	if body != nil {
		n = r.node(body, 0)
	}
	if r.nodes > maxNodes {
		n = nil
	}
	return n, sorted(r.errs)
}

// parseTokens is the parser with its panics made errors: it is other people's
// code, and the file is not trusted.
func parseTokens(tokens token.Tokens) (f *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, fmt.Errorf("the YAML can't be read: %v", p)
		}
	}()
	// Duplicate keys are found here, with both places.
	return parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
}

// tooMuch bounds what the parser is given: it is recursive, and takes time in
// the square of a map's length.
func tooMuch(tokens token.Tokens) (Place, string) {
	flow, row, line := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			row, line = 0, t.Position.Line
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.SequenceEntryType, token.MappingKeyType, token.AnchorType, token.TagType, token.MappingValueType:
			if flow == 0 { // several on a line nest
				row++
			}
		}
		if flow > maxDepth || row > maxDepth {
			return place(t), fmt.Sprintf("nested deeper than %d", maxDepth)
		}
	}
	if len(tokens) > maxTokens {
		return place(tokens[maxTokens]), fmt.Sprintf("the file is too large: more than %d words and signs", maxTokens)
	}
	return Place{}, ""
}

func (r *yamlReader) fail(at Place, text, hint string) {
	r.errs = append(r.errs, Error{File: r.file, Place: at, Text: text, Hint: hint})
}

func (r *yamlReader) syntax(data []byte, err error) {
	at, text, hint := Place{1, 1}, err.Error(), ""
	var syntax *yaml.SyntaxError
	if errors.As(err, &syntax) {
		text = syntax.Message
		if syntax.Token != nil {
			at = place(syntax.Token)
		}
	}
	text, _, _ = strings.Cut(text, "\n")
	switch line := lineAt(data, at.Line); {
	case strings.HasPrefix(strings.TrimSpace(line), "```"):
		hint = "leave out the ``` lines around the text"
	case strings.HasPrefix(line, "\t"):
		hint = "YAML is indented by blanks, not by tabs"
	case strings.Contains(text, "mapping value is not allowed"):
		hint = `text that contains ": " needs quotes; keys of one map begin in the same column`
	}
	r.fail(at, text, hint)
}

func lineAt(data []byte, n int) string {
	for line := range strings.Lines(string(data)) {
		if n--; n == 0 {
			return line
		}
	}
	return ""
}

// document returns the body of the file's only document, or of the first.
func (r *yamlReader) document(f *ast.File) ast.Node {
	var body ast.Node
	for _, d := range f.Docs {
		switch d.Body.(type) {
		case nil, *ast.CommentGroupNode, *ast.DirectiveNode:
			continue
		}
		if body != nil {
			at := place(d.Body.GetToken())
			if d.Start != nil {
				at = place(d.Start)
			}
			r.fail(at, "a second document: a file holds one", `leave out "---" and what follows it`)
			break
		}
		body = d.Body
	}
	if body == nil {
		r.fail(Place{1, 1}, "the file is empty", "")
	}
	return body
}

func place(t *token.Token) Place {
	if t == nil || t.Position == nil {
		return Place{1, 1}
	}
	return Place{max(t.Position.Line, 1), max(t.Position.Column, 1)}
}
