package execagent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"popkit/internal/proc"
)

func TestMain(m *testing.M) {
	proc.MaybeInit()
	if filepath.Base(os.Args[0]) == "popkit" {
		os.Exit(popkit(os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

// popkit stands in for the program that agents call: it notes the call beside
// the result file, and answers every question with yes.
func popkit(args []string) int {
	f, err := os.OpenFile(os.Getenv("POPKIT_RESULT")+".calls", os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, strings.Join(args, " "))
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 5
	}
	if len(args) > 0 && args[0] == "ask" {
		fmt.Println("yes")
	}
	return 0
}
