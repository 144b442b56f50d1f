package git

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// Fields splits the output of a -z option: records that each end in NUL.
func Fields(out []byte) []string {
	if len(out) == 0 {
		return nil
	}
	return strings.Split(string(bytes.TrimSuffix(out, []byte{0})), "\x00")
}

// Line is the output of a command that prints one line.
func Line(out []byte) string { return strings.TrimSuffix(string(out), "\n") }

// Stat is one record of --numstat -z.
type Stat struct {
	Path           string
	Added, Removed int  // lines; 0 for a binary file
	Binary         bool // git counts no lines in it
}

// ParseNumstat reads the output of diff --numstat -z --no-renames.
func ParseNumstat(out []byte) ([]Stat, error) {
	var stats []Stat
	for _, rec := range Fields(out) {
		parts := strings.SplitN(rec, "\t", 3)
		if len(parts) != 3 {
			return nil, fmt.Errorf("unexpected numstat record %q", rec)
		}
		st := Stat{Path: parts[2], Binary: parts[0] == "-"}
		if !st.Binary {
			var err1, err2 error
			st.Added, err1 = strconv.Atoi(parts[0])
			st.Removed, err2 = strconv.Atoi(parts[1])
			if err1 != nil || err2 != nil {
				return nil, fmt.Errorf("unexpected numstat record %q", rec)
			}
		}
		stats = append(stats, st)
	}
	return stats, nil
}

// Entry is an entry of the index or of a tree: a mode, an object and, in the
// index, a stage.
type Entry struct {
	Mode, Object string
	Stage        int // 0 merged; 1 base, 2 ours, 3 theirs
	Path         string
}

// Gitlink is the mode of a submodule's entry.
const Gitlink = "160000"

// ParseEntries reads "<mode> <object> <stage>\t<path>" records, as ls-files -s
// -z and merge-tree -z print them.
func ParseEntries(recs []string) ([]Entry, error) {
	entries := make([]Entry, 0, len(recs))
	for _, rec := range recs {
		meta, path, ok := strings.Cut(rec, "\t")
		parts := strings.Fields(meta)
		if !ok || len(parts) != 3 {
			return nil, fmt.Errorf("unexpected index record %q", rec)
		}
		stage, err := strconv.Atoi(parts[2])
		if err != nil {
			return nil, fmt.Errorf("unexpected index record %q", rec)
		}
		entries = append(entries, Entry{Mode: parts[0], Object: parts[1], Stage: stage, Path: path})
	}
	return entries, nil
}

// IndexInfo is the input of update-index -z --index-info that sets the entries;
// an entry without an object is removed. idLen is the length of the
// repository's object names.
func IndexInfo(entries []Entry, idLen int) []byte {
	var b bytes.Buffer
	for _, e := range entries {
		if e.Object == "" {
			fmt.Fprintf(&b, "0 %s\t%s\x00", strings.Repeat("0", idLen), e.Path)
			continue
		}
		fmt.Fprintf(&b, "%s %s %d\t%s\x00", e.Mode, e.Object, e.Stage, e.Path)
	}
	return b.Bytes()
}

// IsID reports whether s is a full object name.
func IsID(s string) bool {
	if len(s) != 40 && len(s) != 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}
