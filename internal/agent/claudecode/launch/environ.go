package launch

import (
	"slices"
	"strings"
)

// kept are the variables of Claude Code that an agent gets from the user's
// environment and settings: who answers, and how much. Each of the others may be
// of a session that popkit itself was started in, or change how hooks, permissions
// and tools work.
var kept = []string{
	"CLAUDE_CODE_USE_*", "CLAUDE_CODE_SKIP_*_AUTH", "CLAUDE_CODE_CLIENT_CERT", "CLAUDE_CODE_CLIENT_KEY", "CLAUDE_CODE_CLIENT_KEY_PASSPHRASE",
	"CLAUDE_CODE_CERT_STORE", "CLAUDE_CODE_MAX_OUTPUT_TOKENS", "CLAUDE_CODE_MAX_RETRIES", "CLAUDE_CODE_EFFORT_LEVEL",
	"CLAUDE_CODE_SUBAGENT_MODEL", "CLAUDE_CODE_EXTRA_BODY", "CLAUDE_CODE_API_KEY_HELPER_TTL_MS", "CLAUDE_CODE_AUTO_COMPACT_WINDOW",
	"CLAUDE_AUTOCOMPACT_PCT_OVERRIDE", "CLAUDE_CODE_DISABLE_THINKING", "CLAUDE_CODE_DISABLE_ADAPTIVE_THINKING", "CLAUDE_CODE_DISABLE_1M_CONTEXT",
	"CLAUDE_CODE_DISABLE_EXPERIMENTAL_BETAS", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC",
}

// provider are the variables, besides those of Claude Code, by which the user's
// settings say who answers.
var provider = []string{
	"ANTHROPIC_*", "AWS_*", "GOOGLE_*", "CLOUD_ML_REGION", "VERTEX_REGION_*", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "no_proxy", "NODE_EXTRA_CA_CERTS", "MAX_THINKING_TOKENS", "DISABLE_PROMPT_CACHING*",
}

// Login are the variables that hold a login. They reach the CLI whatever else is
// kept from agents: without one it can't work.
var Login = []string{"ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN", "AWS_BEARER_TOKEN_BEDROCK", "ANTHROPIC_FOUNDRY_API_KEY"}

// environ is the session's environment.
func (l *Launcher) environ(s Spec, own settings, login login) []string {
	var env []string
	for _, e := range s.Env {
		name, _, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "CLAUDE") || matches(name, kept) {
			env = append(env, e)
		}
	}
	for _, name := range sortedKeys(own.Env) {
		if lookup(env, name) == "" && (matches(name, kept) || matches(name, provider)) {
			env = append(env, name+"="+own.Env[name])
		}
	}
	env = append(env, login.env...)
	env = append(env,
		"CLAUDE_CONFIG_DIR="+s.State,
		"DISABLE_AUTOUPDATER=1",                      // it could not be written
		"CLAUDE_CODE_DISABLE_AUTO_MEMORY=1",          // what an agent learns is an insight, and is gone with its state else
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", // of many agents at once
		"CLAUDE_CODE_DISABLE_TERMINAL_TITLE=1",
	)
	if l.features.MemoryDirs && !l.options.Inherit {
		env = append(env, "CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD=1")
	}
	return env
}

// matches reports whether a name is one of the patterns, in which one * stands for
// anything.
func matches(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		before, after, open := strings.Cut(p, "*")
		if !open {
			return name == p
		}
		return len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after)
	})
}
