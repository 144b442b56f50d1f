package resultfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"popkit/internal/core/event"
	"popkit/internal/redact"
)

func TestReport(t *testing.T) {
	for _, tt := range []struct {
		name, file string
		status     event.ReportStatus
		summary    string
	}{
		{"done", `{"status":"done","summary":"all"}`, "done", "all"},
		{"blanks", "\n {\"status\":\"blocked\"} \n", "blocked", ""},
		{"more than is known", `{"status":"done","summary":"all","cost":3}`, "done", "all"},
		{"a secret", `{"status":"done","summary":"used hunter22-hunter22"}`, "done", "used [redacted]"},
		{"empty", " \n", "failed", "it is empty"},
		{"half", `{"status":"do`, "failed", "it is no JSON object"},
		{"two", `{"status":"done"}{"status":"done"}`, "failed", "it is no JSON object"},
		{"a list", `["done"]`, "failed", "it is no JSON object"},
		{"no status", `{"summary":"all"}`, "failed", "it has no status"},
		{"null", `null`, "failed", "it has no status"},
		{"unknown status", `{"status":"great"}`, "failed", `its status is "great"`},
		{"wrong type", `{"status":1}`, "failed", "it is no JSON object"},
		{"too large", `{"status":"done","summary":"` + strings.Repeat("x", maxResult) + `"}`, "failed", "larger than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "result")
			if err := os.WriteFile(path, []byte(tt.file), 0o600); err != nil {
				t.Fatal(err)
			}
			r := reportOf(path)
			if r == nil || r.Status != tt.status || !strings.Contains(r.Summary, tt.summary) {
				t.Errorf("report is %+v, want %s, %q", r, tt.status, tt.summary)
			}
		})
	}
}

func TestReportOfAQuota(t *testing.T) {
	for resets, want := range map[string]string{
		`"2026-03-01T15:00:00Z"`: "2026-03-01T15:00:00Z", `"2026-03-01T15:00:00+02:00"`: "2026-03-01T13:00:00Z",
		`1772377200`: "2026-03-01T15:00:00Z", `"1772377200"`: "2026-03-01T15:00:00Z", `1772377200.5`: "2026-03-01T15:00:00Z",
		`null`: "", `""`: "", `"soon"`: "", `-1`: "", `1e300`: "", `{}`: "",
	} {
		r, err := parse([]byte(`{"status":"quota","summary":"limit","resets_at":` + resets + `,"usage":{"input_tokens":7}}`))
		got := ""
		if !r.ResetsAt.IsZero() {
			got = r.ResetsAt.UTC().Format(time.RFC3339)
		}
		if err != nil || r.Status != event.ReportQuota || got != want || r.Usage == nil || r.Usage.InputTokens != 7 {
			t.Errorf("%s: %+v, %v; want %q", resets, r, err, want)
		}
	}
	if _, err := parse([]byte(`{"status":"done","usage":{"cost_usd":-1}}`)); err == nil {
		t.Error("usage below 0 was taken")
	}
}

func reportOf(path string) *event.Report {
	return Read(path, redact.New([]string{"hunter22-hunter22"}).String)
}

// What stands in the place of the file must neither lead elsewhere nor block.
func TestReportIsARegularFile(t *testing.T) {
	dir := t.TempDir()
	target := filepath.Join(dir, "target")
	if err := os.WriteFile(target, []byte(`{"status":"done","summary":"of another"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]func(path string) error{
		"link":       func(path string) error { return os.Symlink(target, path) },
		"named pipe": func(path string) error { return syscall.Mkfifo(path, 0o600) },
		"directory":  func(path string) error { return os.Mkdir(path, 0o700) },
		"device":     func(path string) error { return os.Symlink("/dev/zero", path) },
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
		if err := place(path); err != nil {
			t.Fatal(err)
		}
		if r := reportOf(path); r == nil || r.Status != event.ReportFailed {
			t.Errorf("%s: report is %+v, want one of status failed", name, r)
		}
	}
	if r := reportOf(filepath.Join(dir, "nothing")); r != nil {
		t.Errorf("no file gives the report %+v", *r)
	}
}

func FuzzParseReport(f *testing.F) {
	f.Add([]byte(`{"status":"done","summary":"x","follow_ups":["y"]}`))
	f.Add([]byte(`{"status":`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := parse(data)
		if err == nil && r.Status != event.ReportDone && r.Status != event.ReportFailed && r.Status != event.ReportBlocked {
			t.Errorf("%q gives %+v", data, r)
		}
	})
}
