package disk

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"granary/hashes"
)

// A Disk is a directory that holds objects. Its methods may be called from
// several goroutines; a Temp belongs to one.
type Disk struct {
	dir      string
	readOnly bool

	mu      sync.Mutex
	lock    *os.File            // nil while not locked
	open    map[string]struct{} // keys of the temps in use
	pending []string            // objects committed since the last Sync
	left    map[string]struct{} // what is in tmp/; nil while that is not known
}

// Open opens the disk in dir for writing, and creates it if it is not there.
// The error says so when dir is no folder or cannot be written to. There is
// nothing to close; see Lock.
func Open(dir string) (*Disk, error) {
	if err := checkFolder(dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	tmp := filepath.Join(dir, "tmp")
	if err := os.MkdirAll(tmp, 0o777); err != nil {
		return nil, openError(dir, err)
	}
	// Permissions do not tell: root passes them, a read-only mount does not.
	probe, err := os.CreateTemp(tmp, "probe-")
	if err != nil {
		return nil, openError(dir, err)
	}
	if err := cmp.Or(probe.Close(), os.Remove(probe.Name())); err != nil {
		return nil, openError(dir, err)
	}
	return &Disk{dir: filepath.Clean(dir), open: map[string]struct{}{}}, nil
}

// OpenReadOnly opens the disk in dir, which must be there and may be on a
// read-only file system.
func OpenReadOnly(dir string) (*Disk, error) {
	if err := checkFolder(dir); err != nil {
		return nil, err
	}
	return &Disk{dir: filepath.Clean(dir), readOnly: true}, nil
}

func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return openError(dir, err)
	case !info.IsDir():
		return fmt.Errorf("open disk %s: it is a file, not a folder", dir)
	}
	return nil
}

// openError names the disk once and drops the path that err names.
func openError(dir string, err error) error {
	cause := err
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		cause = pathErr.Err
	}
	if errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("open disk %s: not writable: %w", dir, cause)
	}
	return fmt.Errorf("open disk %s: %w", dir, cause)
}

// Dir returns the directory that was opened.
func (d *Disk) Dir() string { return d.dir }

// ObjectName returns the name of the object with hash h, relative to the disk
// and with slashes, such as "sha256/ab/abcd...". h must not be zero.
func ObjectName(h hashes.Hash) string {
	digest := h.Base16()
	return h.Algorithm().String() + "/" + digest[:2] + "/" + digest
}

// Path returns where the object with hash h is, if it is there.
func (d *Disk) Path(h hashes.Hash) string {
	return d.dir + string(filepath.Separator) + filepath.FromSlash(ObjectName(h))
}
