package userrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"popkit/internal/workspace/git"
)

// Identity is who commits.
type Identity struct {
	Name, Email string
}

// Config is what popkit takes over from the user's configuration.
type Config struct {
	Values  map[string]string // last value by key, lower case
	Filters []string          // names of configured filter drivers
}

// Settings returns the user's configuration, read once.
func (r *Repo) Settings(ctx context.Context) (Config, error) {
	r.config.Lock()
	defer r.config.Unlock()
	if r.config.read {
		return r.config.values, nil
	}
	res, err := r.Run(ctx, git.Cmd{Args: []string{"config", "--list", "-z", "--includes"}})
	if err != nil {
		return Config{}, fmt.Errorf("read git configuration: %w", err)
	}
	c := Config{Values: map[string]string{}}
	seen := map[string]bool{}
	for _, rec := range git.Fields(res.Out) {
		key, value, hasValue := strings.Cut(rec, "\n")
		if !hasValue {
			value = "true"
		}
		c.Values[key] = value
		if rest, ok := strings.CutPrefix(key, "filter."); ok {
			if i := strings.LastIndexByte(rest, '.'); i > 0 && !seen[rest[:i]] {
				seen[rest[:i]] = true
				c.Filters = append(c.Filters, rest[:i])
			}
		}
	}
	r.config.values, r.config.read = c, true
	return c, nil
}

// Identity returns the user's name and e-mail address: from GIT_AUTHOR_NAME
// and GIT_AUTHOR_EMAIL, else git's author and user configuration. It returns
// ErrNoIdentity when one is missing; git's own guess from the host name is not
// taken.
func (r *Repo) Identity(ctx context.Context) (Identity, error) {
	c, err := r.Settings(ctx)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{
		Name:  first(os.Getenv("GIT_AUTHOR_NAME"), c.Values["author.name"], c.Values["user.name"]),
		Email: first(os.Getenv("GIT_AUTHOR_EMAIL"), c.Values["author.email"], c.Values["user.email"], os.Getenv("EMAIL")),
	}
	var missing []string
	if id.Name == "" {
		missing = append(missing, `git config --global user.name "Your Name"`)
	}
	if id.Email == "" {
		missing = append(missing, "git config --global user.email you@example.com")
	}
	if len(missing) > 0 {
		return Identity{}, fmt.Errorf("%w (type: %s)", ErrNoIdentity, strings.Join(missing, " && "))
	}
	return id, nil
}

// ExcludesFile is the user's own ignore file, "" when there is none.
func (c Config) ExcludesFile() string {
	path := c.Values["core.excludesfile"]
	home := os.Getenv("HOME")
	if rest, ok := strings.CutPrefix(path, "~/"); ok && home != "" {
		return filepath.Join(home, rest)
	}
	if path != "" {
		return path
	}
	if dir := os.Getenv("XDG_CONFIG_HOME"); dir != "" {
		return filepath.Join(dir, "git", "ignore")
	}
	if home != "" {
		return filepath.Join(home, ".config", "git", "ignore")
	}
	return ""
}

// OddObjects reports whether objects are written in a way that only git knows:
// with permissions of their own, or under a second name.
func (c Config) OddObjects() bool {
	for _, key := range []string{"core.sharedrepository", "extensions.compatobjectformat"} {
		if _, set := c.Values[key]; set {
			return true
		}
	}
	return false
}

// IsTrue reports whether a key is set to something that git takes as true.
func (c Config) IsTrue(key string) bool {
	switch strings.ToLower(c.Values[key]) {
	case "true", "yes", "on", "1":
		return true
	}
	return false
}

func first(values ...string) string {
	for _, v := range values {
		if strings.TrimSpace(v) != "" {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
