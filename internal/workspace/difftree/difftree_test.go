package difftree

import (
	"slices"
	"strings"
	"testing"

	"popkit/internal/core/audit"
	"popkit/internal/workspace/git"
)

const a, b, none = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222", "0000000000000000000000000000000000000000"

func TestParse(t *testing.T) {
	out := ":100644 100755 " + a + " " + b + " M\x00a b\n\tc\x00:000000 120000 " + none + " " + b + " A\x00:l\x00:160000 000000 " + a + " " + none + " D\x00sub\x00" +
		"1\t2\ta b\n\tc\x001\t0\t:l\x000\t1\tsub\x00"
	changes, stats, err := parse([]byte(out))
	want := []audit.Change{
		{Path: "a b\n\tc", Old: audit.Side{Mode: "100644", Object: a}, New: audit.Side{Mode: "100755", Object: b}},
		{Path: ":l", New: audit.Side{Mode: "120000", Object: b}},
		{Path: "sub", Old: audit.Side{Mode: "160000", Object: a}},
	}
	if err != nil || !slices.Equal(changes, want) || len(stats) != 3 || stats[1] != (git.Stat{Path: ":l", Added: 1}) {
		t.Errorf("%+v, %+v, %v", changes, stats, err)
	}
	for _, bad := range []string{":100644 100755 M\x00a\x00", "x\x00", ":100644 100755 " + a + " " + b + " M\x00"} {
		if changes, stats, err := parse([]byte(bad)); err == nil {
			t.Errorf("%q is %+v, %+v", bad, changes, stats)
		}
	}
}

func TestTreeNames(t *testing.T) {
	id := strings.Repeat("\x00", 20)
	names, err := treeNames("100644 a b\x00"+id+"40000 \xff\x00"+id, 20)
	if err != nil || !slices.Equal(names, []string{"a b", "\xff"}) {
		t.Errorf("%q, %v", names, err)
	}
	for _, bad := range []string{"100644 a", "100644 a\x00short", "100644\x00" + id} {
		if names, err := treeNames(bad, 20); err == nil {
			t.Errorf("%q is %q", bad, names)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(":100644 100755 "+a+" "+b+" M\x00x\x001\t2\tx\x00"), "100644 a\x00"+strings.Repeat("i", 20))
	f.Fuzz(func(t *testing.T, out []byte, tree string) {
		changes, _, err := parse(out)
		for _, c := range changes {
			if err == nil && c.Path == "" {
				t.Errorf("a change without a path in %q", out)
			}
		}
		names, err := treeNames(tree, 20)
		if err == nil && len(tree) > 0 && len(names) == 0 {
			t.Errorf("no names in %q", tree)
		}
	})
}
