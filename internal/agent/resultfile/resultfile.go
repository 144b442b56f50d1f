package resultfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"popkit/internal/core/event"
)

// maxResult bounds the result file.
const maxResult = 1 << 20

// Read reads the file at path and returns the report in it, its texts cleaned; nil
// when there is no file. The agent wrote it, or something in its place: whatever it
// is, it must not hold popkit up, and what can't be understood is a report of status
// failed that says why.
func Read(path string, clean func(string) string) *event.Report {
	data, err := readResult(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var r event.Report
	if err == nil {
		r, err = parse(data)
	}
	if err != nil {
		r = event.Report{
			Status:  event.ReportFailed,
			Summary: fmt.Sprintf("the result file can't be used: %v", err),
		}
	}
	r.Summary = clean(r.Summary)
	for i, f := range r.FollowUps {
		r.FollowUps[i] = clean(f)
	}
	return &r
}

// Remove removes what is there already: it is not the report of the agent that is
// about to start.
func Remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("remove old result: %w", err)
	}
	return nil
}

func readResult(path string) ([]byte, error) {
	if path == "" {
		return nil, os.ErrNotExist
	}
	// No link (it could lead out of what the agent may read) and no waiting for
	// the other end of a named pipe.
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if errors.Is(err, syscall.ELOOP) {
		return nil, errors.New("it is a symbolic link")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is no regular file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxResult+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxResult {
		return nil, fmt.Errorf("it is larger than %d bytes", maxResult)
	}
	return data, nil
}

func parse(data []byte) (event.Report, error) {
	var file struct {
		event.Report
		ResetsAt json.RawMessage `json:"resets_at"`
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return file.Report, errors.New("it is empty")
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return file.Report, fmt.Errorf("it is no JSON object with status and summary: %w", err)
	}
	r := file.Report
	r.ResetsAt = resetsAt(file.ResetsAt)
	switch r.Status {
	case event.ReportDone, event.ReportFailed, event.ReportBlocked, event.ReportQuota:
	case "":
		return r, errors.New("it has no status (done, failed, blocked, quota)")
	default:
		return r, fmt.Errorf("its status is %q, want done, failed, blocked or quota", r.Status)
	}
	if u := r.Usage; u != nil && !event.SaneUsage(*u) {
		return r, errors.New("its usage can't be: want input_tokens, output_tokens and cost_usd, none below 0")
	}
	return r, nil
}

// resetsAt reads when a quota is filled up, as services write it: RFC 3339, or seconds
// since 1970. What is neither counts as not said: popkit backs off then.
func resetsAt(raw json.RawMessage) time.Time {
	text := strings.Trim(string(raw), `"`)
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at
	}
	if sec, err := strconv.ParseFloat(text, 64); err == nil && sec > 0 && sec < 1e11 {
		return time.Unix(int64(sec), 0).UTC()
	}
	return time.Time{}
}
