package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// jsonReader makes nodes of valid JSON. encoding/json says where a token ends;
// where it begins follows, since only blanks, "," and ":" are between tokens.
type jsonReader struct {
	file  string
	data  []byte
	dec   *json.Decoder
	errs  []Error
	at    int   // offset up to which place is known
	place Place // of data[at]
}

func parseJSON(file string, data []byte) (*Node, error) {
	r := &jsonReader{file: file, data: data, dec: json.NewDecoder(bytes.NewReader(data)), place: Place{1, 1}}
	r.dec.UseNumber()
	n, err := r.value(0)
	if err != nil {
		var one Error
		if !errors.As(err, &one) {
			one = Error{File: file, Place: r.place, Text: err.Error()}
		}
		return nil, sorted(append(r.errs, one))
	}
	return n, sorted(r.errs)
}

// next returns the next token and its place.
func (r *jsonReader) next() (json.Token, Place, error) {
	start := int(r.dec.InputOffset())
	for start < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[start]) >= 0 {
		start++
	}
	for _, c := range string(r.data[r.at:start]) {
		if c == '\n' {
			r.place = Place{r.place.Line + 1, 1}
		} else {
			r.place.Col++
		}
	}
	r.at = start
	tok, err := r.dec.Token()
	return tok, r.place, err
}

func (r *jsonReader) value(depth int) (*Node, error) {
	tok, at, err := r.next()
	if err != nil {
		return nil, err
	}
	return r.node(tok, at, depth)
}

func (r *jsonReader) node(tok json.Token, at Place, depth int) (*Node, error) {
	n := &Node{Place: at, size: 1}
	switch v := tok.(type) {
	case json.Delim:
		if depth >= maxDepth {
			return nil, Error{File: r.file, Place: at, Text: fmt.Sprintf("nested deeper than %d", maxDepth)}
		}
		if v == '{' {
			n.Kind = Map
			return n, r.entries(n, depth)
		}
		n.Kind = List
		return n, r.items(n, depth)
	case string:
		n.Kind, n.Text = String, v
	case json.Number:
		n.Kind, n.Text = Int, v.String()
		if strings.ContainsAny(n.Text, ".eE") {
			n.Kind = Float
		}
	case bool:
		n.Kind, n.Text = Bool, fmt.Sprint(v)
	}
	return n, nil
}

func (r *jsonReader) entries(n *Node, depth int) error {
	keys := newKeys(r.file, &r.errs)
	for {
		tok, at, err := r.next()
		if err != nil {
			return err
		}
		key, isKey := tok.(string)
		if !isKey {
			return nil // "}"
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return err
		}
		if keys.fresh(key, at) {
			n.Entries = append(n.Entries, Entry{key, at, v})
		}
	}
}

func (r *jsonReader) items(n *Node, depth int) error {
	for {
		tok, at, err := r.next()
		if err != nil {
			return err
		}
		if tok == json.Delim(']') {
			return nil
		}
		v, err := r.node(tok, at, depth+1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, v)
	}
}

// keys finds keys that a map has twice.
type keys struct {
	file string
	errs *[]Error
	seen map[string]Place
}

func newKeys(file string, errs *[]Error) keys {
	return keys{file, errs, map[string]Place{}}
}

func (k keys) fresh(key string, at Place) bool {
	if first, twice := k.seen[key]; twice {
		*k.errs = append(*k.errs, Error{File: k.file, Place: at,
			Text: fmt.Sprintf("key %q is there twice, first at line %d, column %d", key, first.Line, first.Col)})
		return false
	}
	k.seen[key] = at
	return true
}
