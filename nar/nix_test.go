package nar

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
)

// run returns the output of a program that the tests need; scripts/test
// installs all of them.
func run(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return string(out)
}

// nixHash returns the NAR hash of path as Nix has it.
func nixHash(t testing.TB, path string) hashes.Hash {
	t.Helper()
	out := run(t, "", "nix-hash", "--type", "sha256", path)
	h, err := hashes.ParseDigest(hashes.SHA256, strings.TrimSpace(out))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A file describes a file for writeTree. Directories end with '/'.
type file struct {
	path       string
	data       string
	executable bool
	target     string // of a symbolic link, if not ""
}

// oddTree has what NARs are known to go wrong with.
var oddTree = []file{
	{path: "top/a/inner", data: "inner"},
	{path: "top/a.b", data: "dot"},
	{path: "top/a-b", data: "dash"},
	{path: "top/a b", data: "blank"},
	{path: "top/a0", data: "digit"},
	{path: "top/B", data: "upper case"},
	{path: "top/..hidden", data: "begins with two dots"},
	{path: "top/...", data: "three dots"},
	{path: "top/.git/HEAD", data: "hidden"},
	{path: "top/naïve ☃", data: "UTF-8"},
	{path: "top/~", data: "tilde"},
	{path: "top/run.sh", data: "#!/bin/sh\n", executable: true},
	{path: "top/empty", data: ""},
	{path: "top/empty-executable", executable: true},
	{path: "top/emptydir/"},
	{path: "top/link", target: "a/inner"},
	{path: "top/dangling", target: "/no/such/file"},
	{path: "top/up", target: "../../.."},
	{path: "top/deep/er/and/deep/er/file", data: strings.Repeat("deep", 1000)},
	{path: "top/eight", data: "12345678"},
	{path: "top/large", data: string(randomBytes(300<<10, 7))},
	{path: "top/" + strings.Repeat("long-name-", 15), data: "150 bytes"},
}

func writeTree(t testing.TB, root string, files []file) {
	t.Helper()
	for _, f := range files {
		path := filepath.Join(root, f.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := f.write(path); err != nil {
			t.Fatal(err)
		}
	}
}

func (f file) write(path string) error {
	mode := os.FileMode(0o644)
	if f.executable {
		mode = 0o755
	}
	switch {
	case f.target != "":
		return os.Symlink(f.target, path)
	case strings.HasSuffix(f.path, "/"):
		return os.MkdirAll(path, 0o755)
	}
	return os.WriteFile(path, []byte(f.data), mode)
}
