package daemon

import (
	"os"
	"path/filepath"
	"testing"

	"popkit/internal/planner"
)

// TestChecksChangeNothing: each check finds the commit as it is, and none reaches
// the user's checkout, or a run's sockets.
func TestChecksChangeNothing(t *testing.T) {
	repo := newRepo(t)
	socket := filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "popkit", "run", "engine.sock")
	writeFile(t, socket, "")
	command, _ := answers(t, planWith("rm README; echo x > new; exit 0", "grep -q hello README && test ! -e new", "ls "+repo+"/README", "ls "+socket))
	made, err := planning(t, repo, command)
	if err != nil {
		t.Fatal(err)
	}
	if c := made.Checks; c[1].State != planner.Green || c[2].State != planner.Red || c[3].State != planner.Red {
		t.Errorf("checks %+v", made.Checks)
	}
}

// TestPlanningAgentOnlyReads: it may not even change its clone.
func TestPlanningAgentOnlyReads(t *testing.T) {
	repo := newRepo(t)
	command, _ := answers(t, planWith("test -e README"))
	made, err := planning(t, repo, `cat README >&2; for f in README .git/config new; do if echo x 2>/dev/null > $f; then echo "wrote $f" >&2; exit 3; fi; done; `+command)
	if err != nil || len(made.Checks) != 1 {
		t.Errorf("%+v %v", made, err)
	}
}
