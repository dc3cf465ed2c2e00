package fetch

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
	"granary/internal/badweb"
	"granary/nar"
)

// gitTreeOf makes a folder whose entries sort otherwise in git than in a NAR.
func gitTreeOf(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	for name, content := range map[string]string{
		"a/in": "1", "a.b": "22", "a-b": "", "a/deep/er/x": "333", "z": "4", "a0": "5",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "a/in"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../nowhere", filepath.Join(dir, "a/link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// gitSays returns what a line of shell with git prints, in a repository of dir.
func gitSays(t *testing.T, dir, algo, line string) hashes.Hash {
	t.Helper()
	cmd := exec.Command("sh", "-ec", `git init -q --object-format=$0; `+line, algo)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_DIR="+filepath.Join(t.TempDir(), "git"),
		"GIT_WORK_TREE="+dir, "HOME="+dir)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git: %v", err)
	}
	a, err := hashes.ParseAlgorithm(algo)
	if err != nil {
		t.Fatal(err)
	}
	h, err := hashes.ParseDigest(a, strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestGitHash(t *testing.T) {
	dir := gitTreeOf(t)
	for _, algo := range []string{"sha1", "sha256"} {
		for _, test := range []struct{ name, line string }{
			{"", "git add -A .; git write-tree"},
			{"a.b", "git hash-object a.b"},
			{"a", "git add -A .; git rev-parse $(git write-tree):a"},
		} {
			want := gitSays(t, dir, algo, test.line)
			var buf bytes.Buffer
			if err := nar.Dump(&buf, filepath.Join(dir, test.name)); err != nil {
				t.Fatal(err)
			}
			got, err := gitHash(nar.NewReader(&buf), want.Algorithm())
			if err != nil || got != want {
				t.Errorf("%s of %q: got %s, %v, want %s", algo, test.name, got.Base16(), err, want.Base16())
			}
		}
	}
}

// git itself does not know empty directories, Nix does: this is what Nix 2.34
// says, `nix hash path --mode git --algo sha1`.
func TestGitHashOfEmptyDirectory(t *testing.T) {
	dir := t.TempDir()
	err := exec.Command("sh", "-ec", `cd "$0"; mkdir a empty; echo 1 >a/in; chmod 755 a/in
		echo 2 >a.b; ln -s ../x a/link`, dir).Run()
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	if err := nar.Dump(&buf, dir); err != nil {
		t.Fatal(err)
	}
	got, err := gitHash(nar.NewReader(&buf), hashes.SHA1)
	if want := "sha1-cGLwjPT1BWUrZ75N3CP/f27Po6E="; err != nil || got.SRI() != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

// The NAR of a source that is known by git's hash comes from a substituter.
func TestSubstituteGit(t *testing.T) {
	dir := gitTreeOf(t)
	var buf bytes.Buffer
	if err := nar.Dump(&buf, dir); err != nil {
		t.Fatal(err)
	}
	for _, body := range [][]byte{buf.Bytes(), dirBytes} {
		b := newRig(t, badweb.InMemory(t))
		s := cacheSource(t, false, "source")
		s.CA = hashes.ContentAddress{
			Mode: hashes.Git, Hash: gitSays(t, dir, "sha1", "git add -A .; git write-tree"),
		}
		s = named(t, s, "tree")
		b.fetcher.Substituters = []string{badCache}
		cacheFault{nar: script{badweb.File(body, "")}, narinfo: "NarSize: 0"}.serve(b, s)
		if err := b.fetch(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		last, _ := b.last(t)
		if good := len(body) != len(dirBytes); (last.Kind == Held) != good ||
			!good && last.Reason != ReasonWrongHash {
			t.Errorf("got %s, %q, %s", last.Kind, last.Reason, last.Detail)
		}
	}
}
