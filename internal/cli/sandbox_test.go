package cli

import (
	"bytes"
	"strings"
	"testing"
)

// TestSandboxCheck is the exit status and the words, by what was found.
func TestSandboxCheck(t *testing.T) {
	for name, c := range map[string]struct {
		found SandboxCheck
		code  int
		out   string
	}{
		"held": {SandboxCheck{Configured: "auto", Degree: "mounts+landlock", Promises: []SandboxPromise{{Promise: "files", State: "held", Tries: 2}}}, 0,
			"sandbox: mounts+landlock (configured: auto)\nheld           files (2 ways)\n"},
		"less": {SandboxCheck{Configured: "off", Degree: "landlock", Why: "no mounts", Promises: []SandboxPromise{{Promise: "sockets", State: "not available", Detail: "no namespace"}}}, 0,
			"sandbox: landlock (configured: off)\n  no mounts\n  agents run without it, since it is off: what follows is what it would hold\nnot available  sockets: no namespace\n"},
		"broken": {SandboxCheck{Configured: "auto", Degree: "mounts", Promises: []SandboxPromise{{Promise: "files", State: "broken", Tries: 1, Detail: "write: file is changed"}}}, 1,
			"sandbox: mounts (configured: auto)\nBROKEN         files (1 way): write: file is changed\n"},
		"none": {SandboxCheck{Configured: "auto", Degree: "none", Why: "this system has no sandbox"}, 5,
			"sandbox: none (configured: auto)\n  this system has no sandbox\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.sandbox = c.found
			var out, errs bytes.Buffer
			code := Main(t.Context(), []string{"sandbox", "check"}, w.env(&out, &errs))
			if code != c.code || out.String() != c.out {
				t.Errorf("exit status %d\n%s%s", code, out.String(), errs.String())
			}
		})
	}
}

// TestInitSandbox: whether a run can start here is also a matter of the sandbox.
func TestInitSandbox(t *testing.T) {
	for name, c := range map[string]struct {
		found SandboxCheck
		code  int
		out   string
	}{
		"held":     {SandboxCheck{Configured: "auto", Degree: "mounts+landlock"}, 0, "ok  sandbox        mounts+landlock\n"},
		"less":     {SandboxCheck{Configured: "auto", Degree: "landlock", Why: "no namespaces"}, 0, "ok  sandbox        landlock (no namespaces)\n"},
		"off":      {SandboxCheck{Configured: "off", Degree: "none"}, 0, "ok  sandbox        off: agents run unsandboxed, as configured\n"},
		"none":     {SandboxCheck{Configured: "auto", Degree: "none"}, 0, "ok  sandbox        none: agents run unsandboxed\n    hint: popkit sandbox check says more\n"},
		"required": {SandboxCheck{Configured: "required", Degree: "none"}, 5, "no  sandbox        the configuration requires a sandbox, and there is none here\n"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.sandbox = c.found
			var out, errs bytes.Buffer
			code := Main(t.Context(), []string{"power", "init", "--runtime", "exec:true"}, w.env(&out, &errs))
			if code != c.code || !strings.Contains(out.String(), c.out) {
				t.Errorf("exit status %d\n%s%s", code, out.String(), errs.String())
			}
		})
	}
}
