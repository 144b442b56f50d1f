package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// BenchmarkMakespan is a run of 8 scripted agents, 4 at once, in 2 phases, over
// the plan's critical path: the engine process's life from its start to its end,
// over two agents' sleep. What popkit adds does not depend on how long agents
// take; real ones take minutes.
func BenchmarkMakespan(b *testing.B) {
	for _, work := range []time.Duration{3 * time.Second, 30 * time.Second} {
		var spans []float64
		for range min(3, *rounds) {
			spans = append(spans, makespan(b, work))
		}
		results.add(b, row{item: fmt.Sprintf("makespan / critical path, agents of %v", work), figure: median(spans), unit: "×", budget: 1.03,
			note: fmt.Sprintf("%.0f ms are popkit's; 8 agents, 4 at once, 2 phases, engine's start and end included", (median(spans)-1)*millis(2*work))})
	}
}

func makespan(tb testing.TB, work time.Duration) float64 {
	tb.Helper()
	w := newWorld(tb)
	script := filepath.Join(tb.TempDir(), "sleep.yaml")
	text := fmt.Sprintf("- sleep: %v\n- run: echo $POPKIT_TASK > $POPKIT_TASK.txt\n", work)
	must(tb, os.WriteFile(script, []byte(text), 0o644))
	var phases []objective.Phase
	for _, name := range []string{"implement", "review"} {
		p := objective.Phase{Name: name, Checks: []objective.Check{{Run: "test -s " + name + "-1.txt"}}}
		for i := range 4 {
			p.Tasks = append(p.Tasks, objective.Task{
				ID: fmt.Sprintf("%s-%d", name, i+1), Role: "implementer", Title: "sleep", Prompt: "sleep", Runtime: "scripted:" + script,
			})
		}
		phases = append(phases, p)
	}
	run := w.create(4, phases...)
	program(tb)
	began := time.Now()
	e := w.serve(run)
	e.end()
	return float64(time.Since(began)) / float64(2*work)
}

// BenchmarkAdded is the time from the engine's start until the work of N agents,
// of which each writes one file, is merged and verified, less what plain git
// commands take for the same, by agent.
func BenchmarkAdded(b *testing.B) {
	for _, n := range []int{1, 4, 8, 16} {
		var ours, plain []float64
		for range *rounds {
			w := newWorld(b)
			ours = append(ours, millis(merged(w, n)))
			plain = append(plain, millis(plainGit(w, n)))
		}
		with, without := median(ours), median(plain)
		results.add(b, row{item: fmt.Sprintf("added to plain git, %d agents", n), figure: (with - without) / float64(n), unit: "ms/agent", budget: 50,
			note: fmt.Sprintf("%.0f ms, git alone %.0f ms", with, without)})
	}
}

// atOnce is how many agents work at once: the limit of the tier pro.
const atOnce = 10

func file(i int) string { return fmt.Sprintf("t%d.txt", i) }

func write(i int) string { return "echo work > " + file(i) }

func verify(n int) string {
	var tests []string
	for i := range n {
		tests = append(tests, "test -s "+file(i))
	}
	return strings.Join(tests, " && ")
}

// merged runs popkit.
func merged(w *world, n int) time.Duration {
	p := objective.Phase{Name: "implement", Checks: []objective.Check{{Run: verify(n)}}}
	for i := range n {
		p.Tasks = append(p.Tasks, objective.Task{
			ID: fmt.Sprintf("t%d", i), Role: "implementer", Title: "write", Prompt: "write", Runtime: "exec:" + write(i),
		})
	}
	run := w.create(atOnce, p)
	program(w.tb)
	began := time.Now()
	w.serve(run).end()
	return when[event.BarrierOpened](w.tb, w.events(run)).Sub(began)
}

// plainGit does the same as a shell script would: clones and commits at once,
// merges one by one, a worktree for the check.
func plainGit(w *world, n int) time.Duration {
	dir := w.tb.TempDir()
	integration, check := filepath.Join(dir, "integration"), filepath.Join(dir, "check")
	began := time.Now()
	clones := make([]string, n)
	errs := make([]error, n)
	var wg sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i := range n {
		clones[i] = filepath.Join(dir, fmt.Sprint(i))
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			errs[i] = w.script(dir,
				[]string{"git", "clone", "-q", "--shared", w.repo, clones[i]},
				[]string{"sh", "-c", "cd " + clones[i] + " && " + write(i)},
				[]string{"git", "-C", clones[i], "add", "-A"},
				[]string{"git", "-C", clones[i], "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "work"},
			)
		})
	}
	wg.Wait()
	for _, err := range errs {
		must(w.tb, err)
	}
	w.git(w.repo, "worktree", "add", "-q", "--detach", integration, "main")
	for i := range n {
		w.git(integration, "fetch", "-q", clones[i], "HEAD")
		w.git(integration, "merge", "-q", "--no-ff", "-m", "merge", "FETCH_HEAD")
	}
	w.git(integration, "worktree", "add", "-q", "--detach", check, "HEAD")
	_, err := w.do(check, "sh", "-c", verify(n))
	must(w.tb, err)
	return time.Since(began)
}

func (w *world) script(dir string, commands ...[]string) error {
	for _, c := range commands {
		if _, err := w.do(dir, c[0], c[1:]...); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkMachine is what a process costs here, which most other figures are
// made of.
func BenchmarkMachine(b *testing.B) {
	w := newWorld(b)
	for _, c := range [][]string{{"true"}, {"git", "rev-parse", "HEAD"}, {program(b), "version"}} {
		var took []float64
		for range 20 {
			began := time.Now()
			_, err := w.do(w.repo, c[0], c[1:]...)
			must(b, err)
			took = append(took, millis(time.Since(began)))
		}
		results.add(b, row{item: "a process: " + filepath.Base(c[0]), figure: median(took), unit: "ms", budget: none, note: "for comparison"})
	}
}
