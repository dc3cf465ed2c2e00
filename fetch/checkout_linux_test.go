package fetch

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"granary"
)

// newProgram returns a call of bash in a checkout that has a timeout.
func newProgram(t *testing.T, timeout time.Duration, script string) *program {
	t.Helper()
	s := newShed(t)
	s.fetcher.Timeout = timeout
	r, err := s.fetcher.newRun(nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.newCheckout(&granary.Source{}, "http://x/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.remove(context.Background()) })
	return &program{checkout: c, name: "bash", args: []string{"-c", script}, dir: c.dir, meter: c.dir}
}

func TestSilence(t *testing.T) {
	const timeout = time.Second
	tests := []struct{ name, script, want string }{
		{"silent", "sleep 20", "timeout: the server fell silent"},
		{"at work", "while [ $SECONDS -lt 3 ]; do :; done", ""},
		{"talks", "for i in 1 2 3 4 5; do sleep 0.4; echo $i; done", ""},
		{"receives", "for i in 1 2 3 4 5; do sleep 0.4; echo $i >> file; done", ""},
		{"fails", "echo fatal: words >&2; exit 1", "network error: fatal: words"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := newProgram(t, timeout, test.script).run(t.Context()); err != nil {
				got = err.Error()
			}
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// A full disk ends the run; full temporary files elsewhere only the source.
func TestDiskFull(t *testing.T) {
	p := newProgram(t, time.Second, "echo fatal: write error: No space left on device >&2; exit 1")
	if err := p.run(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	p.checkout.run.workplace.stray = true
	var f *failure
	if err := p.run(t.Context()); !errors.As(err, &f) || f.reason != ReasonTooLarge {
		t.Errorf("got %v", err)
	}
}

// With a program all that it has started ends, and nothing of the user's
// settings reaches it.
func TestProgramEnds(t *testing.T) {
	t.Setenv("GIT_CONFIG_PARAMETERS", "'core.x=y'")
	p := newProgram(t, 300*time.Millisecond,
		`sleep 100 & echo $! > child; env > env; git config --list --show-scope > config; wait`)
	var f *failure
	if err := p.run(t.Context()); !errors.As(err, &f) || f.reason != ReasonTimeout {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(p.checkout.path("child"))
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if err = syscall.Kill(pid, 0); err != nil || zombie(pid) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err == nil && !zombie(pid) {
		t.Error("the child is there still")
	}
	env, err := os.ReadFile(p.checkout.path("env"))
	if err != nil || strings.Contains(string(env), "GIT_CONFIG_PARAMETERS") {
		t.Errorf("got %s, %v", env, err)
	}
	if config, err := os.ReadFile(p.checkout.path("config")); err != nil || len(config) != 0 {
		t.Errorf("got configuration %s, %v", config, err)
	}
}

// zombie tells whether nobody has asked yet how the process ended.
func zombie(pid int) bool {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(text), ") Z ")
}

func TestHoldsTrees(t *testing.T) {
	if dir := t.TempDir(); !holdsTrees(dir) {
		t.Errorf("%s does not hold trees", dir)
	}
	if holdsTrees("/proc/self") {
		t.Error("/proc holds trees")
	}
}
