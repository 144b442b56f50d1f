package policy

// The rules' names.
const (
	ruleProtected      = "protected_path"
	ruleOutside        = "outside_workspace"
	ruleBoundary       = "out_of_boundary"
	ruleTool           = "restricted_tool"
	ruleCredentials    = "access_credentials"
	ruleAround         = "around_popkit"
	ruleDestructive    = "destructive_command"
	rulePush           = "push_to_main"
	ruleDeploy         = "deploy_to_production"
	ruleData           = "delete_production_data"
	ruleBulk           = "bulk_delete_files"
	ruleRemoteCode     = "remote_code"
	ruleUnparsable     = "unparsable"
	ruleUnknown        = "unknown_value"
	ruleUnknownTool    = "unknown_tool"
	ruleSecurity       = "security_configuration"
	rulePrivileges     = "elevated_privileges"
	rulePayment        = "payment"
	rulePaidAPI        = "paid_api"
	ruleHuman          = "human_required"
	ruleUnconventional = "unconventional"
	ruleSecret         = "hardcoded_secret"
)

// rule is one row of the table: what a rule means and does when nothing is configured.
type rule struct {
	name      string
	does      Decision
	flags     bool // it only flags
	meaning   string
	configure string
	hint      string
}

// table is all rules. Of several that decide alike, the first is named.
var table = []rule{
	{name: ruleUnparsable, does: Deny, meaning: "a command, or an input, that cannot be parsed, or is too long or too deeply nested to be looked at",
		configure: "guardrails.rules.unparsable", hint: "write it in a simpler way, one command at a time"},
	{name: ruleTool, does: Deny, meaning: "a tool that the plan's boundaries or the configuration withhold from agents",
		configure: "guardrails.restricted_tools, boundaries.restricted_tools of the plan", hint: "do without this tool"},
	{name: ruleAround, does: Deny, meaning: "work that would go on out of popkit's sight: schedules, workflows, work trees of an agent's own, questions to a terminal; and (with a person's yes) other agents, started by command",
		configure: "guardrails.rules.around_popkit", hint: "do it here and now, or report what is left to do"},
	{name: ruleDestructive, does: Deny, meaning: "what destroys the machine or what is not the agent's: file systems, devices, system folders, fork bombs, power",
		configure: "guardrails.rules.destructive_command", hint: "work on files of the workspace"},
	{name: rulePush, does: Ask, meaning: "a push to a protected branch in any spelling, a push whose branch is not known, a merge on the server",
		configure: "guardrails.protected_branches, guardrails.rules.push_to_main", hint: "popkit merges accepted work itself; leave it committed"},
	{name: ruleDeploy, does: Ask, meaning: "a deployment, a release, a published package, a command on another machine",
		configure: "guardrails.rules.deploy_to_production", hint: "leave it to a person, and say in the report what is to be deployed"},
	{name: ruleData, does: Ask, meaning: "data, volumes or infrastructure that would be dropped, truncated or destroyed",
		configure: "guardrails.rules.delete_production_data", hint: "leave it to a person, and say in the report what is to be deleted"},
	{name: ruleProtected, does: Deny, meaning: "a change of a protected path: .git, what guardrails.protected_paths names, the system's own files, and (with a person's yes) what is usually secret or production's",
		configure: "guardrails.protected_paths, guardrails.sensitive_paths, guardrails.rules.protected_path", hint: "leave this file as it is"},
	{name: ruleCredentials, does: Ask, meaning: "credentials that would be read: protected files, keys, the environment's secrets, secret stores",
		configure: "guardrails.protected_reads, guardrails.rules.access_credentials", hint: "work without the secret: use an example file, or a made-up value in tests"},
	{name: ruleRemoteCode, does: Ask, meaning: "code that comes over the network and is run at once",
		configure: "guardrails.rules.remote_code", hint: "use a package manager, or download it to a file that can be read first"},
	{name: ruleBulk, does: Ask, meaning: "a deletion of many tracked files, or of everything",
		configure: "guardrails.bulk_files, guardrails.rules.bulk_delete_files", hint: "delete the few files that the task is about, by name"},
	{name: ruleOutside, does: Deny, meaning: "a change outside the workspace and the agent's own TMPDIR",
		configure: "guardrails.rules.outside_workspace", hint: "write below the workspace, or in $TMPDIR"},
	{name: ruleBoundary, does: Ask, meaning: "a change outside the objective's boundaries",
		configure: "boundaries.file_patterns of the plan, guardrails.rules.out_of_boundary", hint: "stay within the boundaries, or report what has to be changed beyond them"},
	{name: ruleSecurity, does: Ask, meaning: "security configuration: CI workflows, permissions, authentication, hooks, the user of a Dockerfile, the guard's own files",
		configure: "guardrails.rules.security_configuration", hint: "report what should be changed, and why"},
	{name: rulePrivileges, does: Ask, meaning: "a command that would run with other rights than the agent's: sudo, su, privileged containers",
		configure: "guardrails.rules.elevated_privileges", hint: "do it without other rights"},
	{name: rulePayment, does: Ask, meaning: "code that moves money: payments, billing, invoices",
		configure: "guardrails.rules.payment", hint: "report what should be changed, and why"},
	{name: rulePaidAPI, does: Ask, meaning: "a call that costs money at somebody else's service",
		configure: "guardrails.rules.paid_api", hint: "use a recorded or made-up answer"},
	{name: ruleHuman, does: Ask, meaning: "a command that the configuration keeps for people",
		configure: "guardrails.human_required", hint: "leave it to a person"},
	{name: ruleUnknown, does: Ask, meaning: "a value that is not known before the command runs, in a place that matters",
		configure: "guardrails.rules.unknown_value", hint: "write the value out"},
	{name: ruleUnknownTool, does: Ask, meaning: "a tool that the guard does not know",
		configure: "guardrails.rules.unknown_tool", hint: "use a tool that is known"},
	{name: ruleSecret, does: Allow, flags: true, meaning: "a secret that is written into a file",
		configure: "guardrails.rules.hardcoded_secret", hint: "read it from the environment"},
	{name: ruleUnconventional, does: Allow, flags: true, meaning: "what smells of cheating: tests deleted, skipped or emptied, checks silenced, hooks passed by",
		configure: "guardrails.unconventional, guardrails.rules.unconventional", hint: "make the check pass instead"},
}

func ruleNamed(name string) (rule, int, bool) {
	for i, r := range table {
		if r.name == name {
			return r, i, true
		}
	}
	return rule{}, len(table), false
}
