package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/planner"
	"popkit/internal/proc"
)

// execPlanner is a planning agent that is a command: it reads what is asked on
// standard input, whole each time, and writes the plan as JSON to standard output.
type execPlanner struct {
	bench   *bench
	dir     string
	command string
	said    []string // what was asked and answered before
}

// maxPlanOutput is how much of its output is kept: more than any plan may have.
const maxPlanOutput = 1 << 20

// Ask starts the command anew, with all that was said.
func (x *execPlanner) Ask(ctx context.Context, prompt string) (planner.Answer, error) {
	x.said = append(x.said, prompt)
	out, errs := &ending{most: maxPlanOutput}, &ending{most: 4 << 10}
	end, err := x.run(ctx, out, errs)
	if ctx.Err() != nil {
		return planner.Answer{}, ctx.Err()
	}
	if err != nil {
		return planner.Answer{}, err
	}
	if end.Code != 0 || end.Signal != "" {
		return planner.Answer{}, x.broken(end, string(errs.kept))
	}
	answer := strings.TrimSpace(string(out.kept))
	x.said = append(x.said, "You answered:\n\n"+answer)
	if !json.Valid([]byte(answer)) {
		return planner.Answer{Text: answer}, nil
	}
	return planner.Answer{Plan: json.RawMessage(answer)}, nil
}

func (x *execPlanner) run(ctx context.Context, out, errs io.Writer) (proc.Exit, error) {
	b := x.bench
	const who = "planner"
	env, err := b.private(who)
	if err != nil {
		return proc.Exit{}, err
	}
	schema := filepath.Join(b.tmp, who, "schema.json")
	if err := os.MkdirAll(filepath.Dir(schema), 0o700); err != nil {
		return proc.Exit{}, err
	}
	if err := os.WriteFile(schema, []byte(planner.Schema()), 0o600); err != nil {
		return proc.Exit{}, err
	}
	held, err := b.walls.around(inmate{
		own: filepath.Join(b.tmp, who, "own"), dir: x.dir, look: true, env: append(env, "POPKIT_SCHEMA="+schema), read: []string{schema},
	})
	if err != nil {
		return proc.Exit{}, err
	}
	p, err := proc.Start(ctx, proc.Command{
		Path: "/bin/sh", Args: []string{"sh", "-c", x.command}, Dir: x.dir, Env: held.env, Confine: held.confine,
		Stdin: strings.NewReader(strings.Join(x.said, "\n\n")), Stdout: out, Stderr: errs, Mark: b.id + "/" + who,
	})
	if err != nil {
		return proc.Exit{}, err
	}
	return p.Wait()
}

func (x *execPlanner) broken(end proc.Exit, said string) error {
	lines := strings.Split(strings.TrimSpace(x.bench.redactor.String(said)), "\n")
	f := &planner.Failure{
		Reason: planner.Broken,
		Text:   fmt.Sprintf("the planning command ended with exit code %d: %s", end.Code, lines[len(lines)-1]),
		Hint:   "popkit config explain planner.runtime",
	}
	if end.NotThere() {
		f.Reason = planner.NoCLI
	}
	return f
}

// exec runs a setup command for a workspace of the bench.
func (b *bench) exec(ctx context.Context, dir, command string, out io.Writer) (int, error) {
	end, err := b.environment.command(ctx, b.id, nameOf(dir), dir, command, out)
	if err == nil && ctx.Err() != nil {
		err = errors.Join(err, ctx.Err())
	}
	return end.Code, err
}
