package disk

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary/hashes"
)

func openDisk(t *testing.T) *Disk {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func createTemp(t *testing.T, d *Disk, key string, algos ...hashes.Algorithm) *Temp {
	t.Helper()
	temp, err := d.CreateTemp(t.Context(), key, algos...)
	if err != nil {
		t.Fatal(err)
	}
	return temp
}

func write(t *testing.T, temp *Temp, data string) {
	t.Helper()
	if _, err := io.WriteString(temp, data); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// tmpFiles returns what is in tmp/.
func tmpFiles(t *testing.T, d *Disk) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(d.Dir(), "tmp"))
	check(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	check(t, os.WriteFile(file, nil, 0o666))
	inside := filepath.Join(dir, "disk")
	check(t, os.Mkdir(inside, 0o777))
	check(t, os.WriteFile(filepath.Join(inside, "tmp"), nil, 0o666))
	const (
		isFile  = ": it is a file, not a folder"
		notDir  = ": not a directory"
		missing = ": no such file or directory"
	)
	tests := []struct {
		name string
		open func(string) (*Disk, error)
		dir  string
		want string
	}{
		{"file", Open, file, isFile},
		{"below a file", Open, file + "/x", notDir},
		{"tmp is a file", Open, inside, notDir},
		{"read only, file", OpenReadOnly, file, isFile},
		{"read only, nothing", OpenReadOnly, dir + "/no", missing},
		{"system folder", Open, "/proc/x", missing},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := test.open(test.dir)
			want := "open disk " + test.dir + test.want
			if err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestCommit(t *testing.T) {
	const data = "the bytes of a source"
	for algo := hashes.MD5; algo <= hashes.BLAKE3; algo++ {
		t.Run(algo.String(), func(t *testing.T) {
			d := openDisk(t)
			temp := createTemp(t, d, "key", algo)
			write(t, temp, data[:4])
			write(t, temp, data[4:])
			want := Object{Hash: hashes.Sum(algo, []byte(data)), Size: int64(len(data))}
			got, err := temp.Commit(want.Hash)
			if err != nil || got != want {
				t.Fatalf("got %v, %v, want %v", got, err, want)
			}
			check(t, d.Sync())
			content, err := os.ReadFile(filepath.Join(d.Dir(), ObjectName(want.Hash)))
			if string(content) != data {
				t.Errorf("got %q, %v, want %q", content, err, data)
			}
			if got := tmpFiles(t, d); got != nil {
				t.Errorf("left in tmp: %q", got)
			}
			if got, err := d.Adopt(t.Context(), want.Hash); err != nil || got != want {
				t.Errorf("Adopt: got %v, %v, want %v", got, err, want)
			}
		})
	}
}

func TestCommitRefuses(t *testing.T) {
	d := openDisk(t)
	temp := createTemp(t, d, "key")
	write(t, temp, "something else")
	want := hashes.Sum(hashes.SHA512, []byte("the right thing"))
	_, err := temp.Commit(want)
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) || mismatch.Want != want {
		t.Fatalf("got %v, want a MismatchError", err)
	}
	if got := hashes.Sum(hashes.SHA512, []byte("something else")); mismatch.Got != got {
		t.Errorf("got %s, want %s", mismatch.Got, got)
	}
	if _, err := temp.Commit(hashes.Hash{}); err == nil {
		t.Error("commit without a hash: no error")
	}
	if d.Has(want) {
		t.Error("the object is there")
	}
	check(t, temp.Reset())
	write(t, temp, "the right thing")
	if _, err := temp.Commit(want); err != nil {
		t.Error(err)
	}
}

// A commit onto a damaged object repairs it.
func TestCommitReplaces(t *testing.T) {
	d := openDisk(t)
	want := hashes.Sum(hashes.SHA256, []byte("data"))
	for range 2 {
		temp := createTemp(t, d, "key")
		write(t, temp, "data")
		if _, err := temp.Commit(want); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Verify(t.Context(), want); err != nil {
			t.Error(err)
		}
		check(t, os.WriteFile(d.Path(want), []byte("dxta"), 0o666))
		var mismatch *MismatchError
		if _, err := d.Verify(t.Context(), want); !errors.As(err, &mismatch) {
			t.Errorf("got %v, want a MismatchError", err)
		}
	}
}

func TestTempIsResumed(t *testing.T) {
	small, large := "half of ", strings.Repeat("half of it ", 200_000)
	for name, first := range map[string]string{"small": small, "large": large} {
		t.Run(name, func(t *testing.T) {
			d := openDisk(t)
			temp := createTemp(t, d, "key", hashes.SHA1)
			temp.SetNote("etag")
			write(t, temp, first)
			check(t, temp.Close())
			temp = createTemp(t, d, "key", hashes.SHA1)
			if temp.Note() != "etag" || temp.Size() != int64(len(first)) {
				t.Errorf("got note %q, size %d", temp.Note(), temp.Size())
			}
			write(t, temp, "the rest")
			whole := []byte(first + "the rest")
			read, err := io.ReadAll(temp.Reader())
			if !bytes.Equal(read, whole) {
				t.Errorf("Reader gave %d bytes, %v", len(read), err)
			}
			for _, algo := range []hashes.Algorithm{hashes.SHA256, hashes.SHA1, hashes.SHA512} {
				if got, err := temp.Hash(algo); got != hashes.Sum(algo, whole) {
					t.Errorf("%s: got %s, %v", algo, got, err)
				}
			}
			if _, err := temp.Commit(hashes.Sum(hashes.SHA1, whole)); err != nil {
				t.Error(err)
			}
			if got := tmpFiles(t, d); got != nil {
				t.Errorf("left in tmp: %q", got)
			}
		})
	}
}

// The note of a large file is there even if the process is killed.
func TestNoteIsWrittenEarly(t *testing.T) {
	d := openDisk(t)
	temp := createTemp(t, d, "key")
	defer temp.Close()
	temp.SetNote("etag")
	write(t, temp, strings.Repeat("x", noteSize-1))
	if got, want := tmpFiles(t, d), []string{"key.part"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	write(t, temp, "x")
	if got, want := tmpFiles(t, d), []string{"key.note", "key.part"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTempEnds(t *testing.T) {
	d := openDisk(t)
	part := []string{"key.note", "key.part"}
	steps := []struct {
		name string
		do   func(*Temp) error
		want []string
	}{
		{"close empty", (*Temp).Close, nil},
		{"close", func(m *Temp) error { m.SetNote("n"); m.Write([]byte("x")); return m.Close() }, part},
		{"close again", (*Temp).Close, part},
		{"reset", func(m *Temp) error { return errors.Join(m.Reset(), m.Close()) }, nil},
		{"close", func(m *Temp) error { m.SetNote("n"); m.Write([]byte("x")); return m.Close() }, part},
		{"note dropped", func(m *Temp) error { m.SetNote(""); return m.Close() }, []string{"key.part"}},
		{"remove", (*Temp).Remove, nil},
	}
	for _, step := range steps {
		temp := createTemp(t, d, "key")
		if _, err := d.CreateTemp(t.Context(), "key"); err == nil {
			t.Fatalf("%s: one key in use twice", step.name)
		}
		check(t, step.do(temp))
		if got := tmpFiles(t, d); !slices.Equal(got, step.want) {
			t.Fatalf("%s: got %q, want %q", step.name, got, step.want)
		}
	}
}

func TestRemoveTemp(t *testing.T) {
	d := openDisk(t)
	check(t, d.RemoveTemp("key"))
	temp := createTemp(t, d, "key")
	write(t, temp, "x")
	temp.SetNote("n")
	if err := d.RemoveTemp("key"); err == nil {
		t.Error("in use: no error")
	}
	check(t, temp.Close())
	check(t, d.RemoveTemp("key"))
	if got := tmpFiles(t, d); got != nil {
		t.Errorf("got %q", got)
	}
	check(t, createTemp(t, d, "key").Close())
}

func TestKeys(t *testing.T) {
	d := openDisk(t)
	for _, key := range []string{"", "A", "a/b", "a:b", "a?", strings.Repeat("a", 101)} {
		if _, err := d.CreateTemp(t.Context(), key); err == nil {
			t.Errorf("key %q: no error", key)
		}
	}
	readOnly, err := OpenReadOnly(d.Dir())
	check(t, err)
	if _, err := readOnly.CreateTemp(t.Context(), "a"); err == nil {
		t.Error("read-only disk: no error")
	}
}

func TestObjects(t *testing.T) {
	d := openDisk(t)
	var want []Object
	for i, algo := range []hashes.Algorithm{hashes.MD5, hashes.SHA256, hashes.BLAKE3} {
		temp := createTemp(t, d, "key")
		data := strings.Repeat("x", i)
		write(t, temp, data)
		o, err := temp.Commit(hashes.Sum(algo, []byte(data)))
		check(t, err)
		want = append(want, o)
	}
	for _, name := range []string{"sha256/ab/cd", "sha256/README", "sha1"} {
		check(t, os.MkdirAll(filepath.Dir(filepath.Join(d.Dir(), name)), 0o777))
		check(t, os.WriteFile(filepath.Join(d.Dir(), name), nil, 0o666))
	}
	var got []Object
	for o, err := range d.Objects() {
		check(t, err)
		got = append(got, o)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for range d.Objects() {
		break
	}
}

func TestVerifyEnds(t *testing.T) {
	d := openDisk(t)
	missing := hashes.Sum(hashes.SHA256, nil)
	if _, err := d.Verify(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want %v", err, fs.ErrNotExist)
	}
	data := make([]byte, bufferSize+1)
	temp := createTemp(t, d, "key")
	write(t, temp, string(data))
	o, err := temp.Commit(hashes.Sum(hashes.SHA256, data))
	check(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Verify(ctx, o.Hash); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func TestSyncFiles(t *testing.T) {
	d := openDisk(t)
	temp := createTemp(t, d, "key")
	o, err := temp.Commit(hashes.Sum(hashes.SHA256, nil))
	check(t, err)
	check(t, syncFiles(d.Dir(), []string{d.Path(o.Hash)}))
	if err := syncFiles(d.Dir(), []string{d.Path(hashes.Sum(hashes.MD5, nil))}); err == nil {
		t.Error("a missing file: no error")
	}
}

// A temp is in memory as long as it is small; what it says does not depend on it.
func TestSmallAndLarge(t *testing.T) {
	for _, size := range []int{0, 1, smallSize - 1, smallSize, smallSize + 1, 3 * smallSize} {
		for _, piece := range []int{1 << 10, smallSize, smallSize + 7} {
			d := openDisk(t)
			data := strings.Repeat("0123456789abcdef", size/16+1)[:size]
			temp := createTemp(t, d, "k")
			for rest := data; rest != ""; {
				n := min(piece, len(rest))
				write(t, temp, rest[:n])
				rest = rest[n:]
			}
			got, err := io.ReadAll(temp.Reader())
			check(t, err)
			if string(got) != data || temp.Size() != int64(size) {
				t.Errorf("size %d: got %d bytes, %d", size, len(got), temp.Size())
			}
			end := make([]byte, 20)
			if n, err := temp.ReadAt(end, int64(max(0, size-10))); err != io.EOF ||
				string(end[:n]) != data[max(0, size-10):] {
				t.Errorf("size %d: got %q, %v at the end", size, end[:n], err)
			}
			want := hashes.Sum(hashes.SHA256, []byte(data))
			_, err = temp.Commit(want)
			check(t, err)
			_, err = d.Verify(t.Context(), want)
			check(t, err)
			if left := tmpFiles(t, d); len(left) > 0 {
				t.Errorf("size %d: got %q in tmp", size, left)
			}
		}
	}
}
