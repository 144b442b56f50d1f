package claudecode

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"popkit/internal/core/event"
)

// TestStandsBy: an agent that was started ahead is told nothing before it may begin,
// however long that takes, and is no hang meanwhile.
func TestStandsBy(t *testing.T) {
	onStage(t, "turn\nreport done written\nresult", func(t *testing.T, s *stage) {
		begin := make(chan struct{})
		s.spec.Begin = begin
		go func() {
			time.Sleep(5 * time.Hour)
			synctest.Wait()
			if told := s.toldTexts(t); strings.Contains(told, "the task") {
				t.Errorf("it was told %s", told)
			}
			close(begin)
		}()
		wantReport(t, s.run(t), event.ReportDone, "written")
		if s.took() < 5*time.Hour {
			t.Errorf("it took %s", s.took())
		}
		wantStarts(t, s, "new")
	})
}

// TestStopsStandingBy: one whose turn does not come ends.
func TestStopsStandingBy(t *testing.T) {
	onStage(t, "turn", func(t *testing.T, s *stage) {
		s.spec.Begin = make(chan struct{})
		go func() {
			time.Sleep(time.Minute)
			s.stop()
		}()
		if o := s.run(t); o.Reason != event.ExitStopped {
			t.Errorf("ended %+v", o)
		}
	})
}
