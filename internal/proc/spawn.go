package proc

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
)

// initArg is the argument that makes this program a helper, see MaybeInit.
const initArg = "__init"

// The helper's own descriptors, after stdin, stdout and stderr.
const (
	controlFD = 3 // read end: its end of file means that the engine is gone
	statusFD  = 4
)

// helper is an init helper that runs a command.
type helper struct {
	process *os.Process
	how     isolation
	warning string
	control *os.File // only this process has the write end: the lifeline
	status  *os.File
	said    *bufio.Reader // of status
	// early holds an exit that came instead of "started".
	early []string
}

// spawn starts a helper for the configuration and waits until it says that the
// command runs or could not be executed. tie is given the helper at once, so
// that it can be killed meanwhile. With an error nothing is left running.
func spawn(c config, stdio [3]*os.File, how isolation, tie func(*helper)) (*helper, error) {
	c.isolation = how.name
	h, err := startHelper(stdio, how, c.mark)
	if err != nil {
		return nil, fmt.Errorf("start init helper (%s): %w", how.name, err)
	}
	tie(h)
	if err := h.handshake(c); err != nil {
		h.discard()
		return nil, err
	}
	return h, nil
}

func startHelper(stdio [3]*os.File, how isolation, mark string) (*helper, error) {
	controlR, controlW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	statusR, statusW, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, controlR.Close(), controlW.Close())
	}
	path, err := Self()
	if err == nil {
		var process *os.Process
		process, err = os.StartProcess(path, []string{"popkit", initArg, mark}, &os.ProcAttr{
			// Nothing of the engine's environment: the command's own comes over the
			// control pipe. The mark is not secret, and makes the helper findable.
			Env:   []string{MarkVariable + "=" + mark},
			Files: []*os.File{stdio[0], stdio[1], stdio[2], controlR, statusW},
			Sys:   how.attributes(),
		})
		if err == nil {
			err = errors.Join(controlR.Close(), statusW.Close())
			return &helper{process: process, how: how, control: controlW, status: statusR, said: bufio.NewReader(statusR)}, err
		}
	}
	return nil, errors.Join(err, controlR.Close(), controlW.Close(), statusR.Close(), statusW.Close())
}

func (h *helper) handshake(c config) error {
	// A helper that is gone, or killed, is found out by what it says: nothing.
	if err := writeFrame(h.control, c.frame()...); err != nil && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("configure init helper: %w", err)
	}
	f, err := readFrame(h.said)
	if errors.Is(err, io.EOF) {
		return errors.New("the init helper ended before it started the command")
	}
	if err != nil {
		return fmt.Errorf("hear from init helper: %w", err)
	}
	switch {
	case len(f) == 2 && f[0] == statusStarted:
		h.warning = f[1]
		return nil
	case len(f) == 2 && f[0] == statusError:
		return errors.New(f[1])
	case len(f) > 0 && f[0] == statusExit:
		h.early = f
		return nil
	}
	return fmt.Errorf("bad status of the init helper: %q", f)
}

// say asks the helper to pass a signal on. A helper that is gone needs no asking,
// so the error says nothing that wait would not.
func (h *helper) say(control byte) {
	_, _ = h.control.Write([]byte{control}) // EPIPE: it has ended
}

// kill ends everything. In a PID namespace the death of process 1 does that; else
// the helper has to do it, as when the engine dies: its lifeline is cut, and it
// is woken in case something stopped it. That works at any moment, also before
// it was told what to run.
func (h *helper) kill() {
	if h.how.name == PIDNamespace {
		_ = h.process.Kill() // os.ErrProcessDone: it has ended
		return
	}
	_ = h.process.Signal(syscall.SIGCONT) // likewise
	_ = h.control.Close()                 // os.ErrClosed: it was cut before
}

// ending is what a helper told of the command's end.
type ending struct {
	exit Exit
	told bool  // by the helper; else it was killed and exit says so
	left error // processes that could not be ended
}

// wait reaps the helper: then everything below it is gone.
func (h *helper) wait() (ending, error) {
	state, err := h.process.Wait()
	if err != nil {
		err = fmt.Errorf("wait for init helper: %w", err)
	}
	// The helper is dead and nobody else had its end of the pipe: what it wrote
	// is in the pipe, and then comes the end.
	f := h.early
	for f == nil {
		next, readErr := readFrame(h.said)
		if readErr != nil {
			if !errors.Is(readErr, io.EOF) {
				err = errors.Join(err, fmt.Errorf("hear from init helper: %w", readErr))
			}
			break
		}
		f = next
	}
	err = errors.Join(err, h.status.Close())
	_ = h.control.Close() // kill may have closed it
	if f == nil {
		return ending{exit: helperDeath(state)}, err
	}
	exit, left, parseErr := parseExit(f)
	return ending{exit: exit, left: left, told: parseErr == nil}, errors.Join(err, parseErr)
}

// discard ends a helper that is of no use.
func (h *helper) discard() {
	h.kill()
	// What it says is of no interest any more: the caller has the error that made
	// it useless.
	_ = h.control.Close()
	_, _ = h.process.Wait()
	_ = h.status.Close()
}

func helperDeath(state *os.ProcessState) Exit {
	const detail = "the init helper was killed"
	if state == nil {
		return Exit{Code: 128 + int(syscall.SIGKILL), Signal: "SIGKILL", Detail: detail}
	}
	ws, ok := state.Sys().(syscall.WaitStatus)
	if ok && ws.Signaled() {
		e := exitOf(0, int(ws.Signal()), signalName(ws.Signal()))
		e.Detail = detail
		return e
	}
	return Exit{Code: state.ExitCode(), Detail: "the init helper failed: " + strings.TrimSpace(state.String())}
}
