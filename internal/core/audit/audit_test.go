package audit

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// side is a file with content; the same content is the same object.
func side(mode, content string) Side {
	return Side{Mode: mode, Object: fmt.Sprintf("%x", content), Size: int64(len(content)), Read: true, Content: content}
}

func file(content string) Side { return side(ModeFile, content) }

func gitlink(commit string) Side { return Side{Mode: ModeModule, Object: commit} }

var rules = Rules{Bounds: objective.Bounds{
	Protected: []string{".git", ".env*", "**/secrets/**"}, Boundaries: []string{"src/**", "docs/**", ".github/**", "Dockerfile", "sub", ".git*"}, Scope: nil,
}, Sensitive: []string{"*.pem"}, BulkFiles: 2}

// says are the findings of a diff, as "severity rule text".
func says(r Rules, d Diff) []string {
	var out []string
	for _, f := range Judge(r, d) {
		out = append(out, fmt.Sprintf("%s %s %s", f.Severity, f.Rule, f.Text))
	}
	return out
}

// TestRules: what each rule finds, and what is next to it and nobody's business.
func TestRules(t *testing.T) {
	big := side(ModeFile, strings.Repeat("x", DefaultMaxFile+1))
	big.Read, big.Content = false, ""
	lost := Side{Mode: ModeFile, Object: "lost", Size: 10}
	for name, c := range map[string]struct {
		change Change
		want   []string // beginnings
	}{
		"plain":                 {Change{Path: "src/a.go", New: file("package a\n")}, nil},
		"protected":             {Change{Path: ".env.local", New: file("A=1\n")}, []string{"block protected_path .env.local is protected"}},
		"protected, below":      {Change{Path: "src/secrets/a/b", New: file("a\n")}, []string{"block protected_path src/secrets/a/b is protected"}},
		"protected, deleted":    {Change{Path: "src/.env", Old: file("A=1\n")}, []string{"block protected_path src/.env is protected"}},
		"outside":               {Change{Path: "lib/a.go", New: file("package a\n")}, []string{"block out_of_boundary lib/a.go is outside"}},
		"binary":                {Change{Path: "src/a", New: file("\x7fELF\x00\x01")}, []string{"block binary_file src/a is a new binary file of 6 bytes, a Linux program"}},
		"binary, far behind":    {Change{Path: "src/a.sh", New: file("#!/bin/sh\n" + strings.Repeat("# x\n", 5000) + "\x00")}, []string{"block binary_file src/a.sh is a new binary file"}},
		"binary, changed":       {Change{Path: "src/a.png", Old: file("\x89PNG\x00"), New: file("\x89PNG\x00\x01")}, []string{"block binary_file src/a.png is a binary file that changed"}},
		"binary, deleted":       {Change{Path: "src/a.png", Old: file("\x89PNG\x00")}, nil},
		"huge":                  {Change{Path: "src/data.json", New: big}, []string{"block huge_file src/data.json has 1048577 bytes"}},
		"huge, deleted":         {Change{Path: "src/data.json", Old: big}, nil},
		"not read":              {Change{Path: "src/a.go", New: lost}, []string{"block unread src/a.go was not read"}},
		"what was there unread": {Change{Path: "src/a.go", Old: big, New: file("a\n")}, []string{"block unread src/a.go changed, and what it held before"}},
		"executable":            {Change{Path: "src/a.sh", Old: file("#!/bin/sh\n"), New: side(ModeExec, "#!/bin/sh\n")}, []string{"block mode_change src/a.sh becomes executable"}},
		"no more":               {Change{Path: "src/a.sh", Old: side(ModeExec, "#!/bin/sh\n"), New: file("#!/bin/sh\n")}, []string{"block mode_change src/a.sh is executable no more"}},
		"a new script":          {Change{Path: "src/a.sh", New: side(ModeExec, "#!/bin/sh\n")}, []string{"note mode_change src/a.sh is new and executable"}},
		"link inside":           {Change{Path: "src/l", New: side(ModeSymlink, "../docs/a.md")}, nil},
		"link away":             {Change{Path: "src/l", New: side(ModeSymlink, "../../x")}, []string{"block symlink_escape src/l is a symbolic link to ../../x, which is outside"}},
		"absolute link":         {Change{Path: "src/l", New: side(ModeSymlink, "/etc/passwd")}, []string{"block symlink_escape src/l is a symbolic link to /etc/passwd, which is outside"}},
		"link up a link":        {Change{Path: "src/l", New: side(ModeSymlink, "d/../x")}, []string{"block symlink_escape src/l is a symbolic link to d/../x, which goes up"}},
		"link into .git":        {Change{Path: "src/l", New: side(ModeSymlink, "../.git/config")}, []string{"block symlink_escape src/l is a symbolic link to ../.git/config, which is in git's own"}},
		"link to a secret":      {Change{Path: "src/l", New: side(ModeSymlink, "../.env")}, []string{"block symlink_escape src/l is a symbolic link to ../.env, which is protected"}},
		"file becomes link":     {Change{Path: "src/l", Old: file("a\n"), New: side(ModeSymlink, "b")}, []string{"block mode_change src/l was a file and is a symbolic link"}},
		"submodule":             {Change{Path: "sub", New: gitlink("0123456789abcdef")}, []string{"block submodule_change sub becomes a submodule, at commit 0123456789"}},
		"submodule moves":       {Change{Path: "sub", Old: gitlink("0123456789abcdef"), New: gitlink("fedcba9876543210")}, []string{"block submodule_change sub is a submodule that moves from commit 0123456789 to fedcba9876"}},
		"submodule goes":        {Change{Path: "sub", Old: gitlink("0123456789abcdef"), New: file("a\n")}, []string{"block mode_change sub was a submodule and is a file", "block submodule_change sub is a submodule no more"}},
		".gitmodules":           {Change{Path: ".gitmodules", New: file("[submodule \"x\"]\n")}, []string{"block submodule_change .gitmodules:1: where a submodule comes from"}},
		"attributes":            {Change{Path: ".gitattributes", Old: file("*.sh eol=lf\n"), New: file("*.sh eol=lf\n*.go -diff\n*.c filter=x\n*.md text\n")}, []string{"block attributes_change .gitattributes:2:", "block attributes_change .gitattributes:3:"}},
		"attributes of images":  {Change{Path: ".gitattributes", New: file("*.png binary\n* text=auto\n")}, nil},
		"CI":                    {Change{Path: ".github/workflows/ci.yml", Old: file("a: 1\n"), New: file("a: 2\n")}, []string{"block security_configuration .github/workflows/ci.yml is changed, and is a CI workflow"}},
		"not CI":                {Change{Path: "docs/.github/workflows/ci.yml", New: file("a: 1\n")}, nil},
		"opened":                {Change{Path: ".vscode/tasks.json", New: file("{}\n")}, []string{"block out_of_boundary", "block security_configuration .vscode/tasks.json is new, and says what runs"}},
		"money":                 {Change{Path: "src/billing/invoice.go", Old: file("package a\n"), New: file("package b\n")}, []string{"block payment src/billing/invoice.go is changed, and moves money"}},
		"sensitive":             {Change{Path: "src/server.pem", New: file("a\n")}, []string{"block protected_path src/server.pem is usually secret"}},
		"owners":                {Change{Path: ".github/CODEOWNERS", Old: file("* @a\n")}, []string{"block security_configuration .github/CODEOWNERS is deleted, and says who must agree"}},
		"container's user":      {Change{Path: "Dockerfile", Old: file("FROM a\nUSER app\n"), New: file("FROM a\n")}, []string{"block security_configuration Dockerfile no longer says"}},
		"container as root":     {Change{Path: "Dockerfile", New: file("FROM a\nUSER root\n")}, []string{"block security_configuration Dockerfile changes what"}},
		"container":             {Change{Path: "Dockerfile", New: file("FROM a\nUSER app\n")}, nil},
		"containers":            {Change{Path: "src/docker-compose.yml", Old: file("a:\n"), New: file("a:\n  privileged: true\n  user: \"0:0\"\n  volumes:\n    - /var/run/docker.sock:/x\n")}, []string{"block security_configuration src/docker-compose.yml changes", "block security_configuration src/docker-compose.yml changes", "block security_configuration src/docker-compose.yml changes"}},
		"composers":             {Change{Path: "src/compose.ts", Old: file("a\n"), New: file("a\nuser && f(user)\n  user: root\n")}, nil},
		"right to left":         {Change{Path: "src/a.go", New: file("package a\n// \u202e gnp\u2066\n")}, []string{"block hidden_text src/a.go:2: U+202E, which changes the order"}},
		"invisible":             {Change{Path: "src/a.go", New: file("pass\u200bword := 1\n")}, []string{"block hidden_text src/a.go:1: U+200B, which is invisible"}},
		"it was there":          {Change{Path: "src/a.go", Old: file("pass\u200bword := 1\n"), New: file("pass\u200bword := 1\nx\n")}, nil},
		"terminal":              {Change{Path: "src/a.sh", New: file("echo ok # \x1b[2K\n")}, []string{"block hidden_text src/a.sh:1: U+001B, which steers"}},
		"overprinted":           {Change{Path: "src/a.sh", New: file("rm -rf x\recho ok\n")}, []string{"block hidden_text src/a.sh:1: U+000D, which hides"}},
		"windows lines":         {Change{Path: "src/a.txt", New: file("\ufeffone\r\ntwo\r\n")}, nil},
		"a family":              {Change{Path: "src/a.md", New: file("\U0001F468\u200d\U0001F469 schön نعم\n")}, nil},
		"no UTF-8":              {Change{Path: "src/a\xff.go", New: file("a\n")}, []string{`block unportable_path "src/a\xff.go" has a name that is not UTF-8`}},
		"a device":              {Change{Path: "src/aux.c", New: file("a\n")}, []string{"block unportable_path src/aux.c has a name that Windows"}},
		"a colon":               {Change{Path: "src/a:b", New: file("a\n")}, []string{"block unportable_path src/a:b has a name with characters"}},
		"a trailing dot":        {Change{Path: "src/a.", New: file("a\n")}, []string{"block unportable_path src/a. has a name that ends in a dot"}},
		"git's own, nearly":     {Change{Path: "src/.GIT/config", New: file("a\n")}, []string{"block unportable_path src/.GIT/config has a name that some systems take for git's"}},
		"git's own, short":      {Change{Path: "src/git~1/config", New: file("a\n")}, []string{"block unportable_path src/git~1/config has a name that some systems take for git's"}},
		"git's own, on a Mac":   {Change{Path: "src/.g\u200cit/config", New: file("a\n")}, []string{`block unportable_path "src/.g\u200cit/config" has a name that some systems take for git's`}},
		"an odd name, deleted":  {Change{Path: "src/aux.c", Old: file("a\n")}, nil},
		"a skipped test":        {Change{Path: "src/a_test.go", Old: file("func TestA(t *testing.T) {\n\tf(t)\n}\n"), New: file("func TestA(t *testing.T) {\n\tt.Skip()\n\tf(t)\n}\n")}, []string{"block unconventional src/a_test.go:2: test TestA is skipped"}},
		"a secret":              {Change{Path: "src/a.py", New: file("token = 'sk-live-4242'\n")}, []string{"block hardcoded_secret src/a.py:1: hard-coded secret"}},
	} {
		got := says(rules, Diff{Changes: []Change{c.change}})
		ok := len(got) == len(c.want)
		for i := range got {
			ok = ok && strings.HasPrefix(got[i], c.want[i])
		}
		if !ok {
			t.Errorf("%s: %q\nwant %q", name, got, c.want)
		}
	}
}

// TestDeletions: many files at once, those that moved not counted.
func TestDeletions(t *testing.T) {
	d := Diff{}
	for i := range 4 {
		d.Changes = append(d.Changes, Change{Path: fmt.Sprintf("src/%d.txt", i), Old: file(fmt.Sprint(i))})
	}
	moved := Change{Path: "src/moved.txt", New: file("3")}
	if got := says(rules, d); len(got) != 4 || got[0] != "block bulk_delete_files src/0.txt is deleted, and 3 others" {
		t.Errorf("%q", got)
	}
	d.Changes = append(d.Changes[1:], moved)
	if got := says(rules, d); got != nil {
		t.Errorf("two are gone, one is elsewhere: %q", got)
	}
}

// TestModes: a rule is off, or no more than a note; what was not read blocks
// whatever is configured, and so does a mode that nobody knows.
func TestModes(t *testing.T) {
	d := Diff{Changes: []Change{
		{Path: "lib/a", New: file("a\x00")}, {Path: "src/b", New: Side{Mode: ModeFile, Object: "b", Size: 3}},
	}}
	r := rules
	r.Modes = map[string]string{OutOfBoundary: "off", Binary: "note", Unread: "off"}
	want := []string{
		"block unread src/b was not read: the diff is too large (guardrails.audit.max_read_bytes)", "note binary_file lib/a is a new binary file of 2 bytes",
	}
	if got := says(r, d); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	r.Modes = map[string]string{Binary: "whatever"}
	if got := Judge(r, d); len(got) != 3 || !got[0].Blocks() {
		t.Errorf("%+v", got)
	}
}

// TestCollisions: a new name that is there already in another case, at any level.
func TestCollisions(t *testing.T) {
	d := Diff{
		Changes: []Change{{Path: "Src/new.go", New: file("a\n")}, {Path: "src/A.go", New: file("a\n")}, {Path: "src/a.go", Old: file("a\n"), New: file("b\n")}},
		Names:   map[string][]string{"": {"Src", "src"}, "Src": {"new.go"}, "src": {"A.go", "a.go", "b.go"}},
	}
	r := Rules{}
	want := []string{
		"block case_collision Src/new.go and src are one and the same where case does not count",
		"block case_collision src/A.go and src/a.go are one and the same where case does not count",
		"block case_collision src/A.go and Src are one and the same where case does not count",
	}
	got := says(r, d)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := Parents(d.Changes); !slices.Equal(got, []string{"", "Src", "src"}) {
		t.Errorf("directories: %q", got)
	}
	d = Diff{NamesLeft: 3, MoreCommits: true}
	if got := says(r, d); len(got) != 2 {
		t.Errorf("%q", got)
	}
}

// TestEarlierCommits: what only an earlier commit of the agent's own holds would
// be merged with the result.
func TestEarlierCommits(t *testing.T) {
	d := Diff{Changes: []Change{
		{Path: "src/a.go", New: file("package a\n")},
		{Path: ".env", New: file("A=1\n"), Commit: "0123456789abcdef"},
		{Path: "src/a.go", New: file("k := \"AKIAIOSFODNN7EXAMPLQ\"\n"), Commit: "fedcba9876543210"},
		{Path: "lib/tmp.go", New: file("package lib\n"), Commit: "fedcba9876543210"},
	}}
	want := []string{
		"block protected_path .env is protected (guardrails.protected_paths), in an earlier commit of the agent's own (0123456789), which would be merged with the rest",
		"block hardcoded_secret src/a.go:1: hard-coded secret: an AWS access key, in an earlier commit of the agent's own (fedcba9876), which would be merged with the rest",
	}
	if got := says(rules, d); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// TestMoved: a test that moved is no test that was deleted.
func TestMoved(t *testing.T) {
	test := file("func TestA(t *testing.T) {\n\tif f() != 1 {\n\t\tt.Fatal()\n\t}\n}\n")
	if got := says(Rules{}, Diff{Changes: []Change{{Path: "a_test.go", Old: test}, {Path: "b/a_test.go", New: test}}}); got != nil {
		t.Errorf("%q", got)
	}
	if got := says(Rules{}, Diff{Changes: []Change{{Path: "a_test.go", Old: test}}}); len(got) != 1 {
		t.Errorf("deleted: %q", got)
	}
}

// TestKeys: the same finding has the same key wherever its line is, another line
// another one.
func TestKeys(t *testing.T) {
	keys := func(content string) []string {
		var out []string
		for _, f := range Judge(Rules{}, Diff{Changes: []Change{{Path: "a.go", New: file(content)}}}) {
			out = append(out, f.Key)
		}
		return out
	}
	one := keys("a\u200bb\n")
	if moved := keys("x\ny\na\u200bb\n"); len(one) != 1 || !slices.Equal(one, moved) {
		t.Errorf("%q, moved %q", one, moved)
	}
	twice := keys("a\u200bb\na\u200bb\n")
	if len(twice) != 2 || twice[0] != one[0] || twice[1] == one[0] {
		t.Errorf("%q, twice %q", one, twice)
	}
	if other := keys("a\u200bc\n"); other[0] == one[0] {
		t.Error("another line has the same key")
	}
}

// TestHunk: the hunk shows what changed around the line, without secrets, and
// what would not be seen is written out.
func TestHunk(t *testing.T) {
	before := "one\ntwo\nthree\nfour\nfive\nsix\n"
	after := "one\ntwo\nthree\ntoken = 'sk-live-4242'\nx = 'hunter2'\na\u202eb\nfive\nsix\n"
	r := Rules{Redact: func(line string) string { return strings.ReplaceAll(line, "hunter2", "***") }}
	found := Judge(r, Diff{Changes: []Change{{Path: "a.py", Old: file(before), New: file(after)}}})
	want := "@@ -1,6 +1,8 @@\n one\n two\n three\n-four\n+token = 'sk-…'\n+x = '***'\n+a<U+202E>b\n five\n six\n"
	if len(found) != 2 || found[0].Hunk != want || found[0].Rule != Secret || found[1].Line != 6 {
		t.Errorf("%+v", found)
	}
	key := "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA7wQzkqMIIEowIBAAKCAQEA7wQzkqMIIEowIBAAKCAQ\nabc\n-----END RSA PRIVATE KEY-----\nb\n"
	found = Judge(Rules{}, Diff{Changes: []Change{{Path: "id", New: file(key)}}})
	if len(found) != 1 || strings.Contains(found[0].Hunk, "MII") || !strings.Contains(found[0].Hunk, "+b\n") {
		t.Errorf("%+v", found)
	}
	long := Judge(Rules{}, Diff{Changes: []Change{{Path: "a", New: file(strings.Repeat("x", 1<<16) + "a\u202eb\n" + strings.Repeat("y\n", 1000))}}})
	if len(long) != 1 || len(long[0].Hunk) > hunkLines*(hunkWidth+10) {
		t.Errorf("%d bytes of hunk", len(long[0].Hunk))
	}
}

// TestVisible: nothing that is said can steer a terminal.
func TestVisible(t *testing.T) {
	for in, want := range map[string]string{
		"schön\tok\n": "schön\tok\n", "a\x1b[2Kb": "a<U+001B>[2Kb", "\u202e": "<U+202E>", "a\xffb": "a\uFFFDb", "\r": "<U+000D>",
	} {
		if got := Visible(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"a b.go": "a b.go", "ü": "ü", "a\nb": `"a\nb"`, "a\xff": `"a\xff"`, `"a`: `"\"a"`, "\u202ea": `"\u202ea"`} {
		if got := ShowPath(in); got != want {
			t.Errorf("%q is %q, want %q", in, got, want)
		}
	}
}

// TestDrop: with what is dropped goes what it can't be without.
func TestDrop(t *testing.T) {
	changes := []Change{
		{Path: "a", Old: file("a\n"), New: file("b\n")},
		{Path: "moved", Old: file("m\n")}, {Path: "dir/moved", New: file("m\n")},
		{Path: "x", Old: file("x\n")}, {Path: "x/y", New: file("y\n")}, {Path: "x/z", New: file("z\n")},
		{Path: "d/e", Old: file("e\n")}, {Path: "d", New: file("d\n")},
		{Path: "kept", New: file("k\n")},
	}
	for _, c := range []struct{ names, want string }{
		{"a", "a"}, {"dir/moved", "moved dir/moved"}, {"moved", "moved dir/moved"}, {"x", "x x/y x/z"}, {"x/y", "x/y"},
		{"d/e", "d/e d"}, {"d", "d"}, {"a earlier", "a"},
	} {
		out, err := Drop(changes, strings.Fields(c.names), []string{"earlier"})
		var got []string
		for _, o := range out {
			got = append(got, o.Path)
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("drop %s: %q, %v; want %s", c.names, got, err, c.want)
		}
	}
	if _, err := Drop(changes, []string{"nowhere", "a"}, nil); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("an unknown file: %v", err)
	}
}

// TestEveryRuleIsDocumented: the table names each rule that a finding can have.
func TestEveryRuleIsDocumented(t *testing.T) {
	known := map[string]bool{}
	for _, r := range Table() {
		known[r.Name] = r.About != ""
	}
	for _, name := range []string{ProtectedPath, OutOfBoundary, OutOfScope, Unconventional, Secret, Security, Payment, BulkDelete, Binary, Huge, ModeChange,
		Symlink, Submodule, Attributes, Collision, Unportable, Hidden, Unread} {
		if !known[name] {
			t.Errorf("%s is not in the table", name)
		}
	}
	if slices.Contains(Configurable(), Unread) || len(Configurable()) != len(known)-1 {
		t.Errorf("%q", Configurable())
	}
	var zero event.AuditRules
	if SeverityOf(zero, "a rule of tomorrow") != event.SeverityBlock {
		t.Error("what is not known does not block")
	}
}

// TestDocs holds the page to the table.
func TestDocs(t *testing.T) {
	page, err := os.ReadFile("../../../docs/guardrails.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range Table() {
		if row := fmt.Sprintf("| `%s` | %s |\n", r.Name, r.About); !strings.Contains(string(page), row) {
			t.Errorf("docs/guardrails.md has no row %s", row)
		}
	}
}

// FuzzCompare: a comparison holds both texts, line by line, in order.
func FuzzCompare(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("", "a")
	f.Add("a\nb\nc\nd\ne\n", "c\nb\na\n\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		var a, b []string
		common := 0
		for _, e := range compare(before, after) {
			if e.op != '+' {
				if a = append(a, e.text); e.old != len(a) {
					t.Fatalf("old line %d is number %d", e.old, len(a))
				}
			}
			if e.op != '-' {
				if b = append(b, e.text); e.new != len(b) {
					t.Fatalf("new line %d is number %d", e.new, len(b))
				}
			}
			if e.op == ' ' {
				common++
			}
		}
		if !slices.Equal(a, split(before)) || !slices.Equal(b, split(after)) {
			t.Fatalf("%q, %q became %q, %q", before, after, a, b)
		}
		if before == after && common != len(a) {
			t.Fatalf("%q differs from itself", before)
		}
	})
}

// TestHunkOfFile: what is wrong with a file as a whole is shown where it changes;
// of a protected file nothing is.
func TestHunkOfFile(t *testing.T) {
	r := rules
	r.Boundaries = []string{"src/**"}
	for _, c := range []struct {
		change Change
		want   string
	}{
		{Change{Path: "lib/a.txt", Old: file("a\nb\nc\n"), New: file("a\nB\nc\n")}, "@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{Change{Path: "lib/a.txt", Old: file("a\n")}, "@@ -1,1 +0,0 @@\n-a\n"},
		{Change{Path: "lib/a.txt", Old: file("a\n"), New: side(ModeExec, "a\n")}, ""},
		{Change{Path: "lib/a.txt", New: file("a\x00\n")}, ""},
		{Change{Path: ".env", New: file("A=not-to-be-seen\u202e\n")}, ""},
		{Change{Path: "src/a.pem", New: file("not to be seen\u202e\n")}, ""},
	} {
		found := Judge(r, Diff{Changes: []Change{c.change}})
		if len(found) == 0 {
			t.Errorf("%s: nothing is found", c.change.Path)
		}
		for _, f := range found {
			if f.Hunk != c.want {
				t.Errorf("%s, %s: %q, want %q", c.change.Path, f.Rule, f.Hunk, c.want)
			}
		}
	}
}
