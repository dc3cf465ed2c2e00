package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// interrupt is a program, `interrupt SIGNALS FILE COMMAND ARG...`: it runs a
// command until a file that FILE matches is there, sends it the signals (INT,
// TERM, or several with commas), and ends with its exit status. A command that
// then takes longer than two seconds, or half a second after the second signal,
// is an error, 99. With "full," before the signals, nobody reads the command's
// output, so that it waits for ever and does not see the first signal.
func interrupt() {
	status, err := runInterrupted(os.Args[1], os.Args[2], os.Args[3:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "interrupt:", err)
		status = 99
	}
	os.Exit(status)
}

func runInterrupted(signals, file string, command []string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	signals, full := strings.CutPrefix(signals, "full,")
	if full {
		r, w, err := fullPipe()
		if err != nil {
			return 0, err
		}
		defer r.Close()
		defer w.Close()
		cmd.Stdout = w
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	if err := waitFor(file, ended); err != nil {
		cmd.Process.Kill()
		return 0, err
	}
	return end(cmd, ended, strings.Split(signals, ","))
}

func end(cmd *exec.Cmd, ended <-chan error, signals []string) (int, error) {
	limit := 2 * time.Second
	for i, name := range signals {
		if i > 0 {
			time.Sleep(100 * time.Millisecond) // two at once would be one
			limit = 500 * time.Millisecond
		}
		signal := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[name]
		if err := cmd.Process.Signal(signal); err != nil {
			return 0, err
		}
	}
	select {
	case err := <-ended:
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) {
			return 0, err
		}
		return cmd.ProcessState.ExitCode(), nil
	case <-time.After(limit):
		cmd.Process.Kill()
		return 0, fmt.Errorf("%s runs on %s after a signal", cmd.Path, limit)
	}
}

func waitFor(pattern string, ended <-chan error) error {
	deadline := time.After(20 * time.Second)
	for {
		if found, _ := filepath.Glob(pattern); len(found) > 0 {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("it ended before %s was there: %v", pattern, err)
		case <-deadline:
			return fmt.Errorf("%s never was there", pattern)
		case <-time.After(pollInterval):
		}
	}
}

// fullPipe returns a pipe into which nothing more can be written.
func fullPipe() (r, w *os.File, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, err
	}
	if err := w.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return nil, nil, err
	}
	for {
		if _, err := w.Write(make([]byte, 4096)); err != nil {
			return r, w, nil // it is full
		}
	}
}

// pollInterval is how often a file is looked for.
const pollInterval = 5 * time.Millisecond
