package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// A program is one call of a version control program.
type program struct {
	checkout *checkout
	name     string
	args     []string
	dir      string    // where it runs
	stdin    string    // what it reads
	stdout   io.Writer // nil: what it writes counts as its messages
	// meter is the folder that grows as bytes come from the server. If it is not
	// "", then silence ends the program, and so does too large a folder.
	meter string
	size  int64 // of that folder before, in bytes
}

// run runs the program to its end. The error is ctx's, the machine's, or a
// *failure with the program's own words.
func (p *program) run(ctx context.Context) error {
	watched, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	cmd := exec.CommandContext(watched, p.name, p.args...)
	cmd.Env, cmd.Dir, cmd.WaitDelay = p.checkout.env, p.dir, time.Second
	cmd.Stdin = strings.NewReader(p.stdin)
	cmd.Cancel = func() error { return kill(cmd) }
	ownSession(cmd)
	words := &words{}
	cmd.Stderr, cmd.Stdout = words, p.stdout
	if p.stdout == nil {
		cmd.Stdout = words
	}
	if p.meter != "" {
		p.size = folderSize(p.meter)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	var guard sync.WaitGroup
	if p.meter != "" {
		guard.Go(func() { p.guard(watched, cmd.Process.Pid, words, cancel) })
	}
	err := cmd.Wait()
	cause := context.Cause(watched)
	cancel(nil)
	guard.Wait()
	return p.outcome(ctx, cause, err, words)
}

func (p *program) outcome(ctx context.Context, cause, err error, words *words) error {
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil, errors.Is(err, exec.ErrWaitDelay): // something else has its stderr still
		return nil
	case cause == errSilence:
		f := classifyError(errSilence)
		f.detail = errSilence.Error()
		return f
	case cause == errTooLarge:
		return &failure{reason: ReasonTooLarge, detail: errTooLarge.Error()}
	}
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return err
	}
	otherwise := ReasonNetwork
	if p.meter == "" {
		otherwise = ReasonBadArchive
	}
	f := words.failure(otherwise)
	switch {
	case !words.diskFull():
		return f
	case p.checkout.run.workplace.stray: // where there is room for other sources
		return &failure{reason: ReasonTooLarge, detail: f.detail}
	}
	return fmt.Errorf("%s: %w", p.name, syscall.ENOSPC)
}

// guard looks after a program that talks to a server until ctx ends.
func (p *program) guard(
	ctx context.Context, pid int, words *words, cancel context.CancelCauseFunc,
) {
	c, seen := p.checkout, p.size
	tick := time.NewTicker(min(max(c.run.timeout/4, 10*time.Millisecond), time.Second))
	defer tick.Stop()
	life := lifeSigns{pid: pid, last: time.Now()}
	for {
		select {
		case <-ctx.Done():
			c.count(p.meter, &seen)
			return
		case <-tick.C:
		}
		grown := c.count(p.meter, &seen)
		if limit := c.run.maxSize; limit > 0 && seen > limit {
			cancel(errTooLarge)
		}
		if words.news() || grown {
			life.seen()
		}
		if life.silent(c.run.timeout) {
			cancel(errSilence)
		}
	}
}

// count adds to what was received by how much the folder has grown beyond seen.
func (c *checkout) count(folder string, seen *int64) (grown bool) {
	size := folderSize(folder)
	if size <= *seen {
		return false
	}
	c.received += size - *seen
	c.run.bytes.Add(size - *seen)
	c.transfer.received.Add(size - *seen)
	*seen = size
	return true
}

// lifeSigns tell a program that works from one that waits for a server.
type lifeSigns struct {
	pid    int
	last   time.Time // of the last sign
	looked time.Time // when cpu was taken, after half of the silence; zero: not yet
	cpu    int64
}

func (l *lifeSigns) seen() { l.last, l.looked = time.Now(), time.Time{} }

// silent tells whether there was no sign for longer than timeout. A program that
// was on a CPU for a hundredth of the time is at work: git says nothing while it
// looks through a long history. One that waits takes less than a thousandth.
func (l *lifeSigns) silent(timeout time.Duration) bool {
	now := time.Now()
	switch quiet := now.Sub(l.last); {
	case quiet > timeout:
		worked := time.Duration(cpuTime(l.pid)-l.cpu) * 10 * time.Millisecond
		if !l.looked.IsZero() && worked > now.Sub(l.looked)/100 {
			l.seen()
			return false
		}
		return true
	case quiet > timeout/2 && l.looked.IsZero():
		l.looked, l.cpu = now, cpuTime(l.pid)
	}
	return false
}

// passedOn are the variables that the programs get from granary's environment.
var passedOn = []string{
	"PATH", "http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
	"no_proxy", "NO_PROXY", "GIT_PROXY_COMMAND", "SOCKS_SERVER", "SSL_CERT_FILE",
	"SSL_CERT_DIR", "NIX_SSL_CERT_FILE", "GIT_SSL_CAINFO", "SSH_AUTH_SOCK",
}

// sshCommand never asks for a password or whether to trust a host, and leaves
// nothing running.
const sshCommand = "ssh -o BatchMode=yes -o ControlMaster=no -o ControlPath=none"

// environment returns all that the programs see of this machine's settings.
func (c *checkout) environment(home string) []string {
	protocols := strings.Join(git.schemes, ":")
	if c.file {
		protocols += ":file"
	}
	env := []string{
		"HOME=" + home, "TMPDIR=" + home, "XDG_CONFIG_HOME=" + home, "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_ATTR_NOSYSTEM=1", "GIT_TERMINAL_PROMPT=0",
		"GIT_ALLOW_PROTOCOL=" + protocols, "GIT_SSH_COMMAND=" + sshCommand,
		"SVN_SSH=" + sshCommand, "HGRCPATH=" + home + "/hgrc", "HGPLAIN=1",
		"HGPLAINEXCEPT=progress", "HGENCODING=UTF-8",
	}
	for _, name := range passedOn {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}
