package policy

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"popkit/internal/core/excerpt"
	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/shell"
	"popkit/internal/core/smell"
)

// finding is a rule that stands against a call.
type finding struct {
	rule, subject, reason, hint, path string
	decision                          Decision
	flag                              bool
}

// judge collects the findings of one call.
type judge struct {
	r         *Rules
	f         Facts
	realTop   string // the workspace without symlinks
	realTmp   string
	findings  []finding
	deleted   int      // tracked files
	unbounded bool     // what is judged is a folder: boundaries are about files
	targets   []string // what is deleted, for the reason
}

func newJudge(r *Rules, f Facts) *judge {
	j := &judge{r: r, f: f}
	if f.Workspace != "" {
		j.f.Workspace = path.Clean(f.Workspace)
	}
	if f.Resolve != nil {
		if f.Workspace != "" {
			j.realTop = f.Resolve(f.Workspace)
		}
		if f.Tmp != "" {
			j.realTmp = f.Resolve(f.Tmp)
		}
	}
	return j
}

// found notes a finding that decides as its rule does.
// It reports whether the rule has anything to say: one that is switched off, or that
// a person lets pass, does not keep the others from being asked.
func (j *judge) found(rule, subject, format string, args ...any) bool {
	return j.decide(rule, subject, j.r.does[rule], fmt.Sprintf(format, args...))
}

// softer notes a finding that only asks, whatever its rule does by default.
func (j *judge) softer(rule, subject, format string, args ...any) {
	e := j.r.does[rule]
	if !e.set {
		e = effect{decision: Ask}
	}
	j.decide(rule, subject, e, fmt.Sprintf(format, args...))
}

func (j *judge) decide(rule, subject string, e effect, reason string) bool {
	if e.off {
		return false
	}
	row, _, _ := ruleNamed(rule)
	f := finding{rule: rule, subject: oneLine(subject), reason: oneLine(reason), hint: row.hint, decision: e.decision, flag: e.flag}
	if f.decision == Ask && !f.flag && slices.Contains(j.r.spec.Grants, Grant{Rule: rule, Subject: f.subject}) {
		return false
	}
	j.findings = append(j.findings, f)
	return true
}

// smells notes what the smell package found.
func (j *judge) smells(list []smell.Finding) {
	for _, s := range list {
		e := j.r.does[s.Rule]
		if e.off {
			continue
		}
		row, _, _ := ruleNamed(s.Rule)
		j.findings = append(j.findings, finding{rule: s.Rule, subject: s.Smell + " " + s.Path, reason: oneLine(s.Text), path: s.Path, hint: row.hint,
			decision: e.decision, flag: e.flag})
	}
}

// verdict is the strictest finding; of several alike the rule that comes first.
func (j *judge) verdict() Verdict {
	j.bulk()
	v := Verdict{Decision: Allow}
	best, also := -1, []string(nil)
	rank := func(f finding) int {
		_, i, _ := ruleNamed(f.rule)
		return int(f.decision)*len(table) + i
	}
	for i, f := range j.findings {
		if f.flag {
			flag := Flag{Rule: f.rule, Reason: f.reason, Path: f.path}
			if !slices.Contains(v.Flags, flag) {
				v.Flags = append(v.Flags, flag)
			}
			continue
		}
		if best < 0 || rank(f) < rank(j.findings[best]) {
			best = i
		}
	}
	if best < 0 {
		if len(v.Flags) > 0 {
			f := v.Flags[0]
			v.Rule, v.Reason, v.Hint = f.Rule, f.Rule+": "+f.Reason, "a person will look at this before it is merged"
		}
		return v
	}
	b := j.findings[best]
	for _, f := range j.findings {
		if !f.flag && f.rule != b.rule && !slices.Contains(also, f.rule) {
			also = append(also, f.rule)
		}
	}
	v.Decision, v.Rule, v.Subject, v.Hint = b.decision, b.rule, b.subject, b.hint
	v.Reason = b.rule + ": " + b.reason
	if len(also) > 0 {
		slices.Sort(also)
		v.Reason += " (also " + strings.Join(also, ", ") + ")"
	}
	return v
}

// oneLine keeps what comes from an agent on one line, and short.
func oneLine(s string) string {
	s = excerpt.Of(strings.Join(strings.Fields(s), " "), 300)
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, s)
}

// Protected reports whether a path of the repository is protected from writes, and
// by which pattern. It is what the audit of a diff asks.
func (r *Rules) Protected(rel string, fold bool) (pattern string, protected bool) {
	if paths.GitDir(rel) {
		return ".git", true
	}
	p, ok := paths.Covering(r.protected, shell.Word(path.Clean(rel)), fold)
	return p.Text, ok
}

// Sensitive reports whether a path may only be changed with a person's yes.
func (r *Rules) Sensitive(rel string, fold bool) (pattern string, sensitive bool) {
	p, ok := paths.Covering(r.sensitive, shell.Word(path.Clean(rel)), fold)
	return p.Text, ok
}
