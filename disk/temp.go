package disk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"granary/hashes"
)

const (
	maxKeyLen = 100 // bytes; leaves room on every file system
	// noteSize is the size from which on a partial file is worth a note on the
	// disk while it grows. A smaller one gets it when it is closed.
	noteSize = 1 << 20
	// smallSize is how many bytes a file may have that is written at once when it
	// becomes an object. A kill loses no more.
	smallSize = 128 << 10

	partSuffix = ".part"
	noteSuffix = ".note"
)

var smallPool = sync.Pool{New: func() any { return new([smallSize]byte) }}

// A Temp is a file under way to become an object. It hashes what it is given.
// End it with Commit, Remove or Close. A small one is in memory until then.
type Temp struct {
	disk  *Disk
	key   string
	file  *os.File // nil while all is in small
	small *[smallSize]byte
	size  int64
	sums  []sum
	note  string
	saved string // the note that is on the disk
}

type sum struct {
	algo hashes.Algorithm
	hash hash.Hash
}

// CreateTemp opens the temporary file called key, with the bytes that are in
// it if there is one: those are hashed again. key is 1 to 100 of a-z, 0-9, '-'
// and '.', and in use once at a time. Each of algos is summed up, SHA-256 if there
// are none.
func (d *Disk) CreateTemp(
	ctx context.Context, key string, algos ...hashes.Algorithm,
) (*Temp, error) {
	if err := checkKey(key); err != nil {
		return nil, err
	}
	if err := d.claim(key); err != nil {
		return nil, err
	}
	if len(algos) == 0 {
		algos = []hashes.Algorithm{hashes.SHA256}
	}
	t := &Temp{disk: d, key: key}
	for _, algo := range algos {
		if t.sum(algo) == nil {
			t.sums = append(t.sums, sum{algo, algo.New()})
		}
	}
	if err := t.openPartial(ctx); err != nil {
		d.release(key)
		return nil, err
	}
	return t, nil
}

func checkKey(key string) error {
	if key == "" || len(key) > maxKeyLen || strings.ContainsFunc(key, badInKey) {
		return fmt.Errorf("temporary file %q: not a valid key", key)
	}
	return nil
}

func badInKey(c rune) bool {
	return !('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.')
}

func (d *Disk) claim(key string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.readOnly {
		return fmt.Errorf("temporary file %s: disk %s is open for reading only", key, d.dir)
	}
	if _, ok := d.open[key]; ok {
		return fmt.Errorf("temporary file %s: in use", key)
	}
	d.open[key] = struct{}{}
	return nil
}

func (d *Disk) release(key string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.open, key)
}

func (t *Temp) path() string { return t.disk.tempPath(t.key + partSuffix) }

func (t *Temp) notePath() string { return t.disk.tempPath(t.key + noteSuffix) }

// openPartial opens the file that an earlier use left, if there is one.
func (t *Temp) openPartial(ctx context.Context) error {
	left, err := t.disk.isLeft(t.key + partSuffix)
	if err != nil || !left {
		return err
	}
	f, err := os.OpenFile(t.path(), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return err
	}
	// The file's offset ends up where writing goes on.
	t.size, err = copyBytes(ctx, t.summer(), f)
	if err == nil && t.size > 0 {
		err = t.readNote()
	}
	if err != nil {
		return cmp.Or(err, f.Close())
	}
	t.file = f
	return nil
}

// toFile moves what is in memory to a file.
func (t *Temp) toFile() error {
	if t.file != nil {
		return nil
	}
	f, err := os.OpenFile(t.path(), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	t.disk.setLeft(t.key+partSuffix, true)
	t.file = f
	if t.size > 0 {
		_, err = f.Write(t.small[:t.size])
	}
	t.freeSmall()
	return err
}

func (t *Temp) freeSmall() {
	if t.small != nil {
		smallPool.Put(t.small)
		t.small = nil
	}
}

func (t *Temp) readNote() error {
	data, err := os.ReadFile(t.notePath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	t.note, t.saved = string(data), string(data)
	return err
}

// summer returns a writer to all sums; it never fails.
func (t *Temp) summer() io.Writer {
	writers := make([]io.Writer, len(t.sums))
	for i, s := range t.sums {
		writers[i] = s.hash
	}
	return io.MultiWriter(writers...)
}

func (t *Temp) sum(algo hashes.Algorithm) hash.Hash {
	for _, s := range t.sums {
		if s.algo == algo {
			return s.hash
		}
	}
	return nil
}

// Write appends p.
func (t *Temp) Write(p []byte) (int, error) {
	n, err := t.store(p)
	for _, s := range t.sums {
		s.hash.Write(p[:n])
	}
	t.size += int64(n)
	if err == nil && t.size >= noteSize {
		err = t.saveNote()
	}
	return n, err
}

// store appends p to the file, or to what is in memory.
func (t *Temp) store(p []byte) (int, error) {
	if t.file == nil && t.size+int64(len(p)) <= smallSize {
		if t.small == nil {
			t.small = smallPool.Get().(*[smallSize]byte)
		}
		return copy(t.small[t.size:], p), nil
	}
	if err := t.toFile(); err != nil {
		return 0, err
	}
	return t.file.Write(p)
}

// ReadAt reads what was written. It is an io.ReaderAt.
func (t *Temp) ReadAt(p []byte, off int64) (int, error) {
	if t.file != nil {
		return t.file.ReadAt(p, off)
	}
	if off < 0 || off >= t.size {
		return 0, io.EOF
	}
	n := copy(p, t.small[off:t.size])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// Reader returns a reader of all that was written so far.
func (t *Temp) Reader() *io.SectionReader { return io.NewSectionReader(t, 0, t.size) }

// Size returns how many bytes the file has.
func (t *Temp) Size() int64 { return t.size }

// Hash returns the hash of the bytes written. An algorithm that CreateTemp was
// not told of costs a reading of the file.
func (t *Temp) Hash(algo hashes.Algorithm) (hashes.Hash, error) {
	if h := t.sum(algo); h != nil {
		return hashes.Of(algo, h), nil
	}
	h := algo.New()
	if _, err := copyBytes(context.Background(), h, t.Reader()); err != nil {
		return hashes.Hash{}, err
	}
	return hashes.Of(algo, h), nil
}

// Note returns what SetNote said about the bytes, in this run or an earlier
// one; "" if nothing is known.
func (t *Temp) Note() string { return t.note }

// SetNote keeps a few words beside the file until it is committed, removed or
// reset. A file below 1 MiB has them on the disk only once it is closed.
func (t *Temp) SetNote(note string) { t.note = note }

func (t *Temp) saveNote() error {
	switch t.note {
	case t.saved:
		return nil
	case "":
		return t.removeNote()
	}
	t.saved = t.note
	t.disk.setLeft(t.key+noteSuffix, true)
	return os.WriteFile(t.notePath(), []byte(t.note), 0o666)
}

func (t *Temp) removeNote() error {
	if t.saved == "" {
		return nil
	}
	t.saved = ""
	return t.disk.removeLeft(t.key + noteSuffix)
}

// Reset drops all bytes and the note.
func (t *Temp) Reset() error {
	t.size, t.note = 0, ""
	for _, s := range t.sums {
		s.hash.Reset()
	}
	if t.file == nil {
		return t.removeNote()
	}
	if err := t.file.Truncate(0); err != nil {
		return err
	}
	if _, err := t.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return t.removeNote()
}

// Close ends the use of t and keeps its bytes for another CreateTemp with the
// same key. An empty file is removed.
func (t *Temp) Close() error {
	if t.size == 0 {
		return t.Remove()
	}
	defer t.disk.release(t.key)
	if err := t.toFile(); err != nil {
		return err
	}
	return cmp.Or(t.saveNote(), t.file.Close())
}

// Remove ends the use of t and drops its bytes.
func (t *Temp) Remove() error {
	defer t.disk.release(t.key)
	t.freeSmall()
	if t.file == nil {
		return t.removeNote()
	}
	return cmp.Or(t.file.Close(), t.disk.removeLeft(t.key+partSuffix), t.removeNote())
}

// RemoveTemp drops what is left of the temporary file called key, which is not
// in use. It is no error if there is nothing.
func (d *Disk) RemoveTemp(key string) error {
	if err := cmp.Or(checkKey(key), d.claim(key)); err != nil {
		return err
	}
	defer d.release(key)
	if left, err := d.isLeft(key+partSuffix, key+noteSuffix); err != nil || !left {
		return err
	}
	return cmp.Or(d.removeLeft(key+partSuffix), d.removeLeft(key+noteSuffix))
}

// Commit gives the file its name, if the bytes that were written have the hash
// want, and ends the use of t. It is the only way to make an object. An object
// that is there already is replaced: its bytes are the same, or damaged.
//
// The error is a *MismatchError if the hash is another one; then t stays as it
// was. After any other error t is closed.
func (t *Temp) Commit(want hashes.Hash) (Object, error) {
	if want.IsZero() {
		return Object{}, fmt.Errorf("commit %s: no hash", t.path())
	}
	got, err := t.Hash(want.Algorithm())
	if err != nil {
		return Object{}, cmp.Or(err, t.Close())
	}
	if got != want {
		return Object{}, &MismatchError{Want: want, Got: got}
	}
	if err := t.rename(want); err != nil {
		return Object{}, err
	}
	return Object{Hash: want, Size: t.size}, nil
}

func (t *Temp) rename(want hashes.Hash) error {
	defer t.disk.release(t.key)
	if err := t.finish(); err != nil {
		return err
	}
	name := t.disk.Path(want)
	err := rename(t.path(), name)
	if errors.Is(err, fs.ErrNotExist) { // the first object in its folder
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			return err
		}
		err = rename(t.path(), name)
	}
	if err != nil {
		return err
	}
	t.disk.setLeft(t.key+partSuffix, false)
	t.disk.addPending(name)
	return t.removeNote()
}

// finish has all bytes in the file, and closes it.
func (t *Temp) finish() error {
	if t.file != nil {
		return t.file.Close()
	}
	t.disk.setLeft(t.key+partSuffix, true)
	var data []byte
	if t.size > 0 {
		data = t.small[:t.size]
	}
	err := writeFile(t.path(), data)
	t.freeSmall()
	return err
}
