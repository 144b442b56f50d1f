package launch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// Limits of what is copied for an agent.
const (
	maxFiles = 2000
	maxBytes = 32 << 20
	// maxInstructions bounds the text of one file of instructions that the CLI does not
	// read where it is.
	maxInstructions = 64 << 10
)

// gift is what an agent finds of the user's and the project's: settings that would
// count for it are not among it.
type gift struct {
	plugins      []string
	memories     []string // folders whose instructions are read
	instructions string   // for the system prompt, where there can be no such folders
}

// give copies the skills, commands and agents of the user and of the project, in
// the form of plugins: with empty setting sources the CLI would see none of them.
// What begins again finds what is there.
func (l *Launcher) give(s Spec) (gift, error) {
	var g gift
	copied := &copier{}
	for _, from := range []struct{ name, root, in string }{
		{"user", l.user.dir, "."}, {"project", s.Workspace, ".claude"},
	} {
		to := filepath.Join(s.Given, from.name)
		if err := copied.plugin(from.root, from.in, to, from.name); err != nil {
			return g, fmt.Errorf("skills of the %s: %w", from.name, err)
		}
		if there(filepath.Join(to, ".claude-plugin")) {
			g.plugins = append(g.plugins, to)
		}
	}
	memory := filepath.Join(s.Given, "memory")
	if err := copied.memory(l.user.dir, memory); err != nil {
		return g, fmt.Errorf("the user's CLAUDE.md: %w", err)
	}
	g.memories = []string{s.Workspace}
	if there(memory) {
		g.memories = append(g.memories, memory)
	}
	defer func() { l.note(copied.notes...) }()
	if l.features.MemoryDirs {
		return g, nil
	}
	var text strings.Builder
	for _, from := range []struct{ of, root, name string }{
		{"the user", memory, "CLAUDE.md"}, {"the project", s.Workspace, "CLAUDE.md"}, {"the project", s.Workspace, ".claude/CLAUDE.md"},
	} {
		data, err := copied.text(from.root, from.name)
		if err == nil {
			fmt.Fprintf(&text, "Instructions of %s (%s):\n\n%s\n\n", from.of, from.name, bytes.TrimSpace(data))
		} else if !errors.Is(err, fs.ErrNotExist) {
			copied.note(filepath.Join(from.root, from.name), err)
		}
	}
	g.instructions = strings.TrimSpace(text.String())
	return g, nil
}

// followed returns where a path of the user's own leads, as a folder and a name in it:
// users keep what they configure elsewhere, and link it.
func followed(path string) (dir, name string, err error) {
	real, err := filepath.EvalSymlinks(path)
	return filepath.Dir(real), filepath.Base(real), err
}

// text reads instructions below a folder, and none that a link in it leads to
// elsewhere.
func (c *copier) text(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	data, err := io.ReadAll(io.LimitReader(f, maxInstructions+1))
	if len(data) > maxInstructions {
		data = data[:maxInstructions]
		c.note("the end of "+filepath.Join(dir, name), fmt.Errorf("an agent is given %d KiB of it", maxInstructions>>10))
	}
	return data, errors.Join(err, f.Close(), root.Close())
}

// copier copies within limits, which hold for all that one agent is given.
type copier struct {
	files, bytes int
	kind         string // of what is copied: skills, commands, agents, or "" for texts
	notes        []string
}

// heads reports whether the CLI obeys the head of a file. What lies beside a skill
// is read by the agent, as any other text.
func (c *copier) heads(name string) bool {
	switch c.kind {
	case "skills":
		return strings.EqualFold(path.Base(name), "SKILL.md")
	case "commands", "agents":
		return strings.EqualFold(path.Ext(name), ".md")
	}
	return false
}

// plugin makes a plugin of the skills, commands and agents in a folder below root.
// Nothing outside of root is read, whatever links say: a project's files are
// strangers' work.
func (c *copier) plugin(root, in, to, name string) error {
	if root == "" || there(to) {
		return nil
	}
	found := false
	defer func() { c.kind = "" }()
	for _, kind := range []string{"skills", "commands", "agents"} {
		c.kind = kind
		dir := filepath.Join(root, in, kind)
		entries, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		for _, e := range entries {
			from, inner := root, path.Join(filepath.ToSlash(in), kind, e.Name())
			if in == "." {
				if from, inner, err = followed(filepath.Join(dir, e.Name())); err != nil {
					c.note(filepath.Join(dir, e.Name()), err)
					continue
				}
			}
			found = true
			if err := c.tree(from, inner, filepath.Join(to, kind, e.Name())); err != nil {
				return err
			}
		}
	}
	if !found {
		return nil
	}
	manifest, err := json.Marshal(map[string]string{"name": name, "version": "1.0.0", "description": "what the " + name + " has of skills, commands and agents"})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(to, ".claude-plugin"), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(to, ".claude-plugin", "plugin.json"), manifest, 0o600)
}

var imported = regexp.MustCompile(`(?m)(?:^|\s)@(\S+)`)

// memory copies the user's instructions: CLAUDE.md and the rules. Files beside it that
// it imports are put at its end: the CLI imports nothing from outside of the workspace.
func (c *copier) memory(dir, to string) error {
	if dir == "" || there(to) {
		return nil
	}
	at, name, err := followed(filepath.Join(dir, "CLAUDE.md"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err == nil {
		text, err := c.text(at, name)
		if err != nil {
			return err
		}
		for _, m := range imported.FindAllSubmatch(text, -1) {
			name := strings.TrimPrefix(string(m[1]), "~/"+filepath.Base(dir)+"/")
			if more, err := c.text(dir, name); err == nil {
				text = fmt.Appendf(text, "\n\n%s:\n\n%s\n", name, bytes.TrimSpace(more))
			}
		}
		if err := os.MkdirAll(to, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(to, "CLAUDE.md"), text, 0o600); err != nil {
			return err
		}
	}
	at, name, err = followed(filepath.Join(dir, "rules"))
	if err != nil {
		return nil // there are none
	}
	return c.tree(at, name, filepath.Join(to, ".claude", "rules"))
}

// tree copies a file or a folder below root. What leads out of it, and what is
// beyond the limits, is left out with a note.
func (c *copier) tree(rootDir, name, to string) error {
	root, err := os.OpenRoot(rootDir)
	if err != nil {
		return err
	}
	err = fs.WalkDir(root.FS(), name, func(at string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			if d.Name() == ".git" || d.Name() == "node_modules" {
				return fs.SkipDir
			}
			return nil
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(at, name), "/")
		if err == nil {
			err = c.file(root, at, filepath.Join(to, filepath.FromSlash(rel)))
		}
		if err != nil {
			c.note(filepath.Join(rootDir, at), err)
		}
		return nil
	})
	return errors.Join(err, root.Close())
}

func (c *copier) file(root *os.Root, name, to string) error {
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no file")
	}
	if c.files++; c.files > maxFiles || int64(c.bytes)+info.Size() > maxBytes {
		return fmt.Errorf("an agent is given %d files and %d MB of skills at most", maxFiles, maxBytes>>20)
	}
	data, err := root.ReadFile(name)
	if err != nil {
		return err
	}
	c.bytes += len(data)
	if c.heads(name) {
		data = harmless(data)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600|info.Mode()&0o100)
}

// note says what an agent does not see; what is said of one is said of all.
func (c *copier) note(path string, err error) {
	const enough = 5
	switch len(c.notes) {
	case enough:
		c.notes = append(c.notes, "… and more")
	case enough + 1:
	default:
		c.notes = append(c.notes, fmt.Sprintf("agents do not see %s: %v", path, err))
	}
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
