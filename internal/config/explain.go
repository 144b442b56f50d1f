package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"popkit/internal/core/nearest"
)

// Explanation is what there is to say about a key.
type Explanation struct {
	Key     string          `json:"key"`
	Value   json.RawMessage `json:"value"`   // null where nothing is set
	Default json.RawMessage `json:"default"` // null where there is none
	Origin  string          `json:"origin"`  // "default" or "file:line"
	Unit    string          `json:"unit,omitempty"`
	Meaning string          `json:"meaning"`
	Effect  string          `json:"takes_effect_in"`
	Later   bool            `json:"later,omitempty"` // without effect yet
}

// Explain says what a key is, has and does. NAME in the table's keys takes any
// name: "roles.tester.runtime". The error names the nearest known key.
func (c Config) Explain(key string) (Explanation, error) {
	k, ok := find(key)
	if !ok {
		return Explanation{}, fmt.Errorf("unknown key %q (%s)", key, nearest.Hint(key, names(), "popkit config explain lists all"))
	}
	value, err := valueAt(c, key)
	if err != nil {
		return Explanation{}, err
	}
	def, err := valueAt(Default(), key)
	if err != nil {
		return Explanation{}, err
	}
	return Explanation{Key: key, Value: value, Default: def, Origin: c.Origin(key),
		Unit: k.Unit, Meaning: k.Meaning, Effect: k.Effect, Later: k.Later}, nil
}

// ExplainAll explains every key of the table; for a key with NAME every name
// that is configured, in order.
func (c Config) ExplainAll() ([]Explanation, error) {
	var out []Explanation
	for _, k := range keys {
		list, err := c.actual(k.Name)
		if err != nil {
			return nil, err
		}
		for _, name := range list {
			e, err := c.Explain(name)
			if err != nil {
				return nil, err
			}
			out = append(out, e)
		}
	}
	return out, nil
}

// actual lists the keys that a key of the table stands for: itself, or one for
// each configured name.
func (c Config) actual(key string) ([]string, error) {
	before, after, open := strings.Cut(key, ".NAME")
	if !open {
		return []string{key}, nil
	}
	raw, err := valueAt(c, before)
	if err != nil {
		return nil, err
	}
	entries, err := object(raw)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		out = append(out, before+"."+name+after)
	}
	return out, nil
}

func names() []string {
	out := make([]string, len(keys))
	for i, k := range keys {
		out[i] = k.Name
	}
	return out
}

// find returns the table's entry for a key; a name may hold dots.
func find(key string) (Key, bool) {
	for _, k := range keys {
		before, after, open := strings.Cut(k.Name, "NAME")
		if !open && key == k.Name {
			return k, true
		}
		if open && len(key) > len(before)+len(after) && strings.HasPrefix(key, before) && strings.HasSuffix(key, after) {
			return k, true
		}
	}
	return Key{}, false
}

// valueAt returns the JSON of the value at a key, null when there is none.
func valueAt(c Config, key string) (json.RawMessage, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("configuration as JSON: %w", err)
	}
	for key != "" {
		entries, err := object(raw)
		if err != nil {
			return nil, err
		}
		name, rest := split(entries, key)
		if name == "" {
			return json.RawMessage("null"), nil
		}
		raw, key = entries[name], rest
	}
	return raw, nil
}

// split cuts the longest name that entries has from the beginning of a key.
func split(entries map[string]json.RawMessage, key string) (name, rest string) {
	for n := range entries {
		if len(n) > len(name) && (key == n || strings.HasPrefix(key, n+".")) {
			name, rest = n, strings.TrimPrefix(key[len(n):], ".")
		}
	}
	return name, rest
}

// object reads a JSON object without what is in it.
func object(raw json.RawMessage) (map[string]json.RawMessage, error) {
	var entries map[string]json.RawMessage
	if err := json.Unmarshal(raw, &entries); err != nil {
		return nil, fmt.Errorf("configuration as JSON: %w", err)
	}
	return entries, nil
}
