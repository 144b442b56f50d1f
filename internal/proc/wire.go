package proc

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// What travels between engine and helper is a frame: a list of strings, each
// with its length before it. Not JSON: paths and environments are bytes, and
// JSON would change what is not UTF-8.

const (
	maxStrings = 1 << 20
	maxFrame   = 64 << 20 // far above what execve takes
)

// writeFrame writes the strings as one frame in one write.
func writeFrame(w io.Writer, strs ...string) error {
	size := 4
	for _, s := range strs {
		size += 4 + len(s)
	}
	if size > maxFrame || len(strs) > maxStrings {
		return fmt.Errorf("%d bytes of arguments and environment are too many", size)
	}
	buf := binary.LittleEndian.AppendUint32(make([]byte, 0, size), uint32(len(strs)))
	for _, s := range strs {
		buf = binary.LittleEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	_, err := w.Write(buf)
	return err
}

// readFrame reads exactly one frame. io.EOF means that there was none.
func readFrame(r io.Reader) ([]string, error) {
	n, err := readLength(r, maxStrings)
	if err != nil {
		return nil, err
	}
	left := maxFrame
	strs := make([]string, 0, min(n, 1024))
	for range n {
		size, err := readLength(r, left)
		if err == nil {
			left -= size
			var s string
			if s, err = readString(r, size); err == nil {
				strs = append(strs, s)
				continue
			}
		}
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return strs, nil
}

func readLength(r io.Reader, limit int) (int, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if uint64(n) > uint64(limit) {
		return 0, fmt.Errorf("bad frame: length %d", n)
	}
	return int(n), nil
}

// readString takes memory as the bytes come, not as the length promises.
func readString(r io.Reader, size int) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err == nil && len(data) < size {
		err = io.ErrUnexpectedEOF
	}
	return string(data), err
}

// config is what a helper is told to do; the zero path is a probe, which ends
// once the isolation was entered.
type config struct {
	isolation string
	mark      string
	path, dir string
	confine   []string
	args, env []string
}

func (c config) frame() []string {
	f := []string{c.isolation, c.mark, c.path, c.dir, strconv.Itoa(len(c.confine)), strconv.Itoa(len(c.args))}
	f = append(f, c.confine...)
	f = append(f, c.args...)
	return append(f, c.env...)
}

func parseConfig(f []string) (config, error) {
	const fixed = 6
	if len(f) < fixed {
		return config{}, errors.New("bad configuration: too short")
	}
	rest := f[fixed:]
	var lists [2][]string
	for i := range lists {
		n, err := strconv.Atoi(f[fixed-2+i])
		if err != nil || n < 0 || n > len(rest) {
			return config{}, errors.New("bad configuration: number of arguments")
		}
		lists[i], rest = rest[:n:n], rest[n:]
	}
	return config{isolation: f[0], mark: f[1], path: f[2], dir: f[3], confine: lists[0], args: lists[1], env: rest}, nil
}

// The kinds of status frames, the first string of each.
const (
	statusStarted = "started" // warning
	statusError   = "error"   // text: the command was not started
	statusExit    = "exit"    // code, signal, stopped, detail, left
)

// What the engine may say after the configuration. The end of the pipe says the
// rest: kill everything.
const (
	controlTerminate = 'T' // SIGTERM, and the end counts as asked for
	controlInterrupt = 'I' // SIGINT
)

// maxText bounds the texts of a status frame, so that a frame always fits into
// the pipe and the helper never blocks on it.
const maxText = 4 << 10

func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText]
	}
	return s
}

func exitFrame(e Exit, left string) []string {
	return []string{statusExit, strconv.Itoa(e.Code), e.Signal, strconv.FormatBool(e.Stopped), clip(e.Detail), clip(left)}
}

func parseExit(f []string) (Exit, error, error) {
	if len(f) != 6 || f[0] != statusExit {
		return Exit{}, nil, fmt.Errorf("bad status of the init helper: %q", f)
	}
	code, err := strconv.Atoi(f[1])
	if err != nil {
		return Exit{}, nil, fmt.Errorf("bad status of the init helper: %w", err)
	}
	var left error
	if f[5] != "" {
		left = errors.New(f[5])
	}
	return Exit{Code: code, Signal: f[2], Stopped: f[3] == "true", Detail: f[4]}, left, nil
}

// exitOf makes an Exit of a signal number (0 = none) and an exit status.
func exitOf(code, signal int, name string) Exit {
	if signal != 0 {
		return Exit{Code: 128 + signal, Signal: name}
	}
	return Exit{Code: code}
}
