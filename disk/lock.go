package disk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// A LockedError says that another process writes to the disk.
type LockedError struct {
	Dir    string
	Holder Holder // its zero value: unknown
}

// A Holder is a process that writes to a disk.
type Holder struct {
	Command string `json:"command"` // such as "granary harvest"
	PID     int    `json:"pid"`
	Host    string `json:"host"`
}

// Error names the disk and the process.
func (e *LockedError) Error() string {
	if e.Holder.PID == 0 {
		return fmt.Sprintf("disk %s is in use by another process", e.Dir)
	}
	where := ""
	if host, err := os.Hostname(); err == nil && host != e.Holder.Host {
		where = " on " + e.Holder.Host
	}
	return fmt.Sprintf("disk %s is in use by %s (process %d%s)",
		e.Dir, e.Holder.Command, e.Holder.PID, where)
}

// Lock makes this process the only one that writes to the disk, until Unlock
// or its end, however it ends. command is how others will know it, such as
// "granary harvest". The error is a *LockedError if there is another one.
//
// Where the file system knows no locks, a process of this machine that is
// still there counts as one that holds the lock; one of another machine does not.
func (d *Disk) Lock(command string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock != nil {
		return fmt.Errorf("lock disk %s: locked already", d.dir)
	}
	f, err := os.OpenFile(filepath.Join(d.dir, "granary.lock"), os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return fmt.Errorf("lock disk: %w", err)
	}
	if err := d.take(f, command); err != nil {
		return cmp.Or(err, f.Close())
	}
	d.lock = f
	return nil
}

func (d *Disk) take(f *os.File, command string) error {
	free, err := lockFile(f)
	noLocks := errors.Is(err, errors.ErrUnsupported)
	holder := readHolder(f)
	if noLocks {
		free, err = !holder.alive(), nil
	}
	switch {
	case err != nil:
		return fmt.Errorf("lock disk %s: %w", d.dir, err)
	case !free:
		return &LockedError{Dir: d.dir, Holder: holder}
	}
	// A lock holds without the words about its holder. They may not fit on a
	// full disk, which must stay open to what makes room on it.
	if err := writeHolder(f, command); err != nil && noLocks {
		return err
	}
	return nil
}

// alive tells whether h is another process of this machine that still runs.
func (h Holder) alive() bool {
	host, err := os.Hostname()
	return err == nil && host == h.Host && h.PID != os.Getpid() && processRuns(h.PID)
}

// readHolder returns the zero value when f does not say.
func readHolder(f *os.File) (h Holder) {
	data, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil || json.Unmarshal(data, &h) != nil {
		return Holder{}
	}
	return h
}

func writeHolder(f *os.File, command string) error {
	host, err := os.Hostname()
	if err != nil {
		return err
	}
	data, err := json.Marshal(Holder{Command: command, PID: os.Getpid(), Host: host})
	if err != nil {
		return err
	}
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err = f.WriteAt(append(data, '\n'), 0)
	return err
}

// Unlock lets others write. It does nothing when d is not locked.
func (d *Disk) Unlock() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.lock == nil {
		return nil
	}
	// The file stays: removing it could split two that wait for it.
	err := cmp.Or(d.lock.Truncate(0), d.lock.Close())
	d.lock = nil
	return err
}
