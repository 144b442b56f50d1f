package proc_test

import (
	"bytes"
	"testing"

	"popkit/internal/proc"
)

func TestSmoke(t *testing.T) {
	for _, iso := range []string{proc.PIDNamespace, proc.Subreaper} {
		t.Run(iso, func(t *testing.T) {
			var out bytes.Buffer
			p, err := proc.Start(t.Context(), proc.Command{Path: "/bin/sh", Args: []string{"sh", "-c", "echo $$; ps ax | wc -l; cat; setsid sleep 1000 & exit 3"}, Env: []string{"PATH=/usr/bin:/bin"},
				Stdin: bytes.NewBufferString("hello"), Stdout: &out, Stderr: &out, Isolation: iso, Mark: "x"})
			if err != nil {
				t.Fatal(err)
			}
			e, err := p.Wait()
			t.Logf("%+v %v %q %v %q", e, err, out.String(), p.Ident(), p.Warning())
		})
	}
}
