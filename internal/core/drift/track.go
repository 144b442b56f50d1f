package drift

import (
	"hash/fnv"
	"path"
	"slices"
	"strings"
	"time"

	"popkit/internal/core/event"
)

// Bounds of a Track.
const (
	Window   = 20 // the last calls among which the same one is looked for
	maxPaths = 50 // touched paths that are remembered
	maxText  = 160
)

// Track is what is known of an agent's way so far. Its zero value is one that has
// done nothing yet.
type Track struct {
	calls    []uint64 // the last ones, newest last; 0 = nothing is known of it
	newest   string   // the newest one, in words
	paths    []string // that it changed or called a writing tool on, newest last
	since    int      // calls since something came of them
	progress float64
	at       time.Time         // when something came of its work last
	told     map[string]string // what was found already, and in which episode

	// How many of paths nothing more is to be said about, within these bounds: no
	// news, only not looked at twice. episode names the bounds.
	cleared           int
	scope, boundaries []string
	episode           string
}

// Began notes when the agent's process began.
func (t *Track) Began(at time.Time) { t.at = at }

// Call notes a tool call; subject is "" when it is not known.
func (t *Track) Call(tool, subject, workspace string) {
	t.Made()
	same := subject
	if writes(tool) {
		same = "" // several edits of one file are not the same call
	}
	t.note(tool, subject, same, workspace)
}

// Made counts a call of which the rest is known already.
func (t *Track) Made() { t.since++ }

// Judged notes a call that the guard was asked about, and whose digest tells it from
// any other. Made counts it, once it is.
func (t *Track) Judged(tool, subject, digest, workspace string) {
	if writes(tool) {
		digest = "" // the same edit twice is an edit of what has changed meanwhile
	}
	t.note(tool, subject, digest, workspace)
}

func (t *Track) note(tool, subject, same, workspace string) {
	key := uint64(0)
	if same != "" {
		h := fnv.New64a()
		h.Write([]byte(tool + "\x00" + same))
		key = max(1, h.Sum64())
	}
	t.newest = clip(strings.TrimSpace(tool + " " + subject))
	t.calls = append(t.calls, key)
	if n := len(t.calls) - Window; n > 0 {
		t.calls = append(t.calls[:0], t.calls[n:]...)
	}
	if t.same() < 2 {
		t.forget(event.DriftRepeating)
	}
	if writes(tool) {
		t.Touched(relative(subject, workspace))
	}
}

// Touched notes that the agent changed a path, or meant to.
func (t *Track) Touched(files ...string) {
	for _, f := range files {
		if f == "" || ours(f) || slices.Contains(t.paths, f) {
			continue
		}
		t.paths = append(t.paths, f)
		if len(t.paths) > maxPaths {
			t.paths = slices.Clone(t.paths[1:])
			t.cleared = max(0, t.cleared-1)
		}
	}
}

// Changed notes what is changed in the workspace. That it is not what it was is
// progress.
func (t *Track) Changed(files []string, at time.Time) {
	t.Touched(files...)
	t.Progress(at)
}

// Progress notes that something came of the agent's work.
func (t *Track) Progress(at time.Time) {
	t.since, t.at = 0, at
	t.forget(event.DriftNoProgress)
}

// Reached notes how far the agent says it is; further than before is progress.
func (t *Track) Reached(progress float64, at time.Time) {
	if progress > t.progress {
		t.progress = progress
		t.Progress(at)
	}
}

// Waited takes time out in which the agent could do nothing.
func (t *Track) Waited(d time.Duration) {
	if !t.at.IsZero() {
		t.at = t.at.Add(d)
	}
}

// Tell notes that a finding was given.
func (t *Track) Tell(f Finding) {
	if t.told == nil {
		t.told = map[string]string{}
	}
	t.told[f.key()] = f.Episode
}

// forget ends an episode.
func (t *Track) forget(k event.DriftKind) { delete(t.told, Finding{Kind: k}.key()) }

func (t *Track) known(f Finding) bool { return t.told[f.key()] == f.Episode }

// same counts how many of the last calls are the newest one.
func (t *Track) same() int {
	if len(t.calls) == 0 || t.calls[len(t.calls)-1] == 0 {
		return 0
	}
	n := 0
	for _, c := range t.calls {
		if c == t.calls[len(t.calls)-1] {
			n++
		}
	}
	return n
}

// writers are the names of tools, in small letters, whose subject is a path that
// they change.
var writers = []string{"write", "edit", "multiedit", "notebookedit", "delete", "remove", "create", "append", "move", "str_replace", "patch"}

func writes(tool string) bool { return slices.Contains(writers, strings.ToLower(tool)) }

// relative is a path as globs are compared with it: relative to the workspace, ""
// when it leads out of it, which is not drift but the guard's affair.
func relative(file, workspace string) string {
	if strings.HasPrefix(file, "/") {
		rest, below := strings.CutPrefix(path.Clean(file), path.Clean(workspace)+"/")
		if workspace == "" || !below {
			return ""
		}
		file = rest
	}
	file = path.Clean(file)
	if file == "." || file == ".." || strings.HasPrefix(file, "../") {
		return ""
	}
	return file
}

// ours reports whether a path is popkit's or git's own place in a workspace.
func ours(file string) bool {
	return file == ".claude/popkit" || strings.HasPrefix(file, ".claude/popkit/") || file == ".git" || strings.HasPrefix(file, ".git/")
}

func clip(s string) string {
	if len(s) > maxText {
		s = strings.ToValidUTF8(s[:maxText], "") + "…"
	}
	return s
}
