package talk

import "popkit/internal/core/transcript"

// The kinds of entries that are made of events, beside those of transcripts.
const (
	Started transcript.Kind = "started"
	Shared  transcript.Kind = "shared"  // an insight of the agent
	Insight transcript.Kind = "insight" // … of another, given to it
	Message transcript.Kind = "message" // given to it
	CheckIn transcript.Kind = "check-in"
	Asks    transcript.Kind = "asks" // a person is asked
	Answer  transcript.Kind = "answer"
	Report  transcript.Kind = "report"
	Warning transcript.Kind = "warning" // off its track, around the guard, told to stop
	Left    transcript.Kind = "left"    // what became of its work
	Ended   transcript.Kind = "ended"
)

// look is how a kind is shown.
type look struct {
	label  string // "" is the tool's name
	colour string // of the label
	dim    bool   // … and of the text
	lines  int    // shown of its text; 0: all
	wrap   bool   // long lines go on below; else they are cut
}

const (
	red, green, yellow, magenta, cyan = "31", "32", "33", "35", "36"
	bold, faint                       = "1", "2"
)

// shortLines is how much is shown of what is long, and errorLines of an error.
const (
	shortLines = 3
	errorLines = 10
)

func lookOf(e transcript.Entry) look {
	switch e.Kind {
	case transcript.Said:
		return look{label: "says", colour: bold, wrap: true}
	case transcript.Thought:
		return look{label: "thinks", colour: faint, dim: true, lines: shortLines, wrap: true}
	case transcript.Call:
		return look{colour: cyan, lines: shortLines}
	case transcript.Result:
		if e.Bad {
			return look{label: "error", colour: red, lines: errorLines}
		}
		return look{colour: faint, dim: true, lines: shortLines}
	case transcript.Denied:
		return look{label: "denied", colour: red, wrap: true}
	case transcript.Prompt:
		return look{label: "prompt", colour: faint, dim: true, lines: shortLines, wrap: true}
	case transcript.Told, transcript.Given:
		return look{label: "told", colour: magenta, lines: errorLines, wrap: true}
	case transcript.Retry:
		return look{label: "retry", colour: yellow, wrap: true}
	case transcript.Turn:
		if e.Bad {
			return look{label: "turn", colour: red, lines: errorLines, wrap: true}
		}
		return look{label: "turn", colour: faint, wrap: true}
	case transcript.Note:
		return look{label: "popkit", colour: yellow, wrap: true}
	case transcript.Began, Started:
		return look{label: "started", colour: faint, wrap: true}
	}
	return eventLook(e)
}

func eventLook(e transcript.Entry) look {
	switch e.Kind {
	case Shared:
		return look{label: "shares", colour: green, wrap: true}
	case Insight:
		return look{label: "is given", colour: magenta, wrap: true}
	case Message:
		return look{label: "is told", colour: magenta, wrap: true}
	case CheckIn:
		return look{label: "checks in", colour: faint, wrap: true}
	case Asks, Answer:
		return look{label: string(e.Kind), colour: yellow, wrap: true}
	case Report:
		return look{label: "reports", colour: green, wrap: true}
	case Warning:
		return look{label: "warning", colour: red, wrap: true}
	case Left, Ended:
		return look{label: string(e.Kind), colour: bold, wrap: true}
	}
	return look{label: "·", colour: faint, dim: true, lines: shortLines}
}
