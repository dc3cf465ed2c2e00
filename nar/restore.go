package nar

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Restore makes what the NAR in r describes at path, which must not exist; its
// parent must: a folder, a file or a symbolic link. Nothing is written elsewhere,
// whatever the NAR says: that is os.Root's promise and the Reader's. After an error,
// what was made so far stays.
func Restore(r io.Reader, path string) error {
	in := NewReader(r)
	first, err := in.Next()
	switch {
	case err != nil:
	case first.Type == Directory:
		err = restoreFolder(in, path)
	default:
		err = restoreLone(in, first, path)
	}
	if err != nil {
		return fmt.Errorf("restore %s: %w", path, err)
	}
	return nil
}

// restoreFolder makes the folder dir and all entries in it.
func restoreFolder(in *Reader, dir string) error {
	if err := os.Mkdir(dir, 0o777); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return restoreEntries(root, in)
}

func restoreEntries(root *os.Root, in *Reader) error {
	for {
		entry, err := in.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = restoreEntry(root, in, entry)
		}
		if err != nil {
			return err
		}
	}
}

// restoreLone makes the one entry that there is, at path.
func restoreLone(in *Reader, entry Entry, path string) error {
	root, err := os.OpenRoot(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer root.Close()
	entry.Path = filepath.Base(path)
	if err := restoreEntry(root, in, entry); err != nil {
		return err
	}
	return restoreEntries(root, in) // there are none, but maybe junk
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
