package catalog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain lets the test binary play a program for which a folder is
// read-only.
func TestMain(m *testing.M) {
	if path := os.Getenv("CATALOG_TEST_READ_ONLY"); path != "" {
		fmt.Println(describeReadOnly(path))
		return
	}
	goleak.VerifyTestMain(m)
}

// describeReadOnly mounts the folder of path read-only and says what opening
// the catalog gives. The mounts are this process's own, as far as the system
// does not pass them on, which in a chroot cannot be forbidden.
func describeReadOnly(path string) string {
	dir := filepath.Dir(path)
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		return fmt.Sprint("mount: ", err)
	}
	defer syscall.Unmount(dir, syscall.MNT_DETACH)
	const readOnly = syscall.MS_REMOUNT | syscall.MS_BIND | syscall.MS_RDONLY
	if err := syscall.Mount(dir, dir, "", readOnly, ""); err != nil {
		return fmt.Sprint("mount read-only: ", err)
	}
	ctx := context.Background()
	c, err := OpenReadOnly(ctx, path)
	if err != nil {
		return fmt.Sprint("for reading: ", err)
	}
	defer c.Close()
	snapshots, err := c.Snapshots(ctx)
	write := c.RecordOutcomes(ctx, []Outcome{{OutPath: source("gcc.tar").OutPath, Reason: "x"}})
	_, open := Open(ctx, path)
	return fmt.Sprintf("%d snapshots, %v\nwrite: %v\nopen: %t",
		len(snapshots), err, write, errors.Is(open, fs.ErrPermission))
}

// TestReadOnlyFolder opens catalogs in a folder that is mounted read-only, which this
// granary or an older one made. Root may write wherever modes forbid it, so that modes are
// no test.
func TestReadOnlyFolder(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	check(t, c.Close())
	checkReadOnly(t, c.path)
	for _, file := range oldCatalogs {
		checkReadOnly(t, copyOf(t, file))
	}
}

// TestReadOnlyAfterCrash reads what stands in the write-ahead log alone.
func TestReadOnlyAfterCrash(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	path, temporary := filepath.Join(t.TempDir(), "granary.db"), t.TempDir()
	check(t, copyFile(path, c.path))
	check(t, copyFile(path+logSuffix, c.path+logSuffix))
	t.Setenv("TMPDIR", temporary)
	checkReadOnly(t, path)
	if left := folder(t, temporary); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func checkReadOnly(t *testing.T, path string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), "CATALOG_TEST_READ_ONLY="+path, "GORACE=atexit_sleep_ms=0")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	check(t, err)
	want := strings.ReplaceAll(`1 snapshots, <nil>
write: write catalog PATH: it is read-only: permission denied
open: true
`, "PATH", path)
	if string(out) != want {
		t.Errorf("got\n%swant\n%s", out, want)
	}
}
