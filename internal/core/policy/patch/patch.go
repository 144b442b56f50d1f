package patch

import (
	"path"
	"strings"
)

// Change is one file of a patch: the lines that go and that come, with those around them.
type Change struct {
	Path, Old, New   string
	Created, Deleted bool
}

// Read reads the files of a patch.
func Read(patch string) []Change {
	var out []Change
	var from string
	start := func(p string) *Change {
		out = append(out, Change{Path: p})
		return &out[len(out)-1]
	}
	var at *Change
	for line := range strings.SplitSeq(patch, "\n") {
		line = strings.TrimSuffix(line, "\r")
		switch {
		case strings.HasPrefix(line, "*** Add File: "):
			at = start(line[len("*** Add File: "):])
			at.Created = true
		case strings.HasPrefix(line, "*** Delete File: "):
			at = start(line[len("*** Delete File: "):])
			at.Deleted = true
		case strings.HasPrefix(line, "*** Update File: "):
			at = start(line[len("*** Update File: "):])
		case cut(line, "*** Move to: ", "rename to ", "copy to ") != "":
			at = start(cut(line, "*** Move to: ", "rename to ", "copy to "))
		case strings.HasPrefix(line, "rename from "):
			start(line[len("rename from "):]).Deleted = true
		case strings.HasPrefix(line, "--- "):
			from = patchPath(line[4:])
		case strings.HasPrefix(line, "+++ "):
			to := patchPath(line[4:])
			switch {
			case to == "/dev/null":
				at = start(from)
				at.Deleted = true
			default:
				at = start(to)
				at.Created = from == "/dev/null"
			}
		case strings.HasPrefix(line, "diff --git "):
			at = nil
			if i := strings.LastIndex(line, "b/"); i > 0 {
				start(strings.Trim(line[i+2:], `"`))
			}
		case strings.HasPrefix(line, "GIT binary patch"), at == nil:
		case strings.HasPrefix(line, "+"):
			at.New += line[1:] + "\n"
		case strings.HasPrefix(line, "-"):
			at.Old += line[1:] + "\n"
		case strings.HasPrefix(line, " "):
			at.New += line[1:] + "\n"
			at.Old += line[1:] + "\n"
		}
	}
	return out
}

func patchPath(s string) string {
	s, _, _ = strings.Cut(s, "\t")
	s = strings.Trim(strings.TrimSpace(s), `"`)
	if s == "/dev/null" {
		return s
	}
	if strings.HasPrefix(s, "a/") || strings.HasPrefix(s, "b/") {
		s = s[2:]
	}
	return path.Clean(s)
}

// cut returns what follows the first of the prefixes that a line has.
func cut(line string, prefixes ...string) string {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(line, p); ok {
			return rest
		}
	}
	return ""
}
