package hosttool

import (
	"encoding/json"
	"testing"
)

// TestOf: a tool is known by its name, however it is written; the tools of the newest
// Claude Code that was looked at (2.1.332) are.
func TestOf(t *testing.T) {
	for _, name := range []string{"Agent", "AskUserQuestion", "Bash", "CronCreate", "CronDelete", "CronList", "Edit", "EnterPlanMode", "EnterWorktree", "ExitPlanMode",
		"ExitWorktree", "ListAgents", "Monitor", "NotebookEdit", "Read", "ReportFindings", "ScheduleWakeup", "SendMessage", "Skill", "Task", "TaskStop", "ToolSearch",
		"WebFetch", "WebSearch", "Workflow", "Write", "  write "} {
		if Of(name) == Unknown {
			t.Errorf("%s is not known", name)
		}
	}
	if Of("Gizmo") != Unknown || Of("") != Unknown {
		t.Error("a tool is known that is none")
	}
	for name, k := range tools {
		if warned := Warn(name, nil).Reason != ""; warned != (k == Astray) {
			t.Errorf("%s is of kind %d, warned of: %t", name, k, warned)
		}
	}
	for name, w := range astray {
		if w.Hint == "" || Of(name) != Astray {
			t.Errorf("%s: %+v", name, w)
		}
	}
}

// TestFiles: what a call is about is found in any host's spelling, once.
func TestFiles(t *testing.T) {
	var in Input
	if err := json.Unmarshal([]byte(`{"file_path":"a","path":"a","from":"b","to":"file://c","paths":["d"],"locations":[{"path":"e"},{"path":""}]}`), &in); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, f := range in.Files() {
		got += f
	}
	if got != "abcde" {
		t.Errorf("files: %s", got)
	}
}

// TestApart: an agent, by whatever name, is one that works; what it only says of itself
// is none.
func TestApart(t *testing.T) {
	for program, cases := range map[string]map[string]bool{
		"claude": {"-p": true, "": true, "mcp": false, "--version": false, "-v": false},
		"codex":  {"exec": true, "login": false, "--help": false},
		"at":     {"now": true},
		"git":    {"push": false},
	} {
		for arg, apart := range cases {
			var args []string
			if arg != "" {
				args = []string{arg}
			}
			if got := Apart(program, args); (got != "") != apart {
				t.Errorf("%s %s: %q", program, arg, got)
			}
		}
	}
}

// TestReadInput: a name that only looks like a field's hides what the field says.
func TestReadInput(t *testing.T) {
	for raw, want := range map[string]string{
		`{"file_path":"a","content":"x"}`:              "a",
		`{"filePath":"a","oldText":"x"}`:               "a",
		`{"filepath":"a","description":"x","Odd":1}`:   "a",
		`{"file_path":".env","FILE_PATH":"a"}`:         "",
		`{"File_Path":"a"}`:                            "",
		`{"command":"rm -rf /","Command":"ls"}`:        "",
		`{"command":"x","\u212aommand":"x","Cmd":"x"}`: "",
		`{"pathſ":["a"]}`:                              "",
		`[]`:                                           "",
		`"x"`:                                          "",
		``:                                             "",
	} {
		in, err := ReadInput(json.RawMessage(raw))
		if want == "" {
			if err == nil {
				t.Errorf("%s is read as %+v", raw, in)
			}
			continue
		}
		if got := in.Files(); err != nil || len(got) != 1 || got[0] != want {
			t.Errorf("%s: %q, %v", raw, got, err)
		}
	}
}

// TestWarn: what a subagent is started with is read as its host reads it.
func TestWarn(t *testing.T) {
	for raw, warned := range map[string]bool{
		`{"prompt":"x"}`: false, `{"prompt":"x","mode":"plan"}`: false, `{"isolation":""}`: false, `{"isolation":null}`: false, `{"Isolation":"worktree"}`: false, ``: false,
		`{"isolation":"worktree"}`: true, `{"isolation":"worktree","ISOLATION":""}`: true, `{"isolation":{}}`: true, `{"mode":"acceptEdits"}`: true,
		`{"mode":"bypassPermissions","Mode":"default"}`: true, `{"mode":7}`: true, `{"permissionMode":"dontAsk"}`: true,
	} {
		if got := Warn("Agent", json.RawMessage(raw)); (got.Reason != "") != warned || (got.Hint != "") != warned {
			t.Errorf("%s: %+v", raw, got)
		}
	}
}
