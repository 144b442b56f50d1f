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
	return append([]string{"PATH=" + c.Search(), "HOME=" + home}, Variables(url)...)
}

// Search is a PATH on which this CLI comes first.
func (c CLI) Search() string {
	return c.Bin + string(filepath.ListSeparator) + os.Getenv("PATH")
}

// Variables are those of the CLI that make it ask the model at url, and nobody else.
func Variables(url string) []string {
	return []string{
		"ANTHROPIC_BASE_URL=" + url, "ANTHROPIC_API_KEY=" + Key,
		"HTTP_PROXY=" + url, "HTTPS_PROXY=" + url, "NO_PROXY=127.0.0.1,localhost",
		"CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1", "DISABLE_TELEMETRY=1", "DISABLE_AUTOUPDATER=1", "DISABLE_ERROR_REPORTING=1",
	}
}
