package audit

import "popkit/internal/core/event"

// Rule is one of the rules by which a diff is judged.
type Rule struct {
	Name  string
	About string // what it finds, in one line
}

// The rules' names.
const (
	ProtectedPath  = "protected_path"
	OutOfBoundary  = "out_of_boundary"
	OutOfScope     = "out_of_scope"
	Unconventional = "unconventional"
	Secret         = "hardcoded_secret"
	Security       = "security_configuration"
	Payment        = "payment"
	BulkDelete     = "bulk_delete_files"
	Binary         = "binary_file"
	Huge           = "huge_file"
	ModeChange     = "mode_change"
	Symlink        = "symlink_escape"
	Submodule      = "submodule_change"
	Attributes     = "attributes_change"
	Collision      = "case_collision"
	Unportable     = "unportable_path"
	Hidden         = "hidden_text"
	Unread         = "unread"
)

var table = []Rule{
	{ProtectedPath, "a file on a protected or sensitive path, or a new one that matches"},
	{OutOfBoundary, "a file outside the objective's boundaries"},
	{OutOfScope, "a file outside the task's scope"},
	{Unconventional, "a test, check or result that was bent instead of the code mended"},
	{Secret, "a secret in the text of a file"},
	{Security, "a change of CI, hooks, permissions, containers' users or agents' settings"},
	{Payment, "a change of code that moves money"},
	{BulkDelete, "more files deleted than guardrails.bulk_files, those that moved aside"},
	{Binary, "a new or changed binary file"},
	{Huge, "a file larger than guardrails.audit.max_file_bytes"},
	{ModeChange, "a file that becomes executable, or becomes another kind of file"},
	{Symlink, "a symbolic link that leaves the tree, or leads into .git or to a protected path"},
	{Submodule, "a submodule that is added, moved or removed, or .gitmodules"},
	{Attributes, "attributes that hide files from review or run programs on them"},
	{Collision, "names that are the same where case does not count"},
	{Unportable, "a name that git refuses, or that other systems can't check out"},
	{Hidden, "characters that make text read otherwise than it runs"},
	{Unread, "what was too much to read: it blocks, whatever is configured"},
}

// Rules returns the rules, in the order in which they are documented.
func Table() []Rule { return table }

// Modes are what a rule can be set to.
var Modes = []string{"ask", "note", "off"}

// Configurable returns the names of the rules whose mode can be set.
func Configurable() []string {
	var names []string
	for _, r := range table {
		if r.Name != Unread {
			names = append(names, r.Name)
		}
	}
	return names
}

// SeverityOf returns what a rule's findings do; "" where it is off. What is not
// known blocks.
func SeverityOf(r event.AuditRules, rule string) event.Severity {
	if rule == Unread {
		return event.SeverityBlock
	}
	switch r.Modes[rule] {
	case "off":
		return ""
	case "note":
		return event.SeverityNote
	}
	return event.SeverityBlock
}
