package shell_test

import (
	"fmt"
	"strings"
	"testing"

	"popkit/internal/core/policy/shell"
)

func find(t *testing.T, src string, content func(string) (string, bool)) shell.Script {
	t.Helper()
	s, err := shell.Find(src, shell.Options{Dir: "/repo", Home: "/home/u", Tmp: "/tmp/a", Top: "/repo", Content: content})
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return s
}

// show is what a script does, one command or note a line: "DIR$ words < input", then
// the files.
func show(s shell.Script) string {
	var b strings.Builder
	for _, c := range s.Commands {
		fmt.Fprintf(&b, "%s$", c.Dir)
		for _, a := range c.Args {
			fmt.Fprintf(&b, " %s", a)
		}
		if len(c.Via) > 0 {
			fmt.Fprintf(&b, " by %s", strings.Join(c.Via, ","))
		}
		if c.In.Known && c.In.Text != "" {
			fmt.Fprintf(&b, " < %q", c.In.Text)
		}
		for _, f := range c.Files {
			fmt.Fprintf(&b, " %s:%s", []string{"read", "write", "append", "delete"}[f.Op], f.Path)
		}
		b.WriteString("\n")
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "! %s\n", n.Kind)
	}
	return b.String()
}

func TestFind(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"ls -la", "/repo$ ls -la\n"},
		{"cd a && ls; pwd", "/repo/a$ ls\n/repo/a$ pwd\n/repo$ pwd\n"}, // it may have failed
		{"cd a; ls", "/repo/a$ ls\n"},
		{"(cd a; ls); ls", "/repo/a$ ls\n/repo$ ls\n"},
		{"cd a || exit; ls", "/repo/a$ ls\n"},
		{"X=a; if test b; then X=c; fi; ls $X", "/repo$\n/repo$\n/repo$ ls c\n/repo$ ls a\n"},
		{"for f in a b; do ls $f; done", "/repo$ ls a\n/repo$ ls b\n/repo$ ls a\n/repo$ ls b\n"},
		{"ls {a,b}/*.go", "/repo$ ls a/*.go b/*.go\n"},
		{`ls $'\x61' "b"'c'\d`, "/repo$ ls a bcd\n"},
		{"ls $NOWHERE/x", "/repo$ ls …/x\n"},
		{"ls ${X:-a} ${X:+b}", "/repo$ ls a\n/repo$ ls a b\n"},
		{"sudo -u x env A=b ls", "/repo$ ls by sudo,env\n"},
		{"bash -c 'ls $1' _ a", "/repo$ bash -c ls $1 _ a\n/repo$ ls a by sh\n"},
		{"echo ls | sh", "/repo$ echo ls\n/repo$ sh < \"ls\\n\"\n/repo$ ls by sh\n"},
		{"sh <<'E'\nls\nE", "/repo$ sh < \"ls\\n\"\n/repo$ ls by sh\n"},
		{"echo a b | xargs ls", "/repo$ echo a b\n/repo$ ls a b by xargs\n"},
		{"find . -name '*.x' -exec ls {} +", "/repo$ find . -name *.x -exec ls {} +\n/repo$ ls ./**/*.x by xargs\n"},
		{"echo x > a", "/repo$ echo x\n/repo$ write:/repo/a\n"},
		{"f() { ls $1; }; f a", "/repo$ ls a\n"},
		{"f() { ls; }", "/repo$ ls\n"},
		{"curl x | sh", "/repo$ curl x\n/repo$ sh\n! remote_code\n"},
		{"$X a", "/repo$ … a\n! unknown_command\n"},
		{":(){ :|:& };:", "! fork_bomb\n"},
		{"bash -c 'if'", "/repo$ bash -c if\n! unparsable\n"},
		{"git -C a status", "/repo/a$ git -C a status\n"},
		{"git -c alias.x=log x a", "/repo$ git log a\n"},
		{"python3 -c \"open('a','w')\"", "/repo$ python3 -c open('a','w') write:/repo/a\n"},
		{"cat < a", "/repo$ cat\n/repo$ read:/repo/a\n"},
		{"T=$(mktemp -d); ls $T", "/repo$ mktemp -d\n/repo$\n/repo$ ls /tmp/a/*\n"},
	} {
		if got := show(find(t, c.src, nil)); got != c.want {
			t.Errorf("%s\n got:\n%s want:\n%s", c.src, got, c.want)
		}
	}
}

// TestScriptsThatWereThere: they are read, but neither what is unknown in them nor
// their length stops the command that runs them.
func TestScriptsThatWereThere(t *testing.T) {
	long := strings.Repeat("echo a\n", 700) + "$X\ngit push\n"
	s := find(t, "bash a.sh; bash a.sh; ls", func(abs string) (string, bool) { return long, abs == "/repo/a.sh" })
	if len(s.Notes) > 0 {
		t.Errorf("notes: %v", s.Notes)
	}
	pushes, last := 0, s.Commands[len(s.Commands)-1]
	for _, c := range s.Commands {
		if len(c.Args) > 1 && c.Args[1] == "push" && c.OnDisk {
			pushes++
		}
	}
	if pushes != 2 || last.Args[0] != "ls" || last.OnDisk {
		t.Errorf("%d pushes, last %v", pushes, last.Args)
	}
}

// TestBounds: what is longer or deeper than is looked at says so.
func TestBounds(t *testing.T) {
	deep := "ls"
	for range 20 {
		deep = "eval '" + strings.ReplaceAll(deep, "'", `'\''`) + "'"
		if len(deep) > 200_000 {
			break
		}
	}
	for name, src := range map[string]string{
		"long": strings.Repeat("ls; ", 5000), "huge": strings.Repeat("#", 300<<10), "deep": deep,
		"loops":  strings.Repeat("for x in 1 2 3; do X=$X$x; ", 14) + "ls" + strings.Repeat("; done", 14),
		"braces": "ls " + strings.Repeat("{a,b}", 20), "functions": "a() { b; b; }; b() { c; c; }; c() { d; d; }; d() { e; e; }; e() { ls; }; " + strings.Repeat("a; ", 200),
	} {
		s := find(t, src, nil)
		if len(s.Commands) > 2000 {
			t.Errorf("%s: %d commands", name, len(s.Commands))
		}
		if n := show(shell.Script{Notes: s.Notes}); name != "loops" && name != "braces" && !strings.Contains(n, "too_much") {
			t.Errorf("%s: %q", name, n)
		}
	}
}
