// Package toolbox is the MCP server `popkit` that an agent's host finds in popkit's
// own process: what an agent can say and ask, as tools. Each is a call to the run in
// the agent's name (api.Caller); nothing is decided here.
//
//	host ──JSON-RPC message──▶ Box.Answer ──▶ a session of the MCP SDK ──▶ tool ──▶ api.Caller
//	     ◀──answer────────────
//
// There is no pipe and no socket: a message and its answer are handed over in memory.
// A host that starts again, and so says initialize again, gets a session of its own;
// what the old one was waiting for is given up.
//
// A tool's answer is for a model: one or two sentences that say what became of the
// call and what to do next. What goes wrong is an answer as well, with a way on; only
// a message that is no JSON-RPC is an error of Answer.
//
// Answer may be called concurrently and blocks as long as the tool does: ask,
// request_help and present_plan wait for people. The end of its context, or Close,
// ends the waiting.
package toolbox
