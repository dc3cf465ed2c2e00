// Granary harvests the sources of a Nix package set onto a disk.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// The exit statuses that scripts rely on.
const (
	exitError       = 1
	exitUsage       = 2
	exitIncomplete  = 3
	exitInterrupted = 130
)

// errIncomplete means that all went well, but that sources are missing,
// failed or damaged. What there is to say of that has been said.
var errIncomplete = errors.New("incomplete")

// usageError is a wrong command line.
type usageError struct{ error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// run is the program: it returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	a := &app{stdout: stdout, stderr: stderr}
	root := newRoot(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
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
	a.sayf("granary: %s", printable(err.Error()))
	var usage usageError
	if errors.As(err, &usage) {
		a.sayf("granary: hint: granary help shows the commands, granary COMMAND --help its flags")
		return exitUsage
	}
	if text := hint(err); text != "" {
		a.sayf("granary: hint: %s", text)
	}
	return exitError
}

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "granary",
		Short: "Harvest the sources of a Nix package set onto a disk",
		Long: "Granary harvests the sources of a Nix package set onto a disk: it evaluates the set,\n" +
			"records every source in DISK/granary.db, and fetches each with its hash checked.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("unknown command %q", args[0])}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	flags := root.PersistentFlags()
	flags.StringVar(&a.diskDir, "disk", defaultDisk(), "the disk: a folder; default $GRANARY_DISK")
	flags.BoolVar(&a.json, "json", false, "print one JSON object a line")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "no messages and no progress")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more")
	root.AddCommand(newHarvest(a), newEval(a), newFetch(a), newStatus(a), newSources(a),
		newAttrs(a), newSnapshots(a), newMan(root))
	return root
}

func defaultDisk() string {
	if dir := os.Getenv("GRANARY_DISK"); dir != "" {
		return dir
	}
	return "./granary-disk"
}

// noArgs and atMostOne are cobra's checks with granary's exit status.
func noArgs(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("unexpected argument %q", args[0])}
	}
	return nil
}

func atMostOne(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usageError{fmt.Errorf("unexpected argument %q", args[1])}
	}
	return nil
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
