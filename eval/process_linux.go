package eval

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// ownGroup keeps a terminal's Ctrl-C away from the child: granary ends it
// itself, and it dies with granary.
func ownGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func kill(cmd *exec.Cmd) { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// residentMemory returns the resident set of a process in bytes, 0 if it is
// gone.
func residentMemory(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// memoryFolder is a file system in memory, if it is there.
const memoryFolder = "/dev/shm"

// memoryFolderFree returns the bytes that are free there.
func memoryFolderFree() int64 {
	var info syscall.Statfs_t
	if syscall.Statfs(memoryFolder, &info) != nil {
		return 0
	}
	return int64(info.Bavail) * info.Bsize
}

// machineMemory returns the machine's memory in bytes, 0 if unknown.
func machineMemory() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 0
	}
	return int64(info.Totalram) * int64(info.Unit)
}
