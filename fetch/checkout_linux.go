package fetch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// ownSession keeps a terminal, its Ctrl-C and its questions for a password, away
// from the program: granary ends it itself, and it dies with granary.
func ownSession(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// kill ends the program and all that it has started.
func kill(cmd *exec.Cmd) error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }

// cpuTime returns the time on a CPU of all processes in the session of pid, in
// hundredths of a second.
func cpuTime(pid int) (sum int64) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// proc(5): after "pid (name)" the fields 3 and on.
		name := strings.LastIndexByte(string(text), ')')
		fields := strings.Fields(string(text[name+1:]))
		if len(fields) < 15 || fields[3] != strconv.Itoa(pid) {
			continue
		}
		for _, field := range fields[11:15] { // its own and that of its children
			n, _ := strconv.ParseInt(field, 10, 64)
			sum += n
		}
	}
	return sum
}
