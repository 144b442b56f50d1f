package sandbox_test

import (
	"os/exec"
	"slices"
	"testing"
	"time"

	"popkit/internal/proc"
	"popkit/internal/sandbox"
)

// BenchmarkTrue is what a command costs, from its start until all is gone: plain,
// by popkit's helper, and in the sandbox's degrees. The figure is the median, in
// milliseconds (docs/guardrails.md): go test ./internal/sandbox -run '^$' -bench True -benchtime 100x.
func BenchmarkTrue(b *testing.B) {
	median := func(b *testing.B, run func() error) {
		b.Helper()
		var took []time.Duration
		for b.Loop() {
			began := time.Now()
			if err := run(); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(began))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	}
	start := func(confine []string) error {
		p, err := proc.Start(b.Context(), proc.Command{Path: "/bin/true", Confine: confine})
		if err != nil {
			return err
		}
		_, err = p.Wait()
		return err
	}
	b.Run("plain", func(b *testing.B) { median(b, func() error { return exec.Command("/bin/true").Run() }) })
	b.Run("helper", func(b *testing.B) { median(b, func() error { return start(nil) }) })
	for _, a := range []sandbox.Ability{{Degree: sandbox.Landlock}, {Degree: sandbox.Mounts, Copies: true}, {Degree: sandbox.Full, Copies: true}} {
		b.Run(a.String(), func(b *testing.B) {
			w := newWorld(b)
			median(b, func() error {
				p := w.place(a)
				p.Sockets = sandbox.Sockets()
				spec, _, err := p.Spec()
				if err != nil {
					return err
				}
				return start(spec.Orders())
			})
		})
	}
}
