package event

// Severity is what a finding of the audit does.
type Severity string

// The severities.
const (
	SeverityBlock Severity = "block" // nothing is merged before a person has decided
	SeverityNote  Severity = "note"  // shown, and that is all
)

// Finding is something that the audit found in an agent's work.
type Finding struct {
	// Key says which finding it is: the same rule about the same content of the
	// same file has the same key in every attempt at the task.
	Key      string   `json:"key"`
	Rule     string   `json:"rule"`           // e.g. protected_path
	Path     string   `json:"path,omitempty"` // as audit.ShowPath writes it
	Line     int      `json:"line,omitempty"` // from 1; 0: the file as a whole
	Text     string   `json:"text"`           // one line
	Hunk     string   `json:"hunk,omitempty"` // of the diff around it, bounded, without secrets
	Severity Severity `json:"severity"`
}

// Blocks reports whether a person has to decide about the finding.
func (f Finding) Blocks() bool { return f.Severity != SeverityNote }

// Finding is what a flag of a call comes to at the audit, where no diff can show
// what the call did: a person has to agree.
func (f GuardFlag) Finding() Finding {
	reason := f.Reason
	if reason == "" {
		reason = f.Rule
	}
	return Finding{Key: "call:" + f.Rule + ":" + f.Reason, Rule: f.Rule, Text: "a tool call was flagged: " + reason, Severity: SeverityBlock}
}

// Audit is what the audit of a diff found.
type Audit struct {
	Findings []Finding `json:"findings,omitempty"` // at most MaxFindings, the blocking ones first
	Blocking int       `json:"blocking"`           // how many block in all …
	Notes    int       `json:"notes"`              // … and how many do not
}

// MaxFindings bounds the findings an event lists.
const MaxFindings = 100

// Left is how many findings the event does not list.
func (a *Audit) Left() int { return a.Blocking + a.Notes - len(a.Findings) }

// AuditRules say how strict the audit is. The zero value holds every rule at its
// default.
type AuditRules struct {
	Modes   map[string]string `json:"modes,omitempty"`    // rule → ask, note or off
	MaxFile int64             `json:"max_file,omitempty"` // bytes; a larger file is a finding
	MaxRead int64             `json:"max_read,omitempty"` // bytes of content that are read of one diff
}

// AgentTrimmed says what is left of an agent's work without the files that a
// person left out: as they are in the base, in one commit that has nothing else
// of the agent's history. It ends effect trim. What the agent left as a whole
// stays at its ref.
type AgentTrimmed struct {
	Effect  string   `json:"effect"`
	Agent   string   `json:"agent"`
	Commit  string   `json:"commit"` // equals the base when nothing is left
	Ref     string   `json:"ref,omitempty"`
	Dropped []string `json:"dropped"` // at most MaxFiles
	Files   []string `json:"files,omitempty"`
	Changed int      `json:"changed"`
	Added   int      `json:"added"`
	Removed int      `json:"removed"`
	Audit   *Audit   `json:"audit,omitempty"`
}
