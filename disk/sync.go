package disk

import (
	"cmp"
	"errors"
	"os"
	"path/filepath"
)

func (d *Disk) addPending(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.pending = append(d.pending, name)
}

// Sync returns when all objects committed before the call outlast a power cut.
// On Linux it is one call for the whole file system. After an error they are
// to be taken as lost.
func (d *Disk) Sync() error {
	d.mu.Lock()
	pending := d.pending
	d.pending = nil
	d.mu.Unlock()
	if len(pending) == 0 {
		return nil
	}
	err := syncFileSystem(d.dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return syncFiles(d.dir, pending)
	}
	return err
}

// syncFiles syncs each file and, where the system can, the folders above it.
func syncFiles(dir string, names []string) error {
	folders := map[string]struct{}{dir: {}}
	for _, name := range names {
		if err := syncFile(name); err != nil {
			return err
		}
		folder := filepath.Dir(name)
		folders[folder] = struct{}{}
		folders[filepath.Dir(folder)] = struct{}{}
	}
	for folder := range folders {
		// Not every file system can sync a folder; then there is nothing to do.
		_ = syncFile(folder)
	}
	return nil
}

func syncFile(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0) // Windows syncs what may be written
	if err != nil {
		f, err = os.Open(name) // a folder, or a file that may not be written
	}
	if err != nil {
		return err
	}
	return cmp.Or(f.Sync(), f.Close())
}
