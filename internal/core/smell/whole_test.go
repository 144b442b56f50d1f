package smell

import (
	"strings"
	"testing"
)

// tryFiles is tryEdits for whole files: what is not in them is known not to be there.
func tryFiles(t *testing.T, cases []edit) {
	t.Helper()
	for _, c := range cases {
		kind := Modified
		if c.old == "" {
			kind = Created
		}
		found := All([]Change{{Path: c.path, Kind: kind, Old: c.old, New: c.new}})
		if got := smells(found); got != c.want {
			t.Errorf("%s\n--- old\n%s\n--- new\n%s\ngot %q, want %q\n%+v", c.path, c.old, c.new, got, c.want, found)
		}
	}
}

func TestConfiguration(t *testing.T) {
	tryFiles(t, []edit{
		{"tsconfig.json", "{\n  \"strict\": true,\n  \"outDir\": \"a\"\n}", "{\n  \"strict\": false,\n  \"outDir\": \"a\"\n}", "config_loosened"},
		{"tsconfig.json", "{\n  \"strict\": true,\n  \"outDir\": \"a\"\n}", "{\n  \"outDir\": \"a\"\n}", "config_loosened"},
		{"tsconfig.base.json", "{\n  \"strict\": true\n}", "{\n  \"strict\": true,\n  \"noImplicitAny\": false\n}", "config_loosened"},
		{"tsconfig.json", "{\n  \"strict\": true\n}", "{\n  \"strict\": true,\n  \"outDir\": \"b\"\n}", ""},
		{".eslintrc.json", "{\n  \"rules\": {\n  }\n}", "{\n  \"rules\": {\n    \"no-unused-vars\": \"off\"\n  }\n}", "config_loosened"},
		{"eslint.config.js", "export default [{\n  rules: {\n  }\n}]", "export default [{\n  rules: {\n    'no-eval': 0,\n  }\n}]", "config_loosened"},
		{".eslintrc.json", "{\n  \"rules\": {\n  }\n}", "{\n  \"rules\": {\n    \"no-unused-vars\": \"error\"\n  }\n}", ""},
		{"pyproject.toml", "[tool.ruff.lint]\nignore = [\n  \"E1\",\n]", "[tool.ruff.lint]\nignore = [\n  \"E1\",\n  \"F401\",\n]", "config_loosened"},
		{"pyproject.toml", "[tool.mypy]\nstrict = true", "[tool.mypy]\nstrict = false", "config_loosened"},
		{"setup.cfg", "[flake8]\nignore = E501", "[flake8]\nignore = E501,F401", "config_loosened"},
		{"setup.cfg", "[flake8]\nignore = E501", "[flake8]\nignore = E501\nmax-complexity = 3", ""},
		{"mypy.ini", "[mypy]\n", "[mypy]\nignore_errors = True\n", "config_loosened"},
		{".coveragerc", "[report]\nfail_under = 90", "[report]\nfail_under = 60", "config_loosened"},
		{".coveragerc", "[report]\nfail_under = 60", "[report]\nfail_under = 90", ""},
		{"package.json", "{\"coverageThreshold\": {\n  \"branches\": 80\n}}", "{\"coverageThreshold\": {\n  \"branches\": 20\n}}", "config_loosened"},
		{"package.json", "{\n  \"test\": \"jest\"\n}", "{\n  \"test\": \"exit 0\"\n}", "config_loosened"},
		{"package.json", "{\n  \"test\": \"jest\"\n}", "{\n  \"test\": \"jest || true\"\n}", "config_loosened"},
		{"package.json", "{\n  \"test\": \"jest\"\n}", "{\n  \"test\": \"jest --coverage\"\n}", ""},
		{".golangci.yml", "linters:\n  disable:\n    - a\n", "linters:\n  disable:\n    - a\n    - errcheck\n", "config_loosened"},
		{".golangci.yml", "linters:\n  enable:\n    - a\n    - errcheck\n", "linters:\n  enable:\n    - a\n", "config_loosened"},
		{".rubocop.yml", "Metrics/AbcSize:\n  Max: 15\n", "Metrics/AbcSize:\n  Max: 99\n", "config_loosened"},
		{".rubocop.yml", "Style/A:\n  Enabled: true\n", "Style/A:\n  Enabled: false\n", "config_loosened"},
		{".rubocop.yml", "Metrics/AbcSize:\n  Max: 15\n", "Metrics/AbcSize:\n  Max: 14\n", ""},
		{"Cargo.toml", "[lints.rust]\n", "[lints.rust]\ndead_code = \"allow\"\n", "config_loosened"},
		{".pre-commit-config.yaml", "  - id: a\n  - id: b\n", "  - id: a\n", "config_loosened"},
		{".pre-commit-config.yaml", "  - id: a\n  - id: b\n", "  - id: a\n  - id: c\n", ""},
		{".husky/pre-commit", "npm test\n", "", "config_loosened"},
		{"Makefile", "test:\n\tgo test ./...\n", "test:\n\tgo test ./... || true\n", "config_loosened"},
		{"Makefile", "test:\n\tgo test ./...\n", "test:\n\t-go test ./...\n", "config_loosened"},
		{"Makefile", "test:\n\tgo test -race ./...\n", "test:\n\tgo test ./...\n", "config_loosened"},
		{"Makefile", "test:\n\tgo vet ./...\n\tgo test ./...\n", "test:\n\tgo vet ./...\n", "config_loosened"},
		{"Makefile", "test:\n\tgo test -race ./...\n", "test:\n\tgo test -race -v ./...\n", ""},
		{"package.json", "{\n  \"lint\": \"eslint . --max-warnings 0\",\n}", "{\n  \"lint\": \"eslint .\",\n}", "config_loosened"},
		{"package.json", "{\n  \"lint\": \"eslint .\",\n  \"a\": \"b\"\n}", "{\n  \"a\": \"b\"\n}", "config_loosened"},
		{"pom.xml", "<a>\n</a>", "<a>\n<skipTests>true</skipTests>\n</a>", "config_loosened"},
		{"build.gradle", "test {\n}", "test {\n  ignoreFailures = true\n}", "config_loosened"},
		{"jest.config.js", "module.exports = {\n}", "module.exports = {\n  testPathIgnorePatterns: ['a.test.js'],\n}", "config_loosened"},
		{"pytest.ini", "[pytest]\naddopts = -q\n", "[pytest]\naddopts = -q --deselect tests/test_a.py::test_b\n", "config_loosened"},
		{"next.config.js", "module.exports = {\n}", "module.exports = {\n  typescript: { ignoreBuildErrors: true },\n}", "config_loosened"},
		{"biome.json", "{\n}", "{\n  \"noExplicitAny\": \"off\"\n}", "config_loosened"},
	})
}

func TestContinuousIntegration(t *testing.T) {
	w := ".github/workflows/ci.yml"
	tryFiles(t, []edit{
		{w, "    - run: go test ./...\n", "    - run: go test ./...\n      continue-on-error: true\n", "ci_loosened"},
		{w, "    - run: npm test\n", "    - run: npm test || true\n", "ci_loosened"},
		{w, "    - run: npm test\n    - run: npm run lint\n", "    - run: npm test\n", "ci_loosened"},
		{w, "  test:\n    runs-on: x\n", "  test:\n    if: false\n    runs-on: x\n", "ci_loosened"},
		{w, "    - run: |\n        npm ci\n        npm test\n", "    - run: |\n        npm ci\n", "ci_loosened"},
		{w, "    - run: npm test\n", "    - run: npm run test:all\n", ""},
		{w, "    - run: npm test\n", "    - run: npm test\n    - run: npm run e2e\n", ""},
		{w, "      - uses: actions/checkout@v3\n", "      - uses: actions/checkout@v4\n", ""},
		{w, "    - run: npm test\n", "    - run: npm test\n    - run: rm -f x || true\n", ""},
		{".gitlab-ci.yml", "test:\n  script: make test\n", "test:\n  script: make test\n  allow_failure: true\n", "ci_loosened"},
		{".travis.yml", "script:\n  - make test\n", "script:\n  - make\n", "ci_loosened"},
		{w, "    - run: cargo clippy -- -D warnings\n", "    - run: cargo clippy\n", "config_loosened"},
		{w, "on:\n  push:\n  pull_request:\n", "on:\n  push:\n", "ci_loosened"},
		{"docs/ci.yml", "a: 1", "a: 1\ncontinue-on-error: true", ""},
	})
}

func TestSecrets(t *testing.T) {
	// Put together here, so that no scanner takes this file for a leak.
	gh := "gh" + "p_" + "Zk3vQ9xW1mB7rT5yN8uJ2hL6cD4fG0sAeViP"
	aws := "AK" + "IA" + "Q7ZK3M9XW2B5RTYN"
	slack := "xox" + "b-" + "2938475610-8374650192-Zk3vQ9xW1mB7rT5yN8uJ2hL6"
	stripe := "sk_" + "live_" + "Zk3vQ9xW1mB7rT5yN8uJ2hL6"
	key := "-----BEGIN " + "RSA PRIVATE KEY-----\n" + strings.Repeat("MIIEowIBAAKCAQEAz7Zk3vQ9xW1mB7rT5yN8uJ2hL6", 2) + "\n-----END RSA PRIVATE KEY-----"
	tryEdits(t, []edit{
		{"src/a.go", "x", "t := \"" + gh + "\"", "secret"},
		{"a_test.go", "x", "t := \"" + gh + "\"", "secret"},
		{"README.md", "x", "use " + gh, "secret"},
		{"config.yml", "x", "key: " + aws, "secret"},
		{"a.rb", "x", "Slack.new('" + slack + "')", "secret"},
		{"a.java", "x", "Stripe.apiKey = \"" + stripe + "\";", "secret"},
		{"deploy/key.txt", "x", key, "secret"},
		{"src/key.go", "x", "const key = `-----BEGIN " + "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n`", "secret"},
		{"src/key.py", "x", "KEY = '-----BEGIN " + "EC PRIVATE KEY-----\\nMHcCAQEEIIGLlamZu0Fs\\n'", "secret"},
		{"tests/certs/server.key", "x", key, ""},
		{"src/a.js", "x", "const apiKey = 'q7Zk3M9xW2b5'", "secret"},
		{"src/a.ts", "x", "const secret: string = \"q7Zk3M9xW2b5\"", "secret"},
		{"src/a.py", "x", "    password=\"hunter42!\",", "secret"},
		{"src/a.py", "x", "DB_PASSWORD = 'Tr0ub4dor&3'", "secret"},
		{"src/a.go", "x", "var authToken string = \"q7zk3m9xw2b5\"", "secret"},
		{"src/a.go", "x", "c := Config{APIKey: \"q7zk3m9xw2b5\"}", "secret"},
		{"src/A.java", "x", "private static final String SECRET_KEY = \"q7zk3m9xw2b5\";", "secret"},
		{"src/a.rs", "x", "const API_TOKEN: &str = \"q7zk3m9xw2b5\";", "secret"},
		{"config/app.yml", "x", "  client_secret: q7zk3m9xw2b5", "secret"},
		{"a.properties", "x", "db.password=q7zk3m9xw2b5", "secret"},
		{"src/a.json", "x", "  \"access_token\": \"q7zk3m9xw2b5\",", "secret"},
		// none
		{"src/a.py", "x", "password = os.environ['PASSWORD_42']", ""},
		{"src/a.py", "x", "token = load('token_v42')", ""},
		{"src/a.py", "x", "password = 'changeme123'", ""},
		{"src/a.py", "x", "api_key = 'YOUR_API_KEY_1'", ""},
		{"src/a.py", "x", "token = ''", ""},
		{"src/a.py", "x", "token = 'access_token'", ""},
		{"src/a.py", "x", "token_url = 'https://a.example/v1/t0k3n'", ""},
		{"src/a.py", "x", "TOKEN_RE = 'q7zk3m9xw2b5'", ""},
		{"src/a.js", "x", "const token = `${a}12345678`", ""},
		{"src/a.js", "x", "if (token === 'q7zk3m9xw2b5') {", "secret"},
		{"src/a.js", "x", "const csrfToken = document.querySelector('#t0k3n42')", ""},
		{"config.yml", "x", "password: ${DB_PASSWORD1}", ""},
		{"config.yml", "x", "password: {{ .Values.db1.password2 }}", ""},
		{"config.yml", "x", "token: ENC[AES256_GCM,data:q7zk3m]", ""},
		{"tests/test_a.py", "x", "password = 'q7zk3m9xw2b5'", ""},
		{"docs/a.md", "x", "token = 'q7zk3m9xw2b5'", ""},
		{"src/a.go", "x", "t := \"" + "gh" + "p_" + strings.Repeat("x", 36) + "\"", ""},
		{"config.yml", "x", "key: AK" + "IA" + "IOSFODNN7EXAMPLE", ""},
		{"a.go", "x", "const head = \"-----BEGIN RSA PRIVATE KEY-----\"", ""},
		{"a.sum", "x", "h1:q7zk3m9xw2b5token=", ""},
	})
	for _, f := range One(Change{Path: "a.go", Kind: Modified, Old: "x", New: "t := \"" + gh + "\"", Fragment: true}) {
		if f.Rule != HardcodedSecret || strings.Contains(f.Excerpt+f.Text, gh) {
			t.Errorf("the finding shows the secret: %+v", f)
		}
	}
}

// A line shows none of the secrets on it.
func TestSecretsAreVeiled(t *testing.T) {
	one, two := "gh"+"p_"+"Zk3vQ9xW1mB7rT5yN8uJ2hL6cD4fG0sAeViP", "gh"+"p_"+"a9xW1mB7rT5yN8uJ2hL6cD4fG0sQeViPk3vQ"
	for _, line := range []string{
		"a, b := \"" + one + "\", \"" + two + "\"",
		"{\"token\": \"q7zk3m9xw2b5\", \"password\": \"hunter42x\"}",
		"k := \"-----BEGIN " + "PRIVATE KEY-----\\nMIIEvQIBADANBgkqhkiG\\n\"",
	} {
		found := One(Change{Path: "a.json", Kind: Modified, New: line, Fragment: true})
		if len(found) != 1 {
			t.Fatalf("%s: %+v", line, found)
		}
		for _, s := range []string{one, two, "q7zk3m9xw2b5", "hunter42x", "MIIEvQ"} {
			if strings.Contains(found[0].Excerpt+found[0].Text, s) {
				t.Errorf("%s is shown: %s", s, found[0].Excerpt)
			}
		}
	}
	many := One(Change{Path: "a.json", Kind: Modified, New: strings.Repeat(one[:39]+" ", 1) + strings.Join(manyTokens(), " "), Fragment: true})
	if len(many) != 1 || strings.Contains(many[0].Excerpt, "p_") {
		t.Errorf("a line full of them is shown: %+v", many)
	}
}

func manyTokens() []string {
	var out []string
	for i := range 40 {
		out = append(out, "gh"+"p_"+strings.Repeat(string(rune('A'+i%26)), 2)+strings.ToLower(string(rune('A'+i/26)))+"9xW1mB7rT5yN8uJ2hL6cD4fG0sQeViPk3v")
	}
	return out
}

func TestWholeDiff(t *testing.T) {
	body := "\tif f() != 1 {\n\t\tt.Error(1)\n\t}\n}\n"
	a, b := "func TestA(t *testing.T) {\n"+body, "func TestB(t *testing.T) {\n"+body
	skipped := "func TestA(t *testing.T) {\n\tt.Skip(\"slow\")\n" + body
	py := func(names ...string) string {
		out := ""
		for _, n := range names {
			out += "def " + n + "():\n    assert " + n + "_x() == 1\n\n"
		}
		return out
	}
	for name, c := range map[string]struct {
		changes []Change
		want    string
	}{
		"a test file is deleted":      {[]Change{{Path: "a_test.go", Kind: Deleted, Old: a}}, "test_deleted"},
		"one whose text is not known": {[]Change{{Path: "a_test.go", Kind: Deleted}}, "test_deleted"},
		"code is deleted":             {[]Change{{Path: "a.go", Kind: Deleted, Old: "package a\n"}}, ""},
		"helpers are deleted":         {[]Change{{Path: "tests/helpers.py", Kind: Deleted, Old: "def helper():\n    pass\n"}}, ""},
		"a test file is renamed":      {[]Change{{Path: "b_test.go", From: "a_test.go", Kind: Renamed, Old: a, New: a}}, ""},
		"to what is none":             {[]Change{{Path: "a_test.go.bak", From: "a_test.go", Kind: Renamed, Old: a, New: a}}, "test_deleted"},
		"a test moves": {[]Change{
			{Path: "a_test.go", Kind: Modified, Old: a + b, New: b}, {Path: "c_test.go", Kind: Created, New: a}}, ""},
		"a test file moves": {[]Change{
			{Path: "a_test.go", Kind: Deleted, Old: a}, {Path: "c_test.go", Kind: Created, New: a}}, ""},
		"a skipped test moves": {[]Change{
			{Path: "a_test.go", Kind: Modified, Old: skipped + b, New: b}, {Path: "c_test.go", Kind: Created, New: skipped}}, ""},
		"a test is skipped as it moves": {[]Change{
			{Path: "a_test.go", Kind: Modified, Old: a + b, New: b}, {Path: "c_test.go", Kind: Created, New: skipped}}, "test_skipped"},
		"a skip moves to another test": {[]Change{
			{Path: "a_test.go", Kind: Modified, Old: skipped + b, New: a + strings.Replace(skipped, "TestA", "TestB", 1)}}, "test_skipped"},
		"a test is deleted":           {[]Change{{Path: "a_test.go", Kind: Modified, Old: a + b, New: b}}, "test_deleted"},
		"a test is renamed":           {[]Change{{Path: "a_test.go", Kind: Modified, Old: a, New: strings.Replace(a, "TestA", "TestZ", 1)}}, ""},
		"a test is replaced":          {[]Change{{Path: "test_a.py", Kind: Modified, Old: py("test_a", "test_b"), New: py("test_c", "test_b")}}, ""},
		"by one that asserts nothing": {[]Change{{Path: "test_a.py", Kind: Modified, Old: py("test_a", "test_b"), New: "def test_c():\n    print(1)\n\n" + py("test_b")}}, "test_deleted"},
		"a test goes with what it tests": {[]Change{
			{Path: "a.py", Kind: Modified, Old: "def test_a_x():\n    return 1\n\ndef other():\n    return 2\n", New: "def other():\n    return 2\n"},
			{Path: "test_a.py", Kind: Modified, Old: py("test_a", "test_b"), New: py("test_b")}}, ""},
		"a new test depends on the system": {[]Change{{Path: "a_test.go", Kind: Created, New: "func TestA(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip()\n\t}\n" + body}}, ""},
		"a new test is skipped":            {[]Change{{Path: "a_test.go", Kind: Created, New: skipped}}, "test_skipped"},
		"an old one is made to":            {[]Change{{Path: "a_test.go", Kind: Modified, Old: a, New: "func TestA(t *testing.T) {\n\tif testing.Short() {\n\t\tt.Skip()\n\t}\n" + body}}, "test_skipped"},
		"a recorded result goes with the code": {[]Change{
			{Path: "a.ts", Kind: Modified, Old: "f(1)\n", New: "f(2)\n"},
			{Path: "__snapshots__/a.snap", Kind: Modified, Old: "one\n", New: "two\n"}}, "snapshot_rewritten"},
		"a recorded result alone": {[]Change{{Path: "__snapshots__/a.snap", Kind: Modified, Old: "one\n", New: "two\n"}}, ""},
		"one more": {[]Change{
			{Path: "a.ts", Kind: Modified, Old: "f(1)\n", New: "f(2)\n"},
			{Path: "testdata/a.golden", Kind: Modified, Old: "one\n", New: "one\ntwo\n"}}, ""},
		"only blanks": {[]Change{{Path: "a_test.go", Kind: Modified, Old: a, New: strings.ReplaceAll(a, "\t", "    ")}}, ""},
		"an assertion moves into a helper": {[]Change{{Path: "a_test.go", Kind: Modified, Old: a,
			New: "func check(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Error(1)\n\t}\n}\n\nfunc TestA(t *testing.T) {\n\tcheck(t)\n}\n"}}, ""},
		"a workflow is deleted": {[]Change{{Path: ".github/workflows/ci.yml", Kind: Deleted, Old: "    - run: go test ./...\n"}}, "ci_loosened"},
	} {
		if got := smells(All(c.changes)); got != c.want {
			t.Errorf("%s: got %q, want %q\n%+v", name, got, c.want, All(c.changes))
		}
	}
}
