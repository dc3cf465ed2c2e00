package nar

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"granary/hashes"
)

// countPasses hashes an archive and counts how often it was read.
func countPasses(t testing.TB, data []byte, opts Options) (hashes.Hash, int) {
	t.Helper()
	r := &countingReader{ReaderAt: bytes.NewReader(data)}
	a, err := OpenArchive(r, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	r.begins = 0
	sum, _, err := a.Hash(t.Context(), opts, hashes.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return sum, r.begins
}

// A countingReader counts reads of the first byte.
type countingReader struct {
	io.ReaderAt
	begins int
}

func (r *countingReader) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		r.begins++
	}
	return r.ReaderAt.ReadAt(p, off)
}

// shuffled returns entries in a random order, with hard links behind what they
// link to.
func shuffled(rng *rand.Rand, files int) []tar.Header {
	var headers []tar.Header
	for i := range files {
		name := fmt.Sprintf("top/%c/%c%d", 'a'+rng.IntN(5), 'a'+rng.IntN(26), i)
		data := randomBytes(rng.IntN(3000), uint64(i))
		if rng.IntN(50) == 0 {
			data = randomBytes(20000, uint64(i))
		}
		headers = append(headers, reg(name, string(data)))
	}
	rng.Shuffle(files, func(i, j int) { headers[i], headers[j] = headers[j], headers[i] })
	for i := range files / 10 {
		target := headers[rng.IntN(files)].Name
		headers = append(headers, hard(fmt.Sprintf("top/%c/h%d", 'a'+rng.IntN(5), i), target))
	}
	for range files / 10 {
		again := headers[rng.IntN(files)].Name
		headers = append(headers, reg(again, string(randomBytes(rng.IntN(3000), 99))))
	}
	return headers
}

// An archive in random order is read once if it fits into the budget, else
// twice, and never twice for a NAR that is written.
func TestTinyBudgets(t *testing.T) {
	for seed := range uint64(3) {
		data := makeTar(t, shuffled(rand.New(rand.NewPCG(seed, 1)), 200)...)
		want, passes := countPasses(t, data, Options{})
		if passes != 1 {
			t.Errorf("default budget: %d passes, want 1", passes)
		}
		for _, row := range []struct {
			budget int64
			passes int
		}{{1, 2}, {100, 2}, {5000, 2}, {19999, 2}, {20000, 2}, {100000, 2}, {300000, 2}, {1 << 20, 1}} {
			opts := Options{Budget: row.budget, TempDir: t.TempDir()}
			got, passes := countPasses(t, data, opts)
			if got != want || passes != row.passes {
				t.Errorf("seed %d, budget %d: got %v in %d passes, want %v in %d",
					seed, row.budget, got, passes, want, row.passes)
			}
			checkEmpty(t, opts.TempDir)
		}
	}
}

// checkEmpty fails if something is in a folder.
func checkEmpty(t testing.TB, dir string) {
	t.Helper()
	if entries, err := os.ReadDir(dir); err != nil || len(entries) > 0 {
		t.Errorf("left over: %v, %v", entries, err)
	}
}

// TestNoTempFile has a folder in which no file can be made: only a wrong order
// asks for one.
func TestNoTempFile(t *testing.T) {
	opts := Options{Budget: 4000, TempDir: t.TempDir() + "/missing"}
	contents := strings.Repeat("x", 3000)
	inOrder := makeTar(t, reg("d/a", contents), reg("d/b", contents), reg("d/c", contents))
	want, _ := countPasses(t, inOrder, Options{})
	if got, passes := countPasses(t, inOrder, opts); got != want || passes != 1 {
		t.Errorf("in order: got %v in %d passes, want %v in 1", got, passes, want)
	}
	reversed := makeTar(t, reg("d/c", contents), reg("d/b", contents), reg("d/a", contents))
	_, err := hashArchive(t.Context(), reversed, opts)
	if !errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrFormat) {
		t.Errorf("reversed: got %v, want %v", err, os.ErrNotExist)
	}
}

// An archive in the order of a NAR takes one pass, whatever the budget; so does
// one that git made, if what stands between a directory and its entries fits.
func TestPassesInGoodOrder(t *testing.T) {
	dir := t.TempDir()
	var files []file
	for i := range 300 {
		suffix := []string{"/f", "/g", "-x", ".c", "/h"}[i/30%5]
		name := fmt.Sprintf("d%02d%s", i%30, suffix)
		data := string(randomBytes(2000, uint64(i)))
		files = append(files, file{path: fmt.Sprintf("%s%d", name, i), data: data})
	}
	writeTree(t, dir, files)
	archive := t.TempDir() + "/git.tar"
	run(t, dir, "sh", "-c", "git init -q . && git add . && "+
		"git -c user.name=a -c user.email=a@b commit -q -m x && "+
		"git archive --prefix=top/ -o "+archive+" HEAD && rm -rf .git")
	sorted := t.TempDir() + "/sorted.tar"
	run(t, filepath.Dir(dir), "tar", "-c", "--sort=name", "-f", sorted, filepath.Base(dir))
	want := nixHash(t, dir)
	for _, row := range []struct {
		archive string
		budget  int64
		passes  int
	}{
		{archive, 0, 1}, {archive, 300 << 10, 1}, {archive, 50 << 10, 1}, {archive, 1, 2},
		{sorted, 0, 1}, {sorted, 50 << 10, 1},
	} {
		got, passes := countPasses(t, readFile(t, row.archive), Options{Budget: row.budget})
		if got != want || passes != row.passes {
			t.Errorf("%s, budget %d: got %v in %d passes, want %v in %d",
				filepath.Base(row.archive), row.budget, got, passes, want, row.passes)
		}
	}
}

// TestWrongGuesses has archives whose beginning is written before what belongs
// before it comes, or changes it.
func TestWrongGuesses(t *testing.T) {
	big := strings.Repeat("x", 3000)
	begin := []tar.Header{reg("d/b/f", big), reg("d/c", big), reg("d/d", big)}
	for name, rest := range map[string][]tar.Header{
		"file before":          {reg("d/a", big), reg("d/e", big)},
		"file before, at last": {reg("d/e", big), reg("d/a", "")},
		"link before":          {link("d/a", "x"), reg("d/e", big)},
		"directory before":     {dir("d/b/a/"), reg("d/e", big)},
		"file again":           {reg("d/b/f", "other"), reg("d/e", big)},
		"link instead":         {link("d/b/f", "x")},
		"hard link":            {hard("d/g", "d/b/f"), reg("d/z", big)},
		"hard link before":     {hard("d/a", "d/d")},
		"hidden top":           {reg(".hidden", "h"), reg("d/z", big)},
		"directory again":      {dir("d/b/"), dir("d/"), reg("d/z", big)},
	} {
		t.Run(name, func(t *testing.T) {
			tmp := t.TempDir()
			data := makeTar(t, slices.Concat(begin, rest)...)
			want, _ := countPasses(t, data, Options{})
			for _, budget := range []int64{1, 3100, 7000} {
				got, _ := countPasses(t, data, Options{Budget: budget, TempDir: tmp})
				if got != want {
					t.Errorf("budget %d: got %v, want %v", budget, got, want)
				}
			}
			const roomForAll = 18000 // of which most is hashed ahead
			got, passes := countPasses(t, data, Options{Budget: roomForAll, TempDir: tmp})
			if got != want || passes != 1 {
				t.Errorf("room for all: got %v in %d passes, want %v in 1", got, passes, want)
			}
			checkEmpty(t, tmp)
		})
	}
}

// A second top entry after the guess is refused as without a guess.
func TestGuessOfTheTop(t *testing.T) {
	big := strings.Repeat("x", 3000)
	data := makeTar(t, reg("d/b", big), reg("d/c", big), reg("e/b", big))
	_, err := hashArchive(t.Context(), data, Options{Budget: 3100})
	if !errors.Is(err, ErrFormat) || !strings.Contains(err.Error(), "single top") {
		t.Errorf("got %v, want that there is no single top directory", err)
	}
	if _, err := hashArchive(t.Context(), data, Options{Budget: 3100, KeepRoot: true}); err != nil {
		t.Error(err)
	}
	lone, _ := countPasses(t, makeTar(t, reg("f", big)), Options{})
	got, passes := countPasses(t, makeTar(t, reg("f", big)), Options{Budget: 1})
	if got != lone || passes != 1 {
		t.Errorf("lone file: got %v in %d passes, want %v in 1", got, passes, lone)
	}
}

// bigArchive returns a .tar.gz with 448 MiB of zeros: files of 4 MiB, last first,
// then one of 128 MiB and the first.
func bigArchive(t testing.TB) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	w := tar.NewWriter(z)
	zero := make([]byte, 1<<20)
	add := func(name string, mib int) {
		if err := w.WriteHeader(&tar.Header{Name: name, Size: int64(mib) << 20}); err != nil {
			t.Fatal(err)
		}
		for range mib {
			w.Write(zero)
		}
	}
	for i := range 64 {
		add(fmt.Sprintf("d/%03d/f", 999-i), 4)
	}
	add("d/950/large", 128)
	add("d/000/first", 64)
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestMemoryIsBounded(t *testing.T) {
	data := bigArchive(t)
	m := &memoryMeter{ReaderAt: bytes.NewReader(data)}
	a, err := OpenArchive(m, int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	m.sample()
	before := m.peak
	if err := a.WriteNAR(t.Context(), m, Options{Budget: 96 << 20}); err != nil {
		t.Fatal(err)
	}
	if m.written < 448<<20 {
		t.Fatalf("got %d bytes", m.written)
	}
	// The collector lets as much garbage again live on.
	const limit = 2*96<<20 + 32<<20
	if got := m.peak - before; got > limit {
		t.Errorf("heap grew by %d MiB, want at most %d", got>>20, limit>>20)
	}
}

// A memoryMeter is an archive's file and the NAR's writer, and samples the heap
// in both.
type memoryMeter struct {
	io.ReaderAt
	written int64
	mu      sync.Mutex
	peak    uint64 // bytes
}

func (m *memoryMeter) ReadAt(p []byte, off int64) (int, error) {
	m.sample()
	return m.ReaderAt.ReadAt(p, off)
}

func (m *memoryMeter) Write(p []byte) (int, error) {
	m.sample()
	m.written += int64(len(p))
	return len(p), nil
}

func (m *memoryMeter) sample() {
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.peak = max(m.peak, s.HeapAlloc)
}
