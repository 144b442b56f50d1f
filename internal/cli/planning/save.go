package planning

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"popkit/internal/cli/command"
	"popkit/internal/planfile"
)

// freeToSave refuses, before anybody plans, to write over a file.
func (p *Planner) freeToSave() error {
	if p.o.Save == "" {
		return nil
	}
	if _, err := os.Lstat(p.path(p.o.Save)); err == nil {
		return command.Usage("name another file", "%s is there already", p.o.Save)
	}
	return nil
}

func (p *Planner) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(p.e.Dir, name)
}

// save keeps a plan that was made, so that the same one can be run again.
func (p *Planner) save(d Draft, about string) (Draft, error) {
	file := p.path(p.o.Save)
	if p.o.Save == "" {
		var err error
		if file, err = unused(filepath.Join(p.info.Top, ".claude", "popkit", "plans"), slug(about)); err != nil {
			return d, command.Environment(err)
		}
	}
	d.file, d.Source = file, file
	if rel, err := filepath.Rel(p.e.Dir, file); err == nil {
		d.Source = rel
	}
	if err := p.write(d); err != nil {
		return d, err
	}
	p.e.Say("plan saved in %s; to run it again: %s", d.Source, p.again(d.Source))
	return d, nil
}

// unused is a path in dir, which is made, that nobody has.
func unused(dir, name string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for n := 1; ; n++ {
		path := filepath.Join(dir, name+".yaml")
		if n > 1 {
			path = filepath.Join(dir, fmt.Sprintf("%s-%d.yaml", name, n))
		}
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return path, nil
		} else if err != nil {
			return "", err
		}
	}
}

func (p *Planner) write(d Draft) error {
	text, err := planfile.Format(d.Plan)
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.file, text, 0o644); err != nil {
		return command.Environment(fmt.Errorf("save the plan: %w", err))
	}
	return nil
}

// slug makes a file's name of an objective's first words.
func slug(text string) string {
	const most = 40
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r < unicode.MaxASCII && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= most {
			break
		}
	}
	if name := strings.Trim(b.String(), "-"); name != "" {
		return name
	}
	return "plan"
}
