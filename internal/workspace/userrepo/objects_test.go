package userrepo

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestObjectDirs(t *testing.T) {
	dir := t.TempDir()
	a, b, c := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	for from, text := range map[string]string{a: "# who lends\n\n" + b + "\n", b: "../c\n../a\n"} {
		if err := os.MkdirAll(filepath.Join(from, "info"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, "info", "alternates"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := ObjectDirs(a); !slices.Equal(got, []string{a, b, c}) {
		t.Errorf("got %q", got)
	}
}
