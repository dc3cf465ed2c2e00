package intake

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/disk"
	"granary/hashes"
	"granary/nar"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wanted returns a source with that name and hash, which is looked for.
func wanted(
	t testing.TB, name string, mode hashes.Mode, h hashes.Hash, recipe granary.Recipe,
) Wanted {
	t.Helper()
	s, err := granary.NewSource(name, hashes.ContentAddress{Mode: mode, Hash: h})
	check(t, err)
	s.Recipe = recipe
	return Wanted{Source: s}
}

func flat(t testing.TB, name string, algo hashes.Algorithm, data string) Wanted {
	t.Helper()
	return wanted(t, name, hashes.Flat, hashes.Sum(algo, []byte(data)), granary.RecipeFlat)
}

// tree returns a source whose NAR is that of the file tree at path.
func tree(
	t testing.TB, name string, algo hashes.Algorithm, path string, recipe granary.Recipe,
) Wanted {
	t.Helper()
	h, _, err := nar.HashPath(path, algo)
	check(t, err)
	return wanted(t, name, hashes.Recursive, h, recipe)
}

// writeTree writes files, by their names; those with "!" are executable.
func writeTree(t testing.TB, dir string, files map[string]string) string {
	t.Helper()
	for name, data := range files {
		mode := os.FileMode(0o644)
		if strings.HasSuffix(name, "!") {
			name, mode = strings.TrimSuffix(name, "!"), 0o755
		}
		path := filepath.Join(dir, name)
		check(t, os.MkdirAll(filepath.Dir(path), 0o777))
		check(t, os.WriteFile(path, []byte(data), mode))
	}
	return dir
}

// tarball returns a tar archive of regular files, compressed by gzip.
func tarball(t testing.TB, nameAndData ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for pair := range slices.Chunk(nameAndData, 2) {
		check(t, w.WriteHeader(&tar.Header{Name: pair[0], Mode: 0o644, Size: int64(len(pair[1]))}))
		_, err := w.Write([]byte(pair[1]))
		check(t, err)
	}
	check(t, errors.Join(w.Close(), z.Close()))
	return b.String()
}

// A rig is an intake with what it told.
type rig struct {
	*Intake
	disk   *disk.Disk
	events []Event
}

func newRig(t testing.TB, ws ...Wanted) *rig {
	t.Helper()
	d, err := disk.Open(filepath.Join(t.TempDir(), "disk"))
	check(t, err)
	r := &rig{disk: d}
	r.Intake = New(d, ws, func(e Event) { r.events = append(r.events, e) })
	return r
}

// told returns the events in a few words, sorted.
func (r *rig) told() []string {
	var all []string
	for _, e := range r.events {
		words := []string{string(e.Kind), e.Source.Name, string(e.Recipe), filepath.Base(e.File)}
		all = append(all, strings.Join(strings.Fields(strings.Join(words, " ")), " "))
	}
	slices.Sort(all)
	return all
}

func (r *rig) want(t *testing.T, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	r.checkDisk(t)
}

// checkDisk makes the hash of what was added out of its object once more, and
// sees that nothing else is left.
func (r *rig) checkDisk(t *testing.T) {
	t.Helper()
	for _, e := range r.events {
		if e.Kind != Added {
			continue
		}
		_, err := r.disk.Verify(t.Context(), e.Object.Hash)
		check(t, err)
		f, err := r.disk.OpenObject(e.Object.Hash)
		check(t, err)
		defer f.Close()
		if got := r.hashOf(t, f, e); got != e.Source.CA.Hash {
			t.Errorf("%s: its object gives %s, want %s", e.Source.Name, got, e.Source.CA.Hash)
		}
	}
	if left, err := os.ReadDir(filepath.Join(r.disk.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("tmp has %v, %v", left, err)
	}
}

// hashOf writes the NAR that e's recipe makes of f.
func (r *rig) hashOf(t *testing.T, f *os.File, e Event) hashes.Hash {
	t.Helper()
	sum := e.Source.CA.Hash.Algorithm().New()
	switch e.Recipe {
	case granary.RecipeFlat:
		return e.Object.Hash
	case granary.RecipeExecutable:
		check(t, nar.WriteFile(sum, f, e.Object.Size, true))
	case granary.RecipeUnpack:
		a, err := nar.OpenArchive(f, e.Object.Size)
		check(t, err)
		check(t, a.WriteNAR(t.Context(), sum, r.options(shapeOf(&e.Source))))
	case granary.RecipeNAR:
		plain, err := nar.Decompress(f)
		check(t, err)
		var b bytes.Buffer
		_, err = b.ReadFrom(plain)
		check(t, err)
		sum.Write(b.Bytes())
	}
	return hashes.Of(e.Source.CA.Hash.Algorithm(), sum)
}

// TestAlgorithms takes one file for each algorithm that may be promised, of a
// size that is kept in memory and of one that is not.
func TestAlgorithms(t *testing.T) {
	for _, size := range []int{0, 1, 7, 8, 9, maxKept, maxKept + 3} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			data := strings.Repeat("x", size)
			dir := writeTree(t, t.TempDir(), map[string]string{"file": data, "run!": data})
			var ws []Wanted
			var want []string
			for algo := hashes.MD5; algo <= hashes.BLAKE3; algo++ {
				name := algo.String()
				ws = append(ws, flat(t, name+"-flat", algo, data),
					tree(t, name+"-plain", algo, dir+"/file", ""),
					tree(t, name+"-run", algo, dir+"/run", granary.RecipeExecutable))
				want = append(want, "added "+name+"-flat flat file",
					"added "+name+"-plain nar file", "added "+name+"-run executable file")
			}
			r := newRig(t, ws...)
			check(t, r.Files(t.Context(), []string{dir + "/file"}))
			r.want(t, want...)
		})
	}
}

// TestArchives takes archives for the trees in them.
func TestArchives(t *testing.T) {
	one := tarball(t, "top/a", "1", "top/b", "2")
	two := tarball(t, "c", "1", "d/e", "2")
	dir := writeTree(t, t.TempDir(), map[string]string{
		"one": one, "two": two, "a/a": "1", "a/b": "2", "k/top/a": "1", "k/top/b": "2",
		"t/c": "1", "t/d/e": "2", "s/e": "2", "o/top/a": "1", "cut": one[:len(one)-20],
	})
	keep := tree(t, "kept", hashes.SHA256, dir+"/k", granary.RecipeUnpack)
	top := tree(t, "tops", hashes.SHA256, dir+"/t", granary.RecipeUnpack)
	strip := tree(t, "stripped", hashes.SHA256, dir+"/s", granary.RecipeUnpack)
	omit := tree(t, "omitted", hashes.SHA256, dir+"/o", granary.RecipeUnpack)
	from := tree(t, "from", hashes.SHA256, dir+"/a", granary.RecipeUnpack)
	keep.KeepRoot, top.KeepRoot, strip.KeepRoot, omit.KeepRoot = true, true, true, true
	strip.Strip, omit.Omit = 1, "top/b"
	from.FromHash = hashes.Sum(hashes.SHA1, []byte(one))
	r := newRig(t, keep, top, strip, omit, from,
		tree(t, "git", hashes.SHA512, dir+"/a", granary.RecipeCheckout),
		tree(t, "other", hashes.SHA256, dir+"/a", ""),
		tree(t, "guessed", hashes.SHA256, dir+"/a", granary.RecipeExecutable),
		flat(t, "itself", hashes.SHA256, one),
	)
	check(t, r.Files(t.Context(), []string{dir + "/one", dir + "/two", dir + "/cut"}))
	r.want(t, "added kept unpack one", "added tops unpack two", "added stripped unpack two",
		"added omitted unpack one", "added from unpack one", "added git unpack one",
		"added guessed unpack one", "added other unpack one", "added itself flat one", "unwanted cut")
}

// TestNARs takes NARs, and folders for the NARs that they give.
func TestNARs(t *testing.T) {
	dir := writeTree(t, t.TempDir(), map[string]string{"a/x": "1", "a/run!": "2", "lone!": "3"})
	check(t, os.Symlink("x", dir+"/a/link"))
	var b bytes.Buffer
	check(t, nar.Dump(&b, dir+"/a"))
	plain := b.String()
	b.Reset()
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(plain))
	check(t, errors.Join(err, z.Close()))
	packed := b.String()
	b.Reset()
	check(t, nar.Dump(&b, dir+"/lone"))
	writeTree(t, dir, map[string]string{
		"a.nar": plain, "a.nar.gz": packed, "lone.nar": b.String(), "cut.nar": plain[:100],
	})
	ws := []Wanted{
		tree(t, "one", hashes.SHA256, dir+"/a", granary.RecipeNAR),
		tree(t, "two", hashes.SHA1, dir+"/a", granary.RecipeUnpack),
		tree(t, "run", hashes.SHA256, dir+"/lone", granary.RecipeExecutable),
	}
	for _, row := range []struct{ file, want string }{
		{"a.nar", "nar"}, {"a.nar.gz", "nar"}, {"a", "nar"},
	} {
		r := newRig(t, ws...)
		check(t, r.Files(t.Context(), []string{filepath.Join(dir, row.file)}))
		r.want(t, "added one nar "+row.file, "added two nar "+row.file)
	}
	r := newRig(t, ws...)
	check(t, r.Files(t.Context(), []string{dir + "/lone.nar", dir + "/cut.nar"}))
	r.want(t, "added run nar lone.nar", "unwanted cut.nar")
}

// TestHeld tells of what is held as well, and stores nothing.
func TestHeld(t *testing.T) {
	dir := writeTree(t, t.TempDir(), map[string]string{
		"x": "1", "y": tarball(t, "a/b", "1"), "a/b": "1",
	})
	ws := []Wanted{
		flat(t, "held", hashes.SHA256, "1"), flat(t, "missing", hashes.SHA1, "1"),
		tree(t, "tree", hashes.SHA256, dir+"/a", granary.RecipeUnpack),
	}
	ws[0].Held, ws[2].Held = true, true
	r := newRig(t, ws...)
	check(t, r.Files(t.Context(), []string{dir + "/x", dir + "/y"}))
	r.want(t, "held held flat x", "added missing flat x", "held tree unpack y")
}

// TestFrom searches a folder: all files, folders by their names, no links.
func TestFrom(t *testing.T) {
	dir := writeTree(t, t.TempDir(), map[string]string{
		"deep/er/x": "1", "copy/x": "1", "junk": "junk", "named/a": "2", "unnamed/a": "3",
		"other/disk/x": "4",
	})
	outside := writeTree(t, t.TempDir(), map[string]string{"x": "5"})
	check(t, os.Symlink(outside, dir+"/link"))
	check(t, os.Symlink(outside+"/x", dir+"/linked"))
	r := newRig(t, flat(t, "one", hashes.SHA256, "1"), flat(t, "five", hashes.SHA256, "5"),
		tree(t, "named", hashes.SHA256, dir+"/named", ""),
		tree(t, "another", hashes.SHA256, dir+"/unnamed", ""))
	check(t, os.Symlink(dir, r.disk.Dir()+"/../in"))
	check(t, r.From(t.Context(), filepath.Dir(r.disk.Dir())+"/in"))
	r.want(t, "added named nar named", "added one flat x")
	if got := r.Progress(); got.Done != got.Total || got.Added != 2 || got.Bytes == 0 {
		t.Errorf("got %+v", got)
	}
}

// TestFromDisk takes objects by what the other catalog says, and tells of those
// that lie.
func TestFromDisk(t *testing.T) {
	dir := writeTree(t, t.TempDir(), map[string]string{"a/b": "1", "other": "2"})
	data := tarball(t, "a/b", "1")
	object := hashes.Sum(hashes.SHA256, []byte(data))
	good := tree(t, "good", hashes.SHA256, dir+"/a", granary.RecipeUnpack)
	lie := tree(t, "lie", hashes.SHA256, dir+"/other", "")
	gone := tree(t, "gone", hashes.SHA1, dir+"/other", "")
	flat1, flat2 := flat(t, "flat", hashes.SHA1, "x"), flat(t, "damaged", hashes.SHA1, "y")
	other := writeTree(t, t.TempDir(), map[string]string{
		disk.ObjectName(object):        data,
		disk.ObjectName(flat1.CA.Hash): "x",
		disk.ObjectName(flat2.CA.Hash): "z",
	})
	r := newRig(t, good, lie, gone, flat1, flat2)
	check(t, r.FromDisk(t.Context(), other, map[hashes.StorePath]Served{
		good.OutPath: {object, granary.RecipeUnpack},
		lie.OutPath:  {object, granary.RecipeExecutable},
		gone.OutPath: {hashes.Sum(hashes.SHA256, nil), granary.RecipeNAR},
	}))
	r.want(t, "added good unpack "+object.Base16(), "added flat flat "+flat1.CA.Hash.Base16(),
		"failed "+object.Base16(), "failed "+flat2.CA.Hash.Base16())
}

// TestPartialDownload has bytes of a download where the copy goes.
func TestPartialDownload(t *testing.T) {
	w := flat(t, "a", hashes.SHA256, "whole")
	r := newRig(t, w)
	writeTree(t, r.disk.Dir(), map[string]string{
		"tmp/" + w.OutPath.Digest() + ".part": "wh", "tmp/" + w.OutPath.Digest() + ".note": "n",
	})
	dir := writeTree(t, t.TempDir(), map[string]string{"x": "whole"})
	check(t, r.Files(t.Context(), []string{dir + "/x"}))
	r.want(t, "added a flat x")
}

// TestCancel ends a search; what was told before stays true.
func TestCancel(t *testing.T) {
	files := map[string]string{}
	for i := range 100 {
		files[fmt.Sprint(i)] = fmt.Sprint(i)
	}
	dir := writeTree(t, t.TempDir(), files)
	ctx, cancel := context.WithCancel(t.Context())
	r := newRig(t, flat(t, "7", hashes.SHA256, "7"), flat(t, "none", hashes.SHA256, "none"))
	r.Intake.events = func(e Event) {
		r.events = append(r.events, e)
		cancel()
	}
	if err := r.From(ctx, dir); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.want(t, "added 7 flat 7")
}

// TestDiskFails has a disk on which nothing can be written.
func TestDiskFails(t *testing.T) {
	r := newRig(t, flat(t, "a", hashes.SHA256, "1"))
	check(t, os.RemoveAll(r.disk.Dir()+"/tmp"))
	dir := writeTree(t, t.TempDir(), map[string]string{"x": "1"})
	if err := r.Files(t.Context(), []string{dir + "/x"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if len(r.events) > 0 {
		t.Errorf("got %q", r.told())
	}
}

// BenchmarkFrom looks at small files of which none is wanted.
func BenchmarkFrom(b *testing.B) {
	files := map[string]string{}
	for i := range 2000 {
		files[fmt.Sprintf("%02d/%d", i%64, i)] = fmt.Sprint(i)
	}
	dir := writeTree(b, b.TempDir(), files)
	r := newRig(b, flat(b, "a", hashes.SHA256, "a"), flat(b, "b", hashes.SHA512, "a"),
		tree(b, "c", hashes.SHA256, dir+"/00", ""))
	for b.Loop() {
		check(b, r.From(b.Context(), dir))
	}
	b.ReportMetric(float64(b.N*len(files))/b.Elapsed().Seconds(), "files/s")
}
