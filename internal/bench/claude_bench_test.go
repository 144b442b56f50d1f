package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/claudetest"
	"popkit/internal/core/objective"
	"popkit/internal/runs"
	"popkit/internal/scriptmodel"
)

// claude is a world in which agents are the real Claude Code CLI, each with a tap, and
// a scripted model on 127.0.0.1 answers them.
type claude struct {
	*world
	model *scriptmodel.Server
	notes string
	cli   string
}

func newClaude(tb testing.TB, script string) *claude {
	tb.Helper()
	cli := claudetest.Get(tb)
	s, err := scriptmodel.Parse("script.yaml", []byte(script))
	must(tb, err)
	model, err := scriptmodel.Start(s)
	must(tb, err)
	tb.Cleanup(func() { must(tb, model.Close()) })
	c := &claude{world: newWorld(tb), model: model, cli: filepath.Join(cli.Bin, "claude")}
	// Agents may read where the CLI is: that can be a folder that is hidden from them.
	config := filepath.Join(filepath.Dir(c.repo), "home", "config", "popkit", "config.json")
	must(tb, os.WriteFile(config, fmt.Appendf(nil, `{"sandbox_write": [%q], "sandbox_read": [%q]}`, os.TempDir(), filepath.Dir(filepath.Dir(cli.Bin))), 0o644))
	bin, notes := c.tap(c.cli)
	c.notes = notes
	c.env = slices.DeleteFunc(c.env, func(v string) bool { return strings.HasPrefix(v, "PATH=") })
	c.env = append(c.env, "PATH="+bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	c.env = append(c.env, claudetest.Variables(model.URL)...)
	return c
}

// run makes a run of agents that each are told to follow a rule of the script.
func (c *claude) create(atOnce int, rules ...string) runs.Run {
	p := objective.Phase{Name: "implement"}
	for _, r := range rules {
		p.Tasks = append(p.Tasks, objective.Task{
			ID: r, Role: "implementer", Title: "follow the script", Prompt: "@@" + r + "@@", Runtime: "claude", Scope: []string{r + ".txt"},
		})
	}
	return c.world.create(atOnce, p)
}

// ended waits for the run's end and holds the model to its script.
func (c *claude) ended(e *engine) {
	c.tb.Helper()
	e.end()
	if err := c.model.Check(); err != nil {
		c.tb.Fatalf("%v\n%s", err, c.model.Log())
	}
}

// rule is a rule of a script: steps, then a report.
func rule(name string, steps ...string) string {
	return fmt.Sprintf("  - name: %s\n    steps:\n%s", name, strings.Join(steps, "")) +
		"      - {tool: mcp__popkit__report, input: {status: done, summary: All of it is there.}}\n      - {text: Done.}\n"
}

// step is a step of a rule: after a delay, a tool call.
func step(delay time.Duration, tool, input string) string {
	return fmt.Sprintf("      - {delay: %v, tool: %s, input: {%s}}\n", delay, tool, input)
}

// write is a step that leaves some work.
func leave(name string) string {
	return step(0, "Write", fmt.Sprintf(`file_path: %s.txt, content: "the work of %s\n"`, name, name))
}

// BenchmarkClaude is what popkit costs beside the agents that it is for: the real
// Claude Code CLI, with a model that answers by a script.
func BenchmarkClaude(b *testing.B) {
	b.Run("talk", claudeTalk)
	b.Run("share", claudeShare)
	b.Run("makespan", claudeMakespan)
}

// claudeTalk is the time of a tool call's verdict, as the CLI sees it, and that of an
// insight: from the moment in which agent a's report of it leaves its CLI to b's next
// request to its model, less what is left then of the tool that b runs.
func claudeTalk(b *testing.B) {
	const insights = 40
	var a, other []string
	a = append(a, "      - {after: [b.3], tool: Bash, input: {command: \"true\"}}\n")
	for i := range insights {
		a = append(a, step(150*time.Millisecond, "mcp__popkit__share_insight", fmt.Sprintf(`type: pattern, content: "%s"`, finding(i))))
	}
	for range 4 * insights {
		other = append(other, step(0, "Bash", `command: "sleep 0.1"`))
	}
	c := newClaude(b, "rules:\n"+rule("a", append(a, leave("a"))...)+rule("b", append(other, leave("b"))...))
	run := c.create(2, "a", "b")
	program(b)
	c.ended(c.serve(run))

	var judged, passedOn, ours []float64
	notes := taps(b, c.notes)
	for _, t := range notes {
		judged = append(judged, t.answered("popkit-pre")...)
	}
	from, to := notes[0], notes[1]
	if len(from.times("share_insight")) == 0 {
		from, to = to, from
	}
	shared := from.times("share_insight")
	if len(shared) != insights {
		b.Fatalf("%d insights were shared", len(shared))
	}
	requests := slices.DeleteFunc(c.model.Requests(), func(r scriptmodel.Request) bool { return r.Rule != "b" })
	posts := to.times("popkit-post")
	for i, s := range shared {
		r := slices.IndexFunc(requests, func(r scriptmodel.Request) bool { return strings.Contains(r.Heard, finding(i)) })
		if r < 0 {
			b.Fatalf("insight %d did not reach b", i)
		}
		if n := strings.Count(requests[len(requests)-1].Heard, finding(i)); n != 1 {
			b.Fatalf("insight %d reached b %d times", i, n)
		}
		free := s.At
		if p := last(posts, requests[r].Came); p.At.After(free) {
			free = p.At // b's tool ended
		}
		passedOn = append(passedOn, millis(requests[r].Came.Sub(free)))
	}
	var alone []float64 // the same where nothing new is given
	for i, r := range requests[1:] {
		given := slices.ContainsFunc(shared, func(s passed) bool { return s.At.After(requests[i].Came) && s.At.Before(r.Came) })
		if p := last(posts, r.Came); !given && p.At.After(requests[i].Came) {
			alone = append(alone, millis(r.Came.Sub(p.At)))
		}
	}
	for _, kind := range []string{"popkit-post", "popkit-batch"} {
		ours = append(ours, to.answered(kind)...)
	}
	quantiles(b, "Claude Code: a tool call's verdict, as the CLI waits for it", judged, 1, 5)
	slices.Sort(ours)
	quantiles(b, "Claude Code: an insight, from a's report to b's next request, less b's tool", passedOn, none, 50)
	quantiles(b, "… the same way without an insight, for comparison", alone, none, none)
	results.add(b, row{item: "… of which popkit answers a hook, p99", figure: ours[len(ours)*99/100], unit: "ms", budget: none,
		note: fmt.Sprintf("median %.2f ms; the rest is the CLI's own", ours[len(ours)/2])})
}

// last is the last of the lines that passed before a time.
func last(list []passed, before time.Time) passed {
	var out passed
	for _, p := range list {
		if p.At.Before(before) {
			out = p
		}
	}
	return out
}

// finding is the content of an insight, like no other.
func finding(i int) string {
	return fmt.Sprintf("f%dq f%dr f%ds f%dt", i, 7*i+1, 11*i+2, 13*i+3)
}

// claudeShare is what popkit uses of the machine while five agents work.
func claudeShare(b *testing.B) {
	const agents, turns = 5, 30
	const said = "I look at how the packages of this repository are laid out before I change anything, since the routes may be named elsewhere. "
	names, script := []string{}, "rules:\n"
	for i := range agents {
		name := fmt.Sprintf("w%d", i)
		var steps []string
		for n := range turns {
			tool, input := "Bash", fmt.Sprintf(`command: "grep -rn code src | tail -%d"`, 10*n)
			switch {
			case n%3 == 0:
				tool, input = "Read", fmt.Sprintf("file_path: src/p%d/f%d.go", n%10, n)
			case n%10 == 7:
				tool, input = "mcp__popkit__share_insight", fmt.Sprintf(`type: discovery, content: "%s"`, finding(100*i+n))
			}
			steps = append(steps, fmt.Sprintf("      - {delay: 1s, times: 5, text: %q, tool: %s, input: {%s}}\n", said, tool, input))
		}
		names, script = append(names, name), script+rule(name, append(steps, leave(name))...)
	}
	c := newClaude(b, script)
	run := c.create(agents, names...)
	program(b)
	e := c.serve(run)
	watched := observe(e)
	c.ended(e)
	w := <-watched
	var theirs, taps_ time.Duration
	for _, t := range taps(b, c.notes) {
		theirs, taps_ = theirs+t.CLI, taps_+t.Own
	}
	all := e.cmd.ProcessState.UserTime() + e.cmd.ProcessState.SystemTime() // waited for by the engine, too
	rest := all - theirs - taps_ - w.cpu
	share := 100 * w.cpu.Seconds() / theirs.Seconds()
	results.add(b, row{item: "popkit's processor time beside 5 Claude Code agents", figure: share, unit: "%", budget: 3,
		note: fmt.Sprintf("engine %.2f s, agents %.1f s over %d turns each; git, helpers and the sandbox's starts %.2f s more (%.1f %%)",
			w.cpu.Seconds(), theirs.Seconds(), turns, rest.Seconds(), 100*rest.Seconds()/theirs.Seconds())})
	results.add(b, row{item: "popkit's memory beside 5 Claude Code agents", figure: float64(w.rss) / (1 << 20), unit: "MiB", budget: 60,
		note: fmt.Sprintf("the engine's peak; its %d helpers %.1f MiB together (PSS)", w.helpers, float64(w.pss)/(1<<20))})
}

// claudeMakespan is the time of four agents' run over that of the same four CLIs, told
// the same, started at once by a shell script.
func claudeMakespan(b *testing.B) {
	const agents, turns = 4, 12
	script := "rules:\n"
	var names []string
	for i := range agents {
		var steps []string
		for range turns {
			steps = append(steps, step(700*time.Millisecond, "Bash", `command: "sleep 0.2"`))
		}
		name := fmt.Sprintf("w%d", i)
		names = append(names, name)
		steps = append(steps, leave(name))
		script += rule(name, steps...)
		script += fmt.Sprintf("  - name: plain%d\n    steps:\n%s      - {text: Done.}\n", i, strings.Join(steps, ""))
	}
	c := newClaude(b, script)
	program(b)
	var ours, plain []float64
	for range min(3, *rounds) {
		run := c.create(agents, names...)
		began := time.Now()
		c.ended(c.serve(run))
		ours = append(ours, time.Since(began).Seconds())
		plain = append(plain, c.plain(agents).Seconds())
	}
	with, without := median(ours), median(plain)
	results.add(b, row{item: "makespan of 4 Claude Code agents over the CLIs alone", figure: with / without, unit: "×", budget: 1.1,
		note: fmt.Sprintf("%.1f s, the CLIs alone %.1f s; %d turns of 0.9 s", with, without, turns)})
}

// plain runs the CLIs as a shell script would.
func (c *claude) plain(n int) time.Duration {
	c.tb.Helper()
	dir := c.tb.TempDir()
	var script strings.Builder
	for i := range n {
		fmt.Fprintf(&script, "git clone -q --shared %s %d && (cd %d && %s -p '@@plain%d@@' --output-format stream-json --verbose --setting-sources '' --strict-mcp-config --allowedTools Bash,Write < /dev/null > ../%d.out) &\n",
			c.repo, i, i, c.cli, i, i)
	}
	script.WriteString("wait\n")
	cmd := exec.Command("sh", "-c", script.String())
	cmd.Dir, cmd.Env, cmd.Stderr = dir, c.env, os.Stderr
	began := time.Now()
	must(c.tb, cmd.Run())
	took := time.Since(began)
	for i := range n {
		out, err := os.ReadFile(filepath.Join(dir, fmt.Sprint(i), fmt.Sprintf("w%d.txt", i)))
		if err != nil || len(out) == 0 {
			said, _ := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.out", i)))
			c.tb.Fatalf("CLI %d left no work: %v\n%.2000s", i, err, said)
		}
	}
	return took
}
