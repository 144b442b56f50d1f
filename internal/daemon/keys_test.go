package daemon

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"popkit/internal/api"
	"popkit/internal/config"
	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/core/state"
	"popkit/internal/core/view"
	"popkit/internal/runs"
)

// effectOf says for every key of the configuration which test shows, with real
// runs, that it takes effect.
func effectOf() map[string]func(*testing.T) {
	return map[string]func(*testing.T){
		"tier": keyTier, "mode_priority": keyMode, "runtime": keyRuntime, "roles.NAME.runtime": keyRuntime,
		"roles.NAME.model": keyRoles, "roles.NAME.tools": keyRoles, "roles.NAME.plan_required": keyRoles,
		"resolver": keyResolver, "on_conflict": keyResolver,
		"on_barrier_timeout": keyBarrier, "limits.barrier_timeout_minutes": keyBarrier,
		"intervals.checkin_every_n_tools": keyTalk, "limits.max_insights": keyTalk, "limits.max_insights_per_pull": keyTalk,
		"limits.max_questions_per_agent": keyTalk, "limits.decision_timeout_minutes": keyTalk,
		"intervals.heartbeat_seconds": keyHeartbeat, "limits.silence_minutes": keyPatience, "limits.agent_timeout_minutes": keyPatience,
		"limits.max_parallel_agents": keyParallel, "limits.max_runtime_minutes": keyRunLimits, "limits.max_agents_started": keyRunLimits,
		"limits.max_attempts": keyAttempts, "limits.retry_delay_seconds": keyAttempts, "decisions.auto": keyAttempts,
		"limits.max_fix_attempts": keyChecks, "limits.check_timeout_minutes": keyChecks,
		"limits.context_bytes": keyContext, "decisions.park_unattended": keyPark,
		"workspace.root": keyPlaces, "workspace.setup": keyPlaces, "workspace.copy": keyPlaces, "workspace.ports": keyPlaces,
		"workspace.submodules": keySubmodules, "limits.transcript_bytes": keyPlaces,
		"env.pass": keyPlaces, "env.secrets": keyPlaces, "env.set.NAME": keyPlaces, "env.home": keyPlaces, "env.tmp": keyPlaces,
		"env.caches.NAME": keyPlaces, "commit.sign": keySign,
		"guardrails.restricted_tools": keyGuard, "guardrails.human_required": keyGuard, "guardrails.unconventional": keyGuard,
		"guardrails.protected_reads": keyGuard, "guardrails.sensitive_paths": keyGuard, "guardrails.protected_branches": keyGuard,
		"guardrails.rules.NAME": keyGuard, "guardrails.bulk_files": keyGuard,
		"planner.runtime": keyPlanner, "planner.max_minutes": keyPlanner, "planner.max_cost_usd": TestPlanningLimits,
		"guardrails.canary_seconds": keyCanary, "notify.command": keyNotify, "notify.webhook": keyNotify, "notify.timeout_seconds": keyNotify,
		"sandbox": keySandbox, "sandbox_write": keySandbox, "sandbox_read": keySandbox, "sandbox_hide": keySandbox, "sandbox_network": keySandbox,
		"guardrails.protected_paths": keyAudit, "guardrails.audit_scope": keyAudit,
		"guardrails.audit.rules.NAME": keyAuditRules, "guardrails.audit.max_file_bytes": keyAuditRules, "guardrails.audit.max_read_bytes": keyAuditRules,
	}
}

// TestEveryKeyTakesEffect fails when a key of the configuration that is not marked
// as one for later has no test, and runs them.
func TestEveryKeyTakesEffect(t *testing.T) {
	tests := effectOf()
	maps.Copy(tests, limitKeys())
	for _, key := range []string{"claude.path", "claude.model", "claude.settings", "claude.max_turns"} {
		tests[key] = keyClaude
	}
	for _, k := range config.Keys() {
		if _, ok := tests[k.Name]; ok == k.Later {
			t.Errorf("%s: has a test: %t, is for later: %t", k.Name, ok, k.Later)
		}
	}
	byTest := map[string][]string{}
	run := map[string]func(*testing.T){}
	for key, test := range tests {
		name := fmt.Sprintf("%p", test)
		byTest[name], run[name] = append(byTest[name], key), test
	}
	for name, keys := range byTest {
		slices.Sort(keys)
		t.Run(strings.Join(keys, ","), run[name])
	}
}

// result is a run to its end, with a configuration of its own.
func result(t *testing.T, json string, plan objective.Plan) (runs.Run, *state.State) {
	t.Helper()
	run := configured(t, newRepo(t), json, plan, config.Flags{})
	return run, start(t, run).wait()
}

func keyTier(t *testing.T) {
	red := onePhase([]objective.Check{{Run: "exit 1"}}, task("a", "echo a > a"))
	_, s := result(t, `{"tier":"free"}`, red)
	wantOutcome(t, s, event.OutcomeDone) // basic barriers run no checks
	if s.Settings.Mode != "file" || !s.Settings.Sequential || s.Settings.MaxAgents != 2 || s.Settings.FullRouting {
		t.Errorf("free: %+v", s.Settings)
	}
	_, s = result(t, `{"tier":"premium","limits":{"max_fix_attempts":1}}`, red)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if s.Settings.MaxAgents != 5 || s.Settings.Mode != "native" || !s.Settings.FullRouting {
		t.Errorf("premium: %+v", s.Settings)
	}
	_, s = result(t, `{"limits":{"max_parallel_agents":99}}`, onePhase(nil, task("a", "echo a > a")))
	if s.Settings.MaxAgents != 10 {
		t.Errorf("pro: %+v", s.Settings)
	}
}

// alone is a plan of three tasks that fail where another one runs at the same time.
func alone(t *testing.T) objective.Plan {
	lock := filepath.Join(t.TempDir(), "lock")
	run := "mkdir " + lock + " && sleep 0.05 && rmdir " + lock + " && echo $POPKIT_TASK > $POPKIT_TASK"
	return onePhase(nil, task("a", run), task("b", run), task("c", run))
}

// together is a plan of two tasks that only end when both run at the same time.
func together(t *testing.T) objective.Plan {
	dir := t.TempDir()
	run := "touch " + dir + "/$POPKIT_TASK; until test -e " + dir + "/a -a -e " + dir + "/b; do sleep 0.01; done; echo x > $POPKIT_TASK"
	return onePhase(nil, task("a", run), task("b", run))
}

func keyMode(t *testing.T) {
	_, s := result(t, `{"mode_priority":["file","native"],"limits":{"max_attempts":1}}`, alone(t))
	wantOutcome(t, s, event.OutcomeDone)
	if s.Settings.Mode != "file" || s.Settings.ModeReason == "" {
		t.Errorf("%+v", s.Settings)
	}
}

func keyParallel(t *testing.T) {
	_, s := result(t, `{"limits":{"max_parallel_agents":1,"max_attempts":1}}`, alone(t))
	wantOutcome(t, s, event.OutcomeDone)
	_, s = result(t, `{"limits":{"max_parallel_agents":2}}`, together(t))
	wantOutcome(t, s, event.OutcomeDone)
}

func keyRuntime(t *testing.T) {
	a, b := task("a", ""), task("b", "")
	a.Runtime, b.Runtime, b.Role = "", "", "tester"
	run, s := result(t, `{"runtime":"exec:echo default > $POPKIT_TASK","roles":{"tester":{"runtime":"exec:echo tester > $POPKIT_TASK"}}}`, onePhase(nil, a, b))
	wantOutcome(t, s, event.OutcomeDone)
	for file, want := range map[string]string{"a": "default", "b": "tester"} {
		if got := git(t, run.Place.Repo, "show", "popkit/"+run.ID+":"+file); got != want {
			t.Errorf("%s holds %q", file, got)
		}
	}
}

func keyResolver(t *testing.T) {
	plan := conflicting("")
	_, s := result(t, `{"on_conflict":"first_wins"}`, plan)
	wantOutcome(t, s, event.OutcomeDone)
	_, s = result(t, `{"on_conflict":"human"}`, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	prompt := filepath.Join(t.TempDir(), "prompt")
	run, s := result(t, `{"resolver":"exec:cat > `+prompt+`; echo resolved > f"}`, plan)
	wantOutcome(t, s, event.OutcomeDone)
	if got := git(t, run.Place.Repo, "show", "popkit/"+run.ID+":f"); got != "resolved" {
		t.Errorf("f holds %q", got)
	}
	for _, want := range []string{"do one", "do two", "task one", "task two"} { // both sides, and what was asked for
		if got := readFile(t, prompt); !strings.Contains(got, want) {
			t.Errorf("the resolver is not told %q:\n%s", want, got)
		}
	}
}

// underLimit calls try with a limit in minutes, and with one that is longer each
// time while it says that the machine was too slow for what comes before the limit.
func underLimit(minutes float64, try func(minutes float64) (inTime bool)) {
	for !try(minutes) {
		minutes *= 2
	}
}

func keyBarrier(t *testing.T) {
	plan := onePhase(nil, task("quick", "echo q > q"), task("slow", "exec sleep 1000"))
	underLimit(0.01, func(minutes float64) bool {
		_, s := result(t, fmt.Sprintf(`{"on_barrier_timeout":"partial","limits":{"barrier_timeout_minutes":%g}}`, minutes), plan)
		wantOutcome(t, s, event.OutcomeDone)
		var left []string
		for _, id := range []string{"quick", "slow"} {
			if s.Tasks[id].Status != state.TaskMerged {
				left = append(left, id)
			}
		}
		if o := s.Phases[0].Opened; o == nil || !o.Partial || !slices.Equal(o.Missing, left) {
			t.Fatalf("partial: %+v, left out %q", o, left)
		}
		return slices.Equal(left, []string{"slow"})
	})
	run := configured(t, newRepo(t), `{"limits":{"barrier_timeout_minutes":0.005}}`, plan, config.Flags{})
	l := start(t, run)
	l.until("barrier.timed_out", 1)
	l.until("question.asked", 1)
	l.call(l.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "stop", By: "ada"}, nil)
	s := l.wait()
	if q := s.Questions["q-1"]; q.Kind != event.AskBarrier || !strings.Contains(q.Text, "missing: ") || !strings.Contains(q.Text, "slow") {
		t.Errorf("human: %+v", q)
	}
}

func keyTalk(t *testing.T) {
	g := newGate(t)
	run := configured(t, newRepo(t), `{"intervals":{"checkin_every_n_tools":2},"limits":{"max_insights":2,"max_insights_per_pull":1,
		"max_questions_per_agent":1,"decision_timeout_minutes":0.001}}`, onePhase(nil, task("one", g.pass()+"; echo 1 > 1"), task("two", g.pass()+"; echo 2 > 2")), config.Flags{})
	l := start(t, run)
	l.until("agent.started", 2)
	one, two := l.agent("implementer-1"), l.agent("implementer-2")
	for i, fits := range []bool{true, true, false} {
		if err := one.Call(t.Context(), api.OpShare, api.ShareArgs{Content: fmt.Sprint("found ", i, strings.Repeat(" thing", i))}, nil); (err == nil) != fits {
			t.Errorf("insight %d: %v", i, err)
		}
	}
	for range 2 {
		var d view.Delivery
		l.call(two, api.OpMine, api.PullArgs{Max: 5}, &d)
		if len(d.Insights) != 1 {
			t.Errorf("a pull brought %d", len(d.Insights))
		}
	}
	for range 5 {
		l.call(one, api.OpTool, api.ToolArgs{Tool: "Read"}, nil)
	}
	var a api.AskAnswer
	l.call(one, api.OpAsk, api.AskArgs{Question: "which?"}, &a)
	if a.By != "timeout" || a.Answer != "no answer" {
		t.Errorf("answered %+v", a)
	}
	if err := one.Call(t.Context(), api.OpAsk, api.AskArgs{Question: "and which?"}, nil); err == nil || !strings.Contains(err.Error(), "max_questions_per_agent") {
		t.Errorf("a second question: %v", err)
	}
	g.open(t)
	g.open(t)
	s := l.wait()
	wantOutcome(t, s, event.OutcomeDone)
	if n := s.Agents["implementer-1"].CheckIns; n != 2 {
		t.Errorf("%d check-ins after 5 tool calls", n)
	}
}

func keyHeartbeat(t *testing.T) {
	g := newGate(t)
	plan := onePhase(nil, task("a", "(while sleep 0.01; do echo .; done) & "+g.pass()+"; kill $!; echo a > a"))
	l := start(t, configured(t, newRepo(t), `{"intervals":{"heartbeat_seconds":0.02}}`, plan, config.Flags{}))
	l.until("agent.seen", 2)
	g.open(t)
	wantOutcome(t, l.wait(), event.OutcomeDone)
	run, s := result(t, `{"intervals":{"heartbeat_seconds":3000}}`, onePhase(nil, task("a", "echo a | tee a; sleep 0.1")))
	wantOutcome(t, s, event.OutcomeDone)
	if n := countEvents[event.AgentSeen](t, run); n != 0 {
		t.Errorf("looked %d times", n)
	}
}

func countEvents[D event.Data](t *testing.T, run runs.Run) (n int) {
	t.Helper()
	log, err := run.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for e, err := range log.Read(t.Context(), 1) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := e.Data.(D); ok {
			n++
		}
	}
	return n
}

// keyPatience: an agent that hangs is replaced, its work kept and passed on.
func keyPatience(t *testing.T) {
	hangs := task("a", `if [ $POPKIT_ATTEMPT = 1 ]; then echo half > half; exec sleep 1000; fi; cat > prompt; echo a > a`)
	for key, why := range map[string]string{
		"silence_minutes":       "no sign of life for %s (limits.silence_minutes)",
		"agent_timeout_minutes": "it ran longer than %s (limits.agent_timeout_minutes)",
	} {
		underLimit(0.005, func(minutes float64) bool {
			// The limit is as short for the second attempt: on a busy machine it may take more.
			run, s := result(t, fmt.Sprintf(`{"limits":{"max_attempts":100,"%s":%g}}`, key, minutes), onePhase(nil, hangs))
			wantOutcome(t, s, event.OutcomeDone)
			limit := time.Duration(minutes * float64(time.Minute))
			first := s.Agents["implementer-1"]
			if first.Rejected == nil || !strings.Contains(first.Rejected.Reason, fmt.Sprintf(why, limit)) {
				t.Fatalf("%s %g: %+v", key, minutes, first.Rejected)
			}
			if first.Work.Ref == "" || s.Tasks["a"].Attempts > 2 {
				return false
			}
			if got := git(t, run.Place.Repo, "show", first.Work.Ref+":half"); got != "half" {
				t.Errorf("its work is kept as %q", got)
			}
			if prompt := git(t, run.Place.Repo, "show", "popkit/"+run.ID+":prompt"); !strings.Contains(prompt, "worked on this task before you") || !strings.Contains(prompt, first.Work.Commit) {
				t.Errorf("the next is not told:\n%s", prompt)
			}
			return true
		})
	}
}

func keyRunLimits(t *testing.T) {
	_, s := result(t, `{"limits":{"max_runtime_minutes":0.005}}`, onePhase(nil, task("a", "exec sleep 20")))
	wantOutcome(t, s, event.OutcomeFailed)
	if !strings.Contains(s.Ended.Reason, "limits.max_runtime_minutes") {
		t.Errorf("%+v", s.Ended)
	}
	_, s = result(t, `{"limits":{"max_agents_started":1}}`, onePhase(nil, task("a", "echo a > a"), task("b", "echo b > b")))
	wantOutcome(t, s, event.OutcomeFailed)
	if !strings.Contains(s.Ended.Reason, "limits.max_agents_started") || s.Started != 1 {
		t.Errorf("%+v", s.Ended)
	}
}

func keyAttempts(t *testing.T) {
	plan := onePhase(nil, task("a", "exit 1"), task("b", "echo b > b"))
	_, s := result(t, `{"limits":{"max_attempts":1}}`, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if n := s.Tasks["a"].Attempts; n != 1 {
		t.Errorf("%d attempts", n)
	}
	_, s = result(t, `{"limits":{"max_attempts":3,"retry_delay_seconds":0.05},"decisions":{"auto":[{"kind":"attempts","match":"task a","answer":"skip"}]}}`, plan)
	wantOutcome(t, s, event.OutcomeDone)
	if q := s.Questions["q-1"]; q.Answer == nil || q.Answer.By != "policy" || s.Tasks["a"].Status != state.TaskSkipped || s.Tasks["a"].Attempts != 3 {
		t.Errorf("%+v %+v", q, s.Tasks["a"])
	}
	// It doubles: 50 ms, then 100 ms.
	var tries []*state.Agent
	for _, id := range s.Order {
		if s.Agents[id].Task == "a" {
			tries = append(tries, s.Agents[id])
		}
	}
	if gap := tries[2].StartedAt.Sub(tries[0].ExitedAt); gap < 150*time.Millisecond {
		t.Errorf("the third attempt began %s after the first", gap)
	}
}

func keyChecks(t *testing.T) {
	red := onePhase([]objective.Check{{Run: "exit 1"}}, task("a", "echo $POPKIT_ATTEMPT > a"))
	_, s := result(t, `{"limits":{"max_fix_attempts":1}}`, red)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if c := s.Phases[0].Checks[0]; c.Fixes != 1 {
		t.Errorf("%d fixes", c.Fixes)
	}
	_, s = result(t, `{"limits":{"check_timeout_minutes":0.002,"max_fix_attempts":0}}`, onePhase([]objective.Check{{Run: "exec sleep 20"}}, task("a", "echo a > a")))
	wantOutcome(t, s, event.OutcomeNeedsHuman)
	if c := s.Phases[0].Checks[0].Last; c.Status != event.CheckCouldNotRun || !strings.Contains(c.Reason, "longer than 120ms") {
		t.Errorf("%+v", c)
	}
}

func keyContext(t *testing.T) {
	plan := onePhase(nil, task("a", `echo a > a; printf '{"status":"done","summary":"the very long story of what was done here and why"}' > $POPKIT_RESULT`))
	plan.Phases = append(plan.Phases, objective.Phase{Name: "next", Tasks: []objective.Task{task("b", "cat > prompt")}})
	for config, want := range map[string]string{"": "the very long story", `{"limits":{"context_bytes":30}}`: "Left out for lack of room: 1 task"} {
		run, s := result(t, config, plan)
		wantOutcome(t, s, event.OutcomeDone)
		if got := git(t, run.Place.Repo, "show", "popkit/"+run.ID+":prompt"); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", config, want, got)
		}
	}
}

func keyPark(t *testing.T) {
	plan := onePhase(nil, task("a", "exit 1"))
	l := start(t, configured(t, newRepo(t), `{"decisions":{"park_unattended":false},"limits":{"max_attempts":1}}`, plan, config.Flags{}))
	l.until("question.asked", 1)
	var v view.Status
	l.call(l.person(), api.OpStatus, nil, &v) // it waits: an engine that parks would end in the batch that asks
	if v.State != "running" || len(v.Decisions) != 1 {
		t.Errorf("%+v", v)
	}
	l.call(l.person(), api.OpAnswer, api.AnswerArgs{ID: "q-1", Answer: "skip", By: "ada"}, nil)
	wantOutcome(t, l.wait(), event.OutcomeDone)
	_, s := result(t, `{"limits":{"max_attempts":1}}`, plan)
	wantOutcome(t, s, event.OutcomeNeedsHuman)
}

// keyPlaces: one run with all that agents find around them changed, one without.
func keyPlaces(t *testing.T) {
	t.Setenv("POPTEST_PASSED", "p")
	t.Setenv("POPTEST_TOKEN", "very-secret-value")
	t.Setenv("HOME", t.TempDir())
	dump := `env > env; pwd > pwd; ls -d "$HOME" "$TMPDIR" "$GOCACHE" >> pwd; ls > ls; echo said very-secret-value; head -c 9000 /dev/zero | tr '\0' x`
	look := func(config string) (env, pwd, ls, transcript string, repo string) {
		repo = newRepo(t)
		t.Setenv("GOCACHE", filepath.Join(t.TempDir()))
		writeFile(t, filepath.Join(repo, "vendor.txt"), "not committed\n")
		run := configured(t, repo, config, onePhase([]objective.Check{{Run: `echo "$HOME|$SET_BY_ME|$POPTEST_TOKEN"`}}, task("a", dump)), cfgFlags())
		s := start(t, run).wait()
		wantOutcome(t, s, event.OutcomeDone)
		show := func(f string) string { return git(t, repo, "show", "popkit/"+run.ID+":"+f) }
		return show("env") + "\ncheck: " + s.Phases[0].Checks[0].Last.Output, show("pwd"), show("ls"), readFile(t, run.Transcript("implementer-1")), repo
	}
	root := t.TempDir()
	env, pwd, ls, transcript, _ := look(`{"workspace":{"root":"` + root + `","setup":"echo s > from-setup; echo s > $HOME/from-setup","copy":["vendor.txt"],"ports":2},
		"limits":{"transcript_bytes":4000},"env":{"pass":["PATH","POPTEST_*","HOME"],"secrets":["*_TOKEN"],"set":{"SET_BY_ME":"1"},"home":"agent","tmp":"shared","caches":{"GOCACHE":"agent"}}}`)
	for _, want := range []string{"SET_BY_ME=1", "POPTEST_PASSED=p", "POPKIT_PORT_2=", "\nPORT=", "HOME=" + root, "GOCACHE=" + root, "check: " + root} {
		if !strings.Contains("\n"+env, want) {
			t.Errorf("no %s in\n%s", want, env)
		}
	}
	for _, no := range []string{"POPTEST_TOKEN", "very-secret-value", "XDG_CACHE_HOME", "TMPDIR=" + root} {
		if strings.Contains(env, no) {
			t.Errorf("%s in\n%s", no, env)
		}
	}
	if !strings.HasPrefix(pwd, root) || !strings.Contains(ls, "from-setup") || !strings.Contains(ls, "vendor.txt") {
		t.Errorf("in %s:\n%s", pwd, ls)
	}
	if strings.Contains(transcript, "very-secret") || !strings.Contains(transcript, "[redacted]") || len(transcript) > 5000 {
		t.Errorf("transcript: %.100s", transcript)
	}
	env, pwd, ls, transcript, repo := look("")
	for _, want := range []string{"POPTEST_TOKEN=very", "XDG_CACHE_HOME=", "HOME=" + os.Getenv("HOME") + "\n", "GOCACHE=" + os.Getenv("GOCACHE"), "TMPDIR=" + os.Getenv("XDG_CACHE_HOME")} {
		if !strings.Contains("\n"+env, want) {
			t.Errorf("without configuration no %s in\n%s", want, env)
		}
	}
	if strings.Contains(env, "PORT=") || strings.HasPrefix(pwd, root) || strings.HasPrefix(pwd, repo) || strings.Contains(ls, "from-setup") || strings.Contains(ls, "vendor.txt") || len(transcript) < 9000 {
		t.Errorf("without configuration: in %s:\n%s", pwd, ls)
	}
}

func cfgFlags() config.Flags { return config.Flags{} }

func keySubmodules(t *testing.T) {
	sub := newRepo(t)
	repo := newRepo(t)
	git(t, repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", sub, "sub")
	git(t, repo, "commit", "-q", "-m", "a submodule")
	for config, want := range map[string]string{"{}": "sub/README", `{"workspace":{"submodules":false}}`: ""} {
		run := configured(t, repo, config, onePhase([]objective.Check{{Run: "ls -d sub/README || true"}}, task("a", "ls -d sub/README > seen; echo a >> seen")), cfgFlags())
		s := start(t, run).wait()
		wantOutcome(t, s, event.OutcomeDone)
		got := git(t, repo, "show", "popkit/"+run.ID+":seen")
		if strings.TrimSpace(strings.TrimSuffix(got, "a")) != want || strings.HasPrefix(s.Phases[0].Checks[0].Last.Output, "sub/README") != (want != "") {
			t.Errorf("%s: the agent saw %q, the check %q", config, got, s.Phases[0].Checks[0].Last.Output)
		}
		if changed := git(t, repo, "diff", "--name-only", "main", "popkit/"+run.ID); changed != "seen" {
			t.Errorf("%s: changed %q", config, changed)
		}
	}
}

func keySign(t *testing.T) {
	repo := newRepo(t)
	gpg := filepath.Join(t.TempDir(), "gpg")
	writeFile(t, gpg, "#!/bin/sh\ncat > /dev/null\necho '[GNUPG:] SIG_CREATED ' >&2\nprintf -- '-----BEGIN PGP SIGNATURE-----\\n\\nfake\\n-----END PGP SIGNATURE-----\\n'\n")
	if err := os.Chmod(gpg, 0o755); err != nil {
		t.Fatal(err)
	}
	git(t, repo, "config", "gpg.program", gpg)
	git(t, repo, "config", "commit.gpgSign", "true")
	plan := onePhase(nil, task("a", "echo a > a"))
	for config, signed := range map[string]bool{`{}`: false, `{"commit":{"sign":true}}`: true} {
		run := configured(t, repo, config, plan, cfgFlags())
		wantOutcome(t, start(t, run).wait(), event.OutcomeDone)
		for _, c := range strings.Fields(git(t, repo, "rev-list", "main..popkit/"+run.ID)) {
			if got := strings.Contains(git(t, repo, "cat-file", "commit", c), "gpgsig"); got != signed {
				t.Errorf("%s: commit %s is signed: %t", config, c, got)
			}
		}
	}
}

// keyAuditRules: what is found blocks, is a note, or is not looked for; sizes are
// bounded.
func keyAuditRules(t *testing.T) {
	binary := task("a", `printf 'a\0b' > bin`)
	text := task("a", "seq 1 100 > a")
	for _, c := range []struct {
		config string
		task   objective.Task
		rule   string // of the only finding; "" for none
		blocks bool
	}{
		{"", binary, "binary_file", true},
		{`{"guardrails":{"audit":{"rules":{"binary_file":"note"}}}}`, binary, "binary_file", false},
		{`{"guardrails":{"audit":{"rules":{"binary_file":"off"}}}}`, binary, "", false},
		{"", text, "", false},
		{`{"guardrails":{"audit":{"max_file_bytes":100}}}`, text, "huge_file", true},
		{`{"guardrails":{"audit":{"max_read_bytes":100}}}`, text, "unread", true},
	} {
		_, s := result(t, c.config, onePhase(nil, c.task))
		want := event.OutcomeDone
		if c.blocks {
			want = event.OutcomeNeedsHuman
		}
		wantOutcome(t, s, want)
		found := s.Agents["implementer-1"].Work.Audit.Findings
		if c.rule == "" && len(found) > 0 || c.rule != "" && (len(found) != 1 || found[0].Rule != c.rule || found[0].Blocks() != c.blocks) {
			t.Errorf("%s: %+v", c.config, found)
		}
	}
}

func keyAudit(t *testing.T) {
	outside := task("a", "mkdir -p locked src && echo a > locked/a")
	outside.Scope = []string{"src/**"}
	for config, outcome := range map[string]event.Outcome{
		"":                                     event.OutcomeNeedsHuman,
		`{"guardrails":{"audit_scope":false}}`: event.OutcomeDone,
		`{"guardrails":{"audit_scope":false,"protected_paths":["locked/**"]}}`: event.OutcomeNeedsHuman,
	} {
		_, s := result(t, config, onePhase(nil, outside))
		wantOutcome(t, s, outcome)
		if outcome == event.OutcomeNeedsHuman && (len(s.Open) != 1 || s.Questions[s.Open[0]].Kind != event.AskAudit) {
			t.Errorf("%s: %v", config, s.Open)
		}
	}
}
