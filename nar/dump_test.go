package nar

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"granary/hashes"
)

// randomBytes returns n bytes that are the same in each run.
func randomBytes(n int, seed uint64) []byte {
	b := make([]byte, n)
	src := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	src.Read(b)
	return b
}

func TestDumpIsThatOfNix(t *testing.T) {
	root := t.TempDir()
	writeTree(t, root, oddTree)
	for _, path := range []string{
		"top", "top/a", "top/emptydir", "top/large", "top/empty", "top/run.sh", "top/dangling",
	} {
		t.Run(path, func(t *testing.T) {
			path := filepath.Join(root, path)
			var got bytes.Buffer
			if err := Dump(&got, path); err != nil {
				t.Fatal(err)
			}
			if want := run(t, "", "nix-store", "--dump", path); got.String() != want {
				t.Errorf("dump has %d bytes that differ from Nix's %d", got.Len(), len(want))
			}
			hash, size, err := HashPath(path, hashes.SHA256)
			if want := nixHash(t, path); err != nil || hash != want || size != int64(got.Len()) {
				t.Errorf("HashPath: got %v, %d, %v, want %v, %d", hash, size, err, want, got.Len())
			}
		})
	}
}

func TestExecutableIsTheOwnersBit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	writeTree(t, filepath.Dir(path), []file{{path: "file", data: "x"}})
	for _, mode := range []os.FileMode{0o644, 0o755, 0o744, 0o655, 0o500, 0o411} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		got, _, err := HashPath(path, hashes.SHA256)
		if want := nixHash(t, path); err != nil || got != want {
			t.Errorf("mode %o: got %v, %v, want %v", mode, got, err, want)
		}
	}
}

func TestDumpErrors(t *testing.T) {
	dir := t.TempDir()
	// Not syscall.Mkfifo, which Windows does not have: this is to compile there.
	if err := exec.Command("mkfifo", filepath.Join(dir, "pipe")).Run(); err != nil {
		t.Fatal(err)
	}
	err := Dump(io.Discard, dir)
	if want := "dump " + dir + "/pipe: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("pipe: got %v, want %s...", err, want)
	}
	if err := Dump(io.Discard, dir+"/missing"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: got %v, want %v", err, os.ErrNotExist)
	}
	if err := Dump(&fullDisk{room: 10}, "."); err != errFull {
		t.Errorf("full disk: got %v, want %v", err, errFull)
	}
	if _, _, err := HashPath(dir, hashes.SHA256); err == nil {
		t.Error("HashPath of a pipe: no error")
	}
}

var errFull = errors.New("disk is full")

// A fullDisk is a writer that fails after some bytes.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestWriteFile(t *testing.T) {
	for _, f := range []file{{data: "hello"}, {data: "hello", executable: true}, {}} {
		path := filepath.Join(t.TempDir(), "file")
		if err := f.write(path); err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		size := int64(len(f.data))
		err := WriteFile(&got, strings.NewReader(f.data+"more"), size, f.executable)
		if err != nil {
			t.Fatal(err)
		}
		if want := nixHash(t, path); hashes.Sum(hashes.SHA256, got.Bytes()) != want {
			t.Errorf("%+v: not what Nix dumps", f)
		}
	}
	err := WriteFile(io.Discard, strings.NewReader("1234"), 5, false)
	if err != io.ErrUnexpectedEOF {
		t.Errorf("short file: got %v, want %v", err, io.ErrUnexpectedEOF)
	}
}

func BenchmarkDumpSmallFiles(b *testing.B) {
	root := b.TempDir()
	data := randomBytes(10<<10, 1)
	rng := rand.New(rand.NewPCG(1, 2))
	for dir := range 200 {
		path := filepath.Join(root, fmt.Sprintf("dir%03d/src", dir))
		if err := os.MkdirAll(path, 0o755); err != nil {
			b.Fatal(err)
		}
		for file := range 100 {
			name := filepath.Join(path, fmt.Sprintf("file%03d.c", file))
			if err := os.WriteFile(name, data[:4<<10+rng.IntN(6<<10)], 0o644); err != nil {
				b.Fatal(err)
			}
		}
	}
	benchmarkHashPath(b, root)
}

func BenchmarkDumpLargeFile(b *testing.B) {
	path := filepath.Join(b.TempDir(), "large")
	if err := os.WriteFile(path, randomBytes(512<<20, 1), 0o644); err != nil {
		b.Fatal(err)
	}
	benchmarkHashPath(b, path)
}

// benchmarkHashPath reports the speed of dumping alone and of dumping with
// SHA-256.
func benchmarkHashPath(b *testing.B, path string) {
	_, size, err := HashPath(path, hashes.SHA256)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("dump", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if err := Dump(io.Discard, path); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sha256", func(b *testing.B) {
		b.SetBytes(size)
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := HashPath(path, hashes.SHA256); err != nil {
				b.Fatal(err)
			}
		}
	})
}
