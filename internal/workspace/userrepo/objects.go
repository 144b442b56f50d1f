package userrepo

import (
	"bufio"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// ObjectDirs returns an object directory and those that it borrows from, as far
// as they can be found: what a clone that borrows from it has to be able to read.
func ObjectDirs(dir string) []string {
	found := []string{}
	for left := []string{dir}; len(left) > 0; left = left[1:] {
		d := filepath.Clean(left[0])
		if slices.Contains(found, d) {
			continue
		}
		found = append(found, d)
		f, err := os.Open(filepath.Join(d, "info", "alternates"))
		if err != nil {
			continue // borrows from nobody
		}
		for lines := bufio.NewScanner(f); lines.Scan(); {
			line := lines.Text()
			switch {
			case line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, `"`):
			case filepath.IsAbs(line):
				left = append(left, line)
			default:
				left = append(left, filepath.Join(d, line))
			}
		}
		_ = f.Close() // only read
	}
	return found
}
