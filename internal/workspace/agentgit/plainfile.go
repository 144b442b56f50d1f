package agentgit

import (
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
)

// OpenPlain opens a file that an agent may have made: a regular file and
// nothing else, without following a symbolic link and without waiting for the
// other end of a pipe.
func OpenPlain(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no regular file", path)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// ReadSmall reads such a file up to a limit in bytes.
func ReadSmall(path string, limit int64) (data []byte, err error) {
	f, err := OpenPlain(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	return data, err
}
