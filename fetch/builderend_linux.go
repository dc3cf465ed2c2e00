package fetch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// endWithBuilders has cmd asked to end when its context is done. The function that it
// returns is to be called when cmd has ended: it ends what cmd had started by then and
// has left, such as a builder that was just about to begin.
func endWithBuilders(cmd *exec.Cmd) (endLeft func()) {
	var started []process
	cmd.Cancel = func() error {
		// While it is stopped, it starts nothing more.
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		started = descendants(cmd.Process.Pid)
		err := cmd.Process.Signal(syscall.SIGTERM)
		return errors.Join(err, cmd.Process.Signal(syscall.SIGCONT))
	}
	return func() {
		for _, p := range started {
			if now, ok := readProcess(p.pid); ok && now.begin == p.begin {
				_ = syscall.Kill(p.pid, syscall.SIGKILL)
			}
		}
	}
}

// A process is one of this machine's.
type process struct {
	pid, parent int
	begin       string // when it was started: a number may be given anew
	state       string // "Z": it has ended, and nobody has asked how
}

// descendants returns what a process has started, and what these have.
func descendants(pid int) (found []process) {
	files, _ := filepath.Glob("/proc/[0-9]*")
	children := map[int][]process{}
	for _, file := range files {
		number, _ := strconv.Atoi(filepath.Base(file))
		if p, ok := readProcess(number); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	found = children[pid]
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	return found
}

// readProcess is false if there is no such process any more.
func readProcess(pid int) (process, bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return process{}, false
	}
	// proc(5): after "pid (name)" the fields 3 and on.
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 20 {
		return process{}, false
	}
	parent, _ := strconv.Atoi(fields[1])
	return process{pid, parent, fields[19], fields[0]}, true
}
