package code_test

import (
	"fmt"
	"strings"
	"testing"

	"popkit/internal/core/policy/code"
)

func show(list []code.Effect) string {
	var out []string
	for _, e := range list {
		name := []string{"reads", "writes", "deletes", "starts", "hidden", "fetches", "forks"}[e.Kind]
		out = append(out, strings.TrimSpace(fmt.Sprintf("%s %s%s%s", name, e.Path, e.Script, strings.Trim(fmt.Sprint(e.Argv), "[]"))))
	}
	return strings.Join(out, "; ")
}

func TestRead(t *testing.T) {
	for _, c := range []struct{ lang, text, want string }{
		{"python", "print('a')", ""},
		{"python", "open('a')", "reads a"},
		{"python", "open('a', 'w')", "writes a"},
		{"python", "open('a', mode='w')", "writes a"},
		{"python", "p = 'a' + 'b'\nopen(p, 'w')", "writes ab"},
		{"python", "open(x, 'w')", "writes …"},
		{"python", "from pathlib import Path; Path('a').write_text('b')", "writes a"},
		{"python", "import os; os.remove('a')", "deletes a"},
		{"python", "items.remove('a')", ""},
		{"python", "import subprocess as s; s.run(['ls', 'a'])", "starts ls a"},
		{"python", "import subprocess; subprocess.run('ls a', shell=True)", "starts ls a"},
		{"python", "import os; os.system(x)", "hidden"},
		{"python", "exec(x)", "hidden"},
		{"python", "import urllib.request; exec(urllib.request.urlopen('u').read())", "hidden; fetches"},
		{"python", "re.compile('x')", ""},
		{"python", "# os.remove('a')\nx = 1", ""},
		{"node", "require('fs').writeFileSync('a', 'b')", "writes a"},
		{"node", "const cp = require('child_process'); cp.execSync('ls')", "starts ls"},
		{"node", "fs.rmSync(`a/${x}`)", "deletes a/…"},
		{"node", "console.log('a'.replace('b', 'c'))", ""},
		{"perl", `open(F, ">a")`, "writes a"},
		{"perl", `unlink "a"`, "deletes a"},
		{"ruby", `File.write("a", 1)`, "writes a"},
		{"ruby", "`ls`", "starts ls"},
		{"php", `file_put_contents("a", 1);`, "writes a"},
	} {
		if got := show(code.Read(c.lang, c.text, nil)); got != c.want {
			t.Errorf("%s: %s\n got %s\nwant %s", c.lang, c.text, got, c.want)
		}
	}
}

func TestInline(t *testing.T) {
	for line, want := range map[string]string{
		"bash -lc ls a": "ls [a] true", "bash -c ls": "ls [] true", "bash x a": " [x a] false", "bash -s x": " [] false", "bash -ex x": " [x] false",
		"python3 -c x": "x [] true", "python3 -m x y": " [-m x y] false", "node -e x": "x [] true", "perl -ne x a": "x [a] true", "perl -pi -e x a": "x [a] true",
	} {
		f := strings.Fields(line)
		args := make([]code.Word, len(f))
		for i, w := range f {
			args[i] = code.Word(w)
		}
		text, rest, ok := code.Inline(code.Language(f[0]), args)
		if got := fmt.Sprintf("%s %v %t", text, rest, ok); got != want {
			t.Errorf("%s: %s, want %s", line, got, want)
		}
	}
}
