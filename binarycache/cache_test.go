package binarycache

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/hashes"
	"granary/nar"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A nixStore is a private store of the Nix of this machine.
type nixStore struct{ dir string }

func (s nixStore) run(t testing.TB, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "NIX_REMOTE="+s.dir, "XDG_CACHE_HOME="+s.dir+"/cache",
		"NIX_CONFIG=build-users-group =\nrequire-sigs = true\nsubstituters =\n"+
			"experimental-features = nix-command ca-derivations")
	var out, message bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &message
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", program, args, err, message.String())
	}
	return strings.TrimSpace(out.String())
}

// set is a derivation that needs a file, a folder, an executable, a text that
// refers to another, and another derivation.
const set = `let
  inner = builtins.toFile "inner" "inner\n";
  outer = builtins.toFile "outer" "echo ${inner}";
  flat = builtins.path { path = ./file; recursive = false; };
  needed = derivation { name = "needed"; system = "x"; builder = "/bin/sh"; };
in derivation {
  name = "top"; system = "x"; builder = "/bin/sh";
  args = [ outer inner ./folder ./script flat needed ];
}`

// instantiate instantiates set in s and returns the derivation's path.
func (s nixStore) instantiate(t testing.TB) hashes.StorePath {
	t.Helper()
	dir := t.TempDir()
	check(t, os.Mkdir(filepath.Join(dir, "folder"), 0o777))
	for name, mode := range map[string]os.FileMode{
		"file": 0o666, "script": 0o777, "folder/a": 0o666, "folder/b": 0o777,
	} {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(name), mode))
	}
	check(t, os.Symlink("a", filepath.Join(dir, "folder/link")))
	check(t, os.WriteFile(filepath.Join(dir, "set.nix"), []byte(set), 0o666))
	return hashes.StorePath(s.run(t, "nix-instantiate", filepath.Join(dir, "set.nix")))
}

// objects returns the closure of a derivation in s.
func (s nixStore) objects(t testing.TB, drv hashes.StorePath) (all []granary.StoreObject) {
	t.Helper()
	closure := s.run(t, "nix-store", "--query", "--requisites", string(drv))
	for path := range strings.FieldsSeq(closure) {
		o := granary.StoreObject{Path: hashes.StorePath(path)}
		for ref := range strings.FieldsSeq(s.run(t, "nix-store", "--query", "--references", path)) {
			o.References = append(o.References, hashes.StorePath(ref))
		}
		if strings.HasSuffix(path, ".drv") {
			text, err := os.ReadFile(s.dir + path)
			check(t, err)
			o.Text = string(text)
		} else {
			var out bytes.Buffer
			check(t, nar.Dump(&out, s.dir+path))
			o.NAR = out.Bytes()
		}
		all = append(all, o)
	}
	return all
}

// TestCopy lets Nix, which wants signatures, copy a closure out of a cache.
func TestCopy(t *testing.T) {
	from, to := nixStore{t.TempDir()}, nixStore{t.TempDir()}
	drv := from.instantiate(t)
	dir := filepath.Join(t.TempDir(), "cache")
	modes := map[hashes.Mode]int{}
	for range 2 { // the second time, everything is there
		c, err := Create(dir)
		check(t, err)
		for _, o := range from.objects(t, drv) {
			check(t, c.Add(o))
			ca, err := ContentAddress(o)
			check(t, err)
			modes[ca.Mode]++
		}
	}
	// Two derivations and two texts; folder and script; file.
	if modes[hashes.Text] != 8 || modes[hashes.Recursive] != 4 || modes[hashes.Flat] != 2 {
		t.Errorf("got %v objects of each mode", modes)
	}
	to.run(t, "nix", "copy", "--derivation", "--from", "file://"+dir, "--to", to.dir, string(drv))
	to.run(t, "nix-store", "--verify", "--check-contents")
	for _, o := range from.objects(t, drv) {
		want := from.run(t, "nix-store", "--query", "--hash", string(o.Path))
		if got := to.run(t, "nix-store", "--query", "--hash", string(o.Path)); got != want {
			t.Errorf("%s: got hash %s, want %s", o.Path, got, want)
		}
	}
}

func TestAddWrong(t *testing.T) {
	store := nixStore{t.TempDir()}
	objects := store.objects(t, store.instantiate(t))
	dir := t.TempDir()
	c, err := Create(dir)
	check(t, err)
	for _, o := range objects {
		self := []hashes.StorePath{o.Path}
		for name, wrong := range map[string]granary.StoreObject{
			"other text":       {Path: o.Path, References: o.References, Text: o.Text + " "},
			"other references": {Path: o.Path, References: self, Text: o.Text, NAR: o.NAR},
			"another path":     {Path: o.Path + "-", References: o.References, NAR: o.NAR},
			"half a NAR":       {Path: o.Path, References: o.References, NAR: []byte("nix-archive-1")},
			"more than a NAR": {
				Path: o.Path, References: o.References, NAR: slices.Concat(o.NAR, []byte{0}),
			},
		} {
			if err := c.Add(wrong); err == nil {
				t.Errorf("%s: %s was added", name, o.Path)
			}
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*.narinfo"))
	if err != nil || len(left) > 0 {
		t.Errorf("left %v, %v", left, err)
	}
}
