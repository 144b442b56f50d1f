package word_test

import (
	"testing"

	"popkit/internal/core/policy/word"
)

const (
	unknown = word.Word(word.Unknown)
	name    = word.Word(word.Name)
	deep    = word.Word(word.Deep)
)

func TestClean(t *testing.T) {
	for in, want := range map[word.Word]word.Word{
		"": ".", "a//b/./c": "a/b/c", "a/../b": "b", "../a": "../a", "/..": "/", "/a/../../b": "/b",
		unknown + "/../a":     unknown + "/a", // it may be any number of folders
		"a/" + deep + "/../b": "a/" + deep + "/b", name + "/../a": "a",
	} {
		if got := word.Clean(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for in, want := range map[string]word.Word{`\x2eenv`: ".env", `\056env`: ".env", `\u002eenv`: ".env", `a\nb`: "a\nb", `a\qb`: `a\qb`, `\`: `\`} {
		if got := word.Ansi(in, 3); got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
	if got := word.Printed([]word.Word{`%s-%s\n`, "a", "b", "c"}); got != "a-b\nc-\n" {
		t.Errorf("printf: %q", got)
	}
	if got := word.Printed([]word.Word{"%x", "1"}); got != unknown {
		t.Errorf("printf of what is not known: %q", got)
	}
	if got := word.Globbed("a*[x]?/**/b").String(); got != "a*??/**/b" {
		t.Errorf("globs: %s", got)
	}
	if got := (name + "*").Glob(); got != `*\*` {
		t.Errorf("glob: %s", got)
	}
}
