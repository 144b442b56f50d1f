package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Kind is the kind of a value.
type Kind int

// The kinds, and in what words a message speaks of them.
const (
	Null   Kind = iota // nothing
	Map                // a map
	List               // a list
	String             // text
	Int                // a whole number
	Float              // a number
	Bool               // true or false
)

func (k Kind) String() string { return kindWords[k] }

var kindWords = [...]string{"nothing", "a map", "a list", "text", "a whole number", "a number", "true or false"}

// Node is a value in a document.
type Node struct {
	Kind Kind
	Place
	Text    string  // of a scalar: the string's content, a number as written, "true", "false"
	Plain   bool    // a YAML string without quotes
	Entries []Entry // of a map, in the file's order, keys unique
	Items   []*Node // of a list

	size int  // nodes below and with this one, aliases expanded
	bad  bool // stands for a value that could not be read; that was reported
}

// Entry is a key of a map and its value.
type Entry struct {
	Key   string
	At    Place // of the key
	Value *Node
}

// Get returns the value of a map's key, or nil.
func (n *Node) Get(key string) *Node {
	for _, e := range n.Entries {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}

// Bounds of a file.
const (
	MaxSize   = 1 << 20 // bytes
	maxTokens = 60_000  // a plan of 1,000 tasks has about 40,000
	maxNodes  = 100_000 // aliases expanded
	maxDepth  = 50
)

// Parse reads the one document of a file. A file that begins with "{" or "[" and
// is valid JSON is read as JSON, any other as YAML. The error is an *Errors.
// File is what messages call it.
func Parse(file string, data []byte) (*Node, error) {
	n, err := read(file, data)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Open is Parse and NewDecoder in one: mistakes that leave the rest of the
// document readable (a second document, a key that is there twice, an unknown
// alias) do not end it here, but are among the decoder's, so that a person gets
// them together with all others. The error is that of a file that can't be read
// at all, an *Errors.
func Open(file string, data []byte) (*Node, *Decoder, error) {
	n, err := read(file, data)
	if n == nil {
		return nil, nil, err
	}
	d := NewDecoder(file)
	var all *Errors
	if errors.As(err, &all) {
		d.errs = slices.Clone(all.List)
	}
	return n, d, nil
}

// read answers with a tree, mistakes, or both.
func read(file string, data []byte) (*Node, error) {
	fail := func(p Place, text, hint string) (*Node, error) {
		return nil, &Errors{List: []Error{{File: file, Place: p, Text: text, Hint: hint}}}
	}
	if len(data) > MaxSize {
		return fail(Place{1, 1}, fmt.Sprintf("the file has %d bytes, more than %d", len(data), MaxSize), "")
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) {
		return fail(placeAt(data, firstInvalid(data)), "the file is not UTF-8 text", "")
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		return fail(placeAt(data, i), "the file is no text: it has a zero byte", "")
	}
	if first := bytes.TrimSpace(data); len(first) > 0 && (first[0] == '{' || first[0] == '[') {
		if json.Valid(data) {
			return parseJSON(file, data)
		}
		if end := second(data); end > 0 {
			n, err := parseJSON(file, data[:end])
			return n, with(err, secondDocument(file, placeAt(data, end)))
		}
	}
	return parseYAML(file, data)
}

// second is where a second JSON document begins after a first one that is
// valid, or 0. No YAML has a bracket there, but many a file of JSON lines.
func second(data []byte) int {
	dec := json.NewDecoder(bytes.NewReader(data))
	var first json.RawMessage
	if dec.Decode(&first) != nil {
		return 0
	}
	rest := bytes.TrimLeft(data[dec.InputOffset():], " \t\r\n")
	if len(rest) == 0 || rest[0] != '{' && rest[0] != '[' {
		return 0
	}
	return len(data) - len(rest)
}

func secondDocument(file string, at Place) Error {
	return Error{File: file, Place: at, Text: "a second document: a file holds one", Hint: "leave it out, or put it into a file of its own"}
}

func firstInvalid(data []byte) int {
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && n <= 1 {
			return i
		}
		i += n
	}
	return len(data)
}

// placeAt is the place of the byte at an offset.
func placeAt(data []byte, offset int) Place {
	before := data[:min(max(offset, 0), len(data))]
	line := bytes.Count(before, []byte("\n"))
	return Place{line + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1}
}
