// Package wire is the language that a headless Claude Code CLI speaks with its
// host: one JSON object a line on its standard input and output (stream-json), and
// within it the control protocol, by which the CLI asks (hook callbacks, permission,
// in-band MCP) and is asked (initialize, interrupt). It is data, a Reader and a
// Writer, and knows nothing of popkit.
//
//	host ──UserMessage, Request (initialize, interrupt, …), Answer──▶ CLI
//	host ◀──Event: system, assistant, user, result, …, control_request── CLI
//
// An Event keeps its line as it came, and is decoded further by what it is: a kind
// that this package does not know is passed on, never an error, because releases of
// the CLI add some. A line that is no JSON object, or is longer than the reader's
// limit, is a BadLine: the reader goes on with the next one, and how many of those
// are too many is for its caller to say.
//
// A Reader belongs to one goroutine. A Writer may be used by several: each message
// is one whole line.
package wire
