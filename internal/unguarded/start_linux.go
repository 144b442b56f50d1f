package unguarded

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// MaybePlay must be called first in main, like proc.MaybeInit and after it: in a
// throw-away root it does not return.
func MaybePlay(ctx context.Context) {
	if len(os.Args) < 2 {
		return
	}
	var err error
	switch args := os.Args[2:]; {
	case os.Args[1] == dropArg && len(args) == 2:
		err = drop(args[0], args[1])
	case os.Args[1] == enterArg && len(args) == 2:
		err = enter(args[0], args[1])
	case os.Args[1] == playArg && len(args) == 1:
		err = play(ctx, args[0], os.Stdin, os.Stdout)
	case os.Args[1] == deedArg && len(args) == 2:
		if err = deed(args[0], []byte(args[1])); errors.Is(err, errNoProcess) {
			os.Exit(noProcess)
		}
	default:
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "unguarded:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

const nobody = 65534

// Run plays the parts in so many throw-away roots at once, and returns what came of
// each, in their order. dir is a folder that any user can get to.
func Run(ctx context.Context, dir string, parts []Part, roots int) ([]Played, error) {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 {
		uid, gid = nobody, nobody
	}
	if err := outfit(dir, uid, gid); err != nil {
		return nil, err
	}
	work, done := make(chan Part), make(chan Played)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	errs := make([]error, roots)
	for i := range roots {
		group.Go(func() {
			if errs[i] = inRoot(ctx, dir, uid, gid, work, done); errs[i] != nil {
				cancel()
			}
		})
	}
	go func() {
		defer close(work)
		for _, p := range parts {
			select {
			case work <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		group.Wait()
		close(done)
	}()
	var out []Played
	for p := range done {
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Played) int { return a.Number - b.Number })
	err := errors.Join(errs...)
	if err == nil && len(out) != len(parts) {
		err = fmt.Errorf("%d of %d cases were played", len(out), len(parts))
	}
	return out, err
}

// inRoot makes a throw-away root and plays what comes.
func inRoot(ctx context.Context, dir string, uid, gid int, work <-chan Part, done chan<- Played) error {
	word := rand.Text()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, "bin", "unguarded"), dropArg, dir, word) //nolint:gosec // this program
	cmd.Env = []string{"PATH=/usr/bin:/bin"}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	said := &strings.Builder{}
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		return err
	}
	err = feed(ctx, json.NewEncoder(in), json.NewDecoder(out), work, done)
	err = errors.Join(err, in.Close())
	if waitErr := cmd.Wait(); waitErr != nil || err != nil {
		return fmt.Errorf("in a throw-away root: %w: %s", errors.Join(err, waitErr), strings.TrimSpace(said.String()))
	}
	return nil
}

func feed(ctx context.Context, to *json.Encoder, from *json.Decoder, work <-chan Part, done chan<- Played) error {
	for part := range work {
		if err := to.Encode(part); err != nil {
			return err
		}
		var p Played
		if err := from.Decode(&p); err != nil {
			return fmt.Errorf("case %d: %w", part.Number, err)
		}
		select {
		case done <- p:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// dropArg is the call of this program that has no privilege outside any more and
// makes the namespaces, of which enter makes a root.
const dropArg = "__unguarded-drop"

// drop starts enter in namespaces of its own, and passes on what it says.
func drop(kit, word string) error {
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		return errors.New("this is root")
	}
	cmd := exec.Command("/proc/self/exe", enterArg, kit, word) //nolint:noctx // ends with this process
	cmd.Args[0] = "unguarded"
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: gid, HostID: gid, Size: 1}},
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_DAC_OVERRIDE},
		Pdeathsig:   syscall.SIGKILL,
	}
	return cmd.Run()
}

// outfit puts the tools together that the roots share, to be read.
func outfit(dir string, uid, gid int) error {
	bin := filepath.Join(dir, "bin")
	if err := errors.Join(os.Chmod(dir, 0o755), os.Mkdir(bin, 0o755), os.Mkdir(filepath.Join(dir, "root"), 0o755), os.Lchown(filepath.Join(dir, "root"), uid, gid)); err != nil {
		return err
	}
	var lacks []string
	want := map[string]string{}
	for name, pkg := range programs {
		want[name] = pkg
	}
	for _, name := range coreutils {
		want[name] = "coreutils"
	}
	for name, pkg := range want {
		from, err := find(name)
		if err != nil {
			lacks = append(lacks, pkg)
			continue
		}
		if err := copyFile(from, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	if len(lacks) > 0 {
		slices.Sort(lacks)
		return fmt.Errorf("programs are missing: apt-get install -y %s", strings.Join(slices.Compact(lacks), " "))
	}
	for name, to := range map[string]string{"sh": "dash", "python": "python3", "nodejs": "node"} {
		if err := os.Symlink(to, filepath.Join(bin, name)); err != nil {
			return err
		}
	}
	// GNU's rm refuses "/", others' do not.
	if err := errors.Join(os.Rename(bin+"/rm", bin+"/rm.gnu"),
		os.WriteFile(bin+"/rm", []byte("#!/bin/sh\nexec /.tools/rm.gnu --no-preserve-root \"$@\"\n"), 0o755)); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return errors.Join(copyFile(self, filepath.Join(bin, "unguarded")), os.WriteFile(filepath.Join(bin, "twin"), []byte(twinScript), 0o755))
}

// find looks for a program of the system's: not one in the user's own folders, which
// may be a shim.
func find(name string) (string, error) {
	for _, dir := range []string{"/usr/bin", "/bin", "/usr/sbin", "/sbin", "/usr/local/bin"} {
		path, err := filepath.EvalSymlinks(filepath.Join(dir, name))
		if err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s", name)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }() // only read
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
