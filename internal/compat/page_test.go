package main

import (
	"slices"
	"strings"
	"testing"
)

const output = `{"Action":"output","Test":"TestClaudeCases/cases/ok","Output":"  called elsewhere, refused: CONNECT example.com:443\n"}
{"Action":"pass","Test":"TestClaudeCases/cases/ok","Elapsed":1.25}
{"Action":"output","Test":"TestClaudeCases/cases/bad","Output":"    FAIL: testdata/claude/bad.txtar:7: the model's script was not kept to:\n"}
{"Action":"output","Test":"TestClaudeCases/cases/bad","Output":"      a.1: \"x\" was not heard\n"}
{"Action":"output","Test":"TestClaudeCases/cases/bad","Output":"      b.1: \"y\" was not heard\n"}
{"Action":"fail","Test":"TestClaudeCases/cases/bad","Elapsed":2}
{"Action":"fail","Test":"TestClaudeCases","Elapsed":4}
`

func TestPage(t *testing.T) {
	old, err := read("1.0.0", strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	if names := old.failed(); !slices.Equal(names, []string{"bad"}) {
		t.Errorf("failed: %v", names)
	}
	got := page([]result{old}, map[string]string{"ok": "It | works.", "bad": "It fails.", "new": "Nobody ran it."})
	want := `| case | 1.0.0 |
|---|---|
| ` + "`bad`" + `: It fails. | **no** |
| ` + "`new`" + `: Nobody ran it. | not run |
| ` + "`ok`" + `: It \| works. | 1.2 |
| all | 1 of 3 |

## 1.0.0

- ` + "`bad`" + `: line 7: the model's script was not kept to: a.1: "x" was not heard
- It calls others than its model, although it is told not to by its variables (in the tests a proxy refuses that): CONNECT example.com:443
`
	if _, table, _ := strings.Cut(got, "one run.\n\n"); table != want {
		t.Errorf("got\n%s\nwant\n%s", table, want)
	}
}

func TestBrokenOutput(t *testing.T) {
	if _, err := read("1.0.0", strings.NewReader("no JSON")); err == nil {
		t.Error("no error")
	}
}
