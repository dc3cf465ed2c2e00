package nar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
)

// Restore makes the file tree that the NAR in r describes at dir, which must
// not exist; its parent must. Nothing is written outside dir, whatever the NAR
// says: that is os.Root's promise and the Reader's. After an error, what was
// made so far stays.
func Restore(r io.Reader, dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer root.Close()
	in := NewReader(r)
	first, err := in.Next()
	if err == nil && first.Type != Directory {
		err = badFormat("nar: not of a directory")
	}
	for err == nil {
		var entry Entry
		if entry, err = in.Next(); err == nil {
			err = restoreEntry(root, in, entry)
		}
	}
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("restore %s: %w", dir, err)
}

func restoreEntry(root *os.Root, in *Reader, entry Entry) error {
	switch entry.Type {
	case Directory:
		return root.Mkdir(entry.Path, 0o777)
	case Symlink:
		return root.Symlink(entry.Target, entry.Path)
	}
	mode := os.FileMode(0o666)
	if entry.Executable {
		mode = 0o777
	}
	f, err := root.OpenFile(entry.Path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 32<<10)
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Flush(), f.Close())
}
