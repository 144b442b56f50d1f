package readonly

import (
	"encoding/json"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"popkit/internal/core/policy/shell"
)

var place = shell.Options{Dir: "/w", Home: "/home/ada", Tmp: "/tmp/a", Top: "/w", Branch: "work"}

// reads are what an agent does to find out what is there.
var reads = []string{
	"ls -la src", "cat a.go b.go | head -20", "head -n 50 src/*.go", "wc -l $(git ls-files)", "grep -rn 'func main' .", "rg -n TODO --type go",
	"find . -name '*.go' -not -path './vendor/*'", "find . -name x -exec grep -l y {} +", "fd -e go", "ls | xargs wc -l", "git log --oneline -20 -- a.go",
	"git diff main..HEAD", "git show HEAD:a.go", "git blame -L 10,20 a.go", "git grep -n foo", "git -C src status --short", "git --no-pager log -S foo",
	"git branch -a", "git stash list", "git config --get user.name", "git remote -v", "sed -n '1,80p' a.go", "sed -n -e '/func/p' a.go", "sed 's/a/b/g' a.go",
	"awk -F: '{print $1}' a", "awk 'NR<20' a", "sort a | uniq -c | sort -rn", "diff a b", "tree -L 2", "file a", "cd src && ls && cd ..", "f=a.go; cat $f",
	"for f in *.go; do head -3 $f; done", "if test -f a; then cat a; fi", "cat a 2>/dev/null", "cat a > /dev/null 2>&1", "timeout 5 git log", "LC_ALL=C sort a",
	"sh -c 'cat a; ls'", "bash -lc 'git status'", "go version", "go doc net/http", "go list ./...", "npm ls", "python3 --version", "command -v go", "date", "/usr/bin/env ls",
	"popkit insight add --tags a 'text'", "popkit plan present plan.md", "popkit plan present - <<'END'\n1. touch a > b\nEND", "printf '1. x\n' | popkit plan present -", "popkit report --status blocked --summary x", "popkit ask \"$QUESTION\"", "popkit roles implementer", "cat <<E\nx\nE", "echo done", "GIT_PAGER=cat git log",
	"xxd a | head", "jq .name package.json", "[ -f a ] && cat a", "mapfile -t x < a", "git log | cat", "cat $UNKNOWN", "cat a &",
}

// changes are what has to wait for the plan's approval.
var changes = []string{
	"touch a", "echo x > a", "echo x >> a", "cat a > b", "rm a", "mkdir d", "cp a b", "mv a b", "ln -s a b", "tee a", "printf x | tee a", "sed -i s/a/b/ a", "sed 'w out' a",
	"sed 's/a/b/w out' a", "sed 's/a/touch x/e' a", "sed -n '1e touch x' a", "sed -f s a", "sed '1r a' b", "awk '{print > \"f\"}' a", "awk 'BEGIN{system(\"rm a\")}'", "awk -f s a", "sort -o a a", "sort a -oa",
	"uniq a b", "xxd -r a b", "yq -i .a=1 a", "tree -o out", "find . -delete", "find . -fprint out", "find . -exec rm {} +", "ls | xargs rm", "ls | xargs -I{} sh -c 'rm {}'",
	"fd -x rm", "rg --pre ./x foo", "git add .", "git commit -m x", "git checkout -- a", "git switch x", "git branch new", "git branch -D x", "git tag v1", "git stash",
	"git stash pop", "git config user.name x", "git apply p", "git reset --hard", "git clean -fd", "git -c core.pager=./x log", "git diff --output=x", "git log --outp=x", "git grep -O./x foo", "git fetch", "git push",
	"git worktree add x", "git remote add x y", "git diff --ext-diff", "make", "make test", "go build ./...", "go test ./...", "go run .", "go env -w A=b", "go list -toolexec ./x ./...", "npm test", "npm ci", "cargo build",
	"python3 -c 'print(1)'", "python3 x.py", "node -e '1'", "./run.sh", "bash run.sh", "sh < run.sh", "source a.sh", ". a.sh", "eval \"touch a\"", "sh -c 'cat a; touch b'",
	"x=$(touch a)", "cat <(touch a)", "f() { touch x; }; f", "alias ls=rm; ls a", "trap 'rm a' EXIT", "exec 3> a", ": > a", "coproc rm a", "$X a", "cat a; $X", "sudo cat a", "ssh host cat a",
	"GIT_EXTERNAL_DIFF=./x git diff", "PAGER=./x git log", "LD_PRELOAD=./x ls", "export PATH=.:$PATH; ls", "PATH=.; ls", "find $X", "git $X", "sort $X", "/tmp/ls", "../git status", "curl https://x", "wget x", "vim a", "env ./x",
	"nohup ./x", "dd if=a of=b", "chmod +x a", "patch < p", "tar xf a.tar", "cat 'unclosed", "truncate -s0 a", "install a b", "rsync a b", "docker run x", "kill 1", "popkit power merge", "popkit plan make x", "popkit gc", "popkit serve x", "popkit report --summary $(touch a)",
}

func TestScript(t *testing.T) {
	for _, src := range reads {
		if why := Script(src, place); why != "" {
			t.Errorf("%s: %s", src, why)
		}
	}
	for _, src := range changes {
		if Script(src, place) == "" {
			t.Errorf("%s is taken for reading", src)
		}
	}
}

func TestCall(t *testing.T) {
	for _, tt := range []struct {
		tool, input string
		reads       bool
	}{
		{"Read", `{"file_path":"a"}`, true}, {"Grep", `{"pattern":"x"}`, true}, {"WebFetch", `{"url":"https://x"}`, true}, {"Task", `{}`, true},
		{"TodoWrite", `{}`, true}, {"mcp__popkit__present_plan", `{"plan":"x"}`, true}, {"mcp__popkit__share_insight", `{}`, true},
		{"Bash", `{"command":"git log"}`, true}, {"shell", `{"command":["cat","a b"]}`, true}, {"exec_command", `{"cmd":"ls"}`, true},
		{"Write", `{"file_path":"a"}`, false}, {"Edit", `{"file_path":"a"}`, false}, {"MultiEdit", `{}`, false}, {"NotebookEdit", `{}`, false}, {"apply_patch", `{}`, false},
		{"Bash", `{"command":"make"}`, false}, {"Bash", `{"command":""}`, true}, {"Bash", `{}`, false}, {"Bash", `{"command":7}`, false}, {"Bash", `nonsense`, false},
		{"shell", `{"command":["bash","-c","rm a"]}`, false}, {"mcp__db__query", `{}`, false}, {"EnterWorktree", `{}`, false}, {"CronCreate", `{}`, false},
		{"save_memory", `{}`, false}, {"Delete", `{}`, false}, {"", `{}`, false}, {"SomethingNew", `{}`, false},
		{"Bash", `{"command":"rm a","Command":"ls"}`, false}, {"Bash", `{"command":"ls","cmd":"rm a"}`, false},
	} {
		if why := Call(tt.tool, json.RawMessage(tt.input), place); (why == "") != tt.reads {
			t.Errorf("%s %s: %q", tt.tool, tt.input, why)
		}
	}
}

// TestNoWrapper: what does more than read does so in whatever it is wrapped, and beside
// whatever reads.
func TestNoWrapper(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		src := rapid.SampledFrom(changes).Draw(t, "change")
		if src == "cat 'unclosed" {
			return
		}
		wrap := rapid.SampledFrom([]string{"%s", "ls; %s", "%s | cat", "if true; then %s; fi", "( %s )", "{ %s; }", "x=$(%s)", "echo \"$(%s)\"", "! %s", "true && %s"}).Draw(t, "wrap")
		if all := fmt.Sprintf(wrap, src); Script(all, place) == "" {
			t.Errorf("%s is taken for reading", all)
		}
	})
}

func FuzzScript(f *testing.F) {
	for _, src := range append(reads, changes...) {
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if Script("touch a\n"+src, place) == "" {
			t.Errorf("%q hides what comes before it", src)
		}
	})
}
