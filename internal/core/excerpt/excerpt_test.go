package excerpt

import "testing"

func TestOf(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aé", 3, "aé"}, {"aéb", 2, "a…"}, {"aéb", 3, "aé…"}, {"é", 0, "…"}, {"\xff\xff", 1, "\xff…"},
	} {
		if got := Of(c.in, c.n); got != c.want {
			t.Errorf("Of(%q, %d) is %q, want %q", c.in, c.n, got, c.want)
		}
	}
}
