package sandbox

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// machine is what nobody's agent needs of a machine: its run-time folder, where
// the sockets of docker, systemd, D-Bus, ssh and gpg agents, keyrings and
// displays are, and what it keeps secret.
var machine = []string{
	"/run", "/var/run", "/var/lib/docker", "/var/lib/containerd", "/var/lib/kubelet",
	"/var/spool/cron", "/var/mail", "/etc/shadow", "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/kubernetes", "/etc/krb5.keytab",
	"/etc/ssl/private", "/etc/ssh/ssh_host_rsa_key", "/etc/ssh/ssh_host_ecdsa_key", "/etc/ssh/ssh_host_ed25519_key", "/etc/sudoers", "/etc/sudoers.d",
}

// machineRead is what programs need of the above: how to find names in the
// network, and where some systems keep their programs.
var machineRead = []string{
	"/run/systemd/resolve/stub-resolv.conf", "/run/systemd/resolve/resolv.conf", "/run/resolvconf/resolv.conf",
	"/run/NetworkManager/resolv.conf", "/run/current-system", "/run/booted-system", "/run/opengl-driver", "/etc/resolv.conf",
}

// private is what is in a home folder and nobody else's business: keys and tokens
// first, then what remembers them.
var private = []string{
	".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".config/gcloud", ".oci", ".config/doctl", ".config/hcloud", ".fly",
	".local/share/com.vercel.cli", ".config/netlify", ".config/.wrangler", ".wrangler/config", ".config/configstore", ".railway", ".supabase", ".pulumi/credentials.json",
	".config/stripe", ".config/linode-cli", ".config/scw", ".config/pypoetry/auth.toml", ".local/share/pypoetry/auth.toml", ".nuget/NuGet/NuGet.Config", ".config/NuGet/NuGet.Config",
	".expo/state.json", ".serverlessrc", ".config/vercel", ".config/sentry", ".sentryclirc", ".huggingface/token", ".cache/huggingface/token", ".kaggle", ".config/ngrok", ".config/argocd",
	".bundle/config", ".hex/hex.config", ".config/hub", ".config/helm/registry", ".config/cloudflared", ".cloudflared", ".terraform.d/credentials.tfrc.json",
	".config/containers/auth.json", ".config/gh/hosts.yml", ".config/glab-cli", ".config/rclone", ".config/op", ".config/sops",
	".netrc", "_netrc", ".git-credentials", ".config/git/credentials", ".git-credential-cache", ".cache/git/credential", ".pypirc", ".yarnrc.yml",
	".cargo/credentials", ".cargo/credentials.toml", ".gem/credentials", ".m2/settings.xml", ".m2/settings-security.xml",
	".gradle/gradle.properties", ".composer/auth.json", ".config/composer/auth.json", ".terraformrc",
	".vault-token", ".pgpass", ".my.cnf", ".mylogin.cnf", ".s3cfg", ".boto", ".databrickscfg", ".snowsql", ".config/heroku", ".password-store",
	".local/share/keyrings", ".local/share/kwalletd", ".pki", ".mozilla", ".thunderbird", ".config/google-chrome", ".config/chromium",
	".config/BraveSoftware", ".config/microsoft-edge", ".bash_history", ".zsh_history", ".python_history", ".node_repl_history", ".psql_history",
	".mysql_history", ".local/share/fish/fish_history", ".config/popkit",
}

// cleaned are files that tools need and that may hold tokens: the command finds a
// copy without the lines that do.
var cleaned = []string{".npmrc", ".config/pip/pip.conf", ".pip/pip.conf"}

// secretLine matches a setting that is, or holds, a password or a token.
var secretLine = regexp.MustCompile(`(?i)(_auth|auth_?token|_password|password\s*=|://[^/\s]*@)`)

// named are the variables that say where credentials lie, or where an agent that
// keeps them listens.
var named = []string{
	"AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "GOOGLE_APPLICATION_CREDENTIALS", "CLOUDSDK_CONFIG", "AZURE_CONFIG_DIR", "KUBECONFIG",
	"DOCKER_CONFIG", "GNUPGHOME", "NETRC", "PGPASSFILE", "NPM_CONFIG_USERCONFIG", "GH_CONFIG_DIR", "SSH_AUTH_SOCK", "GPG_AGENT_INFO",
	"DOCKER_HOST", "CONTAINER_HOST", "DBUS_SESSION_BUS_ADDRESS", "XAUTHORITY", "KRB5CCNAME", "VAULT_TOKEN_FILE",
}

// caches are the variables that name a cache, for where HOME can't be
// copy-on-write.
var caches = map[string]string{
	"XDG_CACHE_HOME": "xdg", "GOCACHE": "go-build", "GOPATH": "go", "npm_config_cache": "npm", "PIP_CACHE_DIR": "pip",
	"CARGO_HOME": "cargo", "YARN_CACHE_FOLDER": "yarn", "GRADLE_USER_HOME": "gradle",
}

// credentials returns where the user's may lie: in HOME, in the home folder that
// the system knows, and where variables point.
func credentials(home string, environ []string) []string {
	homes := []string{home}
	if known, err := os.UserHomeDir(); err == nil && known != home {
		homes = append(homes, known)
	}
	var out []string
	for _, h := range homes {
		for _, p := range private {
			out = append(out, filepath.Join(h, p))
		}
	}
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		for _, n := range named {
			if name == n {
				out = append(out, pathsOf(value)...)
			}
		}
	}
	return out
}

// pathsOf finds the paths in a variable's value: one, a list with colons, or an
// address like unix:path=/run/bus,guid=… or unix:///var/run/docker.sock.
func pathsOf(value string) []string {
	var out []string
	for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(":=,;", r) }) {
		if filepath.IsAbs(part) {
			out = append(out, filepath.Clean(part))
		}
	}
	return out
}

// otherHomes are the home folders of this machine's other users.
func otherHomes(home string) []string {
	entries, err := os.ReadDir("/home")
	if err != nil {
		return nil // none, or none of our business
	}
	var out []string
	for _, e := range entries {
		dir := filepath.Join("/home", e.Name())
		if dir != home && !below(dir, home) {
			out = append(out, dir)
		}
	}
	return out
}
