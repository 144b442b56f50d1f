package proof

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

// Arg is the first argument of the call that attacks; Attack takes the rest.
const Arg = "__sandbox-attack"

// State says how a promise fares.
type State string

// The states.
const (
	Held         State = "held"
	Broken       State = "broken"
	NotAvailable State = "not available"
)

// Result is what became of one promise.
type Result struct {
	Promise string
	State   State
	Tries   int
	Detail  string // which attacks broke it, or why it is not available
}

// attack is one way to break a promise.
type attack struct {
	name string
	// do is run inside. nil means that it got what it wanted.
	do func(w world) error
	// harmless attacks may well get what they want inside: in a copy, or a folder of
	// their own. Only the victims count.
	harmless bool
}

// promise is what the sandbox gives its word for.
type promise struct {
	text    string
	lacks   func(a sandbox.Ability) string // why it can't be had, "" when it can
	attacks []attack
	// good says that these are no attacks: each has to get what it wants.
	good bool
	// victims says that all that the attacks can harm, sandbox or not, is the world's.
	victims bool
	// network says that they are tried in a sandbox without network.
	network bool
}

// Run tries to break every promise, in a new folder below dir.
func Run(ctx context.Context, a sandbox.Ability, dir string) (results []Result, err error) {
	w, err := newWorld(dir)
	if err != nil {
		return nil, fmt.Errorf("make a scratch world: %w", err)
	}
	defer func() { err = errors.Join(err, w.close()) }()
	for _, p := range promises() {
		r := Result{Promise: p.text, State: Held}
		if p.lacks != nil {
			r.Detail = p.lacks(a)
		}
		if r.Detail != "" {
			r.State = NotAvailable
			results = append(results, r)
			continue
		}
		var broken []string
		for _, at := range p.attacks {
			r.Tries++
			why, err := w.try(ctx, a, p, at)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", at.name, err)
			}
			if why != "" {
				broken = append(broken, at.name+": "+why)
			}
		}
		if len(broken) > 0 {
			r.State, r.Detail = Broken, strings.Join(broken, "; ")
		}
		results = append(results, r)
	}
	return results, nil
}

// try runs one attack and says how it broke the promise, "" when it did not.
func (w *owner) try(ctx context.Context, a sandbox.Ability, p promise, at attack) (string, error) {
	if err := w.restore(false); err != nil {
		return "", err
	}
	said, err := w.inside(ctx, a, p.network, id(p, at))
	if err != nil {
		return "", err
	}
	harm, err := w.harm()
	if err != nil {
		return "", err
	}
	got := said == gotIt
	switch {
	case harm != "":
		return harm, w.restore(true)
	case p.good && !got:
		return "it does not work: " + said, nil
	case !p.good && got && !at.harmless:
		return "it got what it wanted", nil
	}
	return "", nil
}

// id names an attack among all.
func id(p promise, at attack) string { return p.text + ": " + at.name }

// gotIt is what an attacker prints that was not refused.
const gotIt = "got it"

// inside runs an attack in the sandbox and returns what it says. One that was
// killed, or can't be understood, was refused.
func (w *owner) inside(ctx context.Context, a sandbox.Ability, noNetwork bool, name string) (string, error) {
	place := w.place(a)
	place.NoNetwork = noNetwork
	spec, env, err := place.Spec()
	if err != nil {
		return "", err
	}
	return w.start(ctx, append(env, w.environ()...), spec.Orders(), name)
}

func (w *owner) start(ctx context.Context, env, confine []string, name string) (string, error) {
	self, err := proc.Self()
	if err != nil {
		return "", err
	}
	about, err := json.Marshal(w.world)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	process, err := proc.Start(ctx, proc.Command{
		Path: self, Args: []string{"popkit", Arg, name, string(about)}, Dir: w.Mine, Env: env, Stdout: &out, Stderr: io.Discard,
		Mark: "sandbox-proof", Confine: confine,
	})
	if err != nil {
		return "", err
	}
	_, err = process.Wait()
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	return lines[len(lines)-1], err
}

// Attack runs one attack, in the process that is to be held.
func Attack(args []string) int {
	if len(args) != 2 {
		fmt.Fprintln(os.Stderr, "popkit: "+Arg+" is for popkit itself")
		return 2
	}
	var w world
	if err := json.Unmarshal([]byte(args[1]), &w); err != nil {
		fmt.Println("refused:", err)
		return 2
	}
	for _, p := range promises() {
		for _, at := range p.attacks {
			if id(p, at) != args[0] {
				continue
			}
			if err := at.do(w); err != nil {
				fmt.Println("refused:", strings.ReplaceAll(err.Error(), "\n", "; "))
				return 1
			}
			fmt.Println(gotIt)
			return 0
		}
	}
	fmt.Println("refused: no such attack")
	return 2
}
