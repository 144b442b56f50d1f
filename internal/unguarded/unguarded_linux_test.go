package unguarded

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"popkit/internal/policytest"
	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

var (
	update = flag.Bool("update", false, "write the table in docs/guardrails.md, and testdata/outcomes.txt")
	show   = flag.String("show", "", "play only the cases whose text, file or rule has this in it, and print what came of them")
)

const (
	page   = "../../docs/guardrails.md"
	golden = "testdata/outcomes.txt"
	roots  = 12 // at once: a case waits for the kernel most of the time
)

func TestMain(m *testing.M) {
	proc.MaybeInit(sandbox.Enter)
	MaybePlay(context.Background())
	os.Exit(m.Run())
}

// open returns a folder that an unprivileged user can get to.
func open(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "popkit-unguarded-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

func tables(t *testing.T) []policytest.Case {
	t.Helper()
	const dir = "../core/policy/testdata"
	cases, err := policytest.Tables(dir)
	more, err2 := policytest.Acceptances(dir)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return append(cases, more...)
}

// TestWhatTheSystemAloneStops plays every case of the guard's tables as a real
// process, with the guard off, and holds docs/guardrails.md to what came of it.
func TestWhatTheSystemAloneStops(t *testing.T) {
	cases := slices.DeleteFunc(tables(t), func(c policytest.Case) bool {
		return !strings.Contains(c.File+":"+c.Name+" "+c.Rule+": "+c.Text, *show)
	})
	parts := Parts(cases)
	played, err := Run(t.Context(), open(t), parts, roots)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make([]Outcome, len(played))
	for i, p := range played {
		outcomes[i] = p.Outcome(parts[i])
		if *show != "" {
			t.Log(describe(cases[i], p, outcomes[i], parts[i]))
		}
	}
	if *show != "" {
		return
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	want, letters := between(t, string(raw), Table(cases, outcomes)), Golden(cases, outcomes)
	if *update {
		if err := errors.Join(os.WriteFile(page, []byte(want), 0o644), os.WriteFile(golden, []byte(letters), 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	known, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	n, before := 0, ungolden(string(known))
	if len(before) != len(outcomes) {
		t.Fatalf("there are %d cases, and were %d: go test ./internal/unguarded -update writes what came of them", len(outcomes), len(before))
	}
	for i, was := range before {
		if was != outcomes[i] {
			n++
			t.Errorf("%s, was %c", describe(cases[i], played[i], outcomes[i], parts[i]), was)
		}
	}
	if n == 0 && (string(raw) != want || string(known) != letters) {
		t.Errorf("docs/guardrails.md is not up to date: go test ./internal/unguarded -update writes it")
	}
}

func describe(c policytest.Case, p Played, o Outcome, part Part) string {
	text := fmt.Sprintf("%s:%s %s: %s\n\tis %c: exit %d, %v, %q", c.File, c.Name, c.Rule, c.Text, o, p.Inside.Code, p.Inside.Harm(part), p.Inside.Output)
	if p.Outside != nil {
		text += fmt.Sprintf("\n\twithout the sandbox exit %d, %v, %q", p.Outside.Code, p.Outside.Harm(part), p.Outside.Output)
	}
	return text
}

// ungolden reads what Golden wrote.
func ungolden(text string) []Outcome {
	var out []Outcome
	for line := range strings.Lines(text) {
		_, letters, _ := strings.Cut(strings.TrimSpace(line), " ")
		out = append(out, []Outcome(letters)...)
	}
	return out
}

func between(t *testing.T, text, body string) string {
	t.Helper()
	const begin, end = "<!-- guard unguarded: made by go test -->\n", "<!-- guard unguarded: end -->\n"
	i, j := strings.Index(text, begin), strings.Index(text, end)
	if i < 0 || j < i {
		t.Fatal("docs/guardrails.md has no place for the table")
	}
	return text[:i+len(begin)] + "\n" + body + "\n" + text[j:]
}

// TestNothingStartsElsewhere: what would be harm on a machine is not begun where
// there is no throw-away root: neither here, nor as root, nor in half of one.
func TestNothingStartsElsewhere(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := open(t)
	part := fmt.Sprintf(`{"Tool":"Bash","Input":{"command":"touch %s/harm"}}`, dir)
	for _, args := range [][]string{{playArg, "x"}, {playArg, ""}, {enterArg, dir, "x"}} {
		cmd := exec.CommandContext(t.Context(), self, args...)
		cmd.Stdin = strings.NewReader(part)
		out, err := cmd.CombinedOutput()
		if err == nil || !slices.ContainsFunc([]string{"refuse to start anything", "not in namespaces"}, func(s string) bool { return strings.Contains(string(out), s) }) {
			t.Errorf("%q: %v: %s", args, err, out)
		}
	}
	if exists(dir + "/harm") {
		t.Error("it was begun")
	}
}

// TestThrowAway: what a case can see of the machine is nothing, with the sandbox and
// without.
func TestThrowAway(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	dir := open(t)
	probe := fmt.Sprintf(`test $(id -u) -ne 0 && test "$(hostname)" != %q && ! test -e %s && ! test -e /.old &&
		test "$(tail -n +3 /proc/net/dev | grep -vc '^ *lo:')" = 0 && ! (exec 3<> /dev/tcp/127.0.0.1/22) 2> /dev/null &&
		! test -e /usr/bin/apt-cache && test "$(ps -e | wc -l)" -lt 10 && echo alone > /repo/x`, host, dir)
	input := fmt.Sprintf("{\"command\":%q}", probe)
	part := Part{Tool: "Bash", Input: []byte(input), Everyday: true}
	bad := Part{Number: 1, Tool: "Bash", Input: []byte(`{"command":"cat /home/u/.ssh/id_rsa"}`), Rule: "access_credentials"}
	played, err := Run(t.Context(), dir, []Part{part, bad}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if played[0].Inside.Code != 0 || !slices.Contains(played[0].Inside.Changed, "/repo/x") {
		t.Errorf("%+v", played[0].Inside)
	}
	if played[1].Outcome(bad) != Stopped || !played[1].Outside.Read {
		t.Errorf("%+v", played[1])
	}
}
