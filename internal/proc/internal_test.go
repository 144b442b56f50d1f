package proc

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// (No property test by rapid here: its package costs every helper that the tests
// start 10 ms. FuzzReadFrame holds the other direction.)
func TestFramesSurvive(t *testing.T) {
	for _, want := range [][]string{{}, {""}, {"a"}, {"a", "", "b\x00\xff\n"}, {strings.Repeat("x", 1<<20), "y"}, make([]string, 5000)} {
		var buf bytes.Buffer
		for range 2 {
			if err := writeFrame(&buf, want...); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			if got, err := readFrame(&buf); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d strings, %v; want %d", len(got), err, len(want))
			}
		}
		if _, err := readFrame(&buf); !errors.Is(err, io.EOF) {
			t.Fatalf("after the last frame: %v", err)
		}
	}
}

func TestFramesCutShort(t *testing.T) {
	var buf bytes.Buffer
	if err := writeFrame(&buf, "abc", "de"); err != nil {
		t.Fatal(err)
	}
	whole := buf.Bytes()
	for n := 1; n < len(whole); n++ {
		if got, err := readFrame(bytes.NewReader(whole[:n])); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the first %d of %d bytes give %q, %v", n, len(whole), got, err)
		}
	}
}

func TestLastOfEachVariable(t *testing.T) {
	c := Command{Path: "x", Mark: "m", Env: []string{"HOME=/a", "B=1", "POPKIT_MARK=forged", "B", "HOME=/b", "=x", "B=2"}}
	want := []string{"B", "HOME=/b", "=x", "B=2", "POPKIT_MARK=m"}
	if got := c.config().env; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if c.Env[2] != "POPKIT_MARK=forged" || len(c.Env) != 7 {
		t.Errorf("the command was changed: %q", c.Env)
	}
}

func TestConfigSurvives(t *testing.T) {
	want := config{isolation: PIDNamespace, mark: "m", path: "/bin/sh", dir: "/d", confine: []string{"held", ""}, args: []string{"sh", "-c", "a\nb"}, env: []string{"A=\xff", "B="}}
	if got, err := parseConfig(want.frame()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, f := range [][]string{nil, {"a", "b", "c", "d"}, {"a", "b", "c", "d", "0", "x"}, {"a", "b", "c", "d", "-1", "0"},
		{"a", "b", "c", "d", "0", "2", "e"}, {"a", "b", "c", "d", "2", "0", "e"}, {"a", "b", "c", "d", "1", "2", "e", "f"}} {
		if c, err := parseConfig(f); err == nil {
			t.Errorf("%q gives %+v", f, c)
		}
	}
}

func TestExitSurvives(t *testing.T) {
	want := Exit{Code: 137, Signal: "SIGKILL", Stopped: true, Detail: "why"}
	got, left, err := parseExit(exitFrame(want, "process 7"))
	if err != nil || got != want || left == nil || left.Error() != "process 7" {
		t.Errorf("got %+v, %v, %v", got, left, err)
	}
	for _, f := range [][]string{nil, {statusExit}, {statusExit, "x", "", "", "", ""}, {statusStarted, "0", "", "", "", ""}} {
		if e, _, err := parseExit(f); err == nil {
			t.Errorf("%q gives %+v", f, e)
		}
	}
	if f := exitFrame(Exit{Detail: strings.Repeat("x", 1<<20)}, strings.Repeat("y", 1<<20)); len(f[4])+len(f[5]) > 32<<10 {
		t.Errorf("a frame of %d bytes could fill the pipe", len(f[4])+len(f[5]))
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 1, 0, 0, 0, 'a'})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{1, 0, 0, 0, 255, 255, 255, 3})
	f.Fuzz(func(t *testing.T, data []byte) {
		strs, err := readFrame(bytes.NewReader(data))
		if err != nil {
			return
		}
		var buf bytes.Buffer
		if err := writeFrame(&buf, strs...); err != nil || !bytes.HasPrefix(data, buf.Bytes()) {
			t.Errorf("%v gives %q, which is %v", data, strs, buf.Bytes())
		}
	})
}

func TestLookPath(t *testing.T) {
	dir := t.TempDir()
	for name, mode := range map[string]os.FileMode{"tool": 0o755, "data": 0o644} {
		if err := os.WriteFile(dir+"/"+name, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct{ name, path, want, err string }{
		{"tool", "PATH=/no:" + dir, dir + "/tool", ""},
		{"data", "PATH=" + dir, "", "permission denied"},
		{"nothing", "PATH=" + dir, "", "no such file"},
		{"tool", "PATH=", "", "no such file"},
		{"tool", "HOME=" + dir, "", "no such file"},
		{"./tool", "PATH=", "./tool", ""},
	} {
		got, err := lookPath(tt.name, []string{"A=b", tt.path})
		if got != tt.want || (tt.err == "") != (err == nil) || (err != nil && !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s in %s: %q, %v", tt.name, tt.path, got, err)
		}
	}
}

// Without MaybeInit nothing is started: the program would start itself again.
func TestWithoutMaybeInit(t *testing.T) {
	initialised.Store(false)
	defer initialised.Store(true)
	if _, err := Start(t.Context(), Command{Path: "/bin/true"}); !errors.Is(err, ErrNoInit) {
		t.Errorf("Start: %v, want %v", err, ErrNoInit)
	}
	if got := Isolation(); got != "" {
		t.Errorf("Isolation() = %q", got)
	}
}

func TestInitByHand(t *testing.T) {
	out, err := exec.Command(os.Args[0], initArg).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 2 || !strings.Contains(string(out), "for popkit itself") {
		t.Errorf("%v: %q", err, out)
	}
}
