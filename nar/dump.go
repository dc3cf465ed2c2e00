package nar

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"

	"granary/hashes"
)

// Dump writes the NAR of the file tree at path to w, as `nix-store --dump`
// does. A symbolic link at path is not followed. A file is executable if its
// owner may execute it.
func Dump(w io.Writer, path string) error {
	_, err := dump(path, newEncoder(context.Background(), w))
	return err
}

// HashPath returns the hash of the NAR of the file tree at path, and the NAR's
// size in bytes.
func HashPath(path string, algo hashes.Algorithm) (hashes.Hash, int64, error) {
	h := newHasher(algo)
	size, err := dump(path, newHashingEncoder(context.Background(), h))
	sum := h.sum()
	if err != nil {
		return hashes.Hash{}, 0, err
	}
	return sum, size, nil
}

// WriteFile writes the NAR of one file, whose contents are the next size bytes
// of r, to w. It fails with io.ErrUnexpectedEOF when r has fewer.
func WriteFile(w io.Writer, r io.Reader, size int64, executable bool) error {
	e := newEncoder(context.Background(), w)
	e.file(size, executable)
	if err := e.copyFrom(r, size); err != nil {
		return err
	}
	e.endFile(size)
	_, err := e.close()
	return err
}

func dump(path string, e *encoder) (int64, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, err
	}
	d := dumper{e}
	if err := d.node(path, info.Mode().Type()); err != nil {
		return 0, err
	}
	return d.enc.close()
}

type dumper struct{ enc *encoder }

func (d dumper) node(path string, mode fs.FileMode) error {
	switch mode {
	case 0:
		return d.file(path)
	case fs.ModeDir:
		return d.directory(path)
	case fs.ModeSymlink:
		return d.symlink(path)
	}
	return fmt.Errorf("dump %s: a %s has no place in a NAR", path, mode)
}

func (d dumper) directory(path string) error {
	entries, err := os.ReadDir(path) // sorted by bytes
	if err != nil {
		return err
	}
	d.enc.directory()
	for _, entry := range entries {
		d.enc.entry(entry.Name())
		if err := d.node(path+"/"+entry.Name(), entry.Type()); err != nil {
			return err
		}
		d.enc.end()
	}
	d.enc.end()
	return d.enc.err
}

func (d dumper) symlink(path string) error {
	target, err := os.Readlink(path)
	if err != nil {
		return err
	}
	d.enc.symlink(target)
	return nil
}

func (d dumper) file(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	d.enc.file(size, info.Mode()&0o100 != 0)
	if err := d.enc.copyFrom(f, size); err != nil {
		return fmt.Errorf("dump %s: %w", path, err)
	}
	d.enc.endFile(size)
	return nil
}
