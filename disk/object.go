package disk

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"sync"

	"granary/hashes"
)

// An Object is a file on the disk, named by the hash of its own bytes.
type Object struct {
	Hash hashes.Hash
	Size int64 // in bytes
}

// A MismatchError says that bytes do not have the hash that they should have.
type MismatchError struct{ Want, Got hashes.Hash }

// Error gives both hashes in SRI form.
func (e *MismatchError) Error() string {
	return fmt.Sprintf("hash is %s, want %s", e.Got, e.Want)
}

// Stat returns the object with hash h as its name promises it: its bytes are
// not read. The error wraps fs.ErrNotExist if there is none.
func (d *Disk) Stat(h hashes.Hash) (Object, error) {
	info, err := os.Stat(d.Path(h))
	if err != nil {
		return Object{}, err
	}
	if !info.Mode().IsRegular() {
		return Object{}, fmt.Errorf("stat %s: not a regular file", d.Path(h))
	}
	return Object{Hash: h, Size: info.Size()}, nil
}

// Has tells whether Stat finds an object with hash h.
func (d *Disk) Has(h hashes.Hash) bool {
	_, err := d.Stat(h)
	return err == nil
}

// OpenObject opens the object with hash h for reading. The caller closes it.
func (d *Disk) OpenObject(h hashes.Hash) (*os.File, error) { return os.Open(d.Path(h)) }

// Verify reads the object with hash h and compares. The error is a
// *MismatchError, wrapped, if the object is damaged, and wraps fs.ErrNotExist
// if it is not there.
func (d *Disk) Verify(ctx context.Context, h hashes.Hash) (Object, error) {
	f, err := d.OpenObject(h)
	if err != nil {
		return Object{}, err
	}
	defer f.Close()
	sum := h.Algorithm().New()
	size, err := copyBytes(ctx, sum, f)
	if err != nil {
		return Object{}, fmt.Errorf("verify %s: %w", f.Name(), err)
	}
	if got := hashes.Of(h.Algorithm(), sum); got != h {
		return Object{}, fmt.Errorf("verify %s: %w", f.Name(), &MismatchError{Want: h, Got: got})
	}
	return Object{Hash: h, Size: size}, nil
}

// Adopt is Verify for an object that nothing records: an earlier run may have
// left it there. Sync makes it durable like one that was committed.
func (d *Disk) Adopt(ctx context.Context, h hashes.Hash) (Object, error) {
	o, err := d.Verify(ctx, h)
	if err == nil {
		d.addPending(d.Path(h))
	}
	return o, err
}

// Objects walks over all objects, sorted by algorithm and hash, without
// reading their bytes. Files that are not named like objects are passed over.
// An error ends the walk.
func (d *Disk) Objects() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		ended := false
		err := d.walk(func(h hashes.Hash, e fs.DirEntry) bool {
			info, err := e.Info()
			if err == nil {
				ended = !yield(Object{Hash: h, Size: info.Size()}, nil)
			} else {
				ended = true
				yield(Object{}, err)
			}
			return !ended
		})
		if err != nil && !ended {
			yield(Object{}, err)
		}
	}
}

// Names returns the hashes that objects on the disk are named by. It reads nothing but
// folders: 25,000 objects take 25 ms.
func (d *Disk) Names() (map[hashes.Hash]bool, error) {
	names := map[hashes.Hash]bool{}
	err := d.walk(func(h hashes.Hash, _ fs.DirEntry) bool {
		names[h] = true
		return true
	})
	return names, err
}

// walk calls visit for what is named like an object, until it returns false.
func (d *Disk) walk(visit func(hashes.Hash, fs.DirEntry) bool) error {
	for algo := hashes.MD5; algo <= hashes.BLAKE3; algo++ {
		root := filepath.Join(d.dir, algo.String())
		folders, err := readDir(root)
		if err != nil {
			return err
		}
		for _, folder := range folders {
			entries, err := readDir(filepath.Join(root, folder.Name()))
			if err != nil {
				return err
			}
			for _, e := range entries {
				h, ok := objectHash(algo, folder.Name(), e)
				if ok && !visit(h, e) {
					return nil
				}
			}
		}
	}
	return nil
}

// readDir lists a folder; a folder that is not there, or a file, is empty.
func readDir(dir string) ([]fs.DirEntry, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil
	}
	return os.ReadDir(dir)
}

// objectHash returns the hash that e is named by, and whether it is named like an
// object.
func objectHash(algo hashes.Algorithm, folder string, e fs.DirEntry) (hashes.Hash, bool) {
	if !e.Type().IsRegular() || len(e.Name()) != 2*algo.Size() || folder != e.Name()[:2] {
		return hashes.Hash{}, false
	}
	h, err := hashes.ParseDigest(algo, e.Name())
	return h, err == nil && h.Base16() == e.Name()
}

const bufferSize = 256 << 10 // bytes

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// copyBytes copies until src ends, with a look at ctx now and then.
func copyBytes(ctx context.Context, dst io.Writer, src io.Reader) (int64, error) {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for total := int64(0); ; {
		n, err := src.Read(buf[:])
		if n > 0 {
			if _, err := dst.Write(buf[:n]); err != nil {
				return total, err
			}
		}
		total += int64(n)
		switch {
		case err == io.EOF:
			return total, nil
		case err != nil:
			return total, err
		case ctx.Err() != nil:
			return total, context.Cause(ctx)
		}
	}
}
