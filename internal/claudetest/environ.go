package claudetest

import (
	"os"
	"path/filepath"
)

// Key is the made-up key. It opens nothing.
const Key = "sk-ant-made-up-for-tests"

// Environ is all that the CLI, or a popkit that runs it, gets to know of its
// surroundings: a home of its own, the model at url, and a proxy that is a trap.
func (c CLI) Environ(home, url string) []string {
	return []string{
		"PATH=" + path(c.Bin),
		"HOME=" + home,
		"CLAUDE_CONFIG_DIR=" + filepath.Join(home, ".claude"),
		"ANTHROPIC_BASE_URL=" + url,
		"ANTHROPIC_API_KEY=" + Key,
		"HTTP_PROXY=" + url, "HTTPS_PROXY=" + url, "NO_PROXY=127.0.0.1,localhost",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_TELEMETRY=1", "DISABLE_AUTOUPDATER=1", "DISABLE_ERROR_REPORTING=1",
	}
}

// path puts a folder first.
func path(first string) string {
	return first + string(filepath.ListSeparator) + os.Getenv("PATH")
}
