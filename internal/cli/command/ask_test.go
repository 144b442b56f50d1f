package command

import (
	"io"
	"strings"
	"testing"
)

// TestAnswer: each question takes one line and leaves the rest; the end of the input
// is a no.
func TestAnswer(t *testing.T) {
	e := &Env{Streams: Streams{In: strings.NewReader("Yes \n\ny"), Err: io.Discard}}
	for _, want := range []string{"yes", "", "y", "n", "n"} {
		if got, err := e.Answer("? "); got != want || err != nil {
			t.Errorf("%q %v, want %q", got, err, want)
		}
	}
	if yes, err := e.Yes("? "); yes || err != nil {
		t.Errorf("the end of the input is taken for a yes: %v %v", yes, err)
	}
}

func TestLine(t *testing.T) {
	if got := Line("power", "start", "it's", "--plan=a.yaml", ""); got != `popkit power start 'it'\''s' --plan=a.yaml ''` {
		t.Error(got)
	}
}
