package sandbox

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestOrdersSurvive(t *testing.T) {
	want := Spec{Degree: Full, NoNetwork: true, Entries: []Entry{{Hidden, "/a b", ""}, {Copied, "/h\xff", "/x\ny"}, {Devices, "/dev", ""}}}
	if got, err := parse(want.Orders()); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if o := (Spec{Degree: None, Entries: want.Entries}).Orders(); o != nil {
		t.Errorf("degree none orders %q", o)
	}
	for _, bad := range [][]string{nil, {"none", "shared"}, {"", "shared"}, {"landlock", ""}, {"landlock"}, {"landlock", "none", "hide", "/a"},
		{"landlock", "none", "", "/a", ""}, {"landlock", "none", "hide", "a", ""}, {"landlock", "none", "hide", "/", ""}, {"mounts", "none", "write", "/a/../b", ""}} {
		if s, err := parse(bad); err == nil {
			t.Errorf("%q gives %+v", bad, s)
		}
	}
}

func TestDeeperEntriesHold(t *testing.T) {
	s := Spec{Entries: []Entry{{Writable, "/a/b", ""}, {Hidden, "/a", ""}, {Hidden, "/a/b", ""}, {ReadOnly, "/a-b", ""}, {Writable, "/a/b/c", ""}}}
	want := []Entry{{ReadOnly, "/a-b", ""}, {Hidden, "/a", ""}, {Hidden, "/a/b", ""}, {Writable, "/a/b/c", ""}}
	got := s.ordered()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", got)
	}
	for path, access := range map[string]Access{"/a": ReadOnly, "/a/x": Hidden, "/a/b/c": Hidden, "/a/b/c/d": Writable, "/a-b/c": ReadOnly, "/ab": ReadOnly} {
		if e := nearest(got, path); e.Access != access {
			t.Errorf("%s is in %v, want %s", path, e, access)
		}
	}
}

func TestPathsOfVariables(t *testing.T) {
	for value, want := range map[string]string{
		"/run/agent":                              "/run/agent",
		"unix:path=/run/user/1/bus,guid=0a":       "/run/user/1/bus",
		"unix:///var/run/docker.sock":             "/var/run/docker.sock",
		"/a/kube:/b/kube":                         "/a/kube /b/kube",
		"relative/path":                           "",
		"FILE:/tmp/krb5cc_0":                      "/tmp/krb5cc_0",
		"/home/u/.gnupg/S.gpg-agent:0:1":          "/home/u/.gnupg/S.gpg-agent",
		"unix:abstract=/tmp/dbus-x,guid=1;unix:x": "/tmp/dbus-x",
	} {
		if got := strings.Join(pathsOf(value), " "); got != want {
			t.Errorf("%s: %q, want %q", value, got, want)
		}
	}
}

func TestSecretLines(t *testing.T) {
	for line, secret := range map[string]bool{
		"//registry.example/:_authToken=abc": true, "_auth = abc": true, "//r/:_password=x": true, "index-url = https://u:p@host/simple": true,
		"registry=https://registry.example/": false, "fund=false": false, "index-url = https://host/simple": false, "password = x": true,
	} {
		if secretLine.MatchString(line) != secret {
			t.Errorf("%q: want %v", line, secret)
		}
	}
}

func TestExpand(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{".git/secrets/x", "a/secrets/k", "a/secrets/deep/k", "b/.git/secrets/y", "plain", "lib/secrets"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("plain", filepath.Join(dir, "secrets")); err != nil {
		t.Fatal(err)
	}
	got, err := Expand(dir, func(rel string) bool { return filepath.Base(rel) == "secrets" })
	want := []string{filepath.Join(dir, "a/secrets"), filepath.Join(dir, "b/.git/secrets"), filepath.Join(dir, "lib/secrets")}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}
