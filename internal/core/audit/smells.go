package audit

import (
	"strings"

	"popkit/internal/core/smell"
)

// smells looks for bent tests, silenced checks and secrets in what the diff does to
// texts, and in what earlier commits of the agent's own hold for secrets.
func (j *judge) smells() {
	var result []smell.Change
	var of []*Change
	moved := j.moves()
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if moved[c] != nil && !c.New.There() {
			continue // the other half says it
		}
		ch, ok := text(c, moved[c])
		if !ok {
			continue
		}
		if why := smell.Unread(ch); why != "" {
			if why != "binary" {
				j.add(found{rule: Unread, change: c, same: c.New.Object, text: "was not searched for secrets and for what is bent: " + why})
			}
			continue
		}
		if c.Commit != "" {
			j.secrets(c, ch)
			continue
		}
		result, of = append(result, ch), append(of, c)
	}
	at := map[string]*Change{}
	for _, c := range of {
		at[c.Path] = c
	}
	for _, f := range smell.All(result) {
		j.smell(at[f.Path], f)
	}
}

// secrets judges a version of a file that only an earlier commit holds.
func (j *judge) secrets(c *Change, ch smell.Change) {
	for _, f := range smell.One(ch) {
		if f.Rule == smell.HardcodedSecret {
			j.smell(c, f)
		}
	}
}

func (j *judge) smell(c *Change, f smell.Finding) {
	if c == nil {
		return // All names changes that it was given
	}
	said := strings.TrimPrefix(f.Text, f.Path)
	same := f.Smell + f.Excerpt
	if _, more, ok := strings.Cut(said, " (and "); ok || f.Excerpt == "" {
		same += said + more // it stands for others, too
	}
	j.add(found{rule: f.Rule, change: c, line: f.Line, text: said, same: same})
}

// text is a change as smell judges it; false where there is no text.
func text(c, from *Change) (smell.Change, bool) {
	before, after := c.Old, c.New
	ch := smell.Change{Path: c.Path, Kind: smell.Modified}
	switch {
	case from != nil:
		ch.From, ch.Kind, before = from.Path, smell.Renamed, from.Old
	case !before.There():
		ch.Kind = smell.Created
	case !after.There():
		ch.Kind = smell.Deleted
	}
	for _, s := range []Side{before, after} {
		if s.There() && (!s.Regular() || !s.Read) {
			return ch, false
		}
	}
	ch.Old, ch.New = before.Content, after.Content
	return ch, true
}

// moves pairs files that went with those that came with the same content, both
// ways.
func (j *judge) moves() map[*Change]*Change {
	gone := map[string]*Change{}
	for i := range j.diff.Changes {
		if c := &j.diff.Changes[i]; c.Commit == "" && c.Old.Regular() && !c.New.There() {
			gone[c.Old.Object] = c
		}
	}
	out := map[*Change]*Change{}
	for i := range j.diff.Changes {
		c := &j.diff.Changes[i]
		if c.Commit != "" || c.Old.There() || !c.New.Regular() {
			continue
		}
		if from := gone[c.New.Object]; from != nil {
			out[c], out[from] = from, c
			delete(gone, c.New.Object)
		}
	}
	return out
}

// veil returns a line as it may be shown: without a secret.
func veil(path, line string) string {
	for _, f := range smell.One(smell.Change{Path: path, Kind: smell.Modified, New: line + "\n", Fragment: true}) {
		if f.Rule == smell.HardcodedSecret {
			if f.Excerpt == "" {
				return "[secret]"
			}
			return f.Excerpt
		}
	}
	return line
}
