package proof

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"popkit/internal/sandbox"
)

// world is what an attacker knows: where everything is.
type world struct {
	Base     string // the folder of it all
	Home     string
	Root     string // of the workspaces
	Mine     string // the attacker's workspace
	Other    string // another agent's
	Own      string // where the attacker's copies are kept
	Repo     string // the user's repository
	Outside  string // a folder that is nobody's business
	Docker   string // a socket like that of a container engine
	People   string // popkit's people's socket
	OwnSock  string // the attacker's socket
	Others   string // another agent's socket
	Abstract string // an abstract socket's name
	TCP      string // the address of a server on this machine
	Victim   int    // a process outside
	Outer    int    // the process that runs all this, as it is known outside
}

// secret is in everything that must not be read.
const secret = "made-up-secret"

// owner is the world with what is outside of the sandbox.
type owner struct {
	world
	run      string            // the folder of the sockets
	files    map[string]string // victims, with what is in them
	victim   *exec.Cmd
	in       *os.File
	sockets  []net.Listener
	bothered atomic.Int64 // connections to sockets that nobody may reach
}

func newWorld(dir string) (*owner, error) {
	base, err := os.MkdirTemp(dir, "proof-")
	if err != nil {
		return nil, err
	}
	if base, err = filepath.EvalSymlinks(base); err != nil {
		return nil, err
	}
	run, err := os.MkdirTemp("", "pk") // paths of sockets are bounded
	if err != nil {
		return nil, err
	}
	if run, err = filepath.EvalSymlinks(run); err != nil {
		return nil, err
	}
	root := base + "/home/.cache/root"
	w := &owner{run: run, world: world{
		Base: base, Home: base + "/home", Root: root, Mine: root + "/agents/mine", Other: root + "/agents/other", Own: root + "/tmp/mine/own",
		Repo: base + "/home/repo", Outside: base + "/outside", Outer: os.Getpid(),
		Docker: run + "/docker.sock", People: run + "/popkit/engine.sock", OwnSock: run + "/popkit/a-1/sock", Others: run + "/popkit/a-2/sock",
		Abstract: fmt.Sprintf("@popkit-proof-%d", os.Getpid()),
	}}
	w.files = map[string]string{
		w.Outside + "/file": "whole", w.Outside + "/deep/er/file": "whole", w.Outside + "/script": "#!/bin/sh\n",
		w.Home + "/work/file": "whole", w.Home + "/.bashrc": "# mine\n", w.Home + "/.config/git/config": "[user]\n",
		w.Home + "/.npmrc": "fund=false\n//registry.example/:_authToken=" + secret + "\n", w.Home + "/elsewhere/kube": secret,
		w.Other + "/file": secret, w.Other + "/.git/config": "[core]\n", w.Repo + "/file": secret, w.Repo + "/.git/config": "[core]\n\trepositoryformatversion = 0\n\tbare = false\n",
		w.Repo + "/.git/HEAD": "ref: refs/heads/main\n", w.Repo + "/.git/refs/heads/keep.lock": "",
		w.Repo + "/.git/objects/ab/cd": "object", w.Repo + "/.git/hooks/sample": "#!/bin/sh\n",
		w.Mine + "/.env": "whole", w.Mine + "/deep/er/secrets/key": "whole", w.Root + "/store/config": "[core]\n",
	}
	for _, name := range []string{".ssh/id_ed25519", ".aws/credentials", ".config/gcloud/access_tokens.db", ".netrc", ".docker/config.json", ".kube/config",
		".gnupg/private-keys-v1.d/key", ".config/gh/hosts.yml", ".git-credentials", ".cargo/credentials.toml", ".pypirc", ".bash_history"} {
		w.files[filepath.Join(w.Home, name)] = secret
	}
	if err := errors.Join(w.restore(true), w.listen(), w.begin()); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// environ is the attacker's.
func (w *owner) environ() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.Home, "TMPDIR=" + filepath.Dir(w.Own) + "/tmp", "KUBECONFIG=" + w.Home + "/elsewhere/kube",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
}

// place is the sandbox, as the daemon makes it for an agent.
func (w *owner) place(a sandbox.Ability) sandbox.Place {
	self, err := os.Executable()
	if err != nil {
		self = "" // it is found by /proc then, or the attack says that it is not
	}
	return sandbox.Place{
		Ability: a, Home: w.Home, Own: w.Own, Tmp: filepath.Dir(w.Own) + "/tmp", Environ: w.environ(), Sockets: sandbox.Sockets(),
		Hide: []string{w.Root, w.Repo, filepath.Dir(w.People)}, Read: []string{w.Repo + "/.git/objects", filepath.Dir(w.OwnSock), self},
		Write: []string{w.Mine}, Protect: []string{w.Mine + "/.env", w.Mine + "/deep/er/secrets"},
	}
}

// restore makes the world what it was, but for the sockets and the process: all
// of it, or only what is the attacker's own.
func (w *owner) restore(all bool) error {
	dirs := []string{w.Mine, filepath.Dir(w.Own)}
	if all {
		dirs = []string{w.Home, w.Outside}
	}
	for _, dir := range dirs {
		if err := sandbox.Remove(dir); err != nil {
			return err
		}
	}
	for path, text := range w.files {
		if !all && !strings.HasPrefix(path, w.Mine+"/") {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	w.bothered.Store(0)
	return os.MkdirAll(w.Own, 0o700)
}

// begin starts the process that is a victim, too.
func (w *owner) begin() error {
	r, in, err := os.Pipe()
	if err != nil {
		return err
	}
	w.in = in
	w.victim = exec.Command("/bin/sh", "-c", "read x") //nolint:noctx // ended by close
	w.victim.Stdin = r
	w.victim.Env = []string{"SECRET=" + secret}
	err = errors.Join(w.victim.Start(), r.Close())
	if err == nil {
		w.Victim = w.victim.Process.Pid
	}
	return err
}

// listen opens the sockets. Those that nobody may reach count who does.
func (w *owner) listen() error {
	for _, s := range []struct{ network, address string }{
		{"unix", w.Docker}, {"unix", w.People}, {"unix", w.Others}, {"unix", w.OwnSock}, {"unix", w.Abstract}, {"tcp", "127.0.0.1:0"},
	} {
		if s.network == "unix" && s.address != w.Abstract {
			if err := os.MkdirAll(filepath.Dir(s.address), 0o700); err != nil {
				return err
			}
		}
		l, err := net.Listen(s.network, s.address) //nolint:noctx // closed by close
		if err != nil {
			if s.address == w.Abstract {
				w.Abstract = "" // a system without
				continue
			}
			return err
		}
		w.sockets = append(w.sockets, l)
		if s.network == "tcp" {
			w.TCP = l.Addr().String()
		}
		go w.answer(l, s.address != w.OwnSock && s.network != "tcp")
	}
	return nil
}

func (w *owner) answer(l net.Listener, count bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		if count {
			w.bothered.Add(1)
		}
		_, _ = c.Write([]byte("hello\n")) // an attacker that does not listen
		_ = c.Close()
	}
}

// harm says what became of the victims, "" when they are as they were.
func (w *owner) harm() (string, error) {
	for _, path := range slices.Sorted(maps.Keys(w.files)) {
		data, err := os.ReadFile(path)
		if err != nil || string(data) != w.files[path] {
			return strings.TrimPrefix(path, w.Base+"/") + " is changed", nil //nolint:nilerr // that it can't be read is the harm
		}
		if info, err := os.Lstat(path); err != nil || info.Mode() != 0o600 {
			return strings.TrimPrefix(path, w.Base+"/") + " has another mode", nil //nolint:nilerr // likewise
		}
	}
	for _, dir := range []string{w.Home, w.Outside} {
		grown, err := w.grown(dir)
		if err != nil || grown != "" {
			return grown, err
		}
	}
	if w.bothered.Load() > 0 {
		return "it reached a socket", nil
	}
	if err := w.victim.Process.Signal(nothing); err != nil {
		return "it ended a process", w.begin()
	}
	return "", nil
}

// grown finds what is new where nothing may be.
func (w *owner) grown(dir string) (string, error) {
	var found string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if path == w.Mine || path == filepath.Dir(w.Own) {
			return fs.SkipDir // its own
		}
		if _, known := w.files[path]; !known && !d.IsDir() || d.IsDir() && !w.above(path) {
			found = strings.TrimPrefix(path, w.Base+"/") + " is new"
			return fs.SkipAll
		}
		return nil
	})
	return found, err
}

// above reports whether a folder has a victim below it, or is there anyway.
func (w *owner) above(dir string) bool {
	for path := range w.files {
		if strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return strings.HasPrefix(w.Own, dir+"/") || strings.HasPrefix(w.Mine, dir+"/")
}

func (w *owner) close() error {
	var errs []error
	for _, l := range w.sockets {
		errs = append(errs, l.Close())
	}
	if w.in != nil {
		errs = append(errs, w.in.Close())
	}
	if w.victim != nil && w.victim.Process != nil {
		_ = w.victim.Process.Kill() // it may have ended by itself
		_ = w.victim.Wait()         // of a signal
	}
	return errors.Join(append(errs, sandbox.Remove(w.Base), os.RemoveAll(w.run))...)
}
