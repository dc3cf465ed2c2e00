package fetch

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"time"
)

// DefaultReserve is how many bytes of the disk stay free if Fetcher.Reserve is 0: for the
// catalog, and for whatever else is on the disk.
const DefaultReserve = 256 << 20

// A FullError says that the disk is too full for new downloads. Those that were
// under way have ended, and everything that came is kept.
type FullError struct {
	Dir     string
	Free    int64 // bytes, but for those that downloads under way still needed
	Reserve int64 // bytes that stay free
	Need    int64 // bytes of the download that was too large for what is left; else 0
}

// Error names the disk, and the sizes.
func (e *FullError) Error() string {
	text := fmt.Sprintf("disk %s is nearly full: %s are free, and %s are to stay so",
		e.Dir, roughly(e.Free), roughly(e.Reserve))
	if e.Need > 0 {
		text += "; the next download has " + roughly(e.Need)
	}
	return text
}

func roughly(bytes int64) string {
	if bytes < 10<<20 {
		return fmt.Sprintf("%d KiB", bytes>>10)
	}
	return fmt.Sprintf("%d MiB", bytes>>20)
}

func isFull(err error) bool {
	var full *FullError
	return errors.As(err, &full)
}

// A room is what new downloads may fill of the disk.
type room struct {
	dir     string
	reserve int64
	free    func() (int64, error) // of the disk
	ahead   func() int64          // bytes that downloads under way will still write

	mu     sync.Mutex
	looked time.Time
	left   int64 // bytes that were free then, but for those that are somebody's
	err    error // why there is no room any more, or nil
}

func (f *Fetcher) newRoom() *room {
	m := &room{
		dir: f.Disk.Dir(), reserve: f.Reserve, free: f.free, ahead: f.transfers.outstanding,
	}
	if m.reserve == 0 {
		m.reserve = DefaultReserve
	}
	if m.free == nil {
		m.free = f.Disk.Free
	}
	return m
}

// lookAgain is how long a look at the disk holds.
const lookAgain = time.Second

// claim takes bytes of the room for a download. The error, then always the same, is
// a *FullError if there are too few. Where the free space cannot be told, there
// is room for all.
func (m *room) claim(bytes int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil || m.reserve < 0 {
		return m.err
	}
	if now := time.Now(); now.Sub(m.looked) >= lookAgain {
		m.looked = now
		m.err = m.look()
	}
	if m.err == nil && m.left-bytes < m.reserve {
		m.err = &FullError{m.dir, max(0, m.left), m.reserve, bytes}
	}
	m.left -= bytes
	return m.err
}

func (m *room) look() error {
	free, err := m.free()
	if errors.Is(err, errors.ErrUnsupported) {
		free, err = math.MaxInt64, nil
	}
	m.left = free - m.ahead()
	return err
}

// expect notes how many bytes are to come, and takes room for them; less than 0
// means that nobody knows.
func (d *download) expect(bytes int64) error {
	before := d.temp.Size()
	d.transfer.before.Store(before)
	if bytes < 0 {
		return nil
	}
	err := d.run.room.claim(bytes)
	d.transfer.total.Store(before + bytes)
	return err
}
