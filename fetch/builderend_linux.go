package fetch

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endWithBuilders has cmd end with all that it has started, when its context is done. Nix
// by itself may leave a builder that was just about to begin.
func endWithBuilders(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		pid := cmd.Process.Pid
		// While it is stopped, it starts nothing more.
		_ = cmd.Process.Signal(syscall.SIGSTOP)
		endDescendants(pid, func() bool { return isStopped(pid) })
		err := cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Process.Signal(syscall.SIGCONT)
		// It may have been so far that it starts one all the same.
		endDescendants(pid, func() bool { return isGone(pid) })
		return err
	}
}

// endDescendants ends what a process has started, and what these have, until enough is
// true and nothing is left.
func endDescendants(pid int, enough func() bool) {
	const patience = 500 * time.Millisecond
	for begin := time.Now(); time.Since(begin) < patience; time.Sleep(time.Millisecond) {
		was := enough()
		left := slices.DeleteFunc(descendants(pid), process.hasEnded)
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		if was && len(left) == 0 {
			return
		}
	}
}

// isGone tells whether a process has ended.
func isGone(pid int) bool {
	p, ok := readProcess("/proc/" + strconv.Itoa(pid) + "/stat")
	return !ok || p.hasEnded()
}

// isStopped tells whether no thread of a process runs.
func isStopped(pid int) bool {
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(pid) + "/task/*/stat")
	for _, file := range threads {
		if p, ok := readProcess(file); ok && p.state != "T" && !p.hasEnded() {
			return false
		}
	}
	return true
}

// A process is one of this machine's.
type process struct {
	pid, parent int
	state       string // see proc(5)
}

// hasEnded tells whether there is nothing left but how it ended.
func (p process) hasEnded() bool { return p.state == "Z" || p.state == "X" }

// descendants returns what a process has started, and what these have.
func descendants(pid int) []process {
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	children := map[int][]process{}
	for _, file := range files {
		if p, ok := readProcess(file); ok {
			children[p.parent] = append(children[p.parent], p)
		}
	}
	found := children[pid]
	for i := 0; i < len(found); i++ {
		found = append(found, children[found[i].pid]...)
	}
	return found
}

// readProcess reads a file stat. It is false if there is no such process any more.
func readProcess(file string) (p process, ok bool) {
	text, err := os.ReadFile(file)
	if err != nil {
		return p, false
	}
	// proc(5): "pid (name) state parent".
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	if len(fields) < 2 {
		return p, false
	}
	p.pid, _ = strconv.Atoi(filepath.Base(filepath.Dir(file)))
	p.parent, _ = strconv.Atoi(fields[1])
	p.state = fields[0]
	return p, true
}
