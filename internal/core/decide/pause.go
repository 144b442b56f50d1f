package decide

import (
	"fmt"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// freezing brings what is to what a person wants: processes that stand still while
// the run is paused, and go on once it is not, or is being ended.
func freezing(s *state.State, _ time.Time) []event.Data {
	switch still := s.Still(); {
	case still && s.Pause.Frozen == nil:
		return want(s, event.EffectRequested{Key: fmt.Sprintf("freeze:%d", s.Pause.Count), Kind: event.EffectFreeze, Phase: s.Phase})
	case !still && s.Pause.Frozen != nil:
		return want(s, event.EffectRequested{Key: fmt.Sprintf("thaw:%d", s.Pause.Count), Kind: event.EffectThaw, Phase: s.Phase})
	}
	return nil
}

// standing reports whether processes are being frozen or let go on.
func standing(s *state.State) bool {
	for _, ef := range s.Effects {
		if (ef.Kind == event.EffectFreeze || ef.Kind == event.EffectThaw) && !failed(ef) {
			return true
		}
	}
	return s.Pause.Frozen != nil
}

func pause(s *state.State, in Pause) ([]event.Data, error) {
	switch {
	case s.Ended != nil:
		return nil, refuse("popkit power resume", "the run has ended: %s", s.Ended.Reason)
	case s.Stop != nil:
		return nil, refuse("popkit power status", "the run is being stopped")
	case s.Pause.Paused != nil:
		return nil, nil
	}
	return []event.Data{event.RunPaused{By: in.By, Reason: clip(in.Reason, MaxText)}}, nil
}

func unpause(s *state.State, in Unpause) ([]event.Data, error) {
	switch {
	case s.Ended != nil:
		return nil, refuse("popkit power resume", "the run has ended: %s", s.Ended.Reason)
	case s.Pause.Paused != nil:
		return []event.Data{event.RunUnpaused{By: in.By}}, nil
	case s.Quota != nil:
		return []event.Data{event.QuotaOver{By: in.By}}, nil
	}
	return nil, refuse("popkit power status", "the run is not paused")
}
