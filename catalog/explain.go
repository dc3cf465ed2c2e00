//go:build cgo

package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/mattn/go-sqlite3"
)

// explain puts SQLite's errors into words that name the cause. What the
// caller may ask for stays: context errors, fs errors, ErrNewer, ErrForeign.
func explain(err error) error {
	var e sqlite3.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.SystemErrno {
	case syscall.ENOSPC: // met where SQLite does not look for it
		e.Code = sqlite3.ErrFull
	case syscall.EISDIR:
		return errors.New("it is a folder")
	}
	switch e.Code {
	case sqlite3.ErrFull:
		return errors.New("the disk is full")
	case sqlite3.ErrReadonly:
		return fmt.Errorf("it is read-only: %w", fs.ErrPermission)
	case sqlite3.ErrNotADB:
		return ErrForeign
	case sqlite3.ErrCorrupt:
		return fmt.Errorf("it is damaged: %s", e.Error())
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return errors.New("another program has it locked")
	case sqlite3.ErrCantOpen:
		return fmt.Errorf("the file cannot be opened or made: %w", fs.ErrPermission)
	}
	return err
}

// isBusy tells whether another program keeps SQLite from writing just now.
func isBusy(err error) bool {
	var e sqlite3.Error
	return errors.As(err, &e) && e.Code == sqlite3.ErrBusy
}
