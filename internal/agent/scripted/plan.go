package scripted

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Plans takes the plans of agents that have to present one.
type Plans interface {
	// Present returns what is said to a plan, and the note to it; it blocks until
	// there is an answer.
	Present(ctx context.Context, plan string) (answer, note string, err error)
}

// plan presents a plan, and the ones after it as long as it is to be revised.
type plan struct {
	Text    string   `yaml:"text"`
	Revised []string `yaml:"revised"`
	// Go on although it is not approved, as an agent might.
	Anyway bool `yaml:"anyway"`
}

func (s plan) check() error {
	if s.Text == "" {
		return errors.New("text is missing")
	}
	return nil
}

func (s plan) play(p *player) error {
	if p.env.Plans == nil {
		return errNoPopkit
	}
	for _, text := range append([]string{s.Text}, s.Revised...) {
		if err := p.sayf("plan: %s", strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ")); err != nil {
			return err
		}
		answer, note, err := p.env.Plans.Present(p.ctx, text)
		if err != nil {
			return err
		}
		said := "answer: " + answer
		if note != "" {
			said += " (" + note + ")"
		}
		if err := p.sayf("%s", said); err != nil {
			return err
		}
		switch {
		case answer == "approve" || s.Anyway:
			return nil
		case answer != "revise":
			return fmt.Errorf("the plan was turned down: %s", answer)
		}
	}
	return errors.New("the plan is to be revised, and the script has no other")
}
