package daemon

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"popkit/internal/agent/scripted"
	"popkit/internal/core/objective"
)

// withScripts reads the scripts that the run's runtimes name, so that their
// mistakes are said before it begins, and makes the paths of those that lie
// beside the plan file absolute.
func withScripts(ctx context.Context, repo, base string, n NewRun) (NewRun, error) {
	s := scripts{ctx: ctx, repo: repo, base: base, known: map[string]string{}}
	if info, err := os.Stat(n.PlanSource); err == nil && info.Mode().IsRegular() {
		if s.plan, err = filepath.Abs(filepath.Dir(n.PlanSource)); err != nil {
			return n, err
		}
	}
	n.Plan.Phases = slices.Clone(n.Plan.Phases)
	for i := range n.Plan.Phases {
		tasks := slices.Clone(n.Plan.Phases[i].Tasks)
		for j := range tasks {
			tasks[j].Runtime = s.found(tasks[j].Runtime)
		}
		n.Plan.Phases[i].Tasks = tasks
	}
	if s.needed(n.Plan, n.Settings.Runtime) {
		n.Settings.Runtime = s.found(n.Settings.Runtime)
	}
	roles := map[string]string{}
	for role, name := range n.Settings.RoleRuntimes {
		roles[role] = s.found(name)
	}
	if len(roles) > 0 {
		n.Settings.RoleRuntimes = roles
	}
	n.Settings.Resolver = s.found(n.Settings.Resolver)
	return n, errors.Join(s.mistakes...)
}

// scripts finds and reads scripts, each once.
type scripts struct {
	ctx              context.Context //nolint:containedctx // of one call of withScripts
	repo, base, plan string          // plan: the plan file's folder, or ""
	known            map[string]string
	mistakes         []error
}

// needed reports whether any task falls back on the run's runtime.
func (s *scripts) needed(p objective.Plan, name string) bool {
	return name != "" && slices.ContainsFunc(p.Phases, func(ph objective.Phase) bool {
		return slices.ContainsFunc(ph.Tasks, func(t objective.Task) bool { return t.Runtime == "" })
	})
}

// found returns a runtime's name with its script's path as it is to be opened.
func (s *scripts) found(name string) string {
	file, ok := strings.CutPrefix(name, "scripted:")
	if !ok {
		return name
	}
	path, seen := s.known[file]
	if !seen {
		var err error
		if path, err = s.read(file); err != nil {
			s.mistakes = append(s.mistakes, err)
		}
		s.known[file] = path
	}
	return "scripted:" + path
}

// read reads a script where it is: beside the plan, else in the workspace. There
// it is what the base commit holds; one that no commit holds yet may still be
// written by an earlier task.
func (s *scripts) read(file string) (path string, err error) {
	if filepath.IsAbs(file) {
		_, err := scripted.Load(file)
		return file, err
	}
	if s.plan != "" {
		beside := filepath.Join(s.plan, file)
		if _, err := scripted.Load(beside); !errors.Is(err, fs.ErrNotExist) {
			return beside, err
		}
	}
	var out, errs bytes.Buffer
	code, err := Git(s.ctx, strings.NewReader(""), &out, &errs, s.repo, "cat-file", "blob", s.base+":"+filepath.ToSlash(filepath.Clean(file)))
	if err != nil {
		return file, fmt.Errorf("script %s: %w", file, err)
	}
	if code == 0 {
		_, err = scripted.Parse(file, out.Bytes())
	}
	return file, err
}
