package strictyaml

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// show writes a tree on one line, each value with its place.
func show(n *Node) string {
	at := fmt.Sprintf("@%d:%d", n.Line, n.Col)
	switch n.Kind {
	case Map:
		var parts []string
		for _, e := range n.Entries {
			parts = append(parts, fmt.Sprintf("%q@%d:%d=%s", e.Key, e.At.Line, e.At.Col, show(e.Value)))
		}
		return "{" + strings.Join(parts, " ") + "}" + at
	case List:
		var parts []string
		for _, i := range n.Items {
			parts = append(parts, show(i))
		}
		return "[" + strings.Join(parts, " ") + "]" + at
	case Null:
		return "null" + at
	case String:
		return fmt.Sprintf("%q", n.Text) + at
	}
	return n.Text + at
}

func TestPlaces(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"a: 1\nb: x", `{"a"@1:1=1@1:4 "b"@2:1="x"@2:4}@1:1`},
		{"a:\n  - x\n  -  y", `{"a"@1:1=["x"@2:5 "y"@3:6]@2:3}@1:1`},
		{"ü: {é: 'x', z: \"y\"}", `{"ü"@1:1={"é"@1:5="x"@1:8 "z"@1:13="y"@1:16}@1:4}@1:1`},
		{"a: |\n  x\n  y\nb: 2", `{"a"@1:1="x\ny\n"@1:4 "b"@4:1=2@4:4}@1:1`},
		{"a: >-\n  x\n  y\nb: 2", `{"a"@1:1="x y"@1:4 "b"@4:1=2@4:4}@1:1`},
		{"a: x\r\nb: y\r\n", `{"a"@1:1="x"@1:4 "b"@2:1="y"@2:4}@1:1`},
		{"\ufeffa: x", `{"a"@1:1="x"@1:4}@1:1`},
		{"# c\n\na: x # d\n", `{"a"@3:1="x"@3:4}@3:1`},
		{"a: &n {b: c}\nd: *n", `{"a"@1:1={"b"@1:8="c"@1:11}@1:7 "d"@2:1={"b"@1:8="c"@1:11}@1:7}@1:1`},
		{"base: &b {x: 1, y: 2}\nd:\n  <<: *b\n  y: 3", `{"base"@1:1={"x"@1:11=1@1:14 "y"@1:17=2@1:20}@1:10 "d"@2:1={"y"@4:3=3@4:6 "x"@1:11=1@1:14}@3:3}@1:1`},
		{"a: !!str 5", `{"a"@1:1="5"@1:9}@1:1`},
		{"? a\n: b", `{"a"@1:1="b"@2:3}@1:1`},
		{"a: [true, ~, null, 1.5, 0x10, -3, 1e3, 2020-01-01]", `{"a"@1:1=[true@1:5 null@1:11 null@1:14 1.5@1:20 0x10@1:25 -3@1:31 1e3@1:35 "2020-01-01"@1:40]@1:4}@1:1`},
		{"{\n\t\"a\": [1,\n\t\t\"é\", {\"b\": null}]}", `{"a"@2:2=[1@2:8 "é"@3:3 {"b"@3:9=null@3:14}@3:8]@2:7}@1:1`},
		{"%YAML 1.2\n---\na: b\n...\n", `{"a"@3:1="b"@3:4}@3:1`},
		{"--- {a: b}", `{"a"@1:6="b"@1:9}@1:5`},
		{"{\"a\": \"\\u00e9\\ud83d\\ude00\\n\"}", `{"a"@1:2="é😀\n"@1:7}@1:1`},
	} {
		n, err := Parse("f", []byte(c.text))
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
			continue
		}
		if got := show(n); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.text, got, c.want)
		}
	}
}

func TestSyntax(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "f:1:1: the file is empty"},
		{"a: 1\n---\nb: 2", `f:2:1: a second document: a file holds one (leave out "---" and what follows it)`},
		{"a: 1\na: 2\n a: 3", "f:2:"},
		{"a: {b: 1, b: 2}", `f:1:11: key "b" is there twice, first at line 1, column 5`},
		{"a: *b", `f:1:4: there is no anchor &b before the alias *b (text that begins with "*" needs quotes)`},
		{"a: &a [*a]", `f:1:8: there is no anchor &a before the alias *a`},
		{"a: !x b", `f:1:4: the tag !x is not understood (text that begins with "!" needs quotes)`},
		{"a: !!str [b]", "f:1:9: unexpected scalar value type"},
		{"[a]: b", "f:1:4: found an invalid key for this map"},
		{"a: {<<: 5}", "f:1:9: << takes a map, or a list of maps"},
		{"a: [b", "f:1:"},
		{"a: \"b", "f:1:"},
		{"a: \x00", "f:1:4: the file is no text: it has a zero byte"},
		{"é: \xff", "f:1:4: the file is not UTF-8 text"},
		{"{\"a\": 1, \"b\": {\"c\": 1,\n \"c\": 2}, \"a\": 3}", "f:2:2: key \"c\" is there twice, first at line 1, column 16\nf:2:11: key \"a\" is there twice, first at line 1, column 2"},
		{"{\"a\": [1, 2}", "f:1:"},
		{"{\"a\": 1} x", "f:1:"},
		{"{\"a\": 1}\n{\"b\": 1}", "f:2:1: a second document: a file holds one"},
		{"{\"a\": 1, \"a\": 2}[1]", "f:1:10: key \"a\" is there twice, first at line 1, column 2\nf:1:17: a second document"},
	} {
		n, err := Parse("f", []byte(c.text))
		var all *Errors
		if n != nil || !errors.As(err, &all) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant %s", c.text, err, c.want)
		}
	}
}

// TestBounds: input that is made to be dear is refused before it costs anything.
func TestBounds(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c <= 'j'; c++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 10), ", "))
	}
	var keys strings.Builder
	for i := range 20_001 {
		fmt.Fprintf(&keys, "k%d: v\n", i)
	}
	const n = 1 << 16 // the bounds count, not the size
	for _, c := range []struct{ name, text, want string }{
		{"aliases", bomb, "aliases make it more than 100000 values"},
		{"merges", strings.ReplaceAll(bomb, "x, x", "{x: y}, x"), "aliases make it more than 100000 values"},
		{"lists", strings.Repeat("[", n), "nested deeper than 50"},
		{"maps", strings.Repeat("{", n), "nested deeper than 50"},
		{"lists on lines", strings.Repeat("[\n", n/2), "nested deeper than 50"},
		{"JSON lists", strings.Repeat("[", n/2) + strings.Repeat("]", n/2), "nested deeper than 50"},
		{"JSON maps", strings.Repeat(`{"a":`, 1000) + "1" + strings.Repeat("}", 1000), "nested deeper than 50"},
		{"entries", strings.Repeat("- ", n/2), "nested deeper than 50"},
		{"question marks", strings.Repeat("? ", n/2), "nested deeper than 50"},
		{"tags", strings.Repeat("!a ", n/3), "nested deeper than 50"},
		{"anchors", strings.Repeat("&a ", n/3), "nested deeper than 50"},
		{"keys on a line", strings.Repeat("a: ", n/3), "nested deeper than 50"},
		{"keys", keys.String(), "the file is too large: more than 60000 words and signs"},
		{"bytes", strings.Repeat(" ", MaxSize+1), "the file has 1048577 bytes, more than 1048576"},
	} {
		_, err := Parse("f", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %.200v, want %s", c.name, err, c.want)
		}
	}
}

// jsons draws JSON values as encoding/json has them.
func jsons(depth int) *rapid.Generator[any] {
	text := rapid.OneOf(rapid.SampledFrom([]string{"", "a", "é☃", "😀", "a\nb", "\t", "\\", `"`, "yes", "5", "a: b", "#x", " ", "\u2028", "\r\n", "'"}), rapid.StringMatching(`[ -~]{0,8}`))
	leaf := rapid.OneOf(
		rapid.Map(text, func(s string) any { return s }),
		rapid.Map(rapid.Int(), func(i int) any { return i }),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(f float64) any { return math.Trunc(f*4) / 4 }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
	if depth == 0 {
		return leaf
	}
	return rapid.OneOf(leaf,
		rapid.Map(rapid.SliceOfN(jsons(depth-1), 0, 4), func(l []any) any { return l }),
		rapid.Map(rapid.MapOfN(text.Filter(func(s string) bool { return s != "<<" }), jsons(depth-1), 0, 4), func(m map[string]any) any { return m }))
}

// TestJSONAndYAMLAgree: JSON is YAML, so both readers see the same values at the
// same places.
func TestJSONAndYAMLAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := map[string]any{"a": jsons(3).Draw(t, "value")}
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(rapid.Bool().Draw(t, "escape"))
		enc.SetIndent("", rapid.SampledFrom([]string{"", "  ", "     "}).Draw(t, "indent"))
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		asJSON, err := parseJSON("f", b.Bytes())
		if err != nil {
			t.Fatalf("JSON: %v\n%s", err, b.Bytes())
		}
		asYAML, err := parseYAML("f", b.Bytes())
		if err != nil {
			t.Fatalf("YAML: %v\n%s", err, b.Bytes())
		}
		if x, y := show(asJSON), show(asYAML); x != y {
			t.Fatalf("JSON %s\nYAML %s\n%s", x, y, b.Bytes())
		}
	})
}

// FuzzParse: any bytes give a tree or mistakes with places in the file.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"a: 1", "{\"a\": [1, \"x\"]}", "a: &b [1]\nc: *b", "- |\n  x\n- >-\n  y", "? a\n: b", "<<: {a: b}", "'a''b': \"c\\\"d\"",
		"--- !!str 5\n", "%YAML 1.2\n---\na", "a:\n\tb", "[{a: b}, - c]", "a: b: c", "\ufeff{}", "a: \"\\x41\\u00e9\"", "* a", "&a &b c", "...\n---\n..."} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := Parse("f", data)
		lines := bytes.Count(data, []byte("\n")) + bytes.Count(data, []byte("\r")) + 1
		inside := func(p Place) {
			if p.Line < 1 || p.Line > lines+1 || p.Col < 1 || p.Col > len(data)+2 {
				t.Errorf("%d:%d is not in the file", p.Line, p.Col)
			}
		}
		if err != nil {
			var all *Errors
			if n != nil || !errors.As(err, &all) || len(all.List) == 0 {
				t.Fatalf("%v, %v", n, err)
			}
			for _, e := range all.List {
				inside(e.Place)
			}
			return
		}
		var walk func(n *Node)
		seen := 0
		walk = func(n *Node) {
			if seen++; seen > 2*maxNodes {
				t.Fatal("too many values")
			}
			inside(n.Place)
			for _, e := range n.Entries {
				inside(e.At)
				walk(e.Value)
			}
			for _, i := range n.Items {
				walk(i)
			}
		}
		walk(n)
		var any map[string]string
		NewDecoder("f").Decode(n, &any, "")
	})
}

func TestErrorsAreInTheFilesOrder(t *testing.T) {
	d := NewDecoder("f")
	d.FailAt(Place{3, 1}, "c", "third", "")
	d.FailAt(Place{1, 9}, "b", "second", "do it")
	d.FailAt(Place{1, 2}, "a", "first", "")
	d.FailAt(Place{1, 2}, "a", "first", "")
	err := d.Err()
	if got := fmt.Sprint(err); got != "f:1:2: first\nf:1:9: second (do it)\nf:3:1: third" {
		t.Errorf("got\n%s", got)
	}
	var one Error
	if !errors.As(err, &one) || one.Text != "first" || reflect.TypeOf(err) != reflect.TypeFor[*Errors]() {
		t.Errorf("%v can't be unwrapped", err)
	}
	if err := NewDecoder("f").Err(); err != nil {
		t.Errorf("no mistakes are an error: %v", err)
	}
}
