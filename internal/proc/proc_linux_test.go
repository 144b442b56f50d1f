package proc_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"popkit/internal/proc"
)

func TestExit(t *testing.T) {
	dir := t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("no program"), 0o644); err != nil {
		t.Fatal(err)
	}
	garbage := filepath.Join(dir, "garbage")
	if err := os.WriteFile(garbage, []byte("\x00\x01\x02"), 0o755); err != nil {
		t.Fatal(err)
	}
	orphan := filepath.Join(dir, "orphan")
	if err := os.WriteFile(orphan, []byte("#!/no/such/interpreter\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, isolation string) {
		for _, tt := range []struct {
			name   string
			path   string
			args   []string
			want   proc.Exit
			detail string
		}{
			{name: "success", path: "/bin/true"},
			{name: "status", path: "/bin/sh", args: []string{"sh", "-c", "exit 3"}, want: proc.Exit{Code: 3}},
			{name: "status 255", path: "/bin/sh", args: []string{"sh", "-c", "exit 255"}, want: proc.Exit{Code: 255}},
			{name: "signal", path: "/bin/sh", args: []string{"sh", "-c", "kill -SEGV $$"}, want: proc.Exit{Code: 139, Signal: "SIGSEGV"}},
			{name: "killed", path: "/bin/sh", args: []string{"sh", "-c", "kill -9 $$"}, want: proc.Exit{Code: 137, Signal: "SIGKILL"}},
			{name: "found in PATH", path: "sh", args: []string{"sh", "-c", "exit 4"}, want: proc.Exit{Code: 4}},
			{name: "missing", path: "/no/such/program", want: proc.Exit{Code: 127}, detail: "/no/such/program: no such file"},
			{name: "not in PATH", path: "no-such-program", want: proc.Exit{Code: 127}, detail: "no-such-program: no such file"},
			{name: "below a file", path: plain + "/x", want: proc.Exit{Code: 127}, detail: "not a directory"},
			{name: "interpreter missing", path: orphan, want: proc.Exit{Code: 127}, detail: "no such file"},
			{name: "not executable", path: plain, want: proc.Exit{Code: 126}, detail: "permission denied"},
			{name: "a directory", path: dir, want: proc.Exit{Code: 126}, detail: "permission denied"},
			{name: "no program", path: garbage, want: proc.Exit{Code: 126}, detail: "exec format error"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				c := shell(isolation, markOf(t), "")
				c.Path, c.Args = tt.path, tt.args
				p := start(t, c)
				got := wait(t, p)
				if !strings.Contains(got.Detail, tt.detail) || (tt.detail == "") != (got.Detail == "") {
					t.Errorf("detail is %q, want %q", got.Detail, tt.detail)
				}
				got.Detail = ""
				if got != tt.want {
					t.Errorf("exit is %+v, want %+v", got, tt.want)
				}
				if proc.Alive(p.Ident()) {
					t.Error("it is alive after Wait")
				}
				p.Stop()
				p.Kill() // too late: nothing happens
				if again, err := p.Wait(); err != nil || again.Code != tt.want.Code || again.Stopped {
					t.Errorf("a second Wait: %+v, %v", again, err)
				}
			})
		}
	})
}

func TestStartErrors(t *testing.T) {
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		edit func(*proc.Command)
		want string
	}{
		{"no program", t.Context(), func(c *proc.Command) { c.Path = "" }, "no program"},
		{"zero byte", t.Context(), func(c *proc.Command) { c.Env = []string{"A=b\x00c"} }, "zero byte"},
		{"directory missing", t.Context(), func(c *proc.Command) { c.Dir = "/no/such/dir" }, "/no/such/dir: no such file"},
		{"context ended", ended, func(*proc.Command) {}, "context canceled"},
		{"unknown isolation", t.Context(), func(c *proc.Command) { c.Isolation = "vm" }, `"vm" is not`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := shell("", markOf(t), "exit 0")
			tt.edit(&c)
			_, err := proc.Start(tt.ctx, c)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Start: %v, want %q", err, tt.want)
			}
			if left := proc.Strays(c.Mark); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
		})
	}
}

func TestNoDescriptorIsLeft(t *testing.T) {
	count := func() int {
		t.Helper()
		fds, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(fds)
	}
	wait(t, start(t, shell("", markOf(t), "exit 0"))) // opens what is opened once
	before := count()
	for range 3 {
		c := shell("", markOf(t), "exit 0")
		c.Stdin, c.Stdout, c.Stderr = strings.NewReader("x"), io.Discard, &bytes.Buffer{}
		wait(t, start(t, c))
		c.Dir = "/no/such/dir"
		if _, err := proc.Start(t.Context(), c); err == nil {
			t.Error("it started")
		}
		c.Dir, c.Path = "", "/no/such/program"
		wait(t, start(t, c))
	}
	eventually(t, "as many descriptors as before", func() bool { return count() <= before })
}

// The isolation is the best that the system grants: asked here in another way.
func TestIsolation(t *testing.T) {
	want := proc.Subreaper
	for _, attr := range []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS},
		{
			Cloneflags:  syscall.CLONE_NEWPID | syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}},
		},
	} {
		cmd := exec.Command("/bin/true")
		cmd.SysProcAttr = attr
		if cmd.Run() == nil {
			want = proc.PIDNamespace
		}
	}
	if got := proc.Isolation(); got != want {
		t.Errorf("Isolation() = %q, want %q", got, want)
	}
	p := start(t, shell("", markOf(t), "exit 0"))
	if p.Isolation() != want {
		t.Errorf("a process has %q, want %q", p.Isolation(), want)
	}
	t.Logf("%s; lacking: %q", p.Isolation(), p.Warning())
	wait(t, p)
}

// What a command sees: its own numbers, its own /proc, exactly its environment,
// no descriptor beside the three, a session of its own; and no capabilities of
// the user namespace that an ordinary user's isolation takes.
func TestWhatACommandSees(t *testing.T) {
	t.Setenv("OF_THE_ENGINE", "1")
	each(t, func(t *testing.T, isolation string) {
		var out bytes.Buffer
		c := shell(isolation, "the-mark", "env; ls /proc/self/fd | sort -n; ps -o sid= -p $$ | tr -d ' '; echo $$; ps ax -o comm= | sort -u; grep CapEff /proc/self/status")
		c.Env = append(c.Env, "A=\xff\n=x", "POPKIT_MARK=forged")
		c.Dir = t.TempDir()
		c.Stdout, c.Stderr = &out, &out
		p := start(t, c)
		if exit := wait(t, p); exit.Code != 0 {
			t.Errorf("exit %+v", exit)
		}
		got := out.String()
		for _, want := range []string{"A=\xff\n=x\n", "POPKIT_MARK=the-mark\n", "\n0\n1\n2\n3\n", "PWD=" + c.Dir} {
			if !strings.Contains(got, want) {
				t.Errorf("%q is missing in\n%s", want, got)
			}
		}
		if strings.Contains(got, "\n4\n") || strings.Contains(got, "OF_THE_ENGINE") || strings.Contains(got, "forged") {
			t.Errorf("descriptor 4 (3 is that of ls), or the engine's environment, in\n%s", got)
		}
		if os.Geteuid() != 0 && !strings.HasSuffix(got, "\t0000000000000000\n") {
			t.Errorf("it has capabilities in\n%s", got)
		}
		if p.Warning() != "" { // no /proc of its own: ps can't tell
			return
		}
		_, ids, _ := strings.Cut(got, "\n3\n")
		lines := strings.Split(ids, "\n")
		if len(lines) < 2 || lines[0] != lines[1] {
			t.Errorf("its session is not its own: %q", lines)
		}
		if isolation == proc.PIDNamespace && len(lines) > 10 {
			t.Errorf("it sees processes of others: %q", lines)
		}
	})
}

func TestInputAndOutput(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		t.Run("large, through", func(t *testing.T) {
			in := bytes.Repeat([]byte("0123456789abcdef"), 1<<18) // 4 MiB
			var out bytes.Buffer
			c := shell(isolation, markOf(t), "cat")
			c.Stdin, c.Stdout = bytes.NewReader(in), &out
			wait(t, start(t, c))
			if !bytes.Equal(out.Bytes(), in) {
				t.Errorf("%d bytes came through, want %d", out.Len(), len(in))
			}
		})
		t.Run("one writer keeps the order", func(t *testing.T) {
			var out bytes.Buffer
			c := shell(isolation, markOf(t), "for i in 1 2 3 4 5 6 7 8 9; do echo $i; echo $i >&2; done")
			c.Stdout, c.Stderr = &out, &out
			wait(t, start(t, c))
			if got := strings.ReplaceAll(out.String(), "\n", ""); got != "112233445566778899" {
				t.Errorf("got %q", got)
			}
		})
		t.Run("two writers", func(t *testing.T) {
			var out, errs bytes.Buffer
			c := shell(isolation, markOf(t), "echo out; echo err >&2")
			c.Stdout, c.Stderr = &out, &errs
			wait(t, start(t, c))
			if out.String() != "out\n" || errs.String() != "err\n" {
				t.Errorf("got %q, %q", out.String(), errs.String())
			}
		})
		t.Run("files", func(t *testing.T) {
			f, err := os.Create(filepath.Join(t.TempDir(), "out"))
			if err != nil {
				t.Fatal(err)
			}
			c := shell(isolation, markOf(t), "echo out; echo err >&2")
			c.Stdout, c.Stderr = f, f
			wait(t, start(t, c))
			if err := f.Close(); err != nil {
				t.Error("the file was closed: ", err)
			}
			if got, err := os.ReadFile(f.Name()); err != nil || string(got) != "out\nerr\n" {
				t.Errorf("got %q, %v", got, err)
			}
		})
		t.Run("input that nobody reads", func(t *testing.T) {
			c := shell(isolation, markOf(t), "exit 5")
			c.Stdin = io.LimitReader(zeros{}, 8<<20)
			if exit := wait(t, start(t, c)); exit.Code != 5 {
				t.Errorf("exit %+v", exit)
			}
		})
		t.Run("a writer that fails", func(t *testing.T) {
			full := errors.New("disk full")
			c := shell(isolation, markOf(t), "head -c 3000000 /dev/zero; exit 6")
			c.Stdout = writerFunc(func([]byte) (int, error) { return 0, full })
			exit, err := start(t, c).Wait()
			if !errors.Is(err, full) || exit.Code != 6 {
				t.Errorf("Wait() = %+v, %v; want the command to end as it does, and the writer's error", exit, err)
			}
		})
		t.Run("a writer that can't be compared", func(t *testing.T) {
			w := writerFunc(func(b []byte) (int, error) { return len(b), nil })
			c := shell(isolation, markOf(t), "echo out")
			c.Stdout, c.Stderr = w, w
			wait(t, start(t, c))
		})
	})
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// A Stdin whose Read blocks does not hold Wait up.
func TestInputThatNeverComes(t *testing.T) {
	r, w := io.Pipe()
	c := shell("", markOf(t), "exit 0")
	c.Stdin = r
	wait(t, start(t, c))
	if err := w.Close(); err != nil { // lets the copying goroutine go
		t.Error(err)
	}
}

// Someone outside of the isolation holds the output's pipe: all that was written
// comes, and Wait does not wait for more.
func TestOutputHeldElsewhere(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		dir := t.TempDir()
		ready, open := filepath.Join(dir, "ready"), make(chan *os.File, 1)
		var out bytes.Buffer
		c := shell(isolation, markOf(t), "echo early; echo $$ > '"+ready+"'.new; mv '"+ready+".new' '"+ready+"'; head -c 200000 /dev/zero; echo late; read go")
		pr, pw := io.Pipe()
		c.Stdin, c.Stdout = pr, &out
		p := start(t, c)
		eventually(t, "the command runs", func() bool { _, err := os.Stat(ready); return err == nil })
		// (The helper's own descriptors are out of reach for an ordinary user.)
		pid, err := exec.Command("ps", "-o", "pid=", "--ppid", itoa(p.Ident().PID)).Output()
		if err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile("/proc/"+strings.TrimSpace(string(pid))+"/fd/1", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		open <- f
		if err := pw.Close(); err != nil {
			t.Error(err)
		}
		wait(t, p)
		if got := out.String(); len(got) != len("early\nlate\n")+200000 || !strings.HasSuffix(got, "late\n") {
			t.Errorf("%d bytes of output came", len(got))
		}
		if err := (<-open).Close(); err != nil {
			t.Error(err)
		}
	})
}

func TestStop(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		for _, tt := range []struct {
			name, script string
			grace        time.Duration
			act          func(*proc.Process)
			want         proc.Exit
		}{
			{"dies of SIGTERM", "echo ready; exec sleep 1000", patience, (*proc.Process).Stop,
				proc.Exit{Code: 143, Signal: "SIGTERM", Stopped: true}},
			{"cleans up", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done", patience, (*proc.Process).Stop,
				proc.Exit{Code: 9, Stopped: true}},
			{"the whole group hears it", "sleep 1000 & echo ready; wait $!; exit 8", patience, (*proc.Process).Stop,
				proc.Exit{Code: 143, Signal: "SIGTERM", Stopped: true}},
			{"ignores it", "trap '' TERM; echo ready; while :; do sleep 1000; done", 20 * time.Millisecond, (*proc.Process).Stop,
				proc.Exit{Code: 137, Signal: "SIGKILL", Stopped: true}},
			{"killed", "trap '' TERM; echo ready; while :; do sleep 1000; done", patience, (*proc.Process).Kill,
				proc.Exit{Code: 137, Signal: "SIGKILL", Stopped: true}},
			{"interrupted", "trap 'exit 4' INT; echo ready; while :; do sleep 0.01; done", patience, (*proc.Process).Interrupt,
				proc.Exit{Code: 4}},
			{"interrupted, to no effect, then stopped", "trap '' INT; echo ready; exec sleep 1000", patience,
				func(p *proc.Process) { p.Interrupt(); p.Stop() },
				proc.Exit{Code: 143, Signal: "SIGTERM", Stopped: true}},
			{"stopped, then killed", "trap '' TERM; echo ready; while :; do sleep 1000; done", patience,
				func(p *proc.Process) { p.Stop(); p.Stop(); p.Kill(); p.Kill() },
				proc.Exit{Code: 137, Signal: "SIGKILL", Stopped: true}},
		} {
			t.Run(tt.name, func(t *testing.T) {
				p := startReady(t, shell(isolation, markOf(t), tt.script), tt.grace)
				tt.act(p)
				got := wait(t, p)
				got.Detail = ""
				if got != tt.want {
					t.Errorf("exit is %+v, want %+v", got, tt.want)
				}
			})
		}
	})
}

func TestContextEnds(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		ctx, cancel := context.WithCancel(t.Context())
		p, err := proc.Start(ctx, shell(isolation, markOf(t), "trap '' TERM; while :; do sleep 1000; done"))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if exit := wait(t, p); exit.Signal != "SIGKILL" || !exit.Stopped {
			t.Errorf("exit is %+v", exit)
		}
	})
}

// The end of the context at any moment of the start, with an environment that
// does not fit into a pipe at once. Nothing is left, and nothing is said.
func TestContextEndsDuringStart(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		for i := range 8 {
			ctx, cancel := context.WithCancel(t.Context())
			var out bytes.Buffer
			c := shell(isolation, markOf(t)+"-"+itoa(i), "while :; do sleep 1000; done")
			c.Env = append(c.Env, "A="+strings.Repeat("x", 100_000), "B="+strings.Repeat("x", 100_000))
			c.Stdout, c.Stderr = &out, &out
			stop := time.AfterFunc(time.Duration(i)*2*time.Millisecond, cancel)
			p, err := proc.Start(ctx, c)
			if err == nil {
				wait(t, p)
			} else if !errors.Is(err, context.Canceled) {
				t.Errorf("Start: %v, want %v", err, context.Canceled)
			}
			if left := proc.Strays(c.Mark); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			if err != nil && out.Len() > 0 {
				t.Errorf("a command that did not start says %q", out.String())
			}
			stop.Stop()
			cancel()
		}
	})
}

// Stop, Kill and Wait from everywhere at once.
func TestConcurrentUse(t *testing.T) {
	each(t, func(t *testing.T, isolation string) {
		var all sync.WaitGroup
		for range 4 {
			p := start(t, shell(isolation, markOf(t), "sleep 1000"))
			for range 3 {
				all.Go(p.Stop)
				all.Go(p.Kill)
				all.Go(func() {
					if exit, err := p.Wait(); err != nil || !exit.Stopped {
						t.Errorf("Wait() = %+v, %v", exit, err)
					}
				})
			}
		}
		all.Wait()
	})
}

// startReady returns once the command printed "ready".
func startReady(t *testing.T, c proc.Command, grace time.Duration) *proc.Process {
	t.Helper()
	pr, pw := io.Pipe()
	c.Stdout, c.Grace = pw, grace
	p := start(t, c)
	line := make([]byte, len("ready\n"))
	if _, err := io.ReadFull(pr, line); err != nil || string(line) != "ready\n" {
		t.Fatalf("%q, %v", line, err)
	}
	go func() { _, _ = io.Copy(io.Discard, pr) }() // whatever comes after
	t.Cleanup(func() { _ = pw.Close() })           // ends the copying
	return p
}
