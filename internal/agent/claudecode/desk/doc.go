// Package desk answers what a headless Claude Code CLI asks of its host, in the name
// of one agent: may this tool run, here is what a tool did, a message for the tools of
// popkit. It decides nothing; each answer is that of a call to the run.
//
//	PreToolUse ─────────────▶ agent.judge ──▶ allow or deny; an ask waits for a person
//	can_use_tool ───────────▶ what the guard has allowed under that call's ID, else deny
//	PostToolUse, …Failure ──▶ agent.tool ───▶ counted; what waits for the agent, as context
//	PostToolBatch ──────────▶ agent.insights ▶ what came meanwhile, as context
//	mcp_message ────────────▶ package toolbox
//	                          agent.urgent ──▶ Urgent: text for the CLI's standard input
//
// # Fail closed
//
// A call that can't be read, an engine that does not answer, an answer that is no
// verdict, a callback that nobody registered, a panic: each is a deny. The CLI is
// started without any rule that allows something, so that only an allow from here
// lets a tool run that changes anything.
//
// # Each thing once
//
// The run hands out each insight and message once; from then on it is the desk's to get
// it into the conversation. What an answer holds whose asker went away meanwhile is kept
// and goes with the next one, and so is what Unsent is told of. Quiet things go to the
// main agent only: a subagent's conversation is thrown away. Urgent ones are left to
// Urgent while somebody listens to it.
//
// All methods may be called concurrently. Hook, CanUseTool and MCP block as long as the
// run does, an ask for a person's time; the end of their context ends the waiting.
// Close ends what the toolbox has under way.
package desk
