package effects

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// TestAuditOfWork: what is found is in the event and, whole, where it is kept; no
// secret is in either, and asked again it is the same.
func TestAuditOfWork(t *testing.T) {
	w := newWorld(t, "config.py", "a = 1\n")
	kept := map[string][]event.Finding{}
	w.cfg.Findings = func(agent, commit string, found []event.Finding) error {
		kept[agent+" "+commit] = found
		return nil
	}
	o := order(event.EffectPrepare, "a", w.base)
	o.Workspace = want[event.AgentPrepared](w, o).Workspace
	o.Kind, o.Request.Runtime = event.EffectRun, `exec:echo "key = '`+secret+`'  # $(printf '\342\200\256')" >> config.py; echo A > .env; for i in $(seq 1 150); do printf 'a\0' > b$i; done`
	want[event.AgentExited](w, o)
	o.Kind, o.Bounds = event.EffectCollect, objective.Bounds{Protected: []string{".env*"}}
	left := want[event.AgentCollected](w, o)
	if left.Audit.Blocking != 152 || len(left.Audit.Findings) != event.MaxFindings || left.Audit.Left() != 52 {
		t.Errorf("%d blocking, %d listed", left.Audit.Blocking, len(left.Audit.Findings))
	}
	all := kept[o.Agent+" "+left.Commit]
	if len(all) != 152 {
		t.Errorf("kept: %d findings", len(all))
	}
	i := slices.IndexFunc(all, func(f event.Finding) bool { return f.Rule == "hidden_text" })
	if i < 0 || !strings.Contains(all[i].Hunk, "[redacted]") || strings.Contains(fmt.Sprint(all, left), secret) {
		t.Errorf("%+v", all[max(i, 0)])
	}
	o.Unknown = true
	if again := want[event.AgentCollected](w, o); again.Commit != left.Commit || !slices.Equal(again.Audit.Findings, left.Audit.Findings) {
		t.Errorf("again %+v", again.Audit)
	}

	// Without some files it is judged again.
	o.Kind, o.Unknown, o.Commit, o.Files = event.EffectTrim, false, left.Commit, []string{".env", "config.py"}
	rest := want[event.AgentTrimmed](w, o)
	if rest.Changed != 150 || rest.Audit.Blocking != 150 || !slices.Equal(rest.Dropped, o.Files) || rest.Commit == left.Commit {
		t.Errorf("%+v", rest)
	}
	w.Effects, o.Unknown = w.effects(), true
	if again := want[event.AgentTrimmed](w, o); again.Commit != rest.Commit || again.Ref != rest.Ref {
		t.Errorf("again %+v", again)
	}
	o.Files = []string{"nowhere"}
	if f := w.failed(o); !strings.Contains(f.Error, "nowhere") {
		t.Errorf("%+v", f)
	}
}

// TestAuditThatCanNotBeKept: then the work is not collected, and tried again.
func TestAuditThatCanNotBeKept(t *testing.T) {
	w := newWorld(t)
	w.cfg.Findings = func(string, string, []event.Finding) error { return errors.New("disk full") }
	o := order(event.EffectPrepare, "a", w.base)
	o.Workspace = want[event.AgentPrepared](w, o).Workspace
	o.Kind, o.Request.Runtime = event.EffectRun, "exec:printf 'a\\0' > bin"
	want[event.AgentExited](w, o)
	o.Kind = event.EffectCollect
	if f := w.failed(o); f.Final || !strings.Contains(f.Error, "disk full") {
		t.Errorf("%+v", f)
	}
}

// TestBounded: the log holds so much of the hunks; those of lines go before those
// of files.
func TestBounded(t *testing.T) {
	var found []event.Finding
	for i := range 60 {
		found = append(found, event.Finding{Line: i % 2, Hunk: strings.Repeat("x", 1000), Severity: event.SeverityBlock})
	}
	a := bounded(found)
	size, files := 0, 0
	for i, f := range a.Findings {
		size += len(f.Hunk)
		if f.Hunk == "" {
			if files++; i%2 == 1 {
				t.Errorf("finding %d, about a line, has no hunk", i)
			}
		}
	}
	if size > maxHunks || size < maxHunks-1000 || files == 0 || a.Blocking != 60 || found[58].Hunk == "" {
		t.Errorf("%d bytes of hunks, %d left out", size, files)
	}
	if a := bounded(nil); a.Left() != 0 || len(a.Findings) != 0 {
		t.Errorf("%+v", a)
	}
}
