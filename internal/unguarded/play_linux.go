package unguarded

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"popkit/internal/core/policy/paths"
	"popkit/internal/policytest"
	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

var (
	tokenName = regexp.MustCompile(`\b(?:[A-Z0-9]+_)*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASS|KEY|CREDENTIALS)\b`)
	missing   = regexp.MustCompile(`(?m)(not found|No such file or directory: '[a-z]|: command not)`)
	reversed  = reverse(secret)
	inHex     = hex.EncodeToString([]byte(secret))
)

func reverse(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}

// linger waits for what a command has left behind it: process 1, and this shell, are
// the only ones then. A fork bomb is a small one.
const linger = `ulimit -p 200; /bin/bash -c "$0"; code=$?; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do set -- /proc/[0-9]*; [ $# -gt 2 ] || break; sleep 0.2; done; exit $code`

// longest is how long a case may take: those that do not end by themselves are few,
// and on a machine with much else to do the others are slow.
const longest = 15 * time.Second

// player plays cases in a throw-away root.
type player struct {
	ctx     context.Context // of play, for each case
	base    still           // as it is between cases
	far     still           // the remote repository
	watch   int             // inotify: what is done to secrets
	watched map[uint32]string
	ability sandbox.Ability
}

// play reads parts, a JSON value each, and writes what came of them.
func play(ctx context.Context, word string, in io.Reader, out io.Writer) error {
	if err := verify(word); err != nil {
		return fmt.Errorf("refuse to start anything: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return err
	}
	p := &player{ctx: ctx}
	if err := p.begin(); err != nil {
		return err
	}
	parts, results := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var part Part
		if err := parts.Decode(&part); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		played, err := p.both(part)
		if err != nil {
			return fmt.Errorf("case %d: %w", part.Number, err)
		}
		if err := results.Encode(played); err != nil {
			return err
		}
	}
}

func (p *player) begin() error {
	if err := build(); err != nil {
		return err
	}
	for _, path := range sockets {
		if err := socket(path); err != nil {
			return err
		}
	}
	var err error
	if p.base, err = look(nil); err != nil {
		return err
	}
	if p.far, err = lookAt(remote, nil); err != nil {
		return err
	}
	if p.ability, err = sandbox.Detect(filepath.Dir(own), home); err != nil || p.ability.Degree != sandbox.Full || !p.ability.Copies {
		return fmt.Errorf("no whole sandbox in the throw-away root, but %s: %w (a kernel of 6.6 or later is needed)", p.ability, err)
	}
	if p.watch, err = unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC); err != nil {
		return err
	}
	return nil
}

// both plays a case inside the sandbox, and without where that is needed to tell
// what its outcome means.
func (p *player) both(part Part) (Played, error) {
	out := Played{Number: part.Number}
	var err error
	if out.Inside, err = p.once(part, true); err != nil {
		return out, err
	}
	if out.settled(part) {
		return out, nil
	}
	bare, err := p.once(part, false)
	out.Outside = &bare
	return out, err
}

// once plays a case and looks at what came of it.
func (p *player) once(part Part, inside bool) (Effects, error) {
	given, err := p.prepare(part.Given)
	if err != nil {
		return Effects{}, err
	}
	if err := p.listen(); err != nil {
		return Effects{}, err
	}
	e, err := p.run(part, inside)
	if err != nil {
		return Effects{}, err
	}
	if e.Read, e.Touched, err = p.heard(); err != nil {
		return Effects{}, err
	}
	now, err := look(given)
	if err != nil {
		return Effects{}, err
	}
	e.Changed = given.changes(now)
	e.Read = e.Read || holds(e.Output) || p.leaked(e.Changed, now)
	if err := p.marks(&e); err != nil {
		return Effects{}, err
	}
	const most = 400
	if len(e.Output) > most {
		e.Output = e.Output[len(e.Output)-most:]
	}
	e.Output = strings.ToValidUTF8(e.Output, "?")
	changed := p.base.changes(now)
	if p.base, err = p.base.restore(changed); err != nil {
		return Effects{}, err
	}
	return e, errors.Join(p.refresh(changed), p.tidy())
}

// refresh tells git's index that files which were put back are the ones it knows.
func (p *player) refresh(changed []string) error {
	if !slices.ContainsFunc(changed, func(path string) bool {
		return strings.HasPrefix(path, repo+"/") && p.base[path].mode.IsRegular()
	}) {
		return nil
	}
	git := exec.Command("/usr/bin/git", "-C", repo, "update-index", "-q", "--refresh")
	git.Env = environ("")
	if out, err := git.CombinedOutput(); err != nil {
		return fmt.Errorf("refresh the index: %w: %s", err, out)
	}
	var err error
	p.base[ownGit+"/index"], err = nodeOf(ownGit+"/index", nil)
	if err == nil {
		p.base[ownGit], err = nodeOf(ownGit, nil)
	}
	return err
}

// prepare lays what a case takes for given.
func (p *player) prepare(g policytest.Given) (still, error) {
	for _, l := range g.Links {
		if strings.HasPrefix(l[0], repo+"/") {
			if err := errors.Join(os.MkdirAll(filepath.Dir(l[0]), 0o755), os.Symlink(l[1], l[0])); err != nil {
				return nil, err
			}
		}
	}
	for _, f := range g.Files {
		if err := put(filepath.Join(repo, f[0]), f[1], 0o644); err != nil {
			return nil, err
		}
	}
	if g.Branch != "" {
		if err := put(repo+"/.git/HEAD", "ref: refs/heads/"+g.Branch+"\n", 0o644); err != nil {
			return nil, err
		}
	}
	if len(g.Links)+len(g.Files) == 0 && g.Branch == "" {
		return p.base, nil
	}
	return look(p.base)
}

// run runs a case to its end.
func (p *player) run(part Part, inside bool) (Effects, error) {
	var text struct{ Command string }
	args := []string{"unguarded", deedArg, part.Tool, string(part.Input)}
	path := self
	if isShell(part.Tool) && json.Unmarshal(part.Input, &text) == nil {
		path, args = "/bin/sh", []string{"sh", "-c", linger, text.Command}
	}
	env := environ(string(part.Input))
	var confine []string
	if inside {
		spec, more, err := p.place(part, env)
		if err != nil {
			return Effects{}, err
		}
		confine, env = spec.Orders(), append(env, more...)
	}
	out := &bounded{most: 1 << 20}
	command := proc.Command{Path: path, Args: args, Dir: repo, Env: env, Stdout: out, Stderr: out, Confine: confine, Isolation: proc.PIDNamespace}
	process, err := proc.Start(p.ctx, command)
	if err != nil && !inside { // it locked "/" before proc could read who it is
		if err := os.Chmod("/", 0o755); err != nil {
			return Effects{}, err
		}
		command.Path, command.Args = "/bin/sh", append([]string{"sh", "-c", `sleep 1; exec "$@"`, "sh", path}, args[1:]...)
		process, err = proc.Start(p.ctx, command)
	}
	if err != nil {
		return Effects{}, err
	}
	late := time.AfterFunc(longest, process.Kill)
	exit, err := process.Wait()
	late.Stop()
	if err != nil {
		return Effects{}, err
	}
	text.Command = out.String()
	return Effects{Code: exit.Code, Output: text.Command, Missing: exit.Code == 127 || missing.MatchString(text.Command)}, nil
}

// place is the sandbox as the daemon makes it for an agent, with the defaults of the
// configuration. The far end of the network is let in, since the network is.
func (p *player) place(part Part, env []string) (sandbox.Spec, []string, error) {
	globs := paths.Compile(part.Protected)
	protect, err := sandbox.Expand(repo, func(rel string) bool { return covered(globs, rel) })
	if err != nil {
		return sandbox.Spec{}, nil, err
	}
	return sandbox.Place{
		Ability: p.ability, Home: home, Own: own, Tmp: tmp, Environ: env, Sockets: sockets,
		Hide: []string{filepath.Dir(own), project}, Read: []string{self}, Write: []string{repo}, Protect: protect, AlsoWrite: []string{far},
	}.Spec()
}

// listen watches the secrets, for being read and for being opened to be changed.
func (p *player) listen() error {
	p.watched = map[uint32]string{}
	for _, path := range secrets {
		wd, err := unix.InotifyAddWatch(p.watch, path, unix.IN_ACCESS|unix.IN_CLOSE_WRITE|unix.IN_ATTRIB)
		if err != nil {
			return fmt.Errorf("watch %s: %w", path, err)
		}
		p.watched[uint32(wd)] = path
	}
	_, _, err := p.heard() // what was done to restore it
	return err
}

// heard reports whether a secret was read since the last call, and which of them
// somebody could have changed.
func (p *player) heard() (read bool, touched []string, err error) {
	buf := make([]byte, 1<<16)
	for {
		n, err := unix.Read(p.watch, buf)
		if errors.Is(err, unix.EAGAIN) || n == 0 {
			slices.Sort(touched)
			return read, slices.Compact(touched), nil
		}
		if err != nil {
			return false, nil, err
		}
		for b := buf[:n]; len(b) >= unix.SizeofInotifyEvent; {
			wd, mask, length := binary.NativeEndian.Uint32(b), binary.NativeEndian.Uint32(b[4:]), binary.NativeEndian.Uint32(b[12:])
			read = read || mask&unix.IN_ACCESS != 0
			if mask&(unix.IN_CLOSE_WRITE|unix.IN_ATTRIB) != 0 && p.watched[wd] != "" {
				touched = append(touched, p.watched[wd])
			}
			b = b[unix.SizeofInotifyEvent+int(length):]
		}
	}
}

// leaked reports whether a secret is where a case has written.
func (p *player) leaked(changed []string, now still) bool {
	for _, path := range changed {
		if !slices.Contains(secrets, path) && holds(now[path].text) && !holds(p.base[path].text) {
			return true
		}
	}
	found := false
	for _, dir := range []string{"/tmp", "/var/tmp"} {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil //nolint:nilerr // gone, or nothing to read
			}
			if info, err := d.Info(); err != nil || info.Size() > 1<<16 {
				return nil //nolint:nilerr // gone, or a heap of something
			}
			data, err := os.ReadFile(path)
			found = found || err == nil && holds(string(data))
			return nil
		})
		found = found && err == nil
	}
	return found
}

// marks reads what the twins left, and clears it.
func (p *player) marks(e *Effects) error {
	for _, path := range []string{far, marks} { // a case may have locked it
		if err := os.Chmod(path, 0o755); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	data, err := os.ReadFile(marks)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	e.Read = e.Read || holds(string(data))
	for line := range bytes.Lines(data) {
		word, _, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if slices.Contains(twins, word) || strings.HasPrefix(word, "git-remote-") {
			e.Twins = append(e.Twins, strings.TrimSpace(string(line)))
		}
	}
	return nil
}

// tidy clears what is not looked at, and makes the remote what it was.
func (p *player) tidy() error {
	for _, dir := range []string{"/tmp", "/var/tmp", own, "/dev/shm"} {
		entries, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if err := sandbox.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for _, dir := range []string{tmp, "/tmp/other", "/var/tmp", own} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	now, err := lookAt(remote, p.far)
	if err != nil {
		return err
	}
	if p.far, err = p.far.restore(p.far.changes(now)); err != nil {
		return err
	}
	if err := sandbox.Remove(marks); err != nil {
		return err
	}
	return errors.Join(put(far+"/remote-code", remoteCode, 0o644), put(marks, "", 0o666))
}

// bounded keeps the first bytes of a text.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if room := b.most - b.Len(); room > 0 {
		b.Buffer.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}
