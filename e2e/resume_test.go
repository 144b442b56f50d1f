package e2e

import "testing"

const workless = `
objective: {description: Nothing}
limits: {max_attempts: 1}
phases:
  - name: work
    tasks: [{id: a, role: alpha, title: A, prompt: A., runtime: 'exec:true'}]
`

// TestResumeAsks: on a terminal a parked run's questions are asked before it goes
// on; without their answers it would only park again.
func TestResumeAsks(t *testing.T) {
	x := onTerminal(t, workless, "version")
	x.ends(0)
	x.do("sh", "-c", "popkit power start --plan ../plan.yaml --yes </dev/null; test $? = 3")
	x.start([]string{"power", "resume"})
	x.see("claims to be done without work")
	x.see("answer q-1 (empty: leave it open)>")
	x.typed("skip\n")
	x.see("answered q-1: skip")
	x.see("0 of 1 task merged, skipped: a")
	x.ends(0)
}
