package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"popkit/internal/core/objective"
	"popkit/internal/planfile"
)

// maxPlan is more than any plan file may have; planfile has the word on it.
const maxPlan = 8 << 20

// ReadPlan reads a plan file, "-" being standard input, and returns what its
// author may not expect.
func (e *Env) ReadPlan(name string) (objective.Plan, []string, error) {
	in, called := e.In, FileName(name)
	if name != "-" {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(e.Dir, path)
		}
		f, err := os.Open(path)
		if err != nil {
			return objective.Plan{}, nil, UsageError(fmt.Errorf("plan file: %w", pathError(err, name)))
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, maxPlan))
	if err != nil {
		return objective.Plan{}, nil, UsageError(fmt.Errorf("plan file: %w", pathError(err, called)))
	}
	res, err := planfile.Parse(called, data)
	return res.Plan, res.Notes, err
}

// FileName is what messages call a file that was typed.
func FileName(typed string) string {
	if typed == "-" {
		return "standard input"
	}
	return typed
}

// pathError names the file as it was typed.
func pathError(err error, name string) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s: %w", name, p.Err)
	}
	return err
}
