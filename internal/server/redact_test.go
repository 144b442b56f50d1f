package server

import (
	"encoding/json"
	"strings"
	"testing"

	"popkit/internal/api"
	"popkit/internal/core/event"
	"popkit/internal/core/state"
)

// secret is one that the server of a world knows.
const secret = "hunter2-and-more"

// TestWhatAgentsSayIsRedacted: by whichever call, over a socket or in this process, before
// anything is logged. A call to be judged is seen by the guard as it is.
func TestWhatAgentsSayIsRedacted(t *testing.T) {
	w := newWorld(t)
	over, within := w.as("implementer-1"), w.server.Agent("implementer-2")
	says, progress := "the key is "+secret, 0.5
	w.must(over, api.OpShare, api.ShareArgs{Content: says, Tags: []string{"auth", secret}}, nil)
	w.must(within, api.OpShare, api.ShareArgs{Content: "it is not " + secret}, nil)
	w.must(over, api.OpCheckIn, api.CheckInArgs{Progress: &progress, Doing: says, Need: says}, nil)
	w.must(over, api.OpTool, api.ToolArgs{Tool: "Bash", ID: "1", Subject: says}, nil)
	w.must(within, api.OpReport, api.ReportArgs{Report: event.Report{Status: event.ReportDone, Summary: says, FollowUps: []string{says}}}, nil)
	asked := make(chan error, 1)
	go func() {
		asked <- over.Call(t.Context(), api.OpAsk, api.AskArgs{Question: says + "?", Options: []string{secret, "no"}}, nil)
	}()
	w.until(func(s *state.State) bool { return len(s.Open) == 1 })
	w.must(w.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "[redacted]", By: "ada"}, nil)
	if err := <-asked; err != nil {
		t.Error(err)
	}
	n := 0
	for e, err := range w.log.Read(t.Context(), 1) {
		line, merr := json.Marshal(e.Data)
		if err != nil || merr != nil {
			t.Fatal(err, merr)
		}
		if strings.Contains(string(line), secret) {
			t.Errorf("event %d %T holds it: %s", e.Seq, e.Data, line)
		}
		n += strings.Count(string(line), "[redacted]")
	}
	w.query(func(s *state.State) {
		if a := s.Agents["implementer-1"]; a.Progress != progress || a.CheckIns != 1 {
			t.Errorf("the check-in: %+v", a)
		}
	})
	if n < 9 {
		t.Errorf("%d places in the log stand for it", n)
	}
	if v := w.verdict("implementer-1", "deny", `"`+secret+`"`); v.Verdict != event.VerdictDeny {
		t.Errorf("%+v", v)
	}
	for e, err := range w.log.Read(t.Context(), 1) {
		if d, ok := e.Data.(event.GuardJudged); err != nil || ok && d.Digest != `"`+secret+`"` {
			t.Errorf("the guard was asked about %s: %v", d.Digest, err)
		}
	}
}
