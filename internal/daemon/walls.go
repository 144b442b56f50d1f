package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/config"
	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/word"
	"popkit/internal/runs"
	"popkit/internal/sandbox"
)

// walls is what the operating system lets agents, checks and setup commands
// reach. The zero value is none.
type walls struct {
	sandbox.Ability
	name      string // of the degree, as it is shown
	cfg       config.Config
	protected []string // globs in workspaces
	hide      []string
	borrowed  func() []string // object directories of the user's
}

// seatbelt is what one command gets: proc.Command.Confine, and its environment.
type seatbelt struct{ confine, env []string }

// inmate says for whom a sandbox is.
type inmate struct {
	own         string // private folder: what it writes outside of its places
	dir         string // that it works in
	env         []string
	protect     bool // whether protected paths in dir are read-only
	look        bool // it may not change dir
	read, write []string
	hide        []string
}

// NoSandboxError says that one is required and can't be had.
type NoSandboxError struct{ Why error }

func (e *NoSandboxError) Error() string {
	why := "this system has none"
	if e.Why != nil {
		why, _, _ = strings.Cut(e.Why.Error(), "\n")
	}
	return "the configuration requires a sandbox, and there is none here: " + why + " (popkit sandbox check says more; sandbox: auto runs without)"
}

func (e *NoSandboxError) Unwrap() error { return e.Why }

// ExitCode says that it is the environment's fault.
func (e *NoSandboxError) ExitCode() int { return 5 }

// detect finds what this machine gives for workspaces below root.
func detect(cfg config.Config, root string) (f finding) {
	if cfg.Sandbox == config.SandboxOff {
		f.Degree = sandbox.None
		return f
	}
	if f.err = os.MkdirAll(root, 0o700); f.err != nil {
		return f
	}
	f.Ability, f.why = sandbox.Detect(root, os.Getenv("HOME"))
	if f.Degree == sandbox.None && cfg.Sandbox == config.SandboxRequired {
		f.err = &NoSandboxError{f.why}
	}
	return f
}

// finding is what detect found.
type finding struct {
	sandbox.Ability
	why, err error
}

// raise takes what was found to hold this run's agents, and what is to be kept
// from them.
func (d *daemon) raise(found finding) error {
	if found.err != nil {
		return found.err
	}
	cfg, ability, why := d.env.cfg, found.Ability, found.why
	w := walls{Ability: ability, name: string(ability.Degree), cfg: cfg, borrowed: d.work.Borrowed}
	switch {
	case cfg.Sandbox == config.SandboxOff:
		w.name = sandbox.Off
	case ability.Degree == sandbox.None:
		d.note("sandbox", "agents are unsandboxed: "+oneLine(why))
	case why != nil:
		d.note("sandbox", fmt.Sprintf("agents are held by %s only: %s", ability, oneLine(why)))
	}
	for _, glob := range d.st.State.Settings.ProtectedPaths {
		if glob != ".git" { // an agent's own repository is its own
			w.protected = append(w.protected, glob)
		}
	}
	w.hide = []string{d.env.root, d.Run.Place.Repo, filepath.Dir(d.sockets)}
	d.env.walls = w
	said := w.String()
	switch w.name {
	case sandbox.Off:
		said = "sandbox off"
	case string(sandbox.None):
		said = "unsandboxed"
	}
	d.about.Sandbox += ", " + said
	return nil
}

func oneLine(err error) string {
	if err == nil {
		return "this system has no sandbox"
	}
	return strings.Join(strings.Split(err.Error(), "\n"), "; ")
}

// around builds the walls around one command.
func (w walls) around(in inmate) (seatbelt, error) {
	if w.Degree == "" || w.Degree == sandbox.None {
		return seatbelt{env: in.env}, nil
	}
	p := sandbox.Place{
		Ability: w.Ability, NoNetwork: w.cfg.SandboxNetwork == "off", Home: variable(in.env, "HOME"), Own: in.own, Tmp: variable(in.env, "TMPDIR"),
		Hide: slices.Concat(w.hide, in.hide), Read: append(w.borrowed(), in.read...), Write: slices.Clone(in.write), Environ: in.env, Sockets: sandbox.Sockets(),
	}
	if in.look {
		p.Read = append(p.Read, in.dir)
	} else {
		p.Write = append(p.Write, in.dir)
	}
	for _, objects := range w.borrowed() {
		if _, err := os.Stat(filepath.Join(filepath.Dir(objects), "HEAD")); err == nil {
			p.Hide = append(p.Hide, filepath.Dir(objects)) // a git directory, wherever it is
		}
	}
	if w.cfg.Env.Tmp != config.PerAgent {
		p.Tmp = ""
	}
	if self, err := os.Executable(); err == nil {
		p.Read = append(p.Read, self) // agents call popkit
	}
	for name, how := range w.cfg.Env.Caches {
		if how == config.Shared {
			p.AlsoWrite = append(p.AlsoWrite, variable(in.env, name))
		} else {
			p.Write = append(p.Write, variable(in.env, name))
		}
	}
	if w.cfg.Env.Home == config.PerAgent {
		p.Write = append(p.Write, p.Home)
	}
	p.AlsoHide = fromHome(w.cfg.SandboxHide, p.Home)
	p.AlsoRead = fromHome(w.cfg.SandboxRead, p.Home)
	p.AlsoWrite = append(p.AlsoWrite, fromHome(w.cfg.SandboxWrite, p.Home)...)
	if in.protect && len(w.protected) > 0 {
		protected := paths.Compile(w.protected) // what the guard denies, no more: not .env.example
		found, err := sandbox.Expand(in.dir, func(rel string) bool {
			_, ok := paths.Covering(protected, word.Word(rel), false)
			return ok
		})
		if err != nil {
			return seatbelt{}, fmt.Errorf("find protected paths: %w", err)
		}
		p.Protect = found
	}
	spec, more, err := p.Spec()
	if err != nil {
		return seatbelt{}, fmt.Errorf("sandbox: %w", err)
	}
	return seatbelt{spec.Orders(), append(slices.Clip(in.env), more...)}, nil
}

// fromHome resolves "~" at the beginning of paths.
func fromHome(paths []string, home string) []string {
	out := make([]string, 0, len(paths))
	for _, p := range paths {
		if p == "~" || strings.HasPrefix(p, "~/") {
			p = home + p[1:]
		}
		out = append(out, filepath.Clean(p))
	}
	return out
}

// variable returns the value of a variable, the last one given.
func variable(env []string, name string) string {
	for _, e := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}

// script returns the file that a runtime's agents read, which may lie in the
// user's repository.
func script(runtime string) []string {
	if file, ok := strings.CutPrefix(runtime, "scripted:"); ok && filepath.IsAbs(file) {
		return []string{file}
	}
	return nil
}

// nameOf is how the folders of what runs in dir are called: those of an agent by
// its workspace, which its setup command shares with it; those of a check by its
// tree, likewise.
func nameOf(dir string) string {
	if filepath.Base(filepath.Dir(dir)) == "check" {
		return "check@" + filepath.Base(dir) // which no agent is called
	}
	return filepath.Base(dir)
}

// requireSandbox refuses a run that could not be held as configured.
func requireSandbox(run runs.Run) error {
	cfg, err := loadConfig(run.Place.Repo)
	if err != nil || cfg.Sandbox != config.SandboxRequired {
		return err
	}
	root, err := workspaceRoot(cfg)
	if err != nil {
		return err
	}
	return detect(cfg, root).err
}
