package disk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain lets the test binary play the other process: it locks the disk
// named by the environment, says so, and waits until stdin ends.
func TestMain(m *testing.M) {
	dir := os.Getenv("DISK_TEST_LOCK")
	if dir == "" {
		os.Exit(m.Run())
	}
	d, err := Open(dir)
	if err == nil {
		err = d.Lock("granary harvest")
	}
	fmt.Println(err)
	os.Stdin.Read(make([]byte, 1))
}

// lockElsewhere locks the disk in another process until the function that it
// returns kills it.
func lockElsewhere(t *testing.T, dir string) (pid int, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "DISK_TEST_LOCK="+dir)
	stdin, err := cmd.StdinPipe()
	check(t, err)
	stdout, err := cmd.StdoutPipe()
	check(t, err)
	check(t, cmd.Start())
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if got := strings.TrimSpace(string(line[:n])); got != "<nil>" {
		t.Errorf("lock in another process: %s, %v", got, err)
	}
	return cmd.Process.Pid, func() {
		cmd.Process.Kill()
		cmd.Wait()
		stdin.Close()
	}
}

func TestLock(t *testing.T) {
	d := openDisk(t)
	pid, kill := lockElsewhere(t, d.Dir())
	defer kill()
	err := d.Lock("granary fetch")
	var locked *LockedError
	if !errors.As(err, &locked) || locked.Holder.PID != pid {
		t.Fatalf("got %v, want a LockedError of process %d", err, pid)
	}
	want := fmt.Sprintf("disk %s is in use by granary harvest (process %d)", d.Dir(), pid)
	if err.Error() != want {
		t.Errorf("got %s, want %s", err, want)
	}
	kill()
	for range 2 {
		check(t, d.Lock("granary fetch"))
		if err := d.Lock("granary fetch"); err == nil {
			t.Error("locked twice")
		}
		check(t, d.Unlock())
		check(t, d.Unlock())
	}
}

func TestLockWithinProcess(t *testing.T) {
	d := openDisk(t)
	other, err := Open(d.Dir())
	check(t, err)
	check(t, d.Lock("granary fetch"))
	var locked *LockedError
	if err := other.Lock("granary eval"); !errors.As(err, &locked) {
		t.Errorf("got %v, want a LockedError", err)
	}
	check(t, d.Unlock())
	check(t, other.Lock("granary eval"))
	check(t, other.Unlock())
}

// Where there are no locks, the file alone tells.
func TestHolderAlive(t *testing.T) {
	host, err := os.Hostname()
	check(t, err)
	tests := []struct {
		name string
		h    Holder
		want bool
	}{
		{"nobody", Holder{}, false},
		{"another process", Holder{PID: os.Getppid(), Host: host}, true},
		{"this process", Holder{PID: os.Getpid(), Host: host}, false},
		{"dead", Holder{PID: 1 << 30, Host: host}, false},
		{"another machine", Holder{PID: os.Getppid(), Host: host + "x"}, false},
	}
	for _, test := range tests {
		if got := test.h.alive(); got != test.want {
			t.Errorf("%s: got %t, want %t", test.name, got, test.want)
		}
	}
}

func TestLockedErrorNamesHost(t *testing.T) {
	holder := Holder{Command: "granary fetch", PID: 7, Host: "nowhere.invalid"}
	err := &LockedError{Dir: "d", Holder: holder}
	want := "disk d is in use by granary fetch (process 7 on nowhere.invalid)"
	if err.Error() != want {
		t.Errorf("got %s, want %s", err, want)
	}
	f, openErr := os.Create(filepath.Join(t.TempDir(), "lock"))
	check(t, openErr)
	defer f.Close()
	f.WriteString("not json")
	if got := readHolder(f); got != (Holder{}) {
		t.Errorf("got %v, want nothing", got)
	}
	err.Holder = Holder{}
	if got, want := err.Error(), "disk d is in use by another process"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
