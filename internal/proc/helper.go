package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// initHelper is this program as the parent of one command. It shares no state
// with the engine but the two pipes.
type initHelper struct {
	config config
	status *os.File

	mu      sync.Mutex
	pid     int  // of the command; 0 = not started
	reaped  bool // pid is not ours to signal any more
	stopped bool // the engine asked for the end
	ending  bool // the engine is gone or asked for the end at once
}

// helperMain never returns.
func helperMain(confiners []Confiner) {
	// Capabilities and the like belong to threads: the one that gives them up must
	// be the one that forks.
	runtime.LockOSThread()
	if !isPipe(controlFD) || !isPipe(statusFD) {
		fmt.Fprintln(os.Stderr, "popkit: "+initArg+" is for popkit itself")
		os.Exit(2)
	}
	control := bufio.NewReader(os.NewFile(controlFD, "control"))
	status := os.NewFile(statusFD, "status")
	syscall.CloseOnExec(controlFD)
	syscall.CloseOnExec(statusFD)
	frame, err := readFrame(control)
	if err != nil {
		os.Exit(2) // the engine died, or killed this helper, at once: nobody listens
	}
	h := &initHelper{status: status}
	if h.config, err = parseConfig(frame); err != nil {
		h.fail(err)
	}
	warning, err := enter(h.config.isolation)
	if err != nil {
		h.fail(err)
	}
	if err := confine(confiners, h.config); err != nil {
		h.fail(err)
	}
	if h.config.path == "" { // a probe
		h.tell(statusStarted, clip(warning))
		os.Exit(0)
	}
	h.run(control, warning)
}

// confine enters the confinement that the command is to have, by the program's
// confiner. One that can't be entered is no reason to go on without.
func confine(confiners []Confiner, c config) error {
	if len(c.confine) == 0 {
		return nil
	}
	if len(confiners) != 1 {
		return errors.New("the command is to be confined, and main named no confiner")
	}
	return confiners[0](c.isolation, c.confine)
}

func isPipe(fd int) bool {
	var st syscall.Stat_t
	return syscall.Fstat(fd, &st) == nil && st.Mode&syscall.S_IFMT == syscall.S_IFIFO
}

func (h *initHelper) run(control io.Reader, warning string) {
	if h.config.dir != "" {
		if err := os.Chdir(h.config.dir); err != nil {
			h.fail(fmt.Errorf("enter directory: %w", err))
		}
	}
	signals := make(chan os.Signal, 16)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	pid, err := h.exec()
	if err != nil {
		h.notExecuted(err)
	}
	h.mu.Lock()
	h.pid = pid
	h.mu.Unlock()
	h.tell(statusStarted, clip(warning))
	go h.obey(control)
	go h.passOn(signals)
	h.reap(pid)
}

// exec starts the command in a session of its own: no terminal can reach it, and
// its process group is its own.
func (h *initHelper) exec() (int, error) {
	path, err := lookPath(h.config.path, h.config.env)
	if err != nil {
		return 0, err
	}
	return syscall.ForkExec(path, h.config.args, &syscall.ProcAttr{
		Env:   h.config.env,
		Files: []uintptr{0, 1, 2},
		Sys:   commandAttributes(h.config.isolation),
	})
}

// notExecuted ends the helper as a shell would: 127 not found, 126 found but not
// executable. Having no room for another process is the engine's trouble.
func (h *initHelper) notExecuted(err error) {
	text := fmt.Errorf("execute %s: %w", h.config.path, err)
	if errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.ENOMEM) {
		h.fail(text)
	}
	code := 126
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR) {
		code = 127
	}
	h.tell(exitFrame(Exit{Code: code, Detail: text.Error()}, "")...)
	os.Exit(code)
}

// lookPath finds a program in the PATH of env, as a shell does.
func lookPath(name string, env []string) (string, error) {
	if strings.Contains(name, "/") {
		return name, nil
	}
	var path string
	for _, e := range env { // the last one counts, as in execve's users
		if v, ok := strings.CutPrefix(e, "PATH="); ok {
			path = v
		}
	}
	missing := error(syscall.ENOENT)
	for _, dir := range filepath.SplitList(path) {
		if dir == "" {
			dir = "."
		}
		candidate := dir + "/" + name
		info, err := os.Stat(candidate)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode()&0o111 != 0 {
			return candidate, nil
		}
		missing = syscall.EACCES
	}
	return "", missing
}

// obey carries out what the engine says. The end of the pipe is the engine's end.
func (h *initHelper) obey(control io.Reader) {
	var b [1]byte
	for {
		if _, err := io.ReadFull(control, b[:]); err != nil {
			h.end()
			return
		}
		switch b[0] {
		case controlInterrupt:
			h.signal(syscall.SIGINT)
		case controlTerminate:
			h.mu.Lock()
			h.stopped = true
			h.mu.Unlock()
			h.signal(syscall.SIGTERM)
		}
	}
}

func (h *initHelper) passOn(signals <-chan os.Signal) {
	for s := range signals {
		if s, ok := s.(syscall.Signal); ok {
			h.signal(s)
		}
	}
}

// signal reaches the command's process group.
func (h *initHelper) signal(s syscall.Signal) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.reaped {
		_ = syscall.Kill(-h.pid, s) // ESRCH: it just ended, which reap will see
	}
}

// end ends everything. As process 1 of a namespace, exiting does it; otherwise
// the command's end makes reap do it.
func (h *initHelper) end() {
	if h.config.isolation == PIDNamespace {
		os.Exit(128 + int(syscall.SIGKILL))
	}
	h.mu.Lock()
	h.stopped, h.ending = true, true
	h.mu.Unlock()
	h.signal(syscall.SIGKILL)
}

// reap waits for every child, the adopted ones too, until the command ends. Then
// nothing below may live on.
func (h *initHelper) reap(pid int) {
	for {
		var ws syscall.WaitStatus
		got, err := syscall.Wait4(-1, &ws, 0, nil)
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			h.fail(fmt.Errorf("wait for the command: %w", err))
		}
		if got != pid || !(ws.Exited() || ws.Signaled()) {
			continue
		}
		h.mu.Lock()
		h.reaped = true
		stopped := h.stopped
		h.mu.Unlock()
		left := ""
		if h.config.isolation != PIDNamespace {
			left = endBelow(pid)
		}
		var exit Exit
		if ws.Signaled() {
			exit = exitOf(0, int(ws.Signal()), signalName(ws.Signal()))
		} else {
			exit = exitOf(ws.ExitStatus(), 0, "")
		}
		exit.Stopped = stopped
		h.tell(exitFrame(exit, left)...)
		os.Exit(exit.Code)
	}
}

func (h *initHelper) tell(strs ...string) {
	_ = writeFrame(h.status, strs...) // EPIPE: the engine is gone, and nobody to tell
}

// fail ends the helper before there is a command.
func (h *initHelper) fail(err error) {
	h.tell(statusError, clip(err.Error()))
	os.Exit(2)
}
