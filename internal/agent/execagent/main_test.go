package execagent_test

import (
	"os"
	"testing"

	"popkit/internal/proc"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	os.Exit(m.Run())
}
