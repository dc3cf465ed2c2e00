//go:build unix

package disk

import (
	"io/fs"
	"os"
	"syscall"
)

// writeFile is os.WriteFile without what only pipes and terminals need, which takes
// twice the time for a small file.
func writeFile(name string, data []byte) error {
	const flags = syscall.O_WRONLY | syscall.O_CREAT | syscall.O_TRUNC | syscall.O_CLOEXEC
	fd, err := ignoringEINTR(func() (int, error) { return syscall.Open(name, flags, 0o666) })
	if err != nil {
		return &fs.PathError{Op: "open", Path: name, Err: err}
	}
	for len(data) > 0 && err == nil {
		var n int
		n, err = ignoringEINTR(func() (int, error) { return syscall.Write(fd, data) })
		data = data[max(n, 0):]
	}
	if closeErr := syscall.Close(fd); err == nil {
		err = closeErr
	}
	if err != nil {
		return &fs.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

// rename is os.Rename without a look at what is there, which is never a folder.
func rename(from, to string) error {
	_, err := ignoringEINTR(func() (int, error) { return 0, syscall.Rename(from, to) })
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// ignoringEINTR repeats a call that a signal interrupted, as package os does.
func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != syscall.EINTR {
			return n, err
		}
	}
}
