package phrase

import (
	"slices"
	"strings"
)

// Command is what a table of phrases sees of a command.
type Command struct {
	Name  string
	Words []string // that are no options
	Maybe []bool   // the word may be the value of the option before it
	Args  []string
	Has   func(options ...string) bool
}

// Rule returns the rule that stands against a command; "" when none does.
func Rule(c Command) string {
	list, ok := table[c.Name]
	if !ok || slices.ContainsFunc(c.Args, isDry) {
		return ""
	}
	for _, p := range list {
		if p.Only != "" && !c.Has(strings.Fields(p.Only)...) {
			continue
		}
		for w := range strings.SplitSeq(p.Words, "|") {
			if p.said(w, c) {
				return p.Rule
			}
		}
	}
	return ""
}

// said reports whether a command says one of a phrase's beginnings.
func (p Phrase) said(w string, c Command) bool {
	switch w {
	case "":
		return len(c.Words) == 0 && !c.Has("--version", "-V", "-v")
	case Any:
		return len(c.Words) > 0 || p.Only != ""
	}
	return says(c.Words, c.Maybe, strings.Fields(w))
}

// isDry tells the options with which a command only shows what it would do.
func isDry(a string) bool {
	for _, d := range strings.Fields(dryRun) {
		if a == d || strings.HasPrefix(a, d+"=") && !slices.Contains([]string{"none", "false", "0", "no", ""}, a[len(d)+1:]) {
			return true
		}
	}
	return false
}

// says reports whether the verbs begin with the words of a phrase.
func says(words []string, maybe []bool, phrase []string) bool {
	if len(phrase) == 0 {
		return true
	}
	for i, w := range words {
		if w == phrase[0] || strings.HasSuffix(phrase[0], "*") && strings.HasPrefix(w, strings.TrimSuffix(phrase[0], "*")) {
			if says(words[i+1:], maybe[i+1:], phrase[1:]) {
				return true
			}
		}
		if !maybe[i] {
			return false
		}
	}
	return false
}

// Target returns the name of a target that deploys, of those that a task runner is
// given; "" when none does. hasWord looks for one of several words in a name.
func Target(c Command, hasWord func(name string, words ...string) bool) string {
	words := c.Words
	if !slices.Contains(runners, c.Name) || c.Has("-n", "--dry-run", "--just-print") {
		return ""
	}
	if slices.Contains([]string{"npm", "yarn", "pnpm", "bun", "lerna", "composer"}, c.Name) {
		i := slices.IndexFunc(words, func(w string) bool { return w == "run" || w == "run-script" || w == "rum" })
		switch {
		case i >= 0:
			words = words[i+1:]
		case c.Name == "yarn" || c.Name == "pnpm" || c.Name == "bun":
		default:
			return ""
		}
		words = words[:min(1, len(words))]
	}
	for _, w := range words {
		if i := slices.Index(c.Args, w); i > 0 && slices.Contains([]string{"-C", "-f", "-I", "-o", "-W", "--directory", "--file", "--prefix", "--justfile"}, c.Args[i-1]) {
			continue // a folder, or a file
		}
		if (hasWord(w, deployTargets...) || w == "prod" || w == "production") && !strings.ContainsAny(w, "=/.") && !hasWord(w, "check", "dry", "test", "notes", "lint", "build") {
			return w
		}
	}
	return ""
}
