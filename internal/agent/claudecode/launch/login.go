package launch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// helperTimeout bounds the user's command that prints their key.
const helperTimeout = 30 * time.Second

// login is how an agent is the user for the service that answers.
type login struct {
	env     []string
	helper  string // command that prints the key
	secrets []string
}

// login makes the user's login that of a session: variables, what their key's
// command prints, the token of /login, and the key that /login made. All that there
// is is passed on; which of them counts is the CLI's affair.
func (l *Launcher) login(ctx context.Context, s Spec, own settings) (login, error) {
	var out login
	for _, name := range Login {
		value := first(lookup(l.options.Environ, name), own.Env[name], lookup(s.Env, name))
		if value != "" {
			out.env, out.secrets = append(out.env, name+"="+value), append(out.secrets, value)
		}
	}
	if own.APIKeyHelper != "" {
		if err := l.runHelper(ctx, s, own, &out); err != nil {
			return login{}, err
		}
	}
	if err := l.token(ctx, s, &out); err != nil {
		return login{}, err
	}
	if err := l.writeState(s, &out); err != nil {
		return login{}, err
	}
	l.hush(s, out.secrets)
	return out, nil
}

// hush tells who keeps something what must not be kept.
func (l *Launcher) hush(s Spec, secrets []string) {
	for _, tell := range []func(string){l.options.Secret, s.Secret} {
		for _, secret := range secrets {
			if tell != nil {
				tell(secret)
			}
		}
	}
}

// runHelper runs the user's command outside of the sandbox, where it finds what it
// needs (a keyring, a cloud's credentials), and gives agents what it printed.
func (l *Launcher) runHelper(ctx context.Context, s Spec, own settings, out *login) error {
	ctx, cancel := context.WithTimeout(ctx, helperTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", own.APIKeyHelper)
	cmd.Env = slices.Clone(l.options.Environ)
	for _, name := range sortedKeys(own.Env) {
		cmd.Env = append(cmd.Env, name+"="+own.Env[name])
	}
	cmd.WaitDelay = time.Second
	var errText bytes.Buffer
	cmd.Stderr = &errText
	key, err := cmd.Output()
	text := string(bytes.TrimSpace(key))
	if err == nil && text == "" {
		err = errors.New("it printed no key")
	}
	if err != nil {
		return fmt.Errorf("apiKeyHelper %q: %w %s", own.APIKeyHelper, err, bytes.TrimSpace(errText.Bytes()))
	}
	if err := replace(s.Given, "api-key", []byte(text+"\n")); err != nil {
		return err
	}
	out.helper = "cat '" + strings.ReplaceAll(filepath.Join(s.Given, "api-key"), "'", `'\''`) + "'"
	out.secrets = append(out.secrets, text)
	return nil
}

// token passes on the token of the user's /login, and not the one that renews it:
// it works once, and whoever uses it in a sandbox that is thrown away has logged the
// user out.
func (l *Launcher) token(ctx context.Context, s Spec, out *login) error {
	file, token, err := l.user.credentials()
	if errors.Is(err, fs.ErrNotExist) || err == nil && token.AccessToken == "" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("login of Claude Code: %w", err)
	}
	if token.expired(time.Now()) {
		if why := l.renew(ctx); why != nil {
			l.note("the login of Claude Code has expired and could not be renewed: " + why.Error() + " (run claude once)")
		} else if file, token, err = l.user.credentials(); err != nil {
			return fmt.Errorf("login of Claude Code: %w", err)
		}
	}
	delete(file, "refreshToken")
	data, err := json.Marshal(map[string]any{"claudeAiOauth": file})
	if err != nil {
		return err
	}
	out.secrets = append(out.secrets, token.AccessToken)
	return replace(s.State, credentialsFile, data)
}

const credentialsFile = ".credentials.json"

// token is what matters of a login.
type token struct {
	AccessToken string `json:"accessToken"`
	ExpiresAt   int64  `json:"expiresAt"` // milliseconds
}

// soon is how early before its end a token counts as expired. The CLI renews it five
// minutes before, and not earlier.
const soon = 4 * time.Minute

func (t token) expired(now time.Time) bool {
	return t.ExpiresAt > 0 && now.Add(soon).After(time.UnixMilli(t.ExpiresAt))
}

// credentials reads the login that /login left in a file.
func (u user) credentials() (all map[string]json.RawMessage, t token, err error) {
	if u.dir == "" {
		return nil, t, fs.ErrNotExist
	}
	path := filepath.Join(u.dir, credentialsFile)
	data, err := readFile(path)
	if err != nil {
		return nil, t, err
	}
	var file struct {
		OAuth json.RawMessage `json:"claudeAiOauth"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, t, fmt.Errorf("%s: %w", path, err)
	}
	if len(file.OAuth) == 0 {
		return nil, t, nil
	}
	if err := errors.Join(json.Unmarshal(file.OAuth, &all), json.Unmarshal(file.OAuth, &t)); err != nil {
		return nil, t, fmt.Errorf("%s: %w", path, err)
	}
	return all, t, nil
}

// writeState makes the CLI's own file of a session that begins: the key that /login
// made, and, for those who inherit, the user's MCP servers.
func (l *Launcher) writeState(s Spec, out *login) error {
	var own struct {
		PrimaryAPIKey string          `json:"primaryApiKey"`
		OAuthAccount  json.RawMessage `json:"oauthAccount,omitempty"`
		MCPServers    json.RawMessage `json:"mcpServers,omitempty"`
	}
	if l.user.state != "" {
		data, err := readFile(l.user.state)
		if err == nil {
			err = json.Unmarshal(data, &own)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", l.user.state, err)
		}
	}
	state := map[string]any{"hasCompletedOnboarding": true}
	if own.PrimaryAPIKey != "" {
		state["primaryApiKey"] = own.PrimaryAPIKey
		out.secrets = append(out.secrets, own.PrimaryAPIKey)
	}
	if own.OAuthAccount != nil {
		state["oauthAccount"] = own.OAuthAccount
	}
	if l.options.Inherit && own.MCPServers != nil {
		state["mcpServers"] = own.MCPServers
	}
	if there(filepath.Join(s.State, ".claude.json")) {
		return nil // the CLI has made it its own
	}
	data, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return replace(s.State, ".claude.json", data)
}

// replace writes a file whole, into a folder that may be the agent's to write: a link
// that it left there leads nowhere else.
func replace(dir, name string, data []byte) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }() // it only was a place
	fresh := name + ".new"
	if err := root.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := root.OpenFile(fresh, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close(), root.Rename(fresh, name))
}
