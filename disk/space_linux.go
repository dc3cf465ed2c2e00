package disk

import (
	"cmp"

	"golang.org/x/sys/unix"
)

func freeBytes(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	// Blocks are counted in fragments. FUSE has both, and they differ.
	return inBytes(fs.Bavail, fs.Blocks, uint64(cmp.Or(fs.Frsize, fs.Bsize)))
}
