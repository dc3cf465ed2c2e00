package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// What is in tmp/ is read once. From then on nobody else changes it, and the
// Disk knows what it did itself: asking the file system for each of many small
// files would take as long as writing it.

func (d *Disk) tempPath(name string) string {
	return d.dir + string(filepath.Separator) + "tmp" + string(filepath.Separator) + name
}

// isLeft tells whether there is a file with one of the names in tmp/.
func (d *Disk) isLeft(names ...string) (bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.readLeft(); err != nil {
		return false, err
	}
	for _, name := range names {
		if _, ok := d.left[name]; ok {
			return true, nil
		}
	}
	return false, nil
}

// readLeft reads tmp/ the first time. d.mu is held.
func (d *Disk) readLeft() error {
	if d.left != nil {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(d.dir, "tmp"))
	if err != nil {
		return fmt.Errorf("read what is in tmp/: %w", err)
	}
	d.left = make(map[string]struct{}, len(entries))
	for _, e := range entries {
		d.left[e.Name()] = struct{}{}
	}
	return nil
}

// setLeft notes that a file in tmp/ is about to be made, or is gone.
func (d *Disk) setLeft(name string, there bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.left == nil {
		return // it will be read
	}
	if there {
		d.left[name] = struct{}{}
	} else {
		delete(d.left, name)
	}
}

// removeLeft removes a file in tmp/. It is no error if there is none.
func (d *Disk) removeLeft(name string) error {
	if left, err := d.isLeft(name); err != nil || !left {
		return err
	}
	if err := os.Remove(d.tempPath(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.setLeft(name, false)
	return nil
}
