package nearest

import "testing"

func TestOf(t *testing.T) {
	known := []string{"prompt", "scope", "needs", "tags", "on_conflict", "id"}
	for _, c := range []struct{ word, want string }{
		{"promt", "prompt"},
		{"prmopt", "prompt"},
		{"Scope", "scope"},
		{"scopes", "scope"},
		{"need", "needs"},
		{"onConflict", "on_conflict"},
		{"on-conflict", "on_conflict"},
		{"idd", "id"},
		{"di", "id"},
		{"banana", ""},
		{"x", ""},
		{"", ""},
		{"---", ""},
	} {
		got, ok := Of(c.word, known)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("Of(%q) = %q, %v; want %q", c.word, got, ok, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	if got, want := Hint("tag", []string{"tags"}, "known: tags"), `did you mean "tags"?`; got != want {
		t.Errorf("Hint = %q, want %q", got, want)
	}
	if got, want := Hint("banana", []string{"tags"}, "known: tags"), "known: tags"; got != want {
		t.Errorf("Hint = %q, want %q", got, want)
	}
}

func TestDistanceIsSymmetricAndZeroOnlyForEqual(t *testing.T) {
	words := []string{"a", "ab", "ba", "abc", "acb", "prompt", "promt", "tpmorp"}
	for _, a := range words {
		for _, b := range words {
			d, e := distance([]rune(a), []rune(b)), distance([]rune(b), []rune(a))
			if d != e {
				t.Errorf("distance(%q,%q) = %d, the other way %d", a, b, d, e)
			}
			if (d == 0) != (a == b) {
				t.Errorf("distance(%q,%q) = %d", a, b, d)
			}
		}
	}
}
