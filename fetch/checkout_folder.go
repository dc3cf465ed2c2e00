package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"granary"
	"granary/hashes"
)

// A workplace is where checkouts are made: on the disk, or where that has no
// symbolic links, no executable bits or no case in names, among the machine's
// temporary files.
type workplace struct {
	once   sync.Once
	dir    string // absolute
	prefix string // of its folders
	stray  bool   // it is not on the disk
	err    error
}

// checkoutPrefix begins the names of checkouts' folders in the disk's tmp/.
const checkoutPrefix = "checkout-"

// strayPrefix begins the names of those in os.TempDir, for the disk in dir.
func strayPrefix(dir string) string {
	return "granary-" + hashes.Sum(hashes.SHA256, []byte(dir)).Base16()[:16] + "-"
}

// tmp returns the disk's tmp/ as an absolute path.
func (r *run) tmp() (string, error) { return filepath.Abs(filepath.Join(r.Disk.Dir(), "tmp")) }

// find looks once a run.
func (p *workplace) find(r *run) error {
	p.once.Do(func() {
		p.prefix = checkoutPrefix
		if p.dir, p.err = r.tmp(); p.err != nil || holdsTrees(p.dir) {
			return
		}
		p.prefix, p.stray = strayPrefix(p.dir), true
		p.dir, p.err = filepath.Abs(os.TempDir())
	})
	return p.err
}

// holdsTrees tells whether the file system of dir has what trees of files need.
func holdsTrees(dir string) bool {
	probe, err := os.MkdirTemp(dir, checkoutPrefix)
	if err != nil {
		return false
	}
	defer os.RemoveAll(probe)
	link := filepath.Join(probe, "link")
	if os.Symlink("target", link) != nil {
		return false
	}
	if _, err := os.Lstat(filepath.Join(probe, "LINK")); err == nil {
		return false
	}
	return executable(probe, 0o600) == 0 && executable(probe, 0o700) != 0
}

// executable returns the owner's executable bit of a new file.
func executable(dir string, mode fs.FileMode) fs.FileMode {
	file := filepath.Join(dir, fmt.Sprint(mode))
	if os.WriteFile(file, nil, mode) != nil {
		return 0
	}
	info, err := os.Stat(file)
	if err != nil {
		return 0
	}
	return info.Mode() & 0o100
}

// newCheckout makes the folder; end it with remove.
func (r *run) newCheckout(s *granary.Source, url string) (*checkout, error) {
	if err := r.workplace.find(r); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.workplace.dir, r.workplace.prefix)
	if err != nil {
		return nil, err
	}
	c := &checkout{run: r, source: s, url: url, dir: dir, file: r.rewrittenToFile(url)}
	if err := c.makeHome(); err != nil {
		return nil, cmp.Or(err, os.RemoveAll(dir))
	}
	c.transfer = r.transfers.begin(url, s.Name)
	return c, nil
}

// makeHome makes the home folder of the program, which has nothing of the
// user's but the passwords.
func (c *checkout) makeHome() error {
	home := c.path("home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	c.env = c.environment(home)
	passwords := netrcFile(c.run.Netrc)
	if _, err := os.Stat(passwords); passwords == "" || err != nil {
		return nil
	}
	passwords, err := filepath.Abs(passwords)
	if err != nil {
		return err
	}
	// Where there are no links, the program has to do without passwords.
	_ = os.Symlink(passwords, filepath.Join(home, ".netrc"))
	return nil
}

// removalTime is how long a folder is removed when the run is to end: what is
// left then is removed by the next.
const removalTime = 500 * time.Millisecond

// remove ends the use of c.
func (c *checkout) remove(ctx context.Context) {
	c.run.transfers.end(c.transfer)
	end := time.Now().Add(removalTime)
	_ = filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if ctx.Err() != nil && time.Now().After(end) {
			return fs.SkipAll
		}
		_ = os.Remove(path)
		return nil
	})
	if ctx.Err() != nil && time.Now().After(end) {
		return
	}
	if err := os.RemoveAll(c.dir); err != nil {
		c.run.logger.Warn("a temporary folder stays", "error", err)
	}
}

// sweep removes the folders that a run left which was killed. There is no other
// run on this disk.
func (r *run) sweep() {
	tmp, err := r.tmp()
	if err == nil {
		err = errors.Join(removeBeginning(tmp, checkoutPrefix),
			removeBeginning(os.TempDir(), strayPrefix(tmp)))
	}
	if err != nil {
		r.logger.Warn("a temporary folder stays", "error", err)
	}
}

func removeBeginning(dir, prefix string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), prefix) {
			err = cmp.Or(os.RemoveAll(filepath.Join(dir, e.Name())), err)
		}
	}
	return err
}

// folderSize returns the bytes in the files below dir, as far as they can be
// looked at: it changes meanwhile.
func folderSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil
		}
		if info, err := entry.Info(); err == nil {
			size += info.Size()
		}
		return nil
	})
	return size
}
