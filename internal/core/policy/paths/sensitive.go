package paths

import (
	"path"
	"slices"
	"strings"
	"unicode"

	"popkit/internal/core/smell"
)

// Security says why a file is security configuration; "" when it is not.
func Security(rel string) string {
	p := strings.ToLower(rel)
	base := path.Base(p)
	switch {
	case strings.HasPrefix(p, ".github/workflows/") || strings.HasPrefix(p, ".github/actions/") || strings.HasPrefix(p, ".circleci/") ||
		strings.HasPrefix(p, ".buildkite/") || strings.HasPrefix(p, ".gitea/workflows/") || strings.HasPrefix(p, ".forgejo/workflows/") || strings.HasPrefix(p, ".woodpecker/"):
		return "is a CI workflow"
	case slices.Contains([]string{".gitlab-ci.yml", ".gitlab-ci.yaml", "jenkinsfile", ".travis.yml", "azure-pipelines.yml", "azure-pipelines.yaml",
		"bitbucket-pipelines.yml", ".drone.yml", ".woodpecker.yml", "appveyor.yml", ".cirrus.yml", "buildspec.yml", "cloudbuild.yaml"}, base):
		return "is a CI workflow"
	case base == "codeowners" || base == ".gitleaks.toml" || base == "dependabot.yml" || base == "dependabot.yaml":
		return "says who must agree to changes, or what is looked for in them"
	case hasDir(p, ".husky", ".githooks", "git-hooks", "githooks") || base == ".pre-commit-config.yaml" || base == "lefthook.yml" || base == "lefthook.yaml":
		return "is a git hook"
	case hasDir(p, ".claude") && (base == "settings.json" || base == "settings.local.json" || strings.Contains(p, ".claude/hooks/") || strings.Contains(p, ".claude/agents/")), p == ".mcp.json",
		p == ".claude/popkit/config.json", p == "power-mode/config.json", hasDir(p, ".cursor", ".codex", ".gemini", ".qwen") && strings.Contains(base, "settings"):
		return "says what agents may do"
	case slices.Contains([]string{".htpasswd", ".htaccess", "pg_hba.conf", "sudoers", "sshd_config", "authorized_keys", "known_hosts", "firestore.rules",
		"firebase.rules", "storage.rules", "database.rules.json", "network-policy.yaml", "networkpolicy.yaml"}, base), hasDir(p, "sudoers.d", "iam", "rbac") && !program(base):
		return "decides who has access to what"
	case HasWord(strings.TrimSuffix(base, path.Ext(base)), "rbac", "iam") && !program(base) && path.Ext(base) != ".md":
		return "decides who has access to what"
	}
	return ""
}

// program tells source code from configuration.
func program(base string) bool {
	return slices.Contains([]string{".go", ".py", ".js", ".ts", ".tsx", ".jsx", ".java", ".rs", ".rb", ".kt", ".cs", ".c", ".cc", ".cpp", ".h", ".php", ".swift", ".scala"}, path.Ext(base))
}

func hasDir(p string, names ...string) bool {
	for seg := range strings.SplitSeq(path.Dir(p), "/") {
		if slices.Contains(names, seg) {
			return true
		}
	}
	return false
}

// words splits a name at what is no letter, and where a capital begins a word.
func words(name string) []string {
	var out []string
	from := 0
	runes := []rune(name)
	flush := func(to int) {
		if to > from {
			out = append(out, strings.ToLower(string(runes[from:to])))
		}
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush(i)
			from = i + 1
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]):
			flush(i)
			from = i
		}
	}
	flush(len(runes))
	return out
}

func HasWord(name string, wanted ...string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(wanted, w) })
}

// Payment reports whether a file is code that moves money. Tests and documents
// about it do not.
func Payment(rel string) bool {
	ext := strings.ToLower(path.Ext(rel))
	if ext == ".md" || ext == ".txt" || ext == ".rst" || smell.TestFile(rel) || strings.HasPrefix(rel, "docs/") {
		return false
	}
	for seg := range strings.SplitSeq(rel, "/") {
		if HasWord(strings.TrimSuffix(seg, path.Ext(seg)), "payment", "payments", "billing", "stripe", "paypal", "braintree", "adyen", "payout", "payouts",
			"invoicing", "refund", "refunds", "chargeback", "chargebacks") {
			return true
		}
	}
	return false
}

// DockerUser says why a change of a Dockerfile is security configuration.
func DockerUser(rel, before, after string) string {
	base := strings.ToLower(path.Base(rel))
	if base != "dockerfile" && base != "containerfile" && !strings.HasPrefix(base, "dockerfile.") && !strings.HasSuffix(base, ".dockerfile") {
		return ""
	}
	users := func(text string) []string {
		var out []string
		for line := range strings.SplitSeq(text, "\n") {
			f := strings.Fields(line)
			if len(f) > 1 && strings.EqualFold(f[0], "USER") {
				out = append(out, f[1])
			}
		}
		return out
	}
	if !slices.Equal(users(before), users(after)) {
		return "says as which user a container runs"
	}
	return ""
}

// credentialFiles hold credentials below a home directory.
var credentialFiles = []string{".ssh", ".aws", ".gnupg", ".netrc", ".pgpass", ".my.cnf", ".git-credentials", ".npmrc", ".pypirc", ".docker/config.json", ".kube",
	".azure", ".config/gcloud", ".config/gh", ".config/hub", ".config/op", ".config/doctl", ".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials",
	".terraform.d/credentials.tfrc.json", ".vault-token", ".password-store", ".local/share/keyrings", ".mozilla", ".config/google-chrome", ".config/chromium",
	"Library/Keychains", ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history", ".mysql_history", ".claude.json",
	".claude/.credentials.json", ".codex/auth.json", ".gemini/oauth_creds.json", ".config/rclone", ".boto", ".s3cfg", ".composer/auth.json", ".m2/settings.xml",
	".gradle/gradle.properties", ".nuget/NuGet.Config", ".config/containers/auth.json", ".fly", ".heroku", ".config/heroku", ".config/netlify", ".vercel", ".config/stripe"}

// startFiles below a home directory decide what the account runs.
var startFiles = []string{".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", ".zshenv", ".zlogin", ".bash_login", ".bash_aliases", ".inputrc",
	".config/fish", ".gitconfig", ".config/git", ".config/systemd", ".config/autostart", ".local/bin", "bin", ".claude", ".vimrc", ".config/nvim", ".tmux.conf",
	"Library/LaunchAgents", ".config/popkit", ".pam_environment", ".xinitrc", ".xsession"}

// homeRels is what of a path lies below a home directory, for each that it can be:
// the agent's own may well be "/".
func homeRels(home, abs string) []string {
	var out []string
	if rel, ok := Below(abs, home, false); ok && home != "" {
		out = append(out, rel)
	}
	for _, base := range []string{"/home/", "/Users/"} {
		if rest, ok := strings.CutPrefix(abs, base); ok {
			_, rel, _ := strings.Cut(rest, "/")
			out = append(out, rel)
		}
	}
	if rel, ok := strings.CutPrefix(abs, "/root/"); ok {
		out = append(out, rel)
	}
	return out
}

// HomeCredential reports whether a path below a home directory holds credentials.
func HomeCredential(home, abs string) bool {
	return slices.ContainsFunc(homeRels(home, abs), func(rel string) bool {
		return UnderAny(rel, credentialFiles) && !strings.HasSuffix(rel, ".pub") && rel != ".ssh/known_hosts" && rel != ".ssh/config"
	})
}

// HomeSecret reports whether a change below a home directory reaches beyond files:
// credentials, and what starts with the account.
func HomeSecret(home, abs string) bool {
	return slices.ContainsFunc(homeRels(home, abs), func(rel string) bool {
		return UnderAny(rel, credentialFiles) || UnderAny(rel, startFiles)
	})
}

// SystemSecret reports whether the machine keeps secrets there.
func SystemSecret(abs string) bool {
	if strings.HasPrefix(abs, "/proc/") && (strings.HasSuffix(abs, "/environ") || strings.HasSuffix(abs, "/mem")) {
		return true
	}
	return UnderAny(abs, []string{"/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/etc/sudoers.d", "/run/secrets", "/var/run/secrets", "/etc/ssl/private", "/etc/krb5.keytab",
		"/etc/kubernetes", "/dev/mem", "/dev/kmem", "/var/lib/docker", "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ecdsa_key"})
}

// SecretWords in a variable's name say that its value is a secret.
var SecretWords = []string{"secret", "secrets", "token", "tokens", "password", "passwd", "passphrase", "credential", "credentials", "pat", "apikey"}

// SecretVar reports whether a variable of the environment holds a secret, by its name.
func SecretVar(name string) bool {
	ws := words(name)
	for i, w := range ws {
		if slices.Contains(SecretWords, w) {
			return true
		}
		if w == "key" && i > 0 && slices.Contains([]string{"api", "access", "private", "secret", "encryption", "signing", "master", "service", "account", "admin"}, ws[i-1]) {
			return true
		}
	}
	return strings.HasSuffix(strings.ToUpper(name), "_KEY") && len(ws) > 1 && slices.Contains([]string{"openai", "anthropic", "stripe", "sendgrid", "aws", "gcp", "azure", "ssh", "gpg", "license"}, ws[0])
}
