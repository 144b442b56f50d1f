package hosttool

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// ReadInput reads a call's input. One that has a field under a name that only a
// lenient reader takes for one of the known is refused: hosts take such a name for
// another field, or for none, and what was judged would not be what is done.
func ReadInput(raw json.RawMessage) (Input, error) {
	var in Input
	var given map[string]json.RawMessage
	if err := json.Unmarshal(raw, &given); err != nil {
		return in, err
	}
	for name := range given {
		if odd(name) {
			return in, fmt.Errorf("%q is no field's name, and looks like one", name)
		}
	}
	return in, json.Unmarshal(raw, &in)
}

// odd reports whether the name is a known one but for its case.
func odd(name string) bool {
	t, folds := reflect.TypeFor[Input](), false
	for i := range t.NumField() {
		known, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if known == name {
			return false
		}
		folds = folds || strings.EqualFold(known, name)
	}
	return folds
}

// CommandText reads a command that is text, or a list of words.
func CommandText(raw json.RawMessage) (string, bool) {
	var s string
	if json.Unmarshal(raw, &s) == nil && len(raw) > 0 && string(raw) != "null" {
		return s, true
	}
	var words []string
	if json.Unmarshal(raw, &words) != nil || len(words) == 0 {
		return "", false
	}
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(words, " "), true
}
