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
