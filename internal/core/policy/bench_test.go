package policy_test

import (
	"strings"
	"testing"

	"popkit/internal/core/policy"
)

// BenchmarkEvaluate: what one call costs. The budget is 200 µs for a typical command.
func BenchmarkEvaluate(b *testing.B) {
	r, f := rules(b, nil), facts(tracked)
	calls := map[string]policy.Call{
		"write":   {Tool: "Write", Input: []byte(`{"file_path":"src/a.go","content":"package a\n\nfunc A() int { return 1 }\n"}`)},
		"read":    {Tool: "Read", Input: []byte(`{"file_path":"src/a.go"}`)},
		"ls":      bash(b, "ls -la"),
		"go-test": bash(b, "go test ./... 2>&1 | tail -20"),
		"typical": bash(b, `cd /repo && git add -A && git commit -q -m "Add x" && git log --oneline | head -3`),
		"find":    bash(b, "find . -name '*.go' -not -path './vendor/*' | xargs grep -l foo | head"),
		"loop":    bash(b, `for f in $(git ls-files '*.go'); do gofmt -l "$f" || echo "$f"; done`),
		"heredoc": bash(b, "cat > a.go <<'EOF'\n"+strings.Repeat("// a line of a file\n", 100)+"EOF"),
		"nested":  bash(b, `bash -lc 'cd web && timeout 60 env CI=1 npm test'`),
		"denied":  bash(b, "echo x > .env"),
		"python":  bash(b, `python3 -c "import json; print(json.load(open('a.json'))['a'])"`),
	}
	for name, c := range calls {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				policy.Evaluate(r, c, f)
			}
		})
	}
	table := cases(b)
	b.Run("table", func(b *testing.B) {
		for b.Loop() {
			for _, c := range table {
				policy.Evaluate(r, c.Call, f)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(table)), "ns/call")
	})
}
