package e2e

import (
	"strings"
	"sync"
	"testing"
)

// TestTwoStarts: of two starts at once one begins; the other is told of it, and
// leaves no run behind that never was.
func TestTwoStarts(t *testing.T) {
	x := onTerminal(t, endlessPlan, "version")
	x.ends(0)
	outs := make([]string, 4)
	var wg sync.WaitGroup
	for i := range outs {
		wg.Go(func() {
			outs[i] = x.do("sh", "-c", "popkit power start --plan ../plan.yaml --yes --detach 2>&1 >/dev/null; echo ended with $?")
		})
	}
	wg.Wait()
	all := strings.Join(outs, "\n")
	if strings.Count(all, "ended with 0") != 1 || strings.Count(all, "ended with 5") != 3 {
		t.Errorf("not one of %d began:\n%s", len(outs), all)
	}
	if strings.Count(all, "is active here, held by process")+strings.Count(all, "about to begin here") != 3 {
		t.Errorf("not all were told who is active:\n%s", all)
	}
	if list := x.do("popkit", "power", "list"); strings.Count(list, "\n") != 2 {
		t.Errorf("there are runs that never were:\n%s", list)
	}
}
