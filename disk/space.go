package disk

import (
	"errors"
	"fmt"
	"math"
)

// Free returns how many bytes this user can still write to the disk's file
// system. The error is errors.ErrUnsupported, wrapped, where nobody can tell. It
// takes a microsecond or so; on a file system of the network a round trip.
func (d *Disk) Free() (int64, error) {
	free, err := freeBytes(d.dir)
	if err != nil {
		return 0, fmt.Errorf("free space of disk %s: %w", d.dir, err)
	}
	return free, nil
}

// inBytes returns how many bytes are in so many of all blocks. A file system
// that has none at all is one without a limit, such as a tmpfs, or without an
// answer.
func inBytes(free, all, blockSize uint64) (int64, error) {
	switch {
	case all == 0 || blockSize == 0:
		return 0, errors.ErrUnsupported
	case free > math.MaxInt64/blockSize:
		return math.MaxInt64, nil
	}
	return int64(free * blockSize), nil
}
