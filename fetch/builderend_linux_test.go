package fetch

import (
	"context"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// TestEndWithBuilders ends a program that leaves what it has started.
func TestEndWithBuilders(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	// A builder has a session of its own, and more below it.
	cmd := exec.CommandContext(ctx, "sh", "-c",
		"trap 'exit 1' TERM; setsid sh -c 'trap : TERM; sleep 3600 & wait; wait' & wait")
	cmd.WaitDelay = 10 * time.Second
	endWithBuilders(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var started []process
	for len(started) < 2 {
		started = descendants(cmd.Process.Pid)
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("it ended well")
	}
	runs := func(p process) bool { return !isGone(p.pid) }
	if slices.ContainsFunc(started, runs) {
		t.Errorf("one of %v was left", started)
	}
}
