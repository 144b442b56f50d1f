package drift

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/core/objective"
)

// Look is what an agent's track is compared with.
type Look struct {
	Now      time.Time
	LastSeen time.Time // its last sign of life
	Waits    bool      // it can do nothing just now: for an answer, or because the run is paused

	Scope      []string // of its task; none: it may work anywhere within the boundaries
	Boundaries []string
	Others     func() []Lease // tasks beside it whose paths are theirs; asked only when there is a reason to
	When       event.Drift
}

// Lease is a task and the paths that are its own.
type Lease struct {
	Task  string
	Scope []string
}

// Finding is a way in which an agent is off its track.
type Finding struct {
	Kind     event.DriftKind
	Evidence string
	Paths    []string
	Other    string // the task whose paths they are
	// Episode is the same for as long as the agent does not get back on its track.
	Episode string
}

func (f Finding) key() string { return string(f.Kind) + " " + f.Other }

// Find returns what was not told yet.
func (t *Track) Find(l Look) []Finding {
	all := t.astray(l)
	for _, find := range []func(Look) (Finding, bool){t.circles, t.stuck, t.silent} {
		if f, ok := find(l); ok {
			all = append(all, f)
		}
	}
	var out []Finding
	for _, f := range all {
		if !t.known(f) && l.When.ActionOn(f.Kind) != event.DriftOff {
			out = append(out, f)
		}
	}
	return out
}

// Wake returns when something is to be found if nothing happens until then.
func (t *Track) Wake(l Look) []time.Time {
	if l.Waits {
		return nil
	}
	var out []time.Time
	if d := l.When.Silent; d > 0 {
		out = append(out, l.LastSeen.Add(d))
	}
	if d := l.When.NoProgress; d > 0 && !t.at.IsZero() {
		out = append(out, t.at.Add(d))
	}
	return out
}

// astray: it touches paths that are not its own. An episode lasts for as long as
// the bounds are what they are.
func (t *Track) astray(l Look) []Finding {
	if len(t.paths) == 0 {
		return nil
	}
	if t.episode == "" || !slices.Equal(t.scope, l.Scope) || !slices.Equal(t.boundaries, l.Boundaries) {
		t.scope, t.boundaries, t.episode, t.cleared = l.Scope, l.Boundaries, l.bounds(), 0
	}
	if t.cleared == len(t.paths) {
		return nil
	}
	var out []Finding
	var outside []string
	others := l.Others()
	for _, p := range t.paths {
		if len(l.Scope) > 0 && objective.InScope(p, l.Scope) {
			continue
		}
		if other := whose(p, others); other != "" {
			out = append(out, Finding{
				Kind: event.DriftOthers, Paths: []string{p}, Other: other, Episode: other,
				Evidence: fmt.Sprintf("it touches %s, which is in the scope of task %s", p, other),
			})
			continue
		}
		if len(l.Scope) > 0 || len(l.Boundaries) > 0 && !objective.InScope(p, l.Boundaries) {
			outside = append(outside, p)
		}
	}
	out = slices.CompactFunc(out, func(a, b Finding) bool { return a.Other == b.Other })
	if len(outside) > 0 {
		out = append(out, Finding{
			Kind: event.DriftScope, Paths: outside, Episode: t.episode,
			Evidence: fmt.Sprintf("it touches %s, outside %s", few(outside), l.bound()),
		})
	}
	if !slices.ContainsFunc(out, func(f Finding) bool { return !t.known(f) }) {
		t.cleared = len(t.paths)
	}
	return out
}

// bounds names the bounds: the same name, the same bounds.
func (l Look) bounds() string {
	h := fnv.New64a()
	for _, list := range [][]string{l.Scope, l.Boundaries} {
		fmt.Fprintf(h, "%d%q", len(list), list)
	}
	return strconv.FormatUint(h.Sum64(), 36)
}

// whose returns the task beside this one whose path it is, or "".
func whose(path string, others []Lease) string {
	for _, o := range others {
		if objective.InScope(path, o.Scope) {
			return o.Task
		}
	}
	return ""
}

func (l Look) bound() string {
	if len(l.Scope) > 0 {
		return "the task's scope (" + strings.Join(l.Scope, ", ") + ")"
	}
	return "the objective's boundaries (" + strings.Join(l.Boundaries, ", ") + ")"
}

// circles: most of its last calls are one and the same.
func (t *Track) circles(l Look) (Finding, bool) {
	if l.When.Repeated <= 0 || len(t.calls) < min(l.When.Repeated, Window) {
		return Finding{}, false
	}
	n := t.same()
	if n < min(l.When.Repeated, Window) {
		return Finding{}, false
	}
	return Finding{
		Kind: event.DriftRepeating, Episode: strconv.FormatUint(t.calls[len(t.calls)-1], 36),
		Evidence: fmt.Sprintf("%d of its last %d calls are the same: %s", n, len(t.calls), t.newest),
	}, true
}

// stuck: nothing comes of what it does.
func (t *Track) stuck(l Look) (Finding, bool) {
	var evidence string
	if n := l.When.NoProgressCalls; n > 0 && t.since >= n {
		evidence = fmt.Sprintf("%d tool calls without progress", t.since)
	} else if d := l.When.NoProgress; d > 0 && !l.Waits && !t.at.IsZero() && !l.Now.Before(t.at.Add(d)) {
		evidence = fmt.Sprintf("no progress for %s", d)
	} else {
		return Finding{}, false
	}
	return Finding{
		Kind: event.DriftNoProgress, Episode: "since " + t.at.Format(time.RFC3339Nano),
		Evidence: evidence + ": no file changed, no insight, no progress in a check-in",
	}, true
}

// silent: it shows no sign of life.
func (t *Track) silent(l Look) (Finding, bool) {
	d := l.When.Silent
	if d <= 0 || l.Waits || l.Now.Before(l.LastSeen.Add(d)) {
		return Finding{}, false
	}
	return Finding{
		Kind: event.DriftSilent, Episode: "since " + l.LastSeen.Format(time.RFC3339Nano), Evidence: fmt.Sprintf("no sign of life for %s", d),
	}, true
}

// few names the first paths.
func few(paths []string) string {
	const most = 5
	if n := len(paths) - most; n > 0 {
		return strings.Join(paths[:most], ", ") + fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(paths, ", ")
}
