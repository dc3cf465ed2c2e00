// Granary harvests the sources of a Nix package set onto a disk.
package main

import (
	"context"
	"errors"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"
)

// The exit statuses that scripts rely on.
const (
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitInterrupted = 130
)

// grace is how long an interrupted command may take to end. What it has
// written by then is whole, whenever it ends.
const grace = 1800 * time.Millisecond

// errIncomplete means that all went well, but that sources are missing,
// failed or damaged. What there is to say of that has been said.
var errIncomplete = errors.New("incomplete")

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	status := make(chan int, 1)
	go func() { status <- run(ctx, os.Args[1:], os.Stdout, os.Stderr) }()
	os.Exit(await(status, cancel))
}

// await returns the exit status. A signal cancels the command, which then has
// some time to end; a second signal ends it at once.
func await(status <-chan int, cancel func()) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup ignores it
		signal.Notify(signals, syscall.SIGHUP)
	}
	select {
	case s := <-status:
		return s
	case <-signals:
		cancel()
	}
	select {
	case s := <-status:
		return s
	case <-signals:
	case <-time.After(grace):
	}
	return exitInterrupted
}

// run is the program: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := newRoot(a)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	a.close()
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		a.sayf("granary: interrupted; all that was finished is kept")
		return exitInterrupted
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	}
	a.sayf("granary: %s", a.oneLine(err))
	text, status := hint(err), exitError
	var usage *usageError
	if errors.As(err, &usage) {
		text, status = usage.hint, exitUsage
		if text == "" {
			text = cmd.CommandPath() + " --help shows how to use it"
		}
	}
	if text != "" {
		a.sayf("granary: hint: %s", printable(lineBreaks.ReplaceAllString(text, " ")))
	}
	return status
}

var lineBreaks = regexp.MustCompile(`\s*\n\s*`)

// oneLine returns the error's text on one line; -v does not shorten it.
func (a *app) oneLine(err error) string {
	const most = 500 // runes
	text := printable(lineBreaks.ReplaceAllString(strings.TrimSpace(err.Error()), " "))
	if short := []rune(text); len(short) > most && !a.verbose {
		return string(short[:most]) + "… (-v shows all of it)"
	}
	return text
}

// printable replaces what could move a terminal's cursor or change its state:
// names and messages come from strangers.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || r >= ' ' && r != 0x7f && (r < 0x80 || r > 0x9f) {
			return r
		}
		return '�'
	}, s)
}
