package desk

import (
	"encoding/json"
	"strings"
	"testing"

	"popkit/internal/agent/claudecode/wire"
	"popkit/internal/api"
	"popkit/internal/core/event"
)

// FuzzHook: whatever a CLI hands to a hook, the answer is JSON; nothing is allowed that
// the guard was not asked about, and nothing that it does not allow.
func FuzzHook(f *testing.F) {
	for _, id := range []string{callPre, callPost, callBatch, "else"} {
		for _, in := range []string{``, `{}`, `null`, `[]`, `{"hook_event_name":"PreToolUse","tool_name":"Write","tool_use_id":"t","tool_input":{"file_path":"a"}}`,
			`{"hook_event_name":"PreToolUse","tool_name":"Agent","tool_use_id":"t","tool_input":null}`, `{"hook_event_name":"PostToolUse","tool_name":7}`} {
			f.Add(id, "t", in)
		}
	}
	f.Fuzz(func(t *testing.T, id, call, input string) {
		asked := false
		for _, verdict := range []event.Verdict{event.VerdictAllow, event.VerdictDeny, event.VerdictAsk} {
			d := New(Config{Caller: says(func(out any) error {
				if v, ok := out.(*api.Verdict); ok {
					asked, v.Verdict = true, verdict
				}
				return nil
			})})
			raw := d.Hook(t.Context(), wire.HookCallback{CallbackID: id, ToolUseID: call, Input: json.RawMessage(input)})
			if !json.Valid(raw) {
				t.Fatalf("the answer %s", raw)
			}
			if strings.Contains(string(raw), `"permissionDecision":"allow"`) && (!asked || verdict != event.VerdictAllow) {
				t.Fatalf("allowed, where the guard says %s (asked: %t): %s", verdict, asked, raw)
			}
		}
	})
}
