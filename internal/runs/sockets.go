package runs

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// maxSocketPath is what the kernel takes for a unix socket's path, less one.
const maxSocketPath = 107

// SocketDir makes, where it is not there, the private folder (0700) that holds
// the run's sockets, and returns it. runtime is $XDG_RUNTIME_DIR; one that is not
// absolute counts as none, as its specification says.
func (r Run) SocketDir(runtime string) (string, error) {
	base := filepath.Join(runtime, "popkit")
	if !filepath.IsAbs(runtime) {
		base = filepath.Join(os.TempDir(), fmt.Sprintf("popkit-%d", os.Getuid()))
	}
	dir := filepath.Join(base, r.ID)
	if len(filepath.Join(dir, agentDir("x"), "sock")) > maxSocketPath {
		return "", fmt.Errorf("the path of the socket folder %s is too long (set XDG_RUNTIME_DIR to a shorter one)", dir)
	}
	for _, d := range []string{base, dir} {
		if err := privateDir(d); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// EngineSocket returns the people's socket in a run's socket folder.
func EngineSocket(dir string) string { return filepath.Join(dir, "engine.sock") }

// AgentSocket returns the socket of one agent; its folder holds nothing else.
func AgentSocket(dir, agent string) string { return filepath.Join(dir, agentDir(agent), "sock") }

// agentDir is short and of fixed length whatever the agent is called.
func agentDir(agent string) string {
	sum := sha256.Sum256([]byte(agent))
	return "a-" + hex.EncodeToString(sum[:6])
}

// privateDir makes a folder that only this user can enter, and refuses one that
// is somebody else's.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("socket folder: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.IsDir() || int(st.Uid) != os.Getuid() {
		return fmt.Errorf("socket folder %s is not this user's own (remove it, or set XDG_RUNTIME_DIR)", dir)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("socket folder: %w", err)
		}
	}
	return nil
}
