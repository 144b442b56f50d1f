package code

import (
	"slices"
	"strings"
)

// environments are how the languages name the environment.
var environments = []string{"os.environ", "process.env", "getenv", "ENVIRON", "$ENV", "ENV", "$_ENV", "Deno.env", "Bun.env"}

// prints stand before what is shown to whoever started the program.
var prints = []string{"print(", "log(", "puts ", "dumps(", "stringify(", "print_r(", "echo ", "p ", "dict(", "inspect("}

// whole are what is asked of an environment to have all of it.
var whole = []string{"items", "values", "copy", "to_h", "each", "toObject", "entries", "inspect", "each_pair"}

// Environment returns the variables that a program reads from its environment; all is
// set when it shows all of them.
func Environment(text string) (names []string, all bool) {
	for _, env := range environments {
		for from := 0; ; {
			i := strings.Index(text[from:], env)
			if i < 0 {
				break
			}
			i += from
			from = i + len(env)
			if i > 0 && (identifier(text[i-1]) && env[0] != '$' || strings.HasSuffix(text[:i], ".") && env != "getenv") || from < len(text) && identifier(text[from]) {
				continue
			}
			name := strings.TrimLeft(text[from:], ".[({'\" ")
			for _, get := range []string{"get(", "fetch("} {
				name = strings.TrimLeft(strings.TrimPrefix(name, get), "'\" ")
			}
			end := 0
			for end < len(name) && identifier(name[end]) {
				end++
			}
			bare := from == len(text) || !strings.ContainsRune(".[({", rune(text[from]))
			shown := slices.ContainsFunc(prints, func(p string) bool { return strings.Contains(text[max(0, i-16):i], p) })
			switch {
			case bare || slices.Contains(whole, name[:end]):
				all = all || shown
			case end > 0:
				names = append(names, name[:end])
			}
		}
	}
	return names, all
}
