package event

import (
	"encoding"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/excerpt"
)

// maxShown bounds a text in String, in bytes.
const maxShown = 80

// String is the event on one line, for transcripts and errors: its number, type
// and the fields that are not zero, texts cut short.
func (e Event) String() string { return strconv.FormatInt(e.Seq, 10) + " " + Line(e.Data) }

// Line is String for the data alone.
func Line(d Data) string {
	if d == nil {
		return "no data"
	}
	return d.Type() + fields(reflect.ValueOf(d))
}

func fields(v reflect.Value) string {
	var b strings.Builder
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		f := v.Field(i)
		if f.IsZero() || name == "prompt" || name == "settings" || name == "plan" {
			continue
		}
		b.WriteString(" " + name + "=" + shown(f))
	}
	return b.String()
}

func shown(v reflect.Value) string {
	switch d := v.Interface().(type) {
	case time.Duration:
		return d.String()
	case time.Time:
		return d.UTC().Format(time.RFC3339)
	case encoding.TextMarshaler:
		text, err := d.MarshalText()
		if err != nil {
			return err.Error()
		}
		return short(string(text))
	}
	switch v.Kind() {
	case reflect.Pointer:
		return shown(v.Elem())
	case reflect.String:
		return short(v.String())
	case reflect.Slice:
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = shown(v.Index(i))
		}
		return "[" + strings.Join(parts, " ") + "]"
	case reflect.Struct:
		return "{" + strings.TrimPrefix(fields(v), " ") + "}"
	}
	return fmt.Sprint(v.Interface())
}

// short quotes a text that is not one word, and cuts it at a rune's end.
func short(s string) string {
	s = excerpt.Of(s, maxShown)
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '[' || r == ']' || r == '{' || r == '}' }) {
		return strconv.Quote(s)
	}
	return s
}
