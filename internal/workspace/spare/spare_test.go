package spare

import "testing"

func TestEnough(t *testing.T) {
	for _, c := range []struct {
		bytes, inodes, all uint64
		want               bool
	}{
		{minBytes, minInodes, 1 << 20, true}, {minBytes - 1, minInodes, 1 << 20, false}, {minBytes, minInodes - 1, 1 << 20, false},
		{minBytes, 0, 0, true}, {0, 0, 0, false},
	} {
		if got := enough(c.bytes, c.inodes, c.all); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
