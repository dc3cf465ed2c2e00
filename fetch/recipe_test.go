package fetch

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
	"granary/nar"
)

// tarball returns top/bin/x, executable, in a gzipped tar archive.
func tarball(t *testing.T) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	w := tar.NewWriter(z)
	script := "#!/bin/sh\n"
	w.WriteHeader(&tar.Header{Name: "top/bin/", Typeflag: tar.TypeDir, Mode: 0o755})
	w.WriteHeader(&tar.Header{Name: "top/bin/x", Mode: 0o755, Size: int64(len(script))})
	w.Write([]byte(script))
	w.Close()
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// unpacked returns the NAR hash of what the tar program makes of archive,
// with its top directory or without.
func unpacked(t *testing.T, archive []byte, keepRoot bool) hashes.Hash {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("tar", "-xz", "-C", dir)
	cmd.Stdin = bytes.NewReader(archive)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("tar: %v: %s", err, out)
	}
	if !keepRoot {
		dir = filepath.Join(dir, "top")
	}
	h, _, err := nar.HashPath(dir, hashes.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// narOf returns the NAR of one file.
func narOf(t *testing.T, content []byte, executable bool) []byte {
	t.Helper()
	var buf bytes.Buffer
	err := nar.WriteFile(&buf, bytes.NewReader(content), int64(len(content)), executable)
	if err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func xz(t *testing.T, data []byte) []byte {
	t.Helper()
	cmd := exec.Command("xz", "-c")
	cmd.Stdin = bytes.NewReader(data)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestRecipes(t *testing.T) {
	archive := tarball(t)
	content := []byte("#!/bin/sh\necho\n")
	plainNAR := narOf(t, content, false)
	sum := func(b []byte) hashes.Hash { return hashes.Sum(hashes.SHA256, b) }
	executable := sum(narOf(t, content, true))
	stripped, kept := unpacked(t, archive, false), unpacked(t, archive, true)
	tests := []struct {
		name     string
		recipe   granary.Recipe
		keepRoot bool
		hash     hashes.Hash
		body     []byte
		want     Reason
	}{
		{"executable", granary.RecipeExecutable, false, executable, content, ""},
		{"executable, wrong", granary.RecipeExecutable, false, executable, plainNAR, "wrong hash"},
		{"unpack", granary.RecipeUnpack, false, stripped, archive, ""},
		{"unpack, top kept", granary.RecipeUnpack, true, kept, archive, ""},
		{"unpack, wrong", granary.RecipeUnpack, true, stripped, archive, "wrong hash"},
		{"unpack, junk", granary.RecipeUnpack, false, stripped, content, "bad archive"},
		{"unpack, cut", granary.RecipeUnpack, false, stripped, archive[:60], "truncated"},
		{"unpack, empty", granary.RecipeUnpack, false, stripped, nil, "empty file"},
		{"unpack, 7z", granary.RecipeUnpack, false, stripped, []byte("7z\xbc\xaf\x27\x1c"),
			"unsupported archive"},
		{"unpack, html", granary.RecipeUnpack, false, stripped, []byte("<html>no"),
			"html instead of an archive"},
		{"nar", granary.RecipeNAR, false, sum(plainNAR), plainNAR, ""},
		{"nar in xz", granary.RecipeNAR, false, sum(plainNAR), xz(t, plainNAR), ""},
		{"nar, wrong", granary.RecipeNAR, false, sum(plainNAR), xz(t, content), "wrong hash"},
		{"nar, cut", granary.RecipeNAR, false, sum(plainNAR), xz(t, plainNAR)[:50], "truncated"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.Handle("/f", badweb.Body(test.body))
			source := newSource(t, test.recipe, test.hash, b.URL+"/f")
			source.KeepRoot = test.keepRoot
			if err := b.fetch(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if last.Reason != test.want || (last.Kind == Held) != (test.want == "") {
				t.Fatalf("got %s, %q (%s), want %q", last.Kind, last.Reason, last.Detail, test.want)
			}
			if got := b.tmp(t); got != nil {
				t.Errorf("got %q in tmp", got)
			}
			if last.Kind != Held {
				return
			}
			if want := sum(test.body); last.Object.Hash != want || last.Recipe != test.recipe {
				t.Errorf("got object %v by %s, want %v", last.Object, last.Recipe, want)
			}
			if got := b.objects(t); len(got) != 1 || got[0] != last.Object.Hash {
				t.Errorf("got objects %v", got)
			}
		})
	}
}

// A promised .tar.gz that the server gzips once more.
func TestGzipInGzip(t *testing.T) {
	archive := tarball(t)
	for name, reply := range map[string]http.HandlerFunc{
		"declared": badweb.Gzip(archive, true), "not declared": badweb.Gzip(archive, false),
	} {
		t.Run(name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.Handle("/f", reply)
			source := flat(t, archive, b.URL+"/f")
			if err := b.fetch(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			if last.Kind != Held || last.Object.Hash != source.CA.Hash || b.tmp(t) != nil {
				t.Errorf("got %+v, %q in tmp", last, b.tmp(t))
			}
			content, err := os.ReadFile(b.fetcher.Disk.Path(source.CA.Hash))
			if !bytes.Equal(content, archive) {
				t.Errorf("got %d bytes, %v, want %d", len(content), err, len(archive))
			}
		})
	}
}
