//go:build darwin || freebsd || dragonfly

package disk

import "golang.org/x/sys/unix"

func freeBytes(dir string) (int64, error) {
	var fs unix.Statfs_t
	if err := unix.Statfs(dir, &fs); err != nil {
		return 0, err
	}
	free := max(0, int64(fs.Bavail)) // below 0 where root's part is in use
	return inBytes(uint64(free), uint64(fs.Blocks), uint64(fs.Bsize))
}
