package proc_test

import (
	"os/exec"
	"testing"

	"popkit/internal/proc"
)

// What a command costs from its start until it and all below it is gone, against
// the same without any isolation.
func BenchmarkTrue(b *testing.B) {
	b.Run("plain exec", func(b *testing.B) {
		for b.Loop() {
			if err := exec.Command("/bin/true").Run(); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, isolation := range isolations() {
		b.Run(isolation, func(b *testing.B) {
			for b.Loop() {
				p, err := proc.Start(b.Context(), proc.Command{Path: "/bin/true", Isolation: isolation})
				if err != nil {
					b.Fatal(err)
				}
				if exit, err := p.Wait(); err != nil || exit.Code != 0 {
					b.Fatal(exit, err)
				}
			}
		})
	}
}
