package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"popkit/internal/core/nearest"
	"popkit/internal/core/objective"
	"popkit/internal/core/policy/paths"
)

// Spec is what people configure, as plain data: it comes from config by way of
// event.Settings, and the plan's boundaries. DefaultSpec is what holds without
// any configuration; a zero field is an empty list, not a default.
type Spec struct {
	// ProtectedPaths may not be changed, ProtectedReads not be read without a
	// person's yes; patterns as in objective. SensitivePaths are changed only
	// with a person's yes.
	ProtectedPaths []string `json:"protected_paths,omitempty"`
	ProtectedReads []string `json:"protected_reads,omitempty"`
	SensitivePaths []string `json:"sensitive_paths,omitempty"`
	// Boundaries are the objective's file patterns; none allow every path of the workspace.
	Boundaries []string `json:"boundaries,omitempty"`
	// RestrictedTools are names of tools that are denied; "*" is a wildcard.
	RestrictedTools []string `json:"restricted_tools,omitempty"`
	// HumanRequired are names of rules, which then ask, or beginnings of
	// commands ("docker compose up") that need a person's yes.
	HumanRequired []string `json:"human_required,omitempty"`
	// ProtectedBranches are globs of branch names.
	ProtectedBranches []string `json:"protected_branches,omitempty"`
	// Unconventional is what a smell of cheating does: flag, ask, deny or off.
	Unconventional string `json:"unconventional,omitempty"`
	// Rules says for a rule by name what it does: allow, flag, ask or deny.
	Rules map[string]string `json:"rules,omitempty"`
	// BulkFiles is how many tracked files a call may delete without a person's
	// yes; one that deletes more is bulk_delete_files.
	BulkFiles int `json:"bulk_files,omitempty"`
	// Grants are the "always" answers of the run.
	Grants []Grant `json:"grants,omitempty"`
}

// Grant lets what a person said yes to "always" run: it turns an ask of that
// rule about that subject into an allow, never a deny.
type Grant struct {
	Rule    string `json:"rule"`
	Subject string `json:"subject"`
}

// Rules are a Spec made ready. The zero value denies every call.
type Rules struct {
	ready      bool
	spec       Spec
	protected  []paths.Pattern
	sensitive  []paths.Pattern
	reads      []paths.Pattern
	boundaries []paths.Pattern
	does       map[string]effect
	human      [][]string
}

// effect is what a rule does.
type effect struct {
	decision Decision
	flag     bool
	off      bool
	set      bool // by configuration
}

var effects = map[string]effect{"allow": {decision: Allow, off: true}, "off": {decision: Allow, off: true}, "flag": {decision: Allow, flag: true},
	"ask": {decision: Ask}, "deny": {decision: Deny}}

// DefaultSpec is what holds without any configuration.
func DefaultSpec() Spec {
	secret := []string{"credentials", "credentials.json", "credentials.yml", "credentials.yaml", "*-credentials.json", "*_credentials.json", "service-account*.json",
		"service_account*.json", "secrets.json", "secrets.yml", "secrets.yaml", "secrets.toml", "*.pem", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ovpn",
		"kubeconfig", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", ".netrc", ".pgpass", ".git-credentials"}
	return Spec{
		ProtectedPaths:    []string{".git", ".env*", "**/secrets/**"},
		ProtectedReads:    append([]string{".env*", "**/secrets/**"}, secret...),
		SensitivePaths:    append([]string{"prod.config.*", "production.config.*", "*.prod.config.*"}, secret...),
		ProtectedBranches: []string{"main", "master", "production", "prod", "trunk", "default"},
		Unconventional:    "flag",
		BulkFiles:         5,
	}
}

// Check says what is wrong with a Spec: each mistake with the field that it is in.
func (s Spec) Check() []error {
	var out []error
	for _, list := range []struct {
		field    string
		patterns []string
	}{{"protected_paths", s.ProtectedPaths}, {"protected_reads", s.ProtectedReads}, {"sensitive_paths", s.SensitivePaths}, {"boundaries", s.Boundaries}} {
		for _, p := range list.patterns {
			if err := objective.CheckGlob(p); err != nil {
				out = append(out, fmt.Errorf("%s: %q: %w", list.field, p, err))
			}
		}
	}
	for _, h := range s.HumanRequired {
		// One word with an underscore that is nearly a rule is meant as one, and as the
		// beginning of a command would never ask.
		if _, _, ok := ruleNamed(h); ok || !strings.Contains(h, "_") || strings.ContainsAny(h, " /") {
			continue
		}
		if _, ok := nearest.Of(h, RuleNames()); ok {
			out = append(out, fmt.Errorf("human_required: unknown rule %q (%s)", h, nearest.Hint(h, RuleNames(), "")))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Rules)) {
		if _, _, ok := ruleNamed(name); !ok {
			out = append(out, fmt.Errorf("rules: unknown rule %q (%s)", name, nearest.Hint(name, RuleNames(), "popkit guard explain lists them")))
		}
		if _, ok := effects[s.Rules[name]]; !ok || s.Rules[name] == "off" {
			out = append(out, fmt.Errorf("rules.%s: unknown value %q (one of allow, flag, ask, deny)", name, s.Rules[name]))
		}
	}
	if _, ok := effects[s.Unconventional]; s.Unconventional != "" && (!ok || s.Unconventional == "allow") {
		out = append(out, fmt.Errorf("unconventional: unknown value %q (one of flag, ask, deny, off)", s.Unconventional))
	}
	if s.BulkFiles < 0 {
		out = append(out, fmt.Errorf("bulk_files: %d is less than 0", s.BulkFiles))
	}
	return out
}

// Compile checks a Spec and makes it ready. .git is protected whatever it says.
func Compile(s Spec) (*Rules, error) {
	if mistakes := s.Check(); len(mistakes) > 0 {
		return nil, mistakes[0]
	}
	r := &Rules{ready: true, spec: s, does: map[string]effect{}}
	r.protected = paths.Compile(s.ProtectedPaths)
	r.sensitive = paths.Compile(s.SensitivePaths)
	r.reads = paths.Compile(s.ProtectedReads)
	r.boundaries = paths.Compile(s.Boundaries)
	for _, row := range table {
		r.does[row.name] = effect{decision: row.does, flag: row.flags}
	}
	for _, h := range s.HumanRequired {
		if _, _, ok := ruleNamed(h); ok {
			r.does[h] = effect{decision: Ask, set: true}
		} else if words := strings.Fields(h); len(words) > 0 {
			r.human = append(r.human, words)
		}
	}
	if s.Unconventional != "" {
		r.does[ruleUnconventional] = with(effects[s.Unconventional])
	}
	for name, does := range s.Rules {
		r.does[name] = with(effects[does])
	}
	return r, nil
}

func with(e effect) effect {
	e.set = true
	return e
}
