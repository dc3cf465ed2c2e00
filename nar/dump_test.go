package nar

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
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
