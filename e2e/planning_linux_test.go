package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// planScript is a planning agent on a terminal's machine: what it does is in the
// file "mood", the plan it makes in the file "answer".
const planScript = `cat > /dev/null
case $(cat $WORK/mood) in
make) cat $WORK/answer ;;
fail) echo out of ideas >&2; exit 1 ;;
sleep) touch $WORK/asleep; sleep 1000 & sleep 1000 ;;
esac
`

const planAnswer = `{"summary": "Two files.", "power_mode": {"worth_it": true, "why": "two files"}, "phases": [{"name": "write", "checks": [{"run": "test -d ."}], "tasks": [
	{"id": "one", "role": "implementer", "title": "Write one", "prompt": "Write one.", "scope": ["one.txt"], "tags": ["one"]},
	{"id": "two", "role": "implementer", "title": "Write two", "prompt": "Write two.", "scope": ["two.txt"], "tags": ["two"]}]}]}`

// planning starts popkit on a terminal, where a planning agent is in that mood.
func planning(t *testing.T, mood string) *terminal {
	t.Helper()
	x := newTerminal(t, "")
	home := filepath.Dir(x.dir)
	x.env = append(x.env, "EDITOR=sh "+filepath.Join(home, "editor"))
	config := fmt.Sprintf(`{"runtime": "exec:echo $POPKIT_TASK > $POPKIT_TASK.txt", "planner": {"runtime": "exec:sh %[1]s/plan.sh"}, "sandbox_write": [%[1]q]}`, home)
	for name, text := range map[string]string{
		".config/popkit/config.json": config, "plan.sh": planScript, "answer": planAnswer, "mood": mood,
		"editor": `printf 'sed: '; read -r script; sed -i "$script" "$1"`,
	} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	x.start([]string{"power", "start", "Write two words"})
	return x
}

// TestTerminalEditsPlan: the plan is edited in the person's editor, which has the
// terminal, until it is right; then it is run as it is then.
func TestTerminalEditsPlan(t *testing.T) {
	x := planning(t, "make")
	x.see("plan saved in .claude/popkit/plans/write-two-words.yaml")
	x.see("start this run? [y/N, e: edit the plan] ")
	x.typed("e\n")
	x.see("sed: ")
	x.typed("s/role/rule/\n")
	x.see(`plan.yaml:9:9: unknown key "rule" in tasks[0] (did you mean "role"?)`)
	x.see("edit it again? ")
	x.typed("y\n")
	x.see("sed: ")
	x.typed("s/rule/role/; s/Write two$/Write the second/; s/test -d ./no-such-check/\n")
	x.see("checks now no-such-check: missing")
	x.see("Write the second")
	x.see("start this run? ")
	x.typed("e\n")
	x.see("sed: ")
	x.typed("s/no-such-check/test -s two.txt/\n")
	x.see("checks now test -s two.txt: red")
	x.see("start this run? ")
	x.typed("y\n")
	x.see("done and verified")
	x.ends(0)
	x.do("grep", "-q", "Write the second", ".claude/popkit/plans/write-two-words.yaml")
}

// TestTerminalPlanningFails: a person is asked whether the default phases will do.
func TestTerminalPlanningFails(t *testing.T) {
	for answer, code := range map[string]int{"n": 1, "y": 1} {
		x := planning(t, "fail")
		x.see("planning failed: the planning command ended with exit code 1: out of ideas")
		x.see("use the default phases instead? [y/N] ")
		x.typed(answer + "\n")
		if answer == "n" {
			x.see("popkit: there is no plan")
		} else {
			x.see("plan       default phases: 6 phases, 6 tasks")
			x.see("start this run? [y/N] ")
			x.typed("n\n")
			x.see("popkit: not started")
		}
		x.ends(code)
	}
}

// TestTerminalPlanningInterrupt: what goes on is said, and Ctrl-C ends it and all of it.
func TestTerminalPlanningInterrupt(t *testing.T) {
	x := planning(t, "sleep")
	x.see("planning (")
	x.see("the planning agent works")
	x.typed("\x03")
	x.see("popkit: planning was stopped; nothing was started, and nothing is left of it")
	x.ends(4)
	home := filepath.Dir(x.dir)
	if left, err := os.ReadDir(filepath.Join(home, ".cache", "popkit", "workspaces")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if out := x.do("sh", "-c", "ps -eo args | grep -v grep | grep -c "+home+"/plan.sh; true"); out != "0\n" {
		t.Errorf("%s processes are left", out)
	}
}
