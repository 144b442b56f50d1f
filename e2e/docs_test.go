package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// documents are the pages whose sessions are played. A page is one session, from
// top to bottom, in a folder of its own:
//
//	```yaml plan.yaml     a block with a file's name is that file, where the session is,
//	                      as an editor leaves it: a script has to be made executable
//	```console            "$ command", then what it prints, both streams
//	<!-- $ command -->    is run too, and must end with 0; for what a reader would do by looking
//
// A command must end with 0 unless the next is "echo $?". In what is printed "…"
// stands for any text, alone on a line for any lines; run IDs, commits, times,
// durations and process IDs match each other; blanks are one blank.
var documents = []string{"README.md", "docs/getting-started.md", "docs/planner.md", "docs/recovery.md", "docs/roles.md", "docs/tiers.md"} //nolint:gochecknoglobals // a table

// TestDocuments plays the documents' sessions with the real popkit.
func TestDocuments(t *testing.T) {
	for _, name := range documents {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(filepath.Join("..", name))
			if err != nil {
				t.Fatal(err)
			}
			play(t, name, string(text))
		})
	}
}

// reader is somebody who types what a page says.
type reader struct {
	t    *testing.T
	env  []string
	dir  string // where the session is
	home string
	last string // exit code of the last command
}

func play(t *testing.T, name, text string) {
	home, err := os.MkdirTemp("/tmp", "pk-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	r := &reader{t: t, dir: home, home: home, last: "0", env: []string{
		"HOME=" + home, "USER=ada", "XDG_RUNTIME_DIR=" + home, "XDG_CACHE_HOME=" + filepath.Join(home, "cache"),
		"GIT_CONFIG_NOSYSTEM=1", "PATH=" + binaries + ":" + os.Getenv("PATH"),
	}}
	config := "[user]\n\tname = Ada\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n"
	if err := os.WriteFile(filepath.Join(home, ".gitconfig"), []byte(config), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.leave)
	commands := 0
	for _, s := range steps(text) {
		where := fmt.Sprintf("%s:%d", name, s.line)
		switch {
		case s.file != "":
			r.write(where, s.file, s.want)
		case !r.run(where, s):
			t.FailNow() // what follows builds on it
		default:
			commands++
		}
	}
	if commands == 0 {
		t.Errorf("%s has no command in a console block", name)
	}
}

// leave ends the engine that a session leaves behind.
func (r *reader) leave() {
	cmd := exec.Command(filepath.Join(binaries, "popkit"), "power", "stop", "--now")
	cmd.Dir, cmd.Env = r.dir, r.env
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Logf("stop what is left: %v\n%s", err, out)
	}
}

func (r *reader) write(where, file, text string) {
	path := filepath.Join(r.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		r.t.Fatalf("%s: %v", where, err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		r.t.Fatalf("%s: %v", where, err)
	}
}

func (r *reader) run(where string, s step) bool {
	r.t.Helper()
	pwd := filepath.Join(r.home, ".pwd")
	script := fmt.Sprintf("(exit %s); %s\ncode=$?; pwd > %s; exit $code", r.last, s.command, pwd)
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", script)
	cmd.WaitDelay = time.Second // what it left behind may hold the pipe
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = r.dir, r.env, &out, &out
	err := cmd.Run()
	if cmd.ProcessState == nil {
		r.t.Errorf("%s: %s: %v", where, s.command, err)
		return false
	}
	r.last = fmt.Sprint(cmd.ProcessState.ExitCode())
	if dir, err := os.ReadFile(pwd); err == nil {
		r.dir = strings.TrimSpace(string(dir))
	}
	if r.last != "0" && !s.mayFail {
		r.t.Errorf("%s: %s ended with %s:\n%s", where, s.command, r.last, out.String())
		return false
	}
	if !s.hidden && !matches(s.want, out.String()) {
		r.t.Errorf("%s: %s printed\n%s\nwhere the page says\n%s", where, s.command, out.String(), s.want)
		return false
	}
	return true
}

// step is one thing that a page has its reader do.
type step struct {
	line    int
	file    string // a file with the text in want
	command string // else a command, which prints what is in want
	want    string
	hidden  bool
	mayFail bool
}

var hiddenCommand = regexp.MustCompile(`^<!-- \$ (.*) -->$`)

func steps(text string) []step {
	var all []step
	fence := "" // the open block's info string; "-" if it has none
	for i, line := range strings.Split(text, "\n") {
		now := step{line: i + 1}
		switch info, isFence := strings.CutPrefix(line, "```"); {
		case isFence && fence != "":
			fence = ""
		case isFence:
			fence = strings.TrimSpace(info) + "-"
			if _, file, named := strings.Cut(info, " "); named {
				now.file = file
				all = append(all, now)
			}
		case fence == "" && hiddenCommand.MatchString(line):
			now.command, now.hidden = hiddenCommand.FindStringSubmatch(line)[1], true
			all = append(all, now)
		case fence == "console-" && strings.HasPrefix(line, "$ "):
			now.command = line[2:]
			if n := len(all); n > 0 && strings.HasPrefix(now.command, "echo $?") {
				all[n-1].mayFail = true
			}
			all = append(all, now)
		case len(all) > 0 && (fence == "console-" || strings.Contains(fence, " ")):
			last := &all[len(all)-1]
			if last.want == "" && last.command != "" && strings.HasSuffix(last.command, "\\") {
				last.command = strings.TrimSuffix(last.command, "\\") + strings.TrimSpace(line)
				continue
			}
			last.want += line + "\n"
		}
	}
	return all
}

// like are the texts that differ from run to run.
var like = []*regexp.Regexp{ //nolint:gochecknoglobals // a table
	regexp.MustCompile(`01[0-9A-HJKMNP-TV-Z]{24}`),
	regexp.MustCompile(`\b[0-9a-f]{10,40}\b`),
	regexp.MustCompile(`\b\d\d:\d\d:\d\d\b`),
	regexp.MustCompile(`\b\d{4}-\d\d-\d\d( \d\d:\d\d)?\b`),
	regexp.MustCompile(`\b(\d+h)?(\d+m)?\d+m?s\b`),
	regexp.MustCompile(`process \d+`),
	regexp.MustCompile(`on [\w.-]+, epoch`),
}

// alike makes texts that may differ the same.
func alike(line string) string {
	for i, r := range like {
		line = r.ReplaceAllString(line, fmt.Sprintf("<%d>", i))
	}
	return strings.Join(strings.Fields(line), " ")
}

// matches says whether a page's output is what was printed.
func matches(want, got string) bool {
	var pattern strings.Builder
	for line := range strings.Lines(want) {
		if strings.TrimSpace(line) == "…" {
			pattern.WriteString(`(?:.*\n)*?`)
			continue
		}
		parts := strings.Split(alike(line), "…")
		for i := range parts {
			parts[i] = regexp.QuoteMeta(parts[i])
		}
		pattern.WriteString(strings.Join(parts, ".*") + "\n")
	}
	var text strings.Builder
	for line := range strings.Lines(got) {
		text.WriteString(alike(line) + "\n")
	}
	return regexp.MustCompile(`\A` + pattern.String() + `\z`).MatchString(text.String())
}

// TestMatches: the comparison can fail.
func TestMatches(t *testing.T) {
	const got = "run 01M81HHCG0E4ND229WBYD3G900: done\n  1 of 1 task  merged, 3s\n\nend\n"
	for want, ok := range map[string]bool{
		"run 01M81HHEKWF9FFK1Z54YR3N42C: done\n 1 of 1 task merged, 1m20s\n\nend\n": true,
		"run …\n…\nend\n":                      true,
		"…\n":                                  true,
		"run …: done\n…\nend.\n":               false,
		"run …\nend\n":                         false,
		"":                                     false,
		"run …: failed\n…\n":                   false,
		"…\n  1 of 1 task merged, 3s\n\nend\n": true,
		"…\n  1 of 2 task merged, 3s\n\nend\n": false,
	} {
		if matches(want, got) != ok {
			t.Errorf("%q matches: %v", want, !ok)
		}
	}
}
