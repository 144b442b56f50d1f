package smell

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"popkit/internal/core/source"
	"popkit/internal/core/source/setting"
)

// loosened finds checks that are asked for less in a file that configures them.
func (d *diff) loosened(f *file) []Finding {
	return append(d.byKind(f), f.slackened()...)
}

// byKind asks what is asked of that kind of file.
func (d *diff) byKind(f *file) []Finding {
	name := path.Base(f.Path)
	switch {
	case setting.Continuous(f.Path):
		return d.ciLoosened(f)
	case strings.HasPrefix(name, "tsconfig") && f.lang == source.JSON, name == "jsconfig.json":
		return d.options(f, tsStrict, tsLoose)
	case strings.Contains(name, "eslint") && !strings.Contains(name, "ignore"), source.Prefixed(name, "biome.json", ".oxlintrc", "tslint"):
		return f.rulesOff()
	case strings.HasPrefix(name, ".rubocop"):
		return f.cops()
	case name == "package.json":
		return append(f.scripts(), f.thresholds()...)
	case name == ".pre-commit-config.yaml" || source.InDir(f.Path, []string{".husky"}) || strings.HasPrefix(name, "lefthook"):
		return f.hooks()
	case name == "Makefile" || name == "makefile" || name == "GNUmakefile":
		out := f.scripts()
		if net, gone := f.checks(); net < 0 && f.Kind != Deleted {
			out = append(out, f.about("config_loosened", count(-net, "check")+" less in "+name, gone))
		}
		return out
	case name == "Cargo.toml":
		return f.lints()
	}
	if f.lang == source.INI || strings.Contains(name, "golangci") || strings.Contains(name, "coverage") || strings.Contains(name, "codecov") || strings.Contains(name, "jest") ||
		strings.Contains(name, "vitest") || strings.Contains(name, "nyc") || strings.Contains(name, "simplecov") || strings.Contains(name, "jacoco") {
		return append(d.lists(f), append(d.options(f, pyStrict, pyLoose), f.thresholds()...)...)
	}
	return nil
}

// builds reports whether a file says how a project is built and checked.
func (f *file) builds() bool {
	name := path.Base(f.Path)
	return setting.Continuous(f.Path) || f.lang == source.INI || f.lang == source.Shell || name == "package.json" || name == "pom.xml" || strings.Contains(name, ".gradle") ||
		strings.Contains(name, ".config.") || source.Prefixed(name, "jest.", "vitest.", ".mocharc", "noxfile", "Rakefile", "build.")
}

// slackened finds options that made a check ask for more and are gone from its
// command, and tests that are left out.
func (f *file) slackened() []Finding {
	if !f.builds() || f.sample || f.Old == "" {
		return nil
	}
	var out []Finding
	gone := map[string]bool{}
	for _, i := range f.removed {
		gone[setting.LeavesOut(f.old[i])] = true
	}
	var all strings.Builder
	for _, i := range f.added {
		all.WriteString(f.new[i].Raw + "\n")
		if w := setting.LeavesOut(f.new[i]); w != "" && !gone[w] {
			out = append(out, f.finding("config_loosened", i, "tests are left out, or their failure does not count: "+w))
		}
	}
	came := all.String()
	for _, i := range f.removed {
		options := setting.Strictness(f.old[i].Raw)
		if len(options) == 0 {
			continue
		}
		now := f.successor(f.old[i])
		for _, o := range options {
			if now >= 0 && !source.Has(came, o) && !source.Has(came, "--strict") {
				out = append(out, f.finding("config_loosened", now, "a check is asked for less: "+o+" is gone"))
				break
			}
		}
	}
	return append(out, f.scriptsGone()...)
}

// successor returns the new line that begins with the same words as an old one, -1
// for none.
func (f *file) successor(l source.Line) int {
	words := strings.Fields(l.Raw)
	if len(words) < 2 {
		return -1
	}
	start := ""
	for i, w := range words[:min(len(words), 3)] {
		if i > 0 && w[0] == '-' {
			break // an option may be what is gone
		}
		start += w
	}
	for _, i := range f.added {
		if strings.HasPrefix(f.new[i].Key, start) {
			return i
		}
	}
	return -1
}

// scriptsGone finds scripts of package.json that checked something.
func (f *file) scriptsGone() []Finding {
	if path.Base(f.Path) != "package.json" || f.Kind == Deleted {
		return nil
	}
	has := map[string]bool{}
	for _, l := range f.new {
		if s := setting.Script(l); s != "" {
			has[s] = true
		}
	}
	var out []Finding
	for _, i := range f.removed {
		if s := setting.Script(f.old[i]); s != "" && !has[s] {
			out = append(out, f.about("config_loosened", "the script "+s+" is gone", f.old[i].Raw))
		}
	}
	return out
}

// tsStrict are settings that may not be taken away, tsLoose those that may not come.
var (
	tsStrict = []string{`"strict":true`, `"noImplicitAny":true`, `"strictNullChecks":true`}
	tsLoose  = []string{`"strict":false`, `"noImplicitAny":false`, `"strictNullChecks":false`, `"strictFunctionTypes":false`, `"strictBindCallApply":false`,
		`"strictPropertyInitialization":false`, `"noImplicitThis":false`, `"alwaysStrict":false`, `"noUnusedLocals":false`, `"noUnusedParameters":false`, `"noImplicitReturns":false`,
		`"noFallthroughCasesInSwitch":false`, `"checkJs":false`, `"noUncheckedIndexedAccess":false`, `"useUnknownInCatchVariables":false`, `"noEmitOnError":false`}
	pyStrict = []string{"strict=true", "disallow_untyped_defs=true", "warn_unused_ignores=true", "check_untyped_defs=true", "no_implicit_optional=true", "xfail_strict=true", "filterwarnings=error"}
	pyLoose  = []string{"strict=false", "disallow_untyped_defs=false", "ignore_errors=true", "check_untyped_defs=false", "warn_return_any=false", "disallow_any_generics=false",
		"disallow_incomplete_defs=false", "ignore_missing_imports=true", "xfail_strict=false", "typecheckingmode=\"off\"", "strict_optional=false", "tests:false", "exit-zero=true"}
)

// setting is what a line of a configuration sets, however it is written.
func (f *file) setting(l source.Line) string {
	s := strings.TrimRight(source.Squeeze(source.Uncommented(l)), ",")
	if f.lang == source.INI {
		s = strings.ToLower(s)
	}
	return s
}

// options finds settings that were made looser. One that another file had before
// only moved.
func (d *diff) options(f *file, strict, loose []string) []Finding {
	l := string(f.lang)
	came := func(s string) bool { return d.whole.came[l+s] }
	var out []Finding
	for _, i := range f.added {
		if s := f.setting(f.new[i]); slices.Contains(loose, s) && !d.whole.went[l+s] {
			out = append(out, f.finding("config_loosened", i, "a check is asked for less: "+strings.TrimSpace(f.new[i].Raw)))
		}
	}
	if len(out) > 0 || came("strict=true") || came(`"strict":true`) {
		return out
	}
	for _, i := range f.removed {
		if s := f.setting(f.old[i]); slices.Contains(strict, s) && !came(s) && len(f.new) > 0 {
			out = append(out, f.about("config_loosened", "a check is gone: "+strings.TrimSpace(f.old[i].Raw), f.old[i].Raw))
		}
	}
	return out
}

// rulesOff finds rules of a linter that are switched off by a new line.
func (f *file) rulesOff() []Finding {
	off := func(l source.Line) (string, bool) {
		key, value, ok := strings.Cut(source.Squeeze(source.Uncommented(l)), ":")
		value = strings.Trim(strings.TrimRight(value, ",}"), `"'[`)
		return key, ok && len(key) > 2 && (value == "off" || value == "0" && strings.ToLower(key) == key || value == "false" && strings.Contains(f.Path, "tslint")) && !strings.Contains(key, "report")
	}
	was := map[string]bool{}
	for _, i := range f.removed {
		if key, ok := off(f.old[i]); ok {
			was[key] = true
		}
	}
	var out []Finding
	for _, i := range f.added {
		if key, ok := off(f.new[i]); ok && !was[key] && f.Old != "" {
			out = append(out, f.finding("config_loosened", i, "a rule of the linter is switched off: "+strings.Trim(key, `"'{`)))
		}
	}
	return out
}

// cops finds RuboCop's rules that are switched off, or get a wider limit.
func (f *file) cops() []Finding {
	var out []Finding
	max := map[string]int{}
	for _, i := range f.removed {
		if v, ok := strings.CutPrefix(f.old[i].Key, "Max:"); ok {
			n, err := strconv.Atoi(v)
			if err == nil {
				max[setting.Parent(f.old, i)] = n
			}
		}
	}
	for _, i := range f.added {
		key := f.new[i].Key
		if key == "Enabled:true" {
			return nil // rules are being chosen
		}
		if key == "Enabled:false" && f.Old != "" {
			out = append(out, f.finding("config_loosened", i, "a rule of the linter is switched off: "+setting.Parent(f.new, i)))
		}
		if v, ok := strings.CutPrefix(key, "Max:"); ok {
			n, err := strconv.Atoi(v)
			if was, known := max[setting.Parent(f.new, i)]; err == nil && known && n > was {
				out = append(out, f.finding("config_loosened", i, "a limit is wider: "+setting.Parent(f.new, i)+" from "+strconv.Itoa(was)+" to "+v))
			}
		}
	}
	return out
}

// ignoring are the keys of lists whose every entry is a check less.
var ignoring = []string{"ignore", "extend-ignore", "disable", "per-file-ignores", "extend-per-file-ignores", "exclude-rules", "lint.ignore", "disable_error_code", "skips", "disabled", "per_file_ignores", "extend_ignore"}

// choosing are the keys by which checks are chosen: who changes those, too, does
// not only take checks away.
var choosing = []string{"select", "extend-select", "enable", "extend_select", "lint.select", "lint.extend-select", "enable_error_code"}

// lists finds checks that were put on a list of those that are not made, or taken
// from a list of those that are.
func (d *diff) lists(f *file) []Finding {
	if f.Old == "" || f.Kind == Deleted {
		return nil // another tool's turn
	}
	ignored, unignored := f.entries(f.new, f.added, ignoring), f.entries(f.old, f.removed, ignoring)
	less := without(ignored, unignored)
	less = append(less, without(f.entries(f.old, f.removed, choosing), ignored)...)
	for _, i := range f.added {
		if key, _, ok := strings.Cut(f.new[i].Key, "="); ok && slices.Contains(choosing, key) || len(f.entries(f.new, []int{i}, choosing)) > 0 {
			return nil
		}
	}
	for _, o := range d.files { // what moved to another file
		if o != f && len(less) > 0 && o.lang == source.INI {
			less = without(less, o.entries(o.new, o.added, choosing))
		}
	}
	if len(less) == 0 {
		return nil
	}
	text := "checks are not made any more: " + cut(strings.Join(less, ", "))
	for _, i := range f.added {
		if len(f.entries(f.new, []int{i}, ignoring)) > 0 {
			return []Finding{f.finding("config_loosened", i, text)}
		}
	}
	return []Finding{f.about("config_loosened", text, less[0])}
}

func without(a, b []string) []string {
	var out []string
	for _, w := range a {
		if !slices.Contains(b, w) {
			out = append(out, w)
		}
	}
	return out
}

// entries returns what some lines put on the lists of such keys.
func (f *file) entries(lines []source.Line, at []int, keys []string) []string {
	sep := "="
	if f.lang == source.YAML {
		sep = ":"
	}
	var out []string
	for _, i := range at {
		raw := source.Uncommented(lines[i])
		key, value, ok := strings.Cut(raw, sep)
		if !ok || !listed(strings.Trim(strings.TrimSpace(key), `"'`), keys) {
			if strings.TrimSpace(lines[i].Code) == "" || !listed(setting.Parent(lines, i), keys) {
				continue
			}
			value = raw
		}
		out = append(out, strings.FieldsFunc(value, func(r rune) bool {
			return strings.ContainsRune(" ,[]\"'\t", r) || r == '-' && f.lang == source.YAML
		})...)
	}
	return out
}

// listed reports whether a key is one of those, on its own or in a table.
func listed(key string, keys []string) bool {
	key = strings.ToLower(key)
	for _, k := range keys {
		if key == k || strings.HasSuffix(key, "."+k) {
			return true
		}
	}
	return false
}

// thresholds finds such numbers that became less.
func (f *file) thresholds() []Finding {
	was := map[string][]float64{}
	for _, i := range f.removed {
		if key, n, ok := setting.Floor(f.old[i]); ok {
			was[key] = append(was[key], n)
		}
	}
	var out []Finding
	for _, i := range f.added {
		key, n, ok := setting.Floor(f.new[i])
		if !ok || len(was[key]) == 0 {
			continue
		}
		if before := was[key][0]; n < before {
			out = append(out, f.finding("config_loosened", i, key+" is lowered from "+strconv.FormatFloat(before, 'f', -1, 64)+" to "+strconv.FormatFloat(n, 'f', -1, 64)))
		}
		was[key] = was[key][1:]
	}
	return out
}

// scripts finds test and lint commands whose failure does not count any more.
func (f *file) scripts() []Finding {
	var out []Finding
	for _, i := range f.added {
		raw := f.new[i].Raw
		switch {
		case f.lang == source.JSON && strings.Contains(source.Squeeze(raw), `"test":"`) && f.Old != "" && hollowScript(raw):
			out = append(out, f.finding("config_loosened", i, "the test command runs no tests"))
		case setting.Excused(raw), f.lang == source.Shell && strings.HasPrefix(raw, "\t-") && setting.CheckCommand(raw[2:]):
			out = append(out, f.finding("config_loosened", i, "a check's failure does not count any more"))
		}
	}
	return out
}

func hollowScript(raw string) bool {
	_, command, _ := strings.Cut(raw, ":")
	command = strings.Trim(strings.TrimSpace(command), `",`)
	return command == "true" || command == "exit 0" || strings.HasPrefix(command, "echo ") && !strings.Contains(command, "&&") && !strings.Contains(command, "exit 1")
}

// lints finds lints that Cargo.toml allows.
func (f *file) lints() []Finding {
	var out []Finding
	for _, i := range f.added {
		s := f.new[i].Key
		if strings.HasSuffix(s, `="warn"`) || strings.HasSuffix(s, `="deny"`) || strings.Contains(s, `level="warn"`) || strings.Contains(s, `level="deny"`) {
			return nil // lints are being chosen
		}
		if (strings.HasSuffix(s, `="allow"`) || strings.Contains(s, `level="allow"`)) && strings.Contains(setting.Parent(f.new, i), "lints") {
			out = append(out, f.finding("config_loosened", i, "a lint is allowed: "+strings.TrimSpace(f.new[i].Raw)))
		}
	}
	return out
}

// hooks finds git hooks that are gone.
func (f *file) hooks() []Finding {
	hook := func(l source.Line) (string, bool) {
		if path.Base(f.Path) != ".pre-commit-config.yaml" {
			return l.Key, strings.TrimSpace(l.Code) != "" && !source.Prefixed(l.Key, "#", ".\"$")
		}
		id, ok := strings.CutPrefix(l.Key, "-id:")
		return id, ok
	}
	has := map[string]bool{}
	for _, l := range f.new {
		if id, ok := hook(l); ok {
			has[id] = true
		}
	}
	came := 0
	for _, i := range f.added {
		if id, ok := hook(f.new[i]); ok {
			if came++; source.Prefixed(id, "ruff", "biome", "golangci") {
				return nil // which do what several others did
			}
		}
	}
	var out []Finding
	for _, i := range f.removed {
		id, ok := hook(f.old[i])
		if !ok || has[id] {
			continue
		}
		if came--; came >= 0 {
			continue // another took its place
		}
		out = append(out, f.about("config_loosened", "a git hook's check is gone: "+cut(id), f.old[i].Raw))
		if f.Kind == Deleted {
			break
		}
	}
	return out
}

// ciLoosened finds steps of CI whose failure does not count, or that are gone.
func (d *diff) ciLoosened(f *file) []Finding {
	var out []Finding
	for _, i := range f.added {
		switch key := source.Squeeze(f.new[i].Code); {
		case strings.HasSuffix(key, "continue-on-error:true"), strings.HasSuffix(key, "allow_failure:true"), strings.HasSuffix(key, "soft_fail:true"):
			out = append(out, f.finding("ci_loosened", i, "a failure does not count any more in CI"))
		case key == "if:false" || key == "if:${{false}}" || key == "-if:false":
			out = append(out, f.finding("ci_loosened", i, "a part of CI is switched off"))
		case setting.Excused(f.new[i].Code):
			out = append(out, f.finding("ci_loosened", i, "a check's failure does not count any more in CI"))
		}
	}
	if f.Kind == Modified && source.Has(f.Old, "pull_request") && !source.Has(f.New, "pull_request") && f.Old != "" {
		out = append(out, f.about("ci_loosened", "CI does not run on pull requests any more", "pull_request"))
	}
	if net, at := f.checks(); net < 0 && d.whole.checks < 0 {
		out = append(out, f.about("ci_loosened", count(-net, "check")+" less in CI", at))
	}
	return out
}

// checks is how many more checks a file of CI runs, and the first that is gone.
func (f *file) checks() (net int, gone string) {
	for _, i := range f.removed {
		if setting.RunsCheck(f.old[i]) {
			if net--; gone == "" {
				gone = f.old[i].Raw
			}
		}
	}
	for _, i := range f.added {
		if setting.RunsCheck(f.new[i]) {
			net++
		}
	}
	return net, gone
}
