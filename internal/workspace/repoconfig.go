package workspace

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

// repoConfig is what popkit takes over from the user's configuration.
type repoConfig struct {
	values  map[string]string // last value by key, lower case
	filters []string          // names of configured filter drivers
}

// settings returns the user's configuration, read once.
func (r *Repo) settings(ctx context.Context) (repoConfig, error) {
	r.config.Lock()
	defer r.config.Unlock()
	if r.config.read {
		return r.config.repoConfig, nil
	}
	res, err := r.run(ctx, git.Cmd{Args: []string{"config", "--list", "-z", "--includes"}})
	if err != nil {
		return repoConfig{}, fmt.Errorf("read git configuration: %w", err)
	}
	c := repoConfig{values: map[string]string{}}
	seen := map[string]bool{}
	for _, rec := range git.Fields(res.Out) {
		key, value, hasValue := strings.Cut(rec, "\n")
		if !hasValue {
			value = "true"
		}
		c.values[key] = value
		if rest, ok := strings.CutPrefix(key, "filter."); ok {
			if i := strings.LastIndexByte(rest, '.'); i > 0 && !seen[rest[:i]] {
				seen[rest[:i]] = true
				c.filters = append(c.filters, rest[:i])
			}
		}
	}
	r.config.repoConfig, r.config.read = c, true
	return c, nil
}

// Identity returns the user's name and e-mail address: from GIT_AUTHOR_NAME
// and GIT_AUTHOR_EMAIL, else git's author and user configuration. It returns
// ErrNoIdentity when one is missing; git's own guess from the host name is not
// taken.
func (r *Repo) Identity(ctx context.Context) (Identity, error) {
	c, err := r.settings(ctx)
	if err != nil {
		return Identity{}, err
	}
	id := Identity{
		Name:  first(os.Getenv("GIT_AUTHOR_NAME"), c.values["author.name"], c.values["user.name"]),
		Email: first(os.Getenv("GIT_AUTHOR_EMAIL"), c.values["author.email"], c.values["user.email"], os.Getenv("EMAIL")),
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

// excludesFile is the user's own ignore file, "" when there is none.
func (c repoConfig) excludesFile() string {
	path := c.values["core.excludesfile"]
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

func (c repoConfig) isTrue(key string) bool {
	switch strings.ToLower(c.values[key]) {
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
