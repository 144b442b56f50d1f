package claudecode

import (
	"context"
	"errors"
	"iter"
	"os"
	"strings"
	"testing"

	"popkit/internal/agent"
	"popkit/internal/agent/agenttest"
	"popkit/internal/agent/claudecode/launch"
	"popkit/internal/core/event"
	"popkit/internal/proc"
)

// TestSession: what a session says of itself, and that a process which died is followed by
// another one, in real processes.
func TestSession(t *testing.T) {
	r := fakeRuntime(t, "turn say this\nsay I begin\nkill\nprocess\nargs --resume\nturn killed\nreport done all\nresult", &fakeDesk{})
	spec := agenttest.NewSpec(t)
	var again []proc.Ident
	spec.Again = func(id proc.Ident, _ string) { again = append(again, id) }
	s, err := r.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	first := s.Ident()
	wantReport(t, s.Wait(), event.ReportDone, "all")
	if len(again) != 1 || again[0] == first || s.Ident() != again[0] {
		t.Errorf("its processes were %v and %v; it says that it is in %v", first, again, s.Ident())
	}
	if !s.(agent.Hooked).Hooked() || s.(agent.Permitted).Permission() != "closed" {
		t.Error("it does not say that it asks the guard, and nobody else")
	}
	inheriting, err := launch.New(launch.CLI{Path: "/bin/true", Version: launch.Tested}, launch.Options{Inherit: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := (&session{runtime: &Runtime{launcher: inheriting}}).Permission(); got != "inherited" {
		t.Errorf("with the user's settings it is %q", got)
	}
}

// TestUrgentIsLost: that urgent messages come no more is in the transcript; the agent goes on.
func TestUrgentIsLost(t *testing.T) {
	r := fakeRuntime(t, "turn\nreport done all\nresult", &fakeDesk{})
	desk := r.desk
	r.desk = func(s agent.Spec) host {
		h := desk(s)
		h.urgent = func(context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) { yield("", errors.New("the engine is gone")) }
		}
		return h
	}
	spec := agenttest.NewSpec(t)
	s, err := r.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	wantReport(t, s.Wait(), event.ReportDone, "all")
	if data, err := os.ReadFile(spec.Transcript); err != nil || !strings.Contains(string(data), "urgent messages do not reach it any more: the engine is gone") {
		t.Errorf("the transcript is %s, %v", data, err)
	}
}

// TestSecretsInJSON: a secret is found in a transcript however JSON writes it, and in the
// report.
func TestSecretsInJSON(t *testing.T) {
	const secret = "pass\"word\\with<all>\tof it"
	r := fakeRuntime(t, "turn\nsay token pass\"word\\with<all>\tof it token\nreport failed it is pass\"word\\with<all>\tof it\nresult", &fakeDesk{})
	spec := agenttest.NewSpec(t)
	spec.Secrets = []string{secret}
	s, err := r.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	o := s.Wait()
	data, err := os.ReadFile(spec.Transcript)
	if err != nil {
		t.Fatal(err)
	}
	if o.Report == nil || o.Report.Summary != "it is [redacted]" || !strings.Contains(o.Detail, "token [redacted] token") {
		t.Errorf("outcome is %+v, %+v", o, o.Report)
	}
	if text := string(data); !strings.Contains(text, "token [redacted] token") || strings.Contains(text, "of it token") {
		t.Errorf("the transcript is %s", text)
	}
}
