package launch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// maxFile bounds a file of the user's configuration.
const maxFile = 16 << 20

// user is where the user's own Claude Code keeps its configuration.
type user struct {
	dir   string // of settings, skills, credentials; "" where nobody knows
	state string // .claude.json
}

func userOf(environ []string) user {
	home := lookup(environ, "HOME")
	if dir := lookup(environ, "CLAUDE_CONFIG_DIR"); filepath.IsAbs(dir) {
		return user{dir: dir, state: filepath.Join(dir, ".claude.json")}
	}
	if !filepath.IsAbs(home) {
		return user{}
	}
	return user{dir: filepath.Join(home, ".claude"), state: filepath.Join(home, ".claude.json")}
}

// settings is what popkit reads of a settings file.
type settings struct {
	Model               string                     `json:"model"`
	Env                 map[string]string          `json:"env"`
	APIKeyHelper        string                     `json:"apiKeyHelper"`
	AWSAuthRefresh      string                     `json:"awsAuthRefresh"`
	AWSCredentialExport string                     `json:"awsCredentialExport"`
	Hooks               map[string]json.RawMessage `json:"hooks"`
	EnabledPlugins      map[string]json.RawMessage `json:"enabledPlugins"`
	Permissions         struct {
		Allow       []string `json:"allow"`
		DefaultMode string   `json:"defaultMode"`
	} `json:"permissions"`
}

// settings reads the user's settings. The CLI skips a file that it can't read and
// says nothing; an agent that works with other settings than its user believes is
// worse than one that does not start.
func (u user) settings() (settings, error) {
	return readSettings(filepath.Join(u.dir, "settings.json"))
}

func readSettings(path string) (s settings, err error) {
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(bytes.TrimSpace(data)) == 0 {
		return s, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &s)
	}
	if err != nil {
		return s, fmt.Errorf("settings of Claude Code, which it would silently leave out: %s: %w", path, err)
	}
	return s, nil
}

// readFile reads a file of a bearable size.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(data) > maxFile {
		err = errors.Join(err, fmt.Errorf("%s: more than %d bytes", path, maxFile))
	}
	return data, errors.Join(err, f.Close())
}

// inherited is what of the user's folder holds for agents that inherit. Sessions,
// logs and credentials are not in it.
var inherited = []string{
	"settings.json", "settings.local.json", "CLAUDE.md", "rules", "skills", "commands", "agents", "plugins", "output-styles", "keybindings.json",
}

// private is what of the user's folder is nobody's business but theirs: the login with
// what renews it, and what they and Claude Code said to each other.
var private = []string{
	credentialsFile, ".claude.json", "backups", "projects", "history.jsonl", "file-history", "paste-cache", "shell-snapshots",
	"session-env", "sessions", "todos", "debug", "telemetry", "statsig",
}

// Private are the paths of the user that agents must not read. What they need of them
// is in their own folder.
func (l *Launcher) Private() []string {
	out := []string{}
	if l.user.dir == "" {
		return out
	}
	for _, name := range private {
		out = append(out, filepath.Join(l.user.dir, name))
	}
	return append(out, l.user.state, l.user.state+".backup")
}

// link makes the user's configuration that of a state folder. What is below HOME is
// copy-on-write in the sandbox, so that agents change nothing of it.
func (u user) link(state string) error {
	if u.dir == "" {
		return nil
	}
	for _, name := range inherited {
		from, to := filepath.Join(u.dir, name), filepath.Join(state, name)
		if _, err := os.Stat(from); err != nil {
			continue // nothing to inherit
		}
		if err := os.Symlink(from, to); err != nil && !errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("inherit settings: %w", err)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
