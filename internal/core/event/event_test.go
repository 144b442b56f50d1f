package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the golden files anew")

// samples has a value of each type of the closed set, zero.
func samples(t testing.TB) []Data {
	t.Helper()
	var out []Data
	for _, name := range slices.Sorted(slices.Values(Types())) {
		d, err := decoders[name](json.RawMessage("{}"))
		if err != nil {
			t.Fatal(err)
		}
		if d.Type() != name {
			t.Fatalf("%q decodes to %T, whose type is %q", name, d, d.Type())
		}
		out = append(out, d)
	}
	return out
}

// filler makes up values of any of the types' fields.
type filler struct {
	text  func() string
	num   func() int64
	ratio func() float64
	yes   func() bool
	size  func() int
}

func (f filler) fill(v reflect.Value) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		if f.yes() {
			v.Set(reflect.ValueOf(time.Unix(f.num(), f.num()%1e9).UTC()))
		}
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Int, reflect.Int64:
		v.SetInt(f.num())
	case reflect.Uint64:
		v.SetUint(uint64(f.num()))
	case reflect.Float64:
		v.SetFloat(f.ratio())
	case reflect.Bool:
		v.SetBool(f.yes())
	case reflect.Pointer:
		if f.yes() {
			v.Set(reflect.New(v.Type().Elem()))
			f.fill(v.Elem())
			if list := v.Elem(); list.Kind() == reflect.Slice && list.IsNil() {
				list.Set(reflect.MakeSlice(list.Type(), 0, 0)) // as decide makes it
			}
			if e := v.Elem(); e.Kind() == reflect.Slice && e.IsNil() {
				e.Set(reflect.MakeSlice(e.Type(), 0, 0)) // JSON has one null: what is set is never nil
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	case reflect.Slice:
		if n := f.size(); n > 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
			for i := range n {
				f.fill(v.Index(i))
			}
		}
	case reflect.Map:
		if f.size() > 0 {
			v.Set(reflect.MakeMap(v.Type()))
			elem := reflect.New(v.Type().Elem()).Elem()
			f.fill(elem)
			v.SetMapIndex(reflect.ValueOf(f.text()), elem)
		}
	default:
		panic("no rule for " + v.Type().String())
	}
}

func filled(d Data, f filler) Data {
	v := reflect.New(reflect.TypeOf(d)).Elem()
	f.fill(v)
	return v.Interface().(Data)
}

// TestRoundTrip: what is encoded is decoded to the same, for every type and all
// values that its fields can have.
func TestRoundTrip(t *testing.T) {
	all := samples(t)
	rapid.Check(t, func(t *rapid.T) {
		num := rapid.Int64Range(0, 1<<37) // as a time: before the year 10,000
		f := filler{
			text:  func() string { return rapid.StringN(0, 12, -1).Draw(t, "text") },
			num:   func() int64 { return num.Draw(t, "number") },
			ratio: func() float64 { return rapid.Float64Range(-1e9, 1e9).Draw(t, "ratio") },
			yes:   func() bool { return rapid.Bool().Draw(t, "yes") },
			size:  func() int { return rapid.IntRange(0, 2).Draw(t, "size") },
		}
		d := filled(rapid.SampledFrom(all).Draw(t, "type"), f)
		in := Event{Seq: 1 + num.Draw(t, "seq"), Time: time.Unix(num.Draw(t, "time"), 7).UTC(), Data: d}
		line, err := Encode(in)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.ContainsAny(line, "\n\r") {
			t.Fatalf("more than a line: %q", line)
		}
		out, err := Decode(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if !reflect.DeepEqual(in, out) {
			t.Fatalf("%#v\nbecame\n%#v\nby %s", in, out, line)
		}
		if _, own := decodeOwn(line); !own {
			t.Fatalf("our own line goes the slow way: %s", line)
		}
	})
}

// TestGolden: the wire format of every type, one line each. A change of the
// format is a change of this file, to be seen in review: old logs must be read.
func TestGolden(t *testing.T) {
	path := filepath.Join("testdata", "events.jsonl")
	n := int64(0)
	f := filler{
		text: func() string { return "a \"b\" <c> & ü" }, num: func() int64 { n++; return n },
		ratio: func() float64 { return 0.25 }, yes: func() bool { return true }, size: func() int { return 1 },
	}
	var b bytes.Buffer
	at := time.Date(2026, 11, 22, 10, 30, 18, 123456789, time.UTC)
	for i, d := range samples(t) {
		n = 0
		line, err := Encode(Event{Seq: int64(i + 1), Time: at, Data: filled(d, f)})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Split(b.String(), "\n")
	for i, w := range strings.Split(string(want), "\n") {
		if i >= len(got) || got[i] != w {
			t.Fatalf("line %d of %s differs (-update writes it anew):\nwant %s\ngot  %s", i+1, path, w, append(got, "nothing")[min(i, len(got))])
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		is   error
		text string
	}{
		"not json":         {line: "{", text: "decode event"},
		"a newer popkit's": {line: `{"v":2,"seq":1,"time":"2026-01-01T00:00:00Z","type":"x","data":{}}`, is: ErrNewerVersion},
		"unknown type":     {line: `{"v":1,"seq":1,"time":"2026-01-01T00:00:00Z","type":"x","data":{}}`, is: ErrUnknownType},
		"no number":        {line: `{"v":1,"seq":0,"time":"2026-01-01T00:00:00Z","type":"run.ended","data":{}}`, text: "bad version 1 or sequence number 0"},
		"no data":          {line: `{"v":1,"seq":1,"time":"2026-01-01T00:00:00Z","type":"run.ended"}`, text: "no data"},
		"wrong data":       {line: `{"v":1,"seq":1,"time":"2026-01-01T00:00:00Z","type":"run.ended","data":{"reason":3}}`, text: "cannot unmarshal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Decode([]byte(c.line))
			if err == nil || c.is != nil && !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.text) {
				t.Fatalf("got %v", err)
			}
		})
	}
	if _, err := Encode(Event{Seq: 1}); err == nil {
		t.Error("an event without data was encoded")
	}
	if _, err := Encode(Event{Seq: 1, Time: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), Data: RunEnded{}}); err == nil {
		t.Error("a time that nobody can read was encoded")
	}
}

// TestString: every type can be shown on one line, whatever it holds.
func TestString(t *testing.T) {
	f := filler{
		text: func() string { return strings.Repeat("ü\n\x1b[", 100) }, num: func() int64 { return 3 },
		ratio: func() float64 { return 0.5 }, yes: func() bool { return true }, size: func() int { return 2 },
	}
	for _, d := range samples(t) {
		line := Event{Seq: 7, Data: filled(d, f)}.String()
		if !strings.HasPrefix(line, "7 "+d.Type()) || strings.ContainsAny(line, "\n\x1b") {
			t.Errorf("%q", line)
		}
	}
}

// FuzzDecode: no line makes Decode panic; what it takes can be written and read
// again; and the fast way never says anything that the slow one does not.
func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile(filepath.Join("testdata", "events.jsonl"))
	if err != nil {
		f.Fatal(err)
	}
	for line := range bytes.Lines(golden) {
		f.Add(bytes.TrimSpace(line))
	}
	f.Add([]byte(`{"v":1,"seq":2,"seq":7,"time":"2026-01-01T00:00:00Z","type":"run.ended","data":{}}`))
	f.Add([]byte(`{"v":1,"seq":2,"time":"2026-01-01T00:00:00Z","type":"run.ended","data":{},"data":{"reason":"x"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Decode(line)
		if err != nil {
			return
		}
		if own, ok := decodeOwn(line); ok {
			var env envelope
			if err := json.Unmarshal(line, &env); err != nil || env.Seq != own.Seq || !env.Time.Equal(own.Time) || env.Type != own.Data.Type() {
				t.Fatalf("two readings of %s: %+v (%v), %+v", line, env, err, own)
			}
			slow, err := decoders[env.Type](env.Data)
			if err != nil || !reflect.DeepEqual(slow, own.Data) {
				t.Fatalf("two readings of %s: %#v (%v), %#v", line, slow, err, own.Data)
			}
		}
		again, err := Encode(e)
		if err != nil {
			t.Fatalf("%s was read, but can't be written: %v", line, err)
		}
		if _, err := Decode(again); err != nil {
			t.Fatalf("%s was written as %s, which can't be read: %v", line, again, err)
		}
	})
}
