package paths_test

import (
	"testing"

	"popkit/internal/core/policy/paths"
	"popkit/internal/core/policy/word"
)

func TestCovering(t *testing.T) {
	list := paths.Compile([]string{".env*", "**/secrets/**", "config/{a,b}.yml", "*.pem"})
	star, deep := string(word.Name), string(word.Deep)
	for rel, want := range map[string]string{
		".env": ".env*", "a/.env.local/x": ".env*", ".env.example": "", "a/.env.sample": "", ".env.example/x": ".env*", "x.env": "",
		"secrets": "**/secrets/**", "a/secrets/b": "**/secrets/**", "secrets.md": "", "config/a.yml": "config/{a,b}.yml", "x/config/a.yml": "",
		"a.pem": "*.pem", "a.pem.txt": "",
		// of which some is not known
		".e" + star: ".env*", star: "", star + ".go": "", deep + "/" + star + ".go": "", star + ".pem": "*.pem", "secrets/" + star: "**/secrets/**", deep: "",
	} {
		p, ok := paths.Covering(list, word.Word(rel), false)
		if ok != (want != "") || p.Text != want {
			t.Errorf("%s: %q, want %q", word.Word(rel), p.Text, want)
		}
	}
	if _, ok := paths.Covering(list, "SECRETS/x", true); !ok {
		t.Error("SECRETS is secrets where the case does not count")
	}
}

func TestSecretVar(t *testing.T) {
	for name, want := range map[string]bool{
		"API_KEY": true, "GITHUB_TOKEN": true, "AWS_SECRET_ACCESS_KEY": true, "dbPassword": true, "OPENAI_API_KEY": true, "STRIPE_KEY": true,
		"PATH": false, "KEYBOARD": false, "TOKENIZER": false, "MONKEY": false, "GOPATH": false, "KEY": false, "PRIMARY_KEY": false,
	} {
		if got := paths.SecretVar(name); got != want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

func TestHomes(t *testing.T) {
	for _, home := range []string{"", "/", "/home/u", "/srv/u"} {
		for _, abs := range []string{"/home/other/.ssh/id_rsa", "/root/.aws/credentials", "/Users/x/.netrc"} {
			if !paths.HomeCredential(home, abs) || !paths.HomeSecret(home, abs) {
				t.Errorf("home %q: %s holds no credentials", home, abs)
			}
		}
	}
	if !paths.HomeSecret("/srv/u", "/srv/u/.bashrc") || paths.HomeSecret("/srv/u", "/srv/u/notes.txt") || paths.HomeCredential("/srv/u", "/srv/u/.ssh/id.pub") {
		t.Error("the files of /srv/u are taken for others")
	}
}

// TestRolesAreConfiguration: what an agent is told to be, it does not decide itself.
func TestRolesAreConfiguration(t *testing.T) {
	for p, want := range map[string]bool{
		".claude/agents/implementer.md": true, ".claude/agents/sub/x.md": true, "pkg/.claude/agents/x.md": true, ".Claude/Agents/x.md": true,
		"agents/implementer.md": false, ".claude/popkit/runs/x": false, "docs/roles.md": false,
	} {
		if got := paths.Security(p) != ""; got != want {
			t.Errorf("%s: %v", p, got)
		}
	}
}
