package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is what a process used. Memory and CPU are the process's own, without
// its children's, but for cpuAll.
type usage struct {
	wall   time.Duration
	memory int64 // largest resident set, bytes
	cpu    time.Duration
	cpuAll time.Duration // with the children that it waited for
	stdout []byte
	stderr string
	status int
}

// measure runs a program with the environment that Nix needs here. Exit status
// 3 is no error: that sources are missing is not what is measured.
func (b *bench) measure(ctx context.Context, dir, name string, args ...string) (usage, error) {
	if b.chroot != "" {
		name, args = "chroot", append([]string{b.chroot, name}, args...)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "NIX_CONFIG=build-users-group =", "XDG_CACHE_HOME="+dir,
		"XDG_DATA_HOME="+dir, "XDG_STATE_HOME="+dir, "HOME="+dir,
		"NIXPKGS_ALLOW_UNFREE=1", "NIXPKGS_ALLOW_BROKEN=1",
		"NIXPKGS_ALLOW_UNSUPPORTED_SYSTEM=1", "NIXPKGS_ALLOW_INSECURE=1")
	return run(cmd)
}

// run runs a program and watches it. Its output is kept unless it goes elsewhere.
func run(cmd *exec.Cmd) (usage, error) {
	var stdout, stderr bytes.Buffer
	if cmd.Stdout == nil {
		cmd.Stdout = &stdout
	}
	cmd.Stderr = &stderr
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return usage{}, err
	}
	var u usage
	stop := make(chan struct{})
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		u.watch(cmd.Process.Pid, stop)
	}()
	err := cmd.Wait()
	u.wall = time.Since(begin)
	close(stop)
	<-watched
	u.stdout, u.stderr, u.status = stdout.Bytes(), stderr.String(), cmd.ProcessState.ExitCode()
	u.cpuAll = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err != nil && u.status != 3 {
		return u, fmt.Errorf("%s: %w\n%s", cmd, err, tail(u.stderr))
	}
	return u, nil
}

func tail(s string) string { return s[max(0, len(s)-2000):] }

// watch samples a process until stop is closed.
func (u *usage) watch(pid int, stop chan struct{}) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		if memory := highWater(pid); memory > u.memory {
			u.memory = memory
		}
		if cpu := cpuTime(pid); cpu > u.cpu {
			u.cpu = cpu
		}
		select {
		case <-stop:
			return
		case <-tick.C:
		}
	}
}

func highWater(pid int) int64 { return statusSize(pid, "VmHWM:") }

// statusSize returns a size that /proc/PID/status has, in bytes; 0 if it has none.
func statusSize(pid int, field string) int64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, ok := strings.Cut(string(text), field)
	if !ok {
		return 0
	}
	kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
	return kib << 10
}

func cpuTime(pid int) time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, ok := strings.Cut(string(text), ") ")
	if !ok {
		return 0
	}
	fields := strings.Fields(rest)
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond // USER_HZ is 100
}

// removeAll removes a folder in which there may be Nix stores, which are
// read-only.
func removeAll(dir string) {
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(dir)
}
