package config

// Key is a key of the configuration, as people write and read about it. NAME
// stands for a name that the user chooses.
type Key struct {
	Name    string
	Unit    string // of a number or list; "" where the meaning says it all
	Meaning string
	Effect  string // what it changes
	Later   bool   // accepted and checked now, without effect until Effect is built
}

// Effects, in words.
const (
	inRun       = "new runs"
	inAgents    = "agents, checks and setup commands of new runs"
	inWorkspace = "workspaces of new runs"
	inPlanning  = "popkit power start and popkit plan make"
	inEngine    = "engines that start"
	inRedis     = "redis mode, which is not built yet"
)

// keys is every key, in the order of docs/configuration.md.
var keys = []Key{
	{Name: "tier", Meaning: "what the user's plan includes: free, premium or pro (see the tiers' table)", Effect: inRun},
	{Name: "mode_priority", Unit: "modes", Meaning: "modes in the order of preference: native, redis, file; the first that can be had is used", Effect: inRun},
	{Name: "runtime", Meaning: "what drives agents whose task and role name no runtime: exec:COMMAND, scripted:FILE or claude", Effect: inRun},
	{Name: "resolver", Meaning: `runtime of agents that resolve merge conflicts; "" is the task's own`, Effect: inRun},
	{Name: "claude.path", Meaning: `program of the runtime claude; "" is the first claude in the PATH`, Effect: inEngine},
	{Name: "claude.model", Meaning: `model of roles that name none; "" is the user's choice in Claude Code`, Effect: inEngine},
	{Name: "claude.settings", Meaning: "isolated (nothing of the user's and the project's settings of Claude Code holds for agents, yet their skills and CLAUDE.md are seen) or inherit (all holds; see claude-code.md for what that weakens)", Effect: inEngine},
	{Name: "claude.max_turns", Unit: "turns, 0: no limit", Meaning: "turns of one agent's session; past it the agent has failed", Effect: inEngine},
	{Name: "on_conflict", Meaning: "who resolves a merge conflict: agent, human or first_wins; the plan's word goes before it", Effect: inRun},
	{Name: "on_barrier_timeout", Meaning: "what happens when a phase outlasts limits.barrier_timeout_minutes: human (a person is asked) or partial (the barrier opens with what is there); the plan's word goes before it", Effect: inRun},

	{Name: "intervals.checkin_every_n_tools", Unit: "tool calls", Meaning: "an agent checks in after so many of its tool calls", Effect: inRun},
	{Name: "intervals.heartbeat_seconds", Unit: "seconds", Meaning: "how often popkit looks whether an agent that says nothing of itself lives: whether it wrote output or used the processor", Effect: inRun},

	{Name: "limits.max_parallel_agents", Unit: "agents", Meaning: "agents that run at once; the least of this, the tier, the plan and --agents counts, and in file mode 2, one after the other", Effect: inRun},
	{Name: "limits.max_runtime_minutes", Unit: "minutes, 0: no limit", Meaning: "time of the whole run; waiting for a person does not count", Effect: inRun},
	{Name: "limits.max_attempts", Unit: "agents", Meaning: "agents that try a task before a person decides", Effect: inRun},
	{Name: "limits.max_fix_attempts", Unit: "agents", Meaning: "agents that try to turn a phase's red check green before a person decides", Effect: inRun},
	{Name: "limits.max_agents_started", Unit: "agents", Meaning: "agents started in the whole run", Effect: inRun},
	{Name: "limits.max_insights", Unit: "insights", Meaning: "insights kept in the whole run", Effect: inRun},
	{Name: "limits.max_insights_per_pull", Unit: "insights", Meaning: "insights that an agent is given at once", Effect: inRun},
	{Name: "limits.max_questions_per_agent", Unit: "questions", Meaning: "questions that an agent may ask", Effect: inRun},
	{Name: "limits.agent_timeout_minutes", Unit: "minutes, 0: no limit", Meaning: "time of one agent, and of a setup command; past it the agent is replaced, its work kept", Effect: inRun},
	{Name: "limits.silence_minutes", Unit: "minutes, 0: no limit", Meaning: "an agent that shows no sign of life for so long hangs, and is replaced", Effect: inRun},
	{Name: "limits.barrier_timeout_minutes", Unit: "minutes, 0: no limit", Meaning: "time of one phase; past it on_barrier_timeout says what happens", Effect: inRun},
	{Name: "limits.decision_timeout_minutes", Unit: "minutes, 0: no limit", Meaning: "an agent's question that nobody answers for so long is answered by its default, else denied; one that waits so long for the answer to its plan is ended, and the question stays", Effect: inRun},
	{Name: "limits.check_timeout_minutes", Unit: "minutes, 0: no limit", Meaning: "time of one check that has no timeout of its own; past it the check could not run, which is no pass", Effect: inRun},
	{Name: "limits.retry_delay_seconds", Unit: "seconds", Meaning: "pause before the second attempt at a task; it doubles with each", Effect: inRun},
	{Name: "limits.context_bytes", Unit: "bytes", Meaning: "earlier work and insights in a prompt; beyond it they are ranked, and the prompt says what was left out", Effect: inRun},
	{Name: "limits.transcript_bytes", Unit: "bytes, 0: no limit", Meaning: "output kept of an agent; past it one line says that output was cut", Effect: inRun},
	{Name: "limits.max_task_tokens", Unit: "tokens, 0: no limit", Meaning: "tokens that the agents of one task may use, all attempts taken together; past it the agent is ended, its work kept, and a person is asked", Effect: inRun},
	{Name: "limits.max_task_cost_usd", Unit: "dollars, 0: no limit", Meaning: "money that the agents of one task may cost; past it the agent is ended, its work kept, and a person is asked", Effect: inRun},
	{Name: "limits.max_task_minutes", Unit: "minutes, 0: no limit", Meaning: "time that the agents of one task may work, one after the other; waiting does not count; past it the agent is ended, its work kept, and a person is asked", Effect: inRun},
	{Name: "limits.max_task_tool_calls", Unit: "tool calls, 0: no limit", Meaning: "tool calls that the agents of one task may make; past it the agent is ended, its work kept, and a person is asked", Effect: inRun},
	{Name: "limits.max_task_agents", Unit: "agents, 0: no limit", Meaning: "agents started for one task, whatever for; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_phase_tokens", Unit: "tokens, 0: no limit", Meaning: "tokens that the agents of one phase may use; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_phase_cost_usd", Unit: "dollars, 0: no limit", Meaning: "money that the agents of one phase may cost; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_phase_tool_calls", Unit: "tool calls, 0: no limit", Meaning: "tool calls that the agents of one phase may make; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_phase_agents", Unit: "agents, 0: no limit", Meaning: "agents started in one phase; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_run_tokens", Unit: "tokens, 0: no limit", Meaning: "tokens that all agents of the run may use; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_run_cost_usd", Unit: "dollars, 0: no limit", Meaning: "money that all agents of the run may cost; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.max_run_tool_calls", Unit: "tool calls, 0: no limit", Meaning: "tool calls that all agents of the run may make; past it nothing is started, and a person is asked", Effect: inRun},
	{Name: "limits.quota_backoff_minutes", Unit: "minutes", Meaning: "pause after a quota or rate limit that names no time; it doubles with each, up to an hour", Effect: inRun},

	{Name: "roles.NAME.runtime", Meaning: "runtime of a role's agents", Effect: inRun},
	{Name: "roles.NAME.model", Meaning: "model of a role's agents, where their runtime can choose one; inherit is the runtime's own choice", Effect: inRun},
	{Name: "roles.NAME.tools", Unit: "tools", Meaning: "tools that a role's agents are offered, where their runtime can choose them, by Claude Code's names; they take the place of those of the role's file", Effect: inRun},
	{Name: "roles.NAME.plan_required", Meaning: "a role's agents present a plan, which a person approves, before they may change anything", Effect: inRun},

	{Name: "decisions.auto", Unit: "answers", Meaning: "answers by policy: {kind, match, answer}; kind is agent, guard, breach, attempts, conflict, audit, check, barrier, effect, budget, drift, plan or left out for all, match is a regular expression (RE2) over the question's text, and of kind audit over each finding, all of which must fit; the first that fits answers", Effect: inRun},
	{Name: "decisions.park_unattended", Meaning: "when only a person can go on and none is attached, the run is parked and the engine ends (exit status 3); false: the engine waits", Effect: inRun},

	{Name: "workspace.root", Meaning: `directory of the workspaces, outside the repository; "" is popkit's own in the cache directory`, Effect: inWorkspace},
	{Name: "workspace.setup", Meaning: "shell command run in each new workspace and before each check, e.g. one that installs dependencies; what it changes is no agent's work, and is not committed", Effect: inWorkspace},
	{Name: "workspace.copy", Unit: "paths", Meaning: "files and directories of the user's checkout that are copied into each workspace, and to where checks run; they are never committed", Effect: inWorkspace},
	{Name: "workspace.ports", Unit: "ports", Meaning: "ports that are free when an agent starts, in its environment as POPKIT_PORT_1, POPKIT_PORT_2 … and, the first, PORT", Effect: "agents of new runs"},
	{Name: "workspace.submodules", Meaning: "submodules are checked out in each workspace; false leaves them empty", Effect: inWorkspace},

	{Name: "env.pass", Unit: "names", Meaning: `variables that are passed on; "*" and "?" are wildcards`, Effect: inAgents},
	{Name: "env.secrets", Unit: "names", Meaning: "variables that are never passed on, and whose values are taken out of transcripts; wildcards as in env.pass", Effect: inAgents},
	{Name: "env.set.NAME", Meaning: "value of a variable", Effect: inAgents},
	{Name: "env.home", Meaning: "HOME: shared (the user's own; in the sandbox what is written there is the agent's own copy) or agent (a fresh one for each)", Effect: inAgents},
	{Name: "env.tmp", Meaning: "TMPDIR: shared (the user's own) or agent (a fresh one for each)", Effect: inAgents},
	{Name: "env.caches.NAME", Meaning: "a variable that names a cache directory, e.g. GOCACHE: shared (the user's own, for all agents) or agent (a fresh one for each)", Effect: inAgents},

	{Name: "commit.sign", Meaning: "popkit's commits are signed as the user's git is configured to", Effect: inRun},

	{Name: "guardrails.protected_paths", Unit: "patterns", Meaning: "paths that no agent may change; .git is protected whatever is configured", Effect: inRun},
	{Name: "guardrails.audit_scope", Meaning: "work outside the task's scope needs a person's yes", Effect: inRun},
	{Name: "guardrails.audit.rules.NAME", Meaning: "what a rule of the audit does with an agent's work: ask (nothing is merged before a person has decided), note or off; see guardrails.md for the rules", Effect: inRun},
	{Name: "guardrails.audit.max_file_bytes", Unit: "bytes", Meaning: "a file that an agent leaves larger is not read and needs a person's yes", Effect: inRun},
	{Name: "guardrails.audit.max_read_bytes", Unit: "bytes", Meaning: "how much of one agent's work the audit reads; what is beyond needs a person's yes", Effect: inRun},
	{Name: "guardrails.drift_detection.enabled", Meaning: "drift is looked for: work outside the scope or on another task's paths, the same call again and again, no progress, silence", Effect: inRun},
	{Name: "guardrails.drift_detection.action", Meaning: "what is done about drift: warn (said in status and log), steer (the agent is told, with the evidence), escalate (a person is asked) or off", Effect: inRun},
	{Name: "guardrails.drift_detection.actions.NAME", Meaning: "the same for one kind: outside_scope, others_task, repeating, no_progress or silent", Effect: inRun},
	{Name: "guardrails.drift_detection.repeated_calls", Unit: "tool calls, 0: never", Meaning: "so many of an agent's last 20 calls that are one and the same are drift", Effect: inRun},
	{Name: "guardrails.drift_detection.no_progress_calls", Unit: "tool calls, 0: never", Meaning: "so many calls without a changed file, an insight or progress in a check-in are drift", Effect: inRun},
	{Name: "guardrails.drift_detection.no_progress_minutes", Unit: "minutes, 0: never", Meaning: "likewise so much time", Effect: inRun},
	{Name: "guardrails.drift_detection.silent_minutes", Unit: "minutes, 0: never", Meaning: "no sign of life for so long is drift; for limits.silence_minutes, the agent hangs", Effect: inRun},
	{Name: "guardrails.restricted_tools", Unit: "tools", Meaning: `tools that agents may not use; "*" is a wildcard`, Effect: inRun},
	{Name: "guardrails.human_required", Unit: "rules", Meaning: `what needs a person's yes: rules by their names, or beginnings of commands ("docker compose up")`, Effect: inRun},
	{Name: "guardrails.unconventional", Meaning: "what happens with an action that smells of cheating: flag (it may run, the audit decides), ask, deny or off", Effect: inRun},
	{Name: "guardrails.protected_reads", Unit: "patterns", Meaning: "paths that are read only with a person's yes", Effect: inRun},
	{Name: "guardrails.sensitive_paths", Unit: "patterns", Meaning: "paths that are changed only with a person's yes", Effect: inRun},
	{Name: "guardrails.protected_branches", Unit: "branches", Meaning: `branches that are pushed to only with a person's yes; "*" is a wildcard`, Effect: inRun},
	{Name: "guardrails.rules.NAME", Meaning: "what a rule of the guard does with a tool call: allow, flag, ask or deny", Effect: inRun},
	{Name: "guardrails.bulk_files", Unit: "files", Meaning: "tracked files that one call may delete without a person's yes", Effect: inRun},
	{Name: "guardrails.canary_seconds", Unit: "seconds, 0: no limit", Meaning: "an agent whose runtime has a hook for the guard must have proved within that time that the hook answers, or is stopped", Effect: inRun},

	{Name: "notify.command", Meaning: `shell command run for each question that a person has to answer; it gets the question as JSON on standard input and as POPKIT_QUESTION_… variables`, Effect: inEngine},
	{Name: "notify.webhook", Meaning: "URL to which each such question is posted as JSON; redirects are not followed", Effect: inEngine},
	{Name: "notify.timeout_seconds", Unit: "seconds", Meaning: "time of one notification; past it it has failed, and status says so", Effect: inEngine},

	{Name: "planner.runtime", Meaning: "what makes a plan of an objective that comes without one: auto (claude, where it drives the agents), claude, exec:COMMAND, or off (the default phases)", Effect: inPlanning},
	{Name: "planner.max_minutes", Unit: "minutes, 0: no limit", Meaning: "time of the planning agent, all repairs taken together; past it planning has failed", Effect: inPlanning},
	{Name: "planner.max_cost_usd", Unit: "dollars, 0: no limit", Meaning: "money that planning may cost, all repairs taken together; past it planning has failed", Effect: inPlanning},

	{Name: "sandbox", Meaning: "whether the operating system holds what agents can reach: auto (with what this machine has), required (nothing runs where it has nothing) or off", Effect: inAgents},
	{Name: "sandbox_write", Unit: "paths", Meaning: "what can be written besides the workspace, TMPDIR and a copy of HOME; changes there are real, and seen by other agents", Effect: inAgents},
	{Name: "sandbox_read", Unit: "paths", Meaning: "what can be read although it is hidden otherwise, e.g. ~/.npmrc with its tokens, or a socket that tests need", Effect: inAgents},
	{Name: "sandbox_hide", Unit: "paths", Meaning: "what is hidden besides credentials, sockets, the repository and other agents' workspaces", Effect: inAgents},
	{Name: "sandbox_network", Meaning: "on, or off: a network of its own with nothing in it; an agent's model is not reached then", Effect: inAgents},

	{Name: "redis.url", Meaning: "where the Redis is, e.g. redis://localhost:6379", Effect: inRedis, Later: true},
	{Name: "redis.prefix", Meaning: "what the names of keys and channels begin with", Effect: inRedis, Later: true},
}

// Keys returns the table of all keys.
func Keys() []Key { return append([]Key(nil), keys...) }
