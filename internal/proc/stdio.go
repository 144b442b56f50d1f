package proc

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// stdio holds the engine's and the child's ends of a command's input and output.
type stdio struct {
	child  [3]*os.File // for the helper
	opened []*os.File  // those of child that are ours to close
	in     *os.File    // write end of a pipe, nil when there is none
	source io.Reader
	outs   []*outPipe
	copies sync.WaitGroup
}

func openStdio(c Command) (_ *stdio, err error) {
	s := &stdio{}
	defer func() {
		if err != nil {
			s.closeChild()
			s.abandon()
		}
	}()
	if err = s.openInput(c.Stdin); err != nil {
		return nil, fmt.Errorf("open standard input: %w", err)
	}
	if s.child[1], err = s.openOutput(c.Stdout); err != nil {
		return nil, fmt.Errorf("open standard output: %w", err)
	}
	if same(c.Stdout, c.Stderr) {
		s.child[2] = s.child[1]
		return s, nil
	}
	if s.child[2], err = s.openOutput(c.Stderr); err != nil {
		return nil, fmt.Errorf("open standard error: %w", err)
	}
	return s, nil
}

// same reports whether both are one writer. Comparing interfaces panics when
// their dynamic type can't be compared; such values are never the same.
func same(a, b io.Writer) (equal bool) {
	defer func() {
		if recover() != nil {
			equal = false
		}
	}()
	return a != nil && a == b
}

func (s *stdio) openInput(r io.Reader) error {
	if f, ok := r.(*os.File); ok && f != nil {
		s.child[0] = f
		return nil
	}
	if r == nil {
		return s.openNull(0, os.O_RDONLY)
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return err
	}
	s.child[0], s.in, s.source = pr, pw, r
	s.opened = append(s.opened, pr)
	return nil
}

func (s *stdio) openNull(fd, flag int) error {
	f, err := os.OpenFile(os.DevNull, flag, 0)
	if err != nil {
		return err
	}
	s.child[fd] = f
	s.opened = append(s.opened, f)
	return nil
}

func (s *stdio) openOutput(w io.Writer) (*os.File, error) {
	if f, ok := w.(*os.File); ok && f != nil {
		return f, nil
	}
	if w == nil {
		f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err == nil {
			s.opened = append(s.opened, f)
		}
		return f, err
	}
	pr, pw, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.opened = append(s.opened, pw)
	s.outs = append(s.outs, &outPipe{r: pr, w: w})
	return pw, nil
}

// closeChild closes what the helper has by now, so that ends are seen.
func (s *stdio) closeChild() {
	for _, f := range s.opened {
		_ = f.Close() // ours, open, never written to: it can't fail in a way that matters
	}
	s.opened = nil
}

// abandon closes the engine's ends when no command runs.
func (s *stdio) abandon() {
	if s.in != nil {
		_ = s.in.Close() // nothing was written
	}
	for _, o := range s.outs {
		_ = o.r.Close() // nothing was read
	}
}

// begin starts copying.
func (s *stdio) begin() {
	if s.in != nil {
		go feed(s.in, s.source)
	}
	for _, o := range s.outs {
		s.copies.Go(o.copy)
	}
}

// feed copies the input. A command that does not read it to its end (EPIPE, or
// the pipe closed by finish) is free to do so.
func feed(in *os.File, source io.Reader) {
	_, _ = io.Copy(in, source) // see above
	_ = in.Close()             // finish may have closed it
}

// finish is called when the command and everything below it is gone. It returns
// once all output that was written has reached its writer.
func (s *stdio) finish() error {
	if s.in != nil {
		_ = s.in.Close() // feed may have closed it; this wakes it when it has not
	}
	for _, o := range s.outs {
		o.stop()
	}
	s.copies.Wait()
	var errs []error
	for _, o := range s.outs {
		if o.err != nil {
			errs = append(errs, fmt.Errorf("copy output: %w", o.err))
		}
	}
	return errors.Join(errs...)
}

// outPipe copies one pipe into a writer.
type outPipe struct {
	r   *os.File
	w   io.Writer
	err error // of w, owned by copy until it returned
}

// stop makes copy take what is in the pipe now and return, even when some
// process still holds the other end.
func (o *outPipe) stop() {
	// Only a closed file has no deadline, and then copy has returned.
	_ = o.r.SetReadDeadline(time.Unix(1, 0))
}

func (o *outPipe) copy() {
	buf := make([]byte, 32<<10)
	for {
		n, err := o.r.Read(buf)
		o.write(buf[:n])
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = o.drain(buf)
		}
		if err != nil {
			if !errors.Is(err, io.EOF) && o.err == nil {
				o.err = err
			}
			break
		}
	}
	_ = o.r.Close() // a read end: nothing can be lost
}

// write hands output on. After an error it goes on reading, so that the command
// does not block or die of it; Wait returns the error.
func (o *outPipe) write(b []byte) {
	if len(b) == 0 || o.err != nil {
		return
	}
	n, err := o.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	o.err = err
}

// maxDrain bounds drain against somebody elsewhere who goes on writing. It is
// above what a pipe can hold by default (1 MiB).
const maxDrain = 16 << 20

// drain reads what is in the pipe without waiting for more. It returns io.EOF.
func (o *outPipe) drain(buf []byte) error {
	if err := o.r.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	raw, err := o.r.SyscallConn()
	if err != nil {
		return err
	}
	var failure error
	err = raw.Read(func(fd uintptr) bool {
		for total := 0; total < maxDrain; {
			n, err := syscall.Read(int(fd), buf)
			if errors.Is(err, syscall.EINTR) {
				continue
			}
			if n > 0 {
				total += n
				o.write(buf[:n])
				continue
			}
			if err != nil && !errors.Is(err, syscall.EAGAIN) {
				failure = err
			}
			return true
		}
		return true
	})
	if err = errors.Join(err, failure); err != nil {
		return err
	}
	return io.EOF
}
