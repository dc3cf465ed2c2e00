package nar

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
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

func TestTinyBudgets(t *testing.T) {
	for seed := range uint64(3) {
		data := makeTar(t, shuffled(rand.New(rand.NewPCG(seed, 1)), 200)...)
		want, passes := countPasses(t, data, Options{})
		if passes != 1 {
			t.Errorf("default budget: %d passes, want 1", passes)
		}
		for _, budget := range []int64{1, 100, 5000, 19999, 20000, 100000, 300000} {
			got, passes := countPasses(t, data, Options{Budget: budget})
			if got != want {
				t.Errorf("seed %d, budget %d: got %v, want %v", seed, budget, got, want)
			}
			if limit := 2 + len(data)/int(budget)*2; budget > 20000 && passes > limit {
				t.Errorf("seed %d, budget %d: %d passes, want at most %d", seed, budget, passes, limit)
			}
		}
	}
}

// An archive in the order of a NAR takes two passes, whatever the budget; so
// does one that git made, if a directory fits into the budget.
func TestPassesInGoodOrder(t *testing.T) {
	dir := t.TempDir()
	var files []file
	for i := range 300 {
		name := fmt.Sprintf("d%02d%s", i%30, []string{"/f", "/g", "-x", ".c", "/h"}[i%5])
		data := string(randomBytes(2000, uint64(i)))
		files = append(files, file{path: fmt.Sprintf("%s%d", name, i), data: data})
	}
	writeTree(t, dir, files)
	archive := t.TempDir() + "/git.tar"
	run(t, dir, "sh", "-c", "git init -q . && git add . && "+
		"git -c user.name=a -c user.email=a@b commit -q -m x && "+
		"git archive --prefix=top/ -o "+archive+" HEAD && rm -rf .git")
	data := readFile(t, archive)
	want := nixHash(t, dir)
	for budget, most := range map[int64]int{0: 1, 300 << 10: 2, 30 << 10: 2} {
		got, passes := countPasses(t, data, Options{Budget: budget})
		if got != want || passes > most {
			t.Errorf("budget %d: got %v in %d passes, want %v in %d", budget, got, passes, want, most)
		}
	}
}

// A hostile order ends in an error, not in passes without end.
func TestWorkLimit(t *testing.T) {
	var headers []tar.Header
	for i := range 400 {
		headers = append(headers, reg(fmt.Sprintf("d/%03d", 399-i), strings.Repeat("x", 1000)))
	}
	data := makeTar(t, headers...)
	opts := Options{Budget: 1, MaxSize: int64(len(data))}
	if _, err := hashArchive(t.Context(), data, opts); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

// Between two passes the file may change under our hands.
func TestArchiveChanges(t *testing.T) {
	before := makeTar(t, reg("d/b", "bbbb"), reg("d/a", "aaaa"), reg("d/c", "cccc"))
	for name, after := range map[string][]byte{
		"size":  makeTar(t, reg("d/b", "bbb"), reg("d/a", "aaaa"), reg("d/c", "cccc")),
		"fewer": makeTar(t, reg("d/b", "bbbb")),
	} {
		r := &changingReader{before: before, after: after}
		a := Archive{r: r, size: int64(len(before))}
		_, _, err := a.Hash(t.Context(), Options{Budget: 1}, hashes.SHA256)
		if !errors.Is(err, errChanged) {
			t.Errorf("%s: got %v, want %v", name, err, errChanged)
		}
	}
}

type changingReader struct {
	before, after []byte
	begins        int
}

func (r *changingReader) ReadAt(p []byte, off int64) (int, error) {
	if off == 0 {
		r.begins++
	}
	if r.begins > 1 {
		return bytes.NewReader(r.after).ReadAt(p, off)
	}
	return bytes.NewReader(r.before).ReadAt(p, off)
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
