package policy

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
	ready bool
	spec  Spec
}

// DefaultSpec is what holds without any configuration.
func DefaultSpec() Spec {
	return Spec{
		ProtectedPaths:    []string{".git", ".env*", "**/secrets/**"},
		Unconventional:    "flag",
		ProtectedBranches: []string{"main", "master", "production", "prod", "trunk", "default"},
		BulkFiles:         5,
	}
}

// Compile checks a Spec and makes it ready.
func Compile(s Spec) (*Rules, error) { return &Rules{spec: s}, nil }
