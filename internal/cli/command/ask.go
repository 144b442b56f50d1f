package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// Answer asks on the terminal and returns the line that is typed, in lower case; who
// closes the input says no.
func (e *Env) Answer(question string) (string, error) {
	fmt.Fprint(e.Err, question)
	line, err := readLine(e.In)
	if errors.Is(err, io.EOF) {
		return "n", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the answer: %w", err)
	}
	return strings.ToLower(strings.TrimSpace(line)), nil
}

// Yes asks on the terminal; all but a yes is a no.
func (e *Env) Yes(question string) (bool, error) {
	answer, err := e.Answer(question)
	return answer == "y" || answer == "yes", err
}

// readLine reads a line and nothing of what comes after it, which is for who asks
// next, or for a program that the terminal is given to. It is io.EOF where there is
// nothing more.
func readLine(in io.Reader) (string, error) {
	var line []byte
	var b [1]byte
	for {
		n, err := in.Read(b[:])
		if n == 1 && b[0] == '\n' || errors.Is(err, io.EOF) && len(line) > 0 {
			return string(line), nil
		}
		if err != nil {
			return "", err
		}
		line = append(line, b[:n]...)
	}
}

// Editor lets the person change text in their editor, in a file that is called
// name; hint is what to type where there is no editor.
func (e *Env) Editor(ctx context.Context, name, text, hint string) (string, error) {
	editor := e.Getenv("VISUAL")
	if editor == "" {
		editor = e.Getenv("EDITOR")
	}
	if editor == "" {
		return "", Usage(hint, "no editor: neither VISUAL nor EDITOR is set")
	}
	dir, err := os.MkdirTemp("", "popkit-edit-")
	if err != nil {
		return "", Environment(err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", Environment(err)
	}
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", editor+` "$1"`, "sh", file)
	cmd.Stdout, cmd.Stderr = e.Out, e.Err
	if terminal, ok := e.In.(*os.File); ok { // what is no file would be read ahead
		cmd.Stdin = terminal
	}
	if err := cmd.Run(); err != nil {
		return "", Failed("", "the editor %s: %w", editor, err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", Environment(err)
	}
	return strings.TrimRight(string(raw), "\n"), nil
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:=,@%+-]+$`)

// Line is a command of popkit's as a shell takes it.
func Line(args ...string) string {
	words := []string{"popkit"}
	for _, a := range args {
		if !plainWord.MatchString(a) {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		words = append(words, a)
	}
	return strings.Join(words, " ")
}
