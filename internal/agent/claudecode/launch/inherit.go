package launch

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// Weakens says what inheriting the settings of a user and a repository takes away
// from the guard, one line each: what would run where the guard gives no answer,
// and whose programs run beside the agent's.
func Weakens(environ []string, repo string) ([]string, error) {
	u := userOf(environ)
	out := []string{"settings are inherited: where the guard gives no answer, Claude Code goes by them instead of refusing"}
	for _, file := range []string{
		filepath.Join(u.dir, "settings.json"), filepath.Join(repo, ".claude", "settings.json"),
	} {
		s, err := readSettings(file)
		if err != nil {
			return nil, err
		}
		if len(s.Permissions.Allow) > 0 {
			out = append(out, fmt.Sprintf("%s allows without the guard's answer: %s", file, some(s.Permissions.Allow)))
		}
		if len(s.Hooks) > 0 {
			out = append(out, fmt.Sprintf("%s has hooks that run for agents, too: %s", file, some(sortedKeys(s.Hooks))))
		}
		if len(s.EnabledPlugins) > 0 {
			out = append(out, fmt.Sprintf("%s enables plugins, with their hooks and servers: %s", file, some(sortedKeys(s.EnabledPlugins))))
		}
	}
	servers := map[string]json.RawMessage{}
	for _, file := range []string{u.state, filepath.Join(repo, ".mcp.json")} {
		var has struct {
			MCPServers map[string]json.RawMessage `json:"mcpServers"`
		}
		data, err := readFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err == nil {
			err = json.Unmarshal(data, &has)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for name, server := range has.MCPServers {
			servers[name] = server
		}
	}
	if len(servers) > 0 {
		out = append(out, "MCP servers are started for each agent: "+some(sortedKeys(servers)))
	}
	return out, nil
}

// some names the first few.
func some(names []string) string {
	const few = 8
	names = slices.Clone(names)
	if more := len(names) - few; more > 0 {
		names = append(names[:few], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(names, ", ")
}

// LoggedIn says how the user is logged in, "" where no way is known.
func LoggedIn(environ []string) (string, error) {
	u := userOf(environ)
	own, err := u.settings()
	if err != nil {
		return "", err
	}
	for _, name := range slices.Concat(Login, []string{"CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX", "CLAUDE_CODE_USE_FOUNDRY"}) {
		if first(lookup(environ, name), own.Env[name]) != "" {
			return name, nil
		}
	}
	if own.APIKeyHelper != "" {
		return "apiKeyHelper", nil
	}
	_, t, err := u.credentials()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if t.AccessToken != "" {
		return "login in " + filepath.Join(u.dir, credentialsFile), nil
	}
	var state struct {
		PrimaryAPIKey string `json:"primaryApiKey"`
	}
	data, err := readFile(u.state)
	if err == nil {
		err = json.Unmarshal(data, &state)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", u.state, err)
	}
	if state.PrimaryAPIKey != "" {
		return "key in " + u.state, nil
	}
	return "", nil
}
