package patch_test

import (
	"fmt"
	"testing"

	"popkit/internal/core/policy/patch"
)

func TestRead(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n", `[{x a` + "\n b\n" + ` false false}]`},
		{"--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+b\n", `[{x  b` + "\n" + ` true false}]`},
		{"--- a/x\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n", `[{x a` + "\n" + `  false true}]`},
		{"diff --git a/x b/y\nrename from x\nrename to y\n", "[{y   false false} {x   false true} {y   false false}]"},
		{"*** Begin Patch\n*** Add File: x\n+b\n*** Delete File: y\n*** End Patch", `[{x  b` + "\n" + ` true false} {y   false true}]`},
		{"*** Update File: x\n*** Move to: y\n@@\n-a\n+b\n", `[{x   false false} {y a` + "\n b\n" + ` false false}]`},
		{"--- x\t2020-01-01\n+++ x\t2020-01-02\n@@\n+b\n", `[{x  b` + "\n" + ` false false}]`},
		{"no patch", "[]"},
	} {
		if got := fmt.Sprint(patch.Read(c.text)); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}
