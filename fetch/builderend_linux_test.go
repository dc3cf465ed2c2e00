package fetch

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// TestEndWithBuilders ends a program that leaves what it has started.
func TestEndWithBuilders(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	// In sessions of their own, as builders are; the shell ends, and they do not.
	cmd := exec.CommandContext(ctx, "sh", "-c",
		"trap 'exit 1' TERM; setsid sh -c 'trap : TERM; sleep 7654323 & wait; wait' & echo begun; wait")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.WaitDelay = time.Second
	endLeft := endWithBuilders(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 10)); err != nil {
		t.Fatal(err)
	}
	var started []process
	for len(started) < 2 {
		started = descendants(cmd.Process.Pid)
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "exit status 1") {
		t.Errorf("got %v", err)
	}
	endLeft()
	deadline := time.Now().Add(5 * time.Second)
	for _, p := range started {
		for runs(p) {
			if time.Now().After(deadline) {
				t.Fatalf("process %d was left", p.pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// runs tells whether a process is there, and did not end: nobody may wait for it.
func runs(p process) bool {
	now, ok := readProcess(p.pid)
	return ok && now.begin == p.begin && now.state != "Z"
}
