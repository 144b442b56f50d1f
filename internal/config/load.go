package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"syscall"

	"popkit/internal/strictyaml"
)

// Sources say where configuration comes from.
type Sources struct {
	// UserFile is the user's own file; it must be there. "" looks for
	// popkit/config.json, .yaml or .yml in $XDG_CONFIG_HOME, else in
	// $HOME/.config.
	UserFile string
	RepoDir  string // top of the repository; "" for none
	Env      func(string) string
}

// The repository's files, relative to its top.
const (
	RepoFile = ".claude/popkit/config.json"
	OldFile  = "power-mode/config.json"
)

// Load reads the files over the defaults. Mistakes in them, all at once, are a
// *strictyaml.Errors; what can't be read is another error.
func Load(src Sources) (Config, error) {
	c := Default()
	c.origin = map[string]string{}
	env := src.Env
	if env == nil {
		env = func(string) string { return "" }
	}
	c.redisByEnv = env("UPSTASH_REDIS_REST_URL") != "" && env("UPSTASH_REDIS_REST_TOKEN") != ""
	files, err := src.files(env)
	if err != nil {
		return Config{}, err
	}
	var mistakes strictyaml.Errors
	for _, f := range files {
		err := c.read(f)
		var bad *strictyaml.Errors
		if errors.As(err, &bad) {
			mistakes.List = append(mistakes.List, bad.List...)
		} else if err != nil {
			return Config{}, err
		}
	}
	if len(mistakes.List) > 0 {
		return Config{}, &mistakes
	}
	return c, nil
}

// source is a file to read.
type source struct {
	path string
	name string // what messages call it
	must bool   // it must be there
	old  bool   // written for older tools, too: keys that are not known are left out
}

// files lists the files, lowest first.
func (s Sources) files(env func(string) string) ([]source, error) {
	var out []source
	if s.UserFile != "" {
		out = append(out, source{path: s.UserFile, name: s.UserFile, must: true})
	} else if dir := userDir(env); dir != "" {
		path, err := only(dir, "config.json", "config.yaml", "config.yml")
		if err != nil {
			return nil, err
		}
		if path != "" {
			out = append(out, source{path: path, name: path})
		}
	}
	if s.RepoDir == "" {
		return out, nil
	}
	repo := filepath.Join(s.RepoDir, filepath.FromSlash(RepoFile))
	for _, name := range []string{"config.yaml", "config.yml"} {
		if there(filepath.Join(filepath.Dir(repo), name)) {
			return nil, fmt.Errorf(".claude/popkit/%s is not read (rename it to config.json, which may hold YAML)", name)
		}
	}
	return append(out,
		source{path: filepath.Join(s.RepoDir, filepath.FromSlash(OldFile)), name: OldFile, old: true},
		source{path: repo, name: RepoFile}), nil
}

func userDir(env func(string) string) string {
	if dir := env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "popkit")
	}
	if home := env("HOME"); filepath.IsAbs(home) {
		return filepath.Join(home, ".config", "popkit")
	}
	return ""
}

// only returns the one of several files that is there, or "".
func only(dir string, names ...string) (string, error) {
	found := ""
	for _, name := range names {
		path := filepath.Join(dir, name)
		if !there(path) {
			continue
		}
		if found != "" {
			return "", fmt.Errorf("both %s and %s are there (keep one)", found, path)
		}
		found = path
	}
	return found, nil
}

// there also holds for what can't be looked at: reading it then says why. Below a
// file there is nothing.
func there(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR)
}

// read puts a file over c.
func (c *Config) read(s source) error {
	data, err := readFile(s.path)
	if errors.Is(err, fs.ErrNotExist) && !s.must {
		return nil
	}
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	if s.old {
		c.Notes = append(c.Notes, fmt.Sprintf("%s is read, but configuration lives in %s now: move it there", OldFile, RepoFile))
	}
	node, d, err := strictyaml.Open(s.name, data)
	if err != nil {
		return err
	}
	if s.old {
		d.Unlisted = func(e strictyaml.Error) {
			c.Notes = append(c.Notes, fmt.Sprintf("%s:%d: %s: left out", e.File, e.Line, e.Text))
		}
	}
	d.Decode(node, c, "")
	for _, p := range c.problems() {
		if d.Has(p.path) {
			d.Report(p.path, p.text, p.hint)
		}
	}
	for _, path := range d.Paths() {
		if path != "" {
			c.origin[path] = fmt.Sprintf("%s:%d", s.name, d.Place(path).Line)
		}
	}
	return d.Err()
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(f, strictyaml.MaxSize+1))
	return data, errors.Join(err, f.Close())
}

// Origin says where the value of a key comes from: "default" or "file:line".
func (c Config) Origin(key string) string {
	if at := c.origin[key]; at != "" {
		return at
	}
	// A value that holds others is where one of them is given.
	for _, p := range slices.Sorted(maps.Keys(c.origin)) {
		if len(p) > len(key) && p[:len(key)] == key && (p[len(key)] == '.' || p[len(key)] == '[') {
			return c.origin[p]
		}
	}
	return "default"
}
