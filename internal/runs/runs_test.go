package runs

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
	"popkit/internal/eventlog/filelog"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "__hold" {
		os.Exit(hold(Place{os.Args[2]}, os.Args[3]))
	}
	os.Exit(m.Run())
}

// hold takes the lock as an engine does, says so and waits to be killed.
func hold(p Place, run string) int {
	socket := filepath.Join(p.Repo, run)
	l, err := net.Listen("unix", socket)
	if err != nil {
		fmt.Println(err)
		return 1
	}
	defer l.Close()
	host, err := os.Hostname()
	if err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := p.Acquire(Holder{Run: run, PID: os.Getpid(), Host: host, Socket: socket, Since: time.Now()}); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println("held")
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return 1
	}
	return 0
}

// holder starts a process that holds the lock.
func holder(t *testing.T, p Place, run string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], "__hold", p.Repo, run)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "held\n" {
		t.Fatalf("the holder says %q, %v", line, err)
	}
	return cmd
}

func kill(cmd *exec.Cmd) {
	if cmd.Process.Kill() == nil {
		cmd.Wait() //nolint:errcheck // it was killed
	}
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func newPlace(t *testing.T) Place {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	if err := os.MkdirAll(filepath.Join(dir, ".claude", "popkit"), 0o755); err != nil {
		t.Fatal(err)
	}
	return Place{dir}
}

// makeRun makes a run with the first event in its log.
func makeRun(t *testing.T, p Place, id string) Run {
	t.Helper()
	r := p.Run(id)
	if err := os.MkdirAll(r.Dir(), 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := filelog.Open(r.LogPath(), filelog.Options{Run: id})
	if err != nil {
		t.Fatal(err)
	}
	plan := objective.Plan{Phases: []objective.Phase{{Name: "p", Tasks: []objective.Task{{ID: "a"}}}}}
	first := event.Event{Seq: 1, Time: time.Now().UTC(), Data: event.RunCreated{Run: id, Plan: plan}}
	if err := errors.Join(log.Append(t.Context(), 0, []event.Event{first}), log.Close()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	p := newPlace(t)
	if _, err := p.Find(""); !errors.Is(err, ErrNoRuns) {
		t.Errorf("no runs: %v", err)
	}
	ids := []string{"01J00000000000000000000002", "01J00000000000000000000001", "01K00000000000000000000000"}
	for _, id := range ids {
		makeRun(t, p, id)
	}
	// What is no run: a folder without a log, a file.
	if err := os.Mkdir(p.Run("01Z0").Dir(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.Run("01Z1").Dir(), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := p.List()
	if err != nil || len(all) != 3 || all[0].ID != ids[1] || all[2].ID != ids[2] {
		t.Errorf("list: %v %v", all, err)
	}
	for name, want := range map[string]string{"": ids[2], "01K": ids[2], "01k": ids[2], ids[0]: ids[0], strings.ToLower(ids[1]): ids[1]} {
		if r, err := p.Find(name); err != nil || r.ID != want {
			t.Errorf("find %q: %v %v", name, r.ID, err)
		}
	}
	for name, want := range map[string]error{"01J": ErrAmbiguous, "0": ErrAmbiguous, "01L": ErrNotFound, ids[0] + "0": ErrNotFound,
		"../" + ids[0]: ErrNotFound, "01Z": ErrNotFound, " ": ErrNotFound} {
		if r, err := p.Find(name); !errors.Is(err, want) {
			t.Errorf("find %q: %v %v, want %v", name, r, err, want)
		} else if strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "popkit power list") {
			t.Errorf("find %q says %q", name, err)
		}
	}
	holder(t, p, ids[1])
	if r, err := p.Find(""); err != nil || r.ID != ids[1] {
		t.Errorf("the active run: %v %v", r.ID, err)
	}
	if h, err := p.Run(ids[0]).Holder(); h != nil || err != nil {
		t.Errorf("holder of another: %+v %v", h, err)
	}
	if s, err := p.Run(ids[0]).Fold(t.Context()); err != nil || s.Created.Run != ids[0] {
		t.Errorf("fold: %v", err)
	}
	if err := os.WriteFile(p.Run(ids[0]).LogPath(), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Run(ids[0]).Fold(t.Context()); err == nil {
		t.Error("an empty log is folded")
	}
}

// TestLockOfAProcess: held by name and process, gone with the process however it
// ends, and looking does not take it.
func TestLockOfAProcess(t *testing.T) {
	p := newPlace(t)
	if h, err := p.Active(); h != nil || err != nil {
		t.Fatalf("nobody: %+v %v", h, err)
	}
	cmd := holder(t, p, "01RUN")
	h, err := p.Active()
	if err != nil || h == nil || h.Run != "01RUN" || h.PID != cmd.Process.Pid || h.Repo != p.Repo {
		t.Fatalf("active: %+v %v", h, err)
	}
	var busy *BusyError
	_, err = p.Acquire(Holder{Run: "01OTHER"})
	if !errors.As(err, &busy) || busy.Holder.PID != cmd.Process.Pid || !strings.Contains(err.Error(), fmt.Sprint("01RUN is active here, held by process ", cmd.Process.Pid)) {
		t.Errorf("acquire: %v", err)
	}
	if err := p.Busy(); !errors.As(err, &busy) {
		t.Errorf("busy: %v", err)
	}
	kill(cmd) // its socket stays, its lock does not
	if h, err := p.Active(); h != nil || err != nil {
		t.Errorf("after kill -9: %+v %v", h, err)
	}
	lock, err := p.Acquire(Holder{Run: "01OTHER", Socket: "/nowhere"})
	if err != nil {
		t.Fatal(err)
	}
	if h, err := p.Active(); h != nil || err != nil {
		t.Errorf("one that does not answer yet: %+v %v", h, err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	if _, err := p.Acquire(Holder{Run: "01OTHER"}); err != nil {
		t.Errorf("after close: %v", err)
	}
}

// TestOneOfMany: of many who want the lock at once one gets it, and who looks
// meanwhile sees it or nobody.
func TestOneOfMany(t *testing.T) {
	p := newPlace(t)
	for range 20 {
		var got sync.Map
		var all sync.WaitGroup
		start := make(chan struct{})
		for i := range 8 {
			all.Go(func() {
				<-start
				lock, err := p.Acquire(Holder{Run: fmt.Sprint("01RUN", i), Socket: "/nowhere"})
				var busy *BusyError
				switch {
				case err == nil:
					got.Store(i, lock)
				case !errors.As(err, &busy) || strings.Contains(err.Error(), "\n"):
					t.Errorf("%d: %v", i, err)
				}
			})
			all.Go(func() {
				<-start
				if h, err := p.Active(); h != nil || err != nil {
					t.Errorf("looked: %+v %v", h, err)
				}
			})
		}
		close(start)
		all.Wait()
		n := 0
		got.Range(func(_, lock any) bool {
			n++
			return lock.(io.Closer).Close() == nil
		})
		if n != 1 {
			t.Fatalf("%d got it", n)
		}
	}
}

// TestWorkTreesShareTheLock: one active run in a repository, whichever work tree
// it was begun in. Submodules and separate git dirs are repositories of their own.
func TestWorkTreesShareTheLock(t *testing.T) {
	p := newPlace(t)
	id := []string{"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "--allow-empty", "-m", "x"}
	git(t, p.Repo, id...)
	linked := Place{filepath.Join(t.TempDir(), "linked tree")}
	git(t, p.Repo, "worktree", "add", "-q", "-b", "linked", linked.Repo)
	bare := Place{filepath.Join(t.TempDir(), "bare.git")}
	git(t, p.Repo, "clone", "-q", "--bare", ".", bare.Repo)
	ofBare := Place{filepath.Join(t.TempDir(), "w")}
	git(t, bare.Repo, "worktree", "add", "-q", ofBare.Repo)
	separate := Place{filepath.Join(t.TempDir(), "s")}
	git(t, p.Repo, "clone", "-q", "--separate-git-dir", filepath.Join(t.TempDir(), "elsewhere"), ".", separate.Repo)
	holder(t, p, "01RUN")
	_, err := linked.Acquire(Holder{Run: "01OTHER"})
	var busy *BusyError
	if !errors.As(err, &busy) || !busy.Elsewhere || !strings.Contains(err.Error(), p.Repo) {
		t.Errorf("in the linked work tree: %v", err)
	}
	if h, err := linked.Active(); err != nil || h == nil || h.Repo != p.Repo {
		t.Errorf("active: %+v %v", h, err)
	}
	makeRun(t, linked, "01HERE")
	if r, err := linked.Find(""); err != nil || r.ID != "01HERE" {
		t.Errorf("a run of another work tree is found here: %v %v", r, err)
	}
	lock, err := bare.Acquire(Holder{Run: "01B", Socket: "/nowhere"})
	if err != nil {
		t.Fatalf("a clone is another repository: %v", err)
	}
	if _, err := ofBare.Acquire(Holder{Run: "01C"}); !errors.As(err, &busy) {
		t.Errorf("a work tree of a bare repository: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	lock, err = separate.Acquire(Holder{Run: "01D"})
	if err != nil {
		t.Fatalf("separate git dir: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(linked.Repo, ".git"), []byte("nonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := linked.Acquire(Holder{}); err == nil || errors.As(err, &busy) {
		t.Errorf("a broken .git: %v", err)
	}
}

// TestUnreachableHolder: one that lives but can't be reached is active all the same.
func TestUnreachableHolder(t *testing.T) {
	p := newPlace(t)
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	// A file is no socket: connecting fails as it does for another user's.
	notSocket := filepath.Join(p.Repo, "file", "sock")
	if err := os.WriteFile(filepath.Dir(notSocket), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	lock, err := p.Acquire(Holder{Run: "01RUN", PID: os.Getpid(), Host: host, Socket: notSocket})
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if h, err := p.Active(); err != nil || h == nil {
		t.Errorf("%+v %v", h, err)
	}
}

func TestSocketDir(t *testing.T) {
	r := Place{"/repo"}.Run("01J00000000000000000000000")
	runtime := t.TempDir()
	t.Setenv("TMPDIR", t.TempDir())
	for name, in := range map[string]string{"XDG_RUNTIME_DIR": runtime, "none": "", "relative": "run"} {
		dir, err := r.SocketDir(in)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, d := range []string{dir, filepath.Dir(dir)} {
			if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o700 {
				t.Errorf("%s: %s: %v %v", name, d, info, err)
			}
		}
		for _, s := range []string{EngineSocket(dir), AgentSocket(dir, strings.Repeat("long-role-name-", 20)+"17")} {
			if err := os.MkdirAll(filepath.Dir(s), 0o700); err != nil {
				t.Fatal(err)
			}
			l, err := net.Listen("unix", s)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			l.Close()
		}
	}
	if AgentSocket("/d", "a-1") == AgentSocket("/d", "a-2") {
		t.Error("two agents have one socket")
	}
	// Open to others: closed. Somebody else's, or a link to elsewhere: refused.
	base := filepath.Join(runtime, "popkit")
	if err := os.Chmod(base, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SocketDir(runtime); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(base); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("left open: %v %v", info.Mode(), err)
	}
	linked := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(linked, "popkit")); err != nil {
		t.Fatal(err)
	}
	if _, err := r.SocketDir(linked); err == nil || !strings.Contains(err.Error(), "not this user's own") {
		t.Errorf("a link: %v", err)
	}
	if os.Getuid() == 0 {
		foreign := t.TempDir()
		if err := os.Mkdir(filepath.Join(foreign, "popkit"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(filepath.Join(foreign, "popkit"), 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if _, err := r.SocketDir(foreign); err == nil || !strings.Contains(err.Error(), "not this user's own") {
			t.Errorf("another user's: %v", err)
		}
	}
	if _, err := r.SocketDir("/" + strings.Repeat("x", 100)); err == nil || !strings.Contains(err.Error(), "XDG_RUNTIME_DIR") {
		t.Errorf("too long: %v", err)
	}
}

// TestReadOnlyRepository: one line that names what can't be written.
func TestReadOnlyRepository(t *testing.T) {
	p := newPlace(t)
	if err := os.WriteFile(filepath.Join(p.Repo, ".git", "popkit"), nil, 0o644); err != nil { // a file in the way, as for root nothing is read-only
		t.Fatal(err)
	}
	_, err := p.Acquire(Holder{Run: "01RUN"})
	if !errors.Is(err, syscall.ENOTDIR) || strings.Contains(err.Error(), "\n") {
		t.Errorf("%v", err)
	}
}

// TestFailure: why an engine failed is there until it is in the log; where the disk
// had no room for it, it is said when, and where to look.
func TestFailure(t *testing.T) {
	r := Run{Place: Place{Repo: t.TempDir()}, ID: "R1"}
	if e, err := r.Failure(); e != nil || err != nil {
		t.Errorf("before one: %+v, %v", e, err)
	}
	if err := os.MkdirAll(r.Dir(), 0o755); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	if err := r.NoteFailure(at, "append: no space left"); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Failure(); err != nil || e.Text != "append: no space left" || !e.Time.Equal(at) {
		t.Errorf("%+v, %v", e, err)
	}
	if err := os.Truncate(r.failurePath(), 0); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(r.failurePath(), at, at); err != nil {
		t.Fatal(err)
	}
	if e, err := r.Failure(); err != nil || !e.Time.Equal(at) || !strings.Contains(e.Text, r.EngineLog()) {
		t.Errorf("%+v, %v", e, err)
	}
	for range 2 {
		if err := r.ForgetFailure(); err != nil {
			t.Fatal(err)
		}
	}
	if e, err := r.Failure(); e != nil || err != nil {
		t.Errorf("forgotten: %+v, %v", e, err)
	}
}
