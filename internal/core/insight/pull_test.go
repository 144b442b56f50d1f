package insight

import (
	"slices"
	"strconv"
	"testing"

	"popkit/internal/core/event"
)

// index returns an Index of the insights, with the IDs i-1, i-2, … and the
// agent "explorer-1" where none is given.
func index(all ...Insight) *Index {
	x := NewIndex()
	for i, in := range all {
		in.ID, in.Seq = "i-"+strconv.Itoa(i+1), int64(i+1)
		if in.Agent == "" {
			in.Agent = "explorer-1"
		}
		if in.Kind == "" {
			in.Kind = event.InsightDiscovery
		}
		if in.Similar == nil {
			in.Similar = x.Similar(in.Content)
		}
		if !x.Add(in) {
			panic("not added: " + in.ID)
		}
	}
	return x
}

func ids(all []*Insight) []string {
	out := []string{}
	for _, in := range all {
		out = append(out, in.ID)
	}
	return out
}

func seen(ids ...string) func(string) bool {
	return func(id string) bool { return slices.Contains(ids, id) }
}

// The specification's own example.
func TestPullGivesTheImplementerWhatTheExplorerFound(t *testing.T) {
	x := index(Insight{Content: "Found existing User model at src/models", Tags: []string{"model", "database"}})
	r := Reader{Agent: "implementer-1", Tags: []string{"model"}, FullRouting: true}
	if got := ids(x.Pull(r, 3)); !slices.Equal(got, []string{"i-1"}) {
		t.Errorf("pulled %v, want [i-1]", got)
	}
	r.Seen = seen("i-1")
	if got := ids(x.Pull(r, 3)); len(got) != 0 {
		t.Errorf("pulled %v again", got)
	}
}

// One case a row of the behaviours that routing promises.
func TestPull(t *testing.T) {
	auth := Reader{Agent: "implementer-1", Task: "login", Role: "implementer", Tags: []string{"auth"}, Scope: []string{"src/auth/**"}, FullRouting: true}
	with := func(change func(*Reader)) Reader { r := auth; change(&r); return r }
	tests := map[string]struct {
		all   []Insight
		r     Reader
		limit int
		want  []string
	}{
		"newest first, at most three": {
			[]Insight{{Content: "alpha one", Tags: []string{"auth"}}, {Content: "beta two", Tags: []string{"auth"}}, {Content: "gamma three", Tags: []string{"auth"}}, {Content: "delta four", Tags: []string{"auth"}}},
			auth, 3, []string{"i-4", "i-3", "i-2"},
		},
		"never its own, nor what it confirmed": {
			[]Insight{{Agent: "implementer-1", Content: "mine", Tags: []string{"auth"}}, {Content: "confirmed", Tags: []string{"auth"}, Confirmed: []string{"implementer-1"}}, {Content: "other", Tags: []string{"auth"}}},
			auth, 3, []string{"i-3"},
		},
		"a blocker reaches everyone, first": {
			[]Insight{{Kind: "blocker", Content: "the build is broken", Tags: []string{"frontend"}}, {Content: "newer", Tags: []string{"auth"}}},
			auth, 3, []string{"i-1", "i-2"},
		},
		"a question reaches those whose tasks touch its tags": {
			[]Insight{{Kind: "question", Content: "which hash?", Tags: []string{"auth"}}, {Kind: "question", Content: "which colour?", Tags: []string{"frontend"}}},
			auth, 3, []string{"i-1"},
		},
		"a pattern reaches all": {
			[]Insight{{Kind: "pattern", Content: "errors are wrapped", Tags: []string{"frontend"}}},
			auth, 3, []string{"i-1"},
		},
		"blocker, answer, question, pattern, topic, open": {
			[]Insight{{Content: "no topic at all"}, {Content: "about tokens", Tags: []string{"auth"}}, {Kind: "pattern", Content: "tables drive tests"}, {Kind: "question", Content: "which hash?", Tags: []string{"auth"}},
				{Content: "User model lives in db/user.go"}, {Kind: "blocker", Content: "disk full"}},
			with(func(r *Reader) { r.Needs = []Need{{Text: "user model location"}} }), 9, []string{"i-6", "i-5", "i-4", "i-3", "i-2", "i-1"},
		},
		"other topics do not reach it": {
			[]Insight{{Content: "colours are in theme.css", Tags: []string{"frontend"}}, {Content: "see web/app/main.ts"}},
			auth, 3, []string{},
		},
		"a path in its scope reaches it": {
			[]Insight{{Content: "a bug in src/auth/login.go:12, see there", Tags: []string{"bug"}}, {Content: "src/authors is old", Tags: []string{"bug"}}},
			auth, 3, []string{"i-1"},
		},
		"its role, task and name are topics": {
			[]Insight{{Content: "for all who build", Tags: []string{"Implementer"}}, {Content: "for the login", Tags: []string{"login"}}, {Content: "for you", Tags: []string{"implementer-1"}}, {Content: "not for you", Tags: []string{"implementer-2"}}},
			auth, 9, []string{"i-3", "i-2", "i-1"},
		},
		"without topics, everything but others' questions": {
			[]Insight{{Content: "colours", Tags: []string{"frontend"}}, {Kind: "question", Content: "which colour?", Tags: []string{"frontend"}}, {Kind: "question", Content: "who knows?"}},
			Reader{Agent: "helper-1", FullRouting: true}, 9, []string{"i-3", "i-1"},
		},
		"a near-duplicate of what it has comes last": {
			[]Insight{{Content: "the login handler lives in internal http server", Tags: []string{"auth"}}, {Content: "unrelated words entirely", Tags: []string{"auth"}}, {Content: "the login handler lives in internal http server package", Tags: []string{"auth"}}},
			with(func(r *Reader) { r.Seen = seen("i-1") }), 9, []string{"i-2", "i-3"},
		},
		"of two near-duplicates the newer comes first, the other last": {
			[]Insight{{Content: "the login handler lives in internal http server", Tags: []string{"auth"}}, {Content: "unrelated words entirely", Tags: []string{"auth"}}, {Content: "the login handler lives in internal http server package", Tags: []string{"auth"}}},
			auth, 9, []string{"i-3", "i-2", "i-1"},
		},
		"the opposite is no near-duplicate": {
			[]Insight{{Content: "the login handler supports sessions", Tags: []string{"auth"}}, {Content: "older", Tags: []string{"auth"}}, {Content: "the login handler does not support sessions", Tags: []string{"auth"}}},
			with(func(r *Reader) { r.Seen = seen("i-1") }), 1, []string{"i-3"},
		},
		"a near-duplicate blocker is not held back": {
			[]Insight{{Kind: "blocker", Content: "make test fails on main with error one"}, {Kind: "pattern", Content: "tables drive tests"}, {Kind: "blocker", Content: "make test fails on main with error two"}},
			with(func(r *Reader) { r.Seen = seen("i-1") }), 2, []string{"i-3", "i-2"},
		},
		"without routing the newest, whatever they are": {
			[]Insight{{Kind: "blocker", Content: "disk full"}, {Agent: "implementer-1", Content: "mine"}, {Content: "colours", Tags: []string{"frontend"}}, {Kind: "question", Content: "which?", Tags: []string{"frontend"}}},
			with(func(r *Reader) { r.FullRouting = false }), 2, []string{"i-4", "i-3"},
		},
		"a limit of nothing": {[]Insight{{Kind: "blocker", Content: "disk full"}}, auth, 0, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := ids(index(test.all...).Pull(test.r, test.limit)); !slices.Equal(got, test.want) {
				t.Errorf("pulled %v, want %v", got, test.want)
			}
		})
	}
}

func TestRank(t *testing.T) {
	x := index(
		Insight{Content: "no topic"}, Insight{Content: "colours", Tags: []string{"frontend"}}, Insight{Content: "tokens", Tags: []string{"auth"}},
		Insight{Kind: "pattern", Content: "tables"}, Insight{Kind: "blocker", Content: "disk full"}, Insight{Kind: "question", Content: "which hash?", Tags: []string{"auth"}},
		Insight{Kind: "question", Content: "which colour?", Tags: []string{"frontend"}},
	)
	r := Reader{Agent: "implementer-9", Tags: []string{"auth"}, FullRouting: true}
	chosen, left := x.Rank(r, 0)
	if got, want := ids(chosen), []string{"i-5", "i-6", "i-4", "i-3", "i-1", "i-7", "i-2"}; !slices.Equal(got, want) || left != 0 {
		t.Errorf("ranked %v, %d left, want %v", got, left, want)
	}
	limit := Size(x.Get("i-5")) + Size(x.Get("i-6"))
	if chosen, left = x.Rank(r, limit); !slices.Equal(ids(chosen), []string{"i-5", "i-6"}) || left != 5 {
		t.Errorf("ranked %v, %d left, with room for two", ids(chosen), left)
	}
	r.FullRouting = false
	if chosen, _ = x.Rank(r, 0); chosen[0].ID != "i-7" || len(chosen) != 7 {
		t.Errorf("without routing ranked %v", ids(chosen))
	}
}

func TestAnswer(t *testing.T) {
	x := index(Insight{Kind: "question", Content: "user model location"}, Insight{Content: "Found existing User model at src/models"})
	need, r := Need{Text: "user model location"}, Reader{Agent: "prototyper-1", FullRouting: true}
	if got := x.Answer(r, need); got == nil || got.ID != "i-2" {
		t.Errorf("answer %+v", got)
	}
	r.Seen = seen("i-2")
	if got := x.Answer(r, need); got != nil {
		t.Errorf("answered with %s, which it has", got.ID)
	}
}

func TestAnInsightHandedOutNeverChanges(t *testing.T) {
	x := index(Insight{Content: "Found it"})
	before := x.Get("i-1")
	for _, agent := range []string{"tester-1", "tester-1", "explorer-1"} {
		if !x.Confirm("i-1", agent) {
			t.Errorf("%s can't confirm", agent)
		}
	}
	if len(before.Confirmed) != 0 || !slices.Equal(x.Get("i-1").Confirmed, []string{"tester-1"}) {
		t.Errorf("before %v, after %v", before.Confirmed, x.Get("i-1").Confirmed)
	}
	if x.Confirm("i-2", "tester-1") || x.Add(Insight{ID: "i-1", Content: "again"}) || x.Len() != 1 {
		t.Error("confirmed what is not there, or added an ID twice")
	}
}
