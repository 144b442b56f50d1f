package claudecode

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"popkit/internal/proc"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	if os.Getenv("FAKE") != "" {
		os.Exit(fakeMain())
	}
	goleak.VerifyTestMain(m)
}
