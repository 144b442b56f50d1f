package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/core/nearest"
)

// FromNode is implemented by (a pointer to) a type that reads its value itself,
// e.g. because it takes text or a map. It reports mistakes to d.
type FromNode interface {
	FromNode(d *Decoder, n *Node, path string)
}

// Decoder puts nodes into Go values and collects mistakes. Paths name values:
// "phases[1].tasks[0].id".
type Decoder struct {
	File string
	// Unlisted, when it is set, is told of keys that are not known, and they are
	// no mistakes.
	Unlisted func(Error)

	places map[string]Place
	bad    map[string]bool
	errs   []Error
}

// NewDecoder returns a decoder for one document.
func NewDecoder(file string) *Decoder {
	return &Decoder{File: file, places: map[string]Place{}, bad: map[string]bool{}}
}

// Err returns all mistakes so far as an *Errors, or nil.
func (d *Decoder) Err() error { return sorted(slices.Clone(d.errs)) }

// Fail reports a mistake in the value at path.
func (d *Decoder) Fail(n *Node, path, text, hint string) {
	d.FailAt(n.Place, path, text, hint)
}

// FailAt reports a mistake at a place; the value at path counts as bad.
func (d *Decoder) FailAt(at Place, path, text, hint string) {
	d.bad[path] = true
	d.errs = append(d.errs, Error{File: d.File, Place: at, Text: text, Hint: hint})
}

// Report adds a mistake that was found in the decoded value, at the place of
// path or of what holds it. It is left out when the value, or what holds it, was
// bad already: it would only follow from that.
func (d *Decoder) Report(path, text, hint string) {
	for p, more := path, true; more; p, more = Parent(p) {
		if d.bad[p] {
			return
		}
	}
	d.errs = append(d.errs, Error{File: d.File, Place: d.Place(path), Text: text, Hint: hint})
}

// Place returns the place of the value at path, or of the nearest value that
// holds it.
func (d *Decoder) Place(path string) Place {
	for p, more := path, true; more; p, more = Parent(p) {
		if at, ok := d.places[p]; ok {
			return at
		}
	}
	return Place{1, 1}
}

// Has reports whether the document gives a value at path.
func (d *Decoder) Has(path string) bool {
	_, ok := d.places[path]
	return ok
}

// Paths returns the paths of all values, sorted.
func (d *Decoder) Paths() []string {
	out := make([]string, 0, len(d.places))
	for p := range d.places {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// Mark names a place: the value at path is at n.
func (d *Decoder) Mark(path string, n *Node) { d.places[path] = n.Place }

// Parent returns the path of what holds the value at path: "" holds all, and
// nothing holds that.
func Parent(path string) (string, bool) {
	if path == "" {
		return "", false
	}
	return path[:max(strings.LastIndexAny(path, ".["), 0)], true
}

// Join is the path of a key of the map at path.
func Join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index is the path of an item of the list at path.
func Index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// Decode puts n, the value at path, into the value that into points to.
// Structs take maps, by their json tags, and every key must be known; null
// leaves everything as it is; keys that are not given, too.
func (d *Decoder) Decode(n *Node, into any, path string) {
	d.value(n, reflect.ValueOf(into).Elem(), path)
}

func (d *Decoder) value(n *Node, v reflect.Value, path string) {
	if n.bad {
		d.Mark(path, n)
		d.bad[path] = true
		return
	}
	if n.Kind == Null {
		return
	}
	d.Mark(path, n)
	if x, ok := v.Addr().Interface().(FromNode); ok {
		x.FromNode(d, n, path)
		return
	}
	if x, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if !d.Want(n, String, path) {
			return
		}
		if err := x.UnmarshalText([]byte(n.Text)); err != nil {
			d.Fail(n, path, fmt.Sprintf("%s: %v", Last(path), err), "")
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.fields(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Map:
		d.table(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

func (d *Decoder) list(n *Node, v reflect.Value, path string) {
	if !d.Want(n, List, path) {
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		at := Index(path, i)
		if item.Kind == Null && !item.bad {
			d.Fail(item, at, fmt.Sprintf("an empty entry in %s", Last(path)), "")
			continue
		}
		d.value(item, out.Index(i), at)
	}
	v.Set(out)
}

// table adds to a map with keys of text; entries that are there are changed.
func (d *Decoder) table(n *Node, v reflect.Value, path string) {
	if !d.Want(n, Map, path) {
		return
	}
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for _, e := range n.Entries {
		key := reflect.ValueOf(e.Key).Convert(v.Type().Key())
		item := reflect.New(v.Type().Elem()).Elem()
		if old := v.MapIndex(key); old.IsValid() {
			item.Set(old)
		}
		d.value(e.Value, item, Join(path, e.Key))
		v.SetMapIndex(key, item)
	}
}

func (d *Decoder) fields(n *Node, v reflect.Value, path string) {
	if !d.Want(n, Map, path) {
		return
	}
	known := Keys(v.Type())
	for _, e := range n.Entries {
		i := slices.Index(known, e.Key)
		if i < 0 {
			d.Unknown(e, known, path)
			continue
		}
		d.value(e.Value, fieldOf(v, e.Key), Join(path, e.Key))
	}
}

// Unknown reports a key that the map at path can't have. What the key was meant
// to say counts as bad, so that nobody misses it.
func (d *Decoder) Unknown(e Entry, known []string, path string) {
	where := ""
	if path != "" {
		where = " in " + Last(path)
	}
	text := fmt.Sprintf("unknown key %q%s", e.Key, where)
	hint := nearest.Hint(e.Key, known, "known: "+strings.Join(known, ", "))
	if d.Unlisted != nil {
		d.Unlisted(Error{File: d.File, Place: e.At, Text: text, Hint: hint})
		return
	}
	d.FailAt(e.At, Join(path, e.Key), text, hint)
	if meant, ok := nearest.Of(e.Key, known); ok {
		d.bad[Join(path, meant)] = true
	}
}

// Keys returns the keys that a struct takes, in its order.
func Keys(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		if name := keyOf(f); name != "" {
			out = append(out, name)
		}
	}
	return out
}

func keyOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" || !f.IsExported() {
		return ""
	}
	return name
}

func fieldOf(v reflect.Value, key string) reflect.Value {
	for f := range v.Type().Fields() {
		if keyOf(f) == key {
			return v.FieldByIndex(f.Index)
		}
	}
	return reflect.Value{}
}

func (d *Decoder) scalar(n *Node, v reflect.Value, path string) {
	var err error
	switch v.Kind() {
	case reflect.String:
		if d.Want(n, String, path) {
			v.SetString(n.Text)
		}
	case reflect.Bool:
		if d.Want(n, Bool, path) {
			v.SetBool(n.Text == "true")
		}
	case reflect.Int, reflect.Int64:
		if d.Want(n, Int, path) {
			var i int64
			i, err = parseInt(n.Text)
			v.SetInt(i)
		}
	case reflect.Float64:
		if n.Kind == Int || d.Want(n, Float, path) {
			var f float64
			f, err = parseFloat(n)
			v.SetFloat(f)
		}
	default:
		panic("strictyaml: no way to decode " + v.Type().String())
	}
	if err != nil {
		d.Fail(n, path, fmt.Sprintf("%s: %s is %v", Last(path), n.Text, err), "")
	}
}

var errRange = errors.New("out of range")

func parseInt(s string) (int64, error) {
	i, err := strconv.ParseInt(s, 0, 64)
	if err != nil {
		return 0, errRange
	}
	return i, nil
}

func parseFloat(n *Node) (float64, error) {
	if n.Kind == Int {
		i, err := parseInt(n.Text)
		return float64(i), err
	}
	f, err := strconv.ParseFloat(strings.TrimPrefix(n.Text, "+"), 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, errRange
	}
	return f, nil
}

// Want reports a mistake unless n is of the kind.
func (d *Decoder) Want(n *Node, k Kind, path string) bool {
	if n.Kind == k {
		return true
	}
	if n.bad {
		d.bad[path] = true
		return false
	}
	hint := ""
	if k == String && (n.Kind == Int || n.Kind == Float || n.Kind == Bool) {
		hint = fmt.Sprintf("write %q", n.Text)
	}
	d.Fail(n, path, fmt.Sprintf("%s must be %s, not %s", Last(path), k, n.Kind), hint)
	return false
}

// Last names a value by the last key of its path, with its index if it is an
// item: "tags[0]".
func Last(path string) string {
	if path == "" {
		return "the document"
	}
	return path[strings.LastIndexByte(path, '.')+1:]
}
