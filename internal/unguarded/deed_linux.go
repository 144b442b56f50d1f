package unguarded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"popkit/internal/core/policy/patch"
)

var errNoProcess = errors.New("no process can stand for it")

// isShell reports whether a tool runs its input's command.
func isShell(tool string) bool {
	switch strings.ToLower(tool) {
	case "bash", "execute", "run_shell_command", "shell":
		return true
	}
	return false
}

// arguments is what the tables' calls have.
type arguments struct {
	FilePath  string `json:"file_path"`
	FilePath2 string `json:"filePath"`
	Path      string `json:"path"`
	Notebook  string `json:"notebook_path"`
	URL       string `json:"url"`
	Content   string `json:"content"`
	Input     string `json:"input"`
	From      string `json:"from"`
	To        string `json:"to"`
	Source    string `json:"source"`
	Target    string `json:"destination"`
	Old       string `json:"old_string"`
	New       string `json:"new_string"`
	NewCell   string `json:"new_source"`
	Edits     []struct {
		Old string `json:"old_string"`
		New string `json:"new_string"`
	} `json:"edits"`
	Locations []struct {
		Path string `json:"path"`
	} `json:"locations"`
}

// deed does what a tool call of an agent's host would do.
func deed(tool string, input []byte) error {
	var a arguments
	if err := json.Unmarshal(input, &a); err != nil {
		return errNoProcess
	}
	file := first(a.FilePath, a.FilePath2, a.Notebook, a.Path)
	if file == "" && len(a.Locations) > 0 {
		file = a.Locations[0].Path
	}
	file = fromHome(file)
	switch strings.ToLower(tool) {
	case "write", "write_file":
		if file == "" {
			return errNoProcess
		}
		return write(file, a.Content)
	case "edit", "multiedit", "notebookedit":
		return a.edit(file)
	case "read", "grep", "glob":
		return read(file)
	case "delete":
		return os.Remove(file)
	case "move":
		return os.Rename(fromHome(first(a.From, a.Source)), fromHome(first(a.To, a.Target)))
	case "apply_patch":
		return apply(a.Input)
	case "webfetch":
		out, err := exec.Command("/usr/bin/curl", "-s", a.URL).CombinedOutput() //nolint:gosec,noctx // a twin
		fmt.Printf("%s", out)
		if path, ok := strings.CutPrefix(a.URL, "file://"); ok {
			return read(path)
		}
		return err
	}
	return errNoProcess
}

func first(list ...string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

func fromHome(path string) string {
	path = strings.TrimPrefix(path, "file://")
	if rest, ok := strings.CutPrefix(path, "~"); ok {
		return home + rest
	}
	return path
}

func write(file, text string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, []byte(text), 0o644)
}

// edit replaces what is there; where the old text is not, what is new is appended:
// the tables' files are not written to the letter.
func (a arguments) edit(file string) error {
	if file == "" {
		return errNoProcess
	}
	data, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	text, edits := string(data), append(a.Edits, struct {
		Old string `json:"old_string"`
		New string `json:"new_string"`
	}{a.Old, first(a.New, a.NewCell)})
	for _, e := range edits {
		if e.Old != "" && strings.Contains(text, e.Old) {
			text = strings.Replace(text, e.Old, e.New, 1)
			continue
		}
		text += e.New
	}
	return write(file, text)
}

// read prints a file, or what is in a folder, as a search through it would.
func read(file string) error {
	if file == "" {
		file = "."
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.IsDir() {
		entries, err := os.ReadDir(file)
		fmt.Println(len(entries))
		return err
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	_, err = io.Copy(os.Stdout, f)
	return errors.Join(err, f.Close())
}

func apply(text string) error {
	changes := patch.Read(text)
	if len(changes) == 0 {
		return errNoProcess
	}
	for _, c := range changes {
		var err error
		if c.Deleted {
			err = os.Remove(c.Path)
		} else {
			err = write(c.Path, c.New)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
