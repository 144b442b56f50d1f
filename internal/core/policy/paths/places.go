package paths

import (
	"path"
	"slices"
	"strings"

	"popkit/internal/core/policy/word"
)

// SystemDirs are the machine's own: writing there is no slip.
var SystemDirs = []string{"/etc", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/boot", "/sys", "/proc", "/var", "/root", "/opt", "/srv", "/run", "/dev",
	"/System", "/Library", "/Applications", "/private/etc", "/private/var", "/nix", "/snap", "/mnt", "/media"}

// harmlessDevices may be written to.
var harmlessDevices = []string{"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/stdin", "/dev/tty", "/dev/zero", "/dev/full", "/dev/ptmx"}

func Harmless(abs word.Word) bool {
	return slices.Contains(harmlessDevices, string(abs)) || strings.HasPrefix(string(abs), "/dev/fd/") || strings.HasPrefix(string(abs), "/dev/shm/") ||
		strings.HasPrefix(string(abs), "/proc/self/fd/")
}

func UnderAny(abs string, dirs []string) bool {
	return slices.ContainsFunc(dirs, func(d string) bool { return abs == d || strings.HasPrefix(abs, d+"/") })
}

// GitDir reports whether a path is git's own, in any case that some file system folds.
func GitDir(rel string) bool {
	for seg := range strings.SplitSeq(rel, "/") {
		if strings.EqualFold(seg, ".git") {
			return true
		}
	}
	return false
}

// Below returns what of a path lies below a directory.
func Below(abs, dir string, fold bool) (string, bool) {
	if dir == "" {
		return "", false
	}
	a, d := abs, strings.TrimSuffix(path.Clean(dir), "/")
	if fold {
		a, d = strings.ToLower(abs), strings.ToLower(d)
	}
	if a == d {
		return "", true
	}
	if strings.HasPrefix(a, d+"/") {
		return abs[len(d)+1:], true
	}
	return "", false
}
