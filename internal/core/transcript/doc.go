// Package transcript is what is kept of an agent that speaks in lines of JSON: the
// form of a stored line, and what a line says.
//
// A stored line is one JSON object that wraps what went over the agent's stdin and
// stdout, with the time and who spoke:
//
//	{"at":"2026-03-01T12:00:00.5Z","from":"agent","line":{"type":"assistant",…}}
//	{"at":"…","from":"popkit","line":{"type":"control_response",…}}
//	{"at":"…","from":"note","text":"stopped: the run is being ended"}
//
// internal/agent/keep writes such lines, without the secrets. Read understands
// them, and lines that are not wrapped; Teller says what they mean, as entries for
// people. Both take whatever comes: what they do not know is shown in short, what
// is no JSON as text.
package transcript
