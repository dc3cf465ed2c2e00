package main

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
)

// evalFlags say what to evaluate and how.
type evalFlags struct {
	attrs, systems, sets                  []string
	config, snapshot                      string
	unfree, broken, unsupported, insecure bool
	workers                               int
	workerMemory                          size
	subject                               subjectFlags
}

func (f *evalFlags) add(cmd *cobra.Command) {
	f.subject.add(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.attrs, "attr", nil,
		"evaluate the attribute at `PATH` only (repeatable)")
	flags.StringArrayVar(&f.systems, "system", nil,
		"evaluate for this `SYSTEM`, such as aarch64-linux (repeatable; default: this machine's)")
	flags.StringSliceVar(&f.sets, "sets", nil,
		"enter these package `SETS` too, though Nix does not by itself: a,b; all: every\n"+
			"one at the top, such as haskellPackages, but not pkgsCross and the like")
	flags.StringVar(&f.config, "config", "",
		"nixpkgs' config: an attribute set in the `NIX` language")
	flags.StringVar(&f.snapshot, "snapshot", "",
		"`NAME` of the snapshot (default: made of tree, revision and system)")
	flags.BoolVar(&f.unfree, "unfree", false, "evaluate unfree packages too")
	flags.BoolVar(&f.broken, "broken", false, "evaluate packages that are marked broken too")
	flags.BoolVar(&f.unsupported, "unsupported", false,
		"evaluate packages that do not support the system too")
	flags.BoolVar(&f.insecure, "insecure", false, "evaluate packages with known vulnerabilities too")
	flags.IntVar(&f.workers, "workers", 0,
		"evaluate with `N` processes (default: one a CPU, at most 8)")
	flags.Var(&f.workerMemory, "worker-memory",
		"most memory of an evaluating process, a `SIZE` such as 4G (default: an equal share "+
			"of three quarters of the machine's)")
}

// systemPattern is the form of a system: CPU-KERNEL. Which there are, the tree
// knows.
var systemPattern = regexp.MustCompile(`^[a-z0-9_]+-[a-z0-9_]+$`)

// check finds what is wrong with the flags before anything is done.
func (f *evalFlags) check() error {
	for _, system := range f.systems {
		if !systemPattern.MatchString(system) {
			return &usageError{
				cause: fmt.Errorf("--system %q: not a system", system),
				hint:  "systems are named as x86_64-linux, aarch64-linux and aarch64-darwin are",
			}
		}
	}
	if f.workers < 0 {
		return usagef("--workers %d: too small", f.workers)
	}
	return f.subject.check()
}

// options says for people, and for telling snapshots apart, what the
// evaluation was told beyond tree and system.
func (f *evalFlags) options() string {
	words := f.subject.options()
	for _, attr := range f.attrs {
		words = append(words, "--attr "+attr)
	}
	for _, set := range f.sets {
		words = append(words, "--sets "+set)
	}
	if f.config != "" {
		words = append(words, "--config "+f.config)
	}
	for _, flag := range []struct {
		on   bool
		name string
	}{{f.unfree, "--unfree"}, {f.broken, "--broken"},
		{f.unsupported, "--unsupported"}, {f.insecure, "--insecure"}} {
		if flag.on {
			words = append(words, flag.name)
		}
	}
	return strings.Join(words, " ")
}

func newEval(a *app) *cobra.Command {
	flags := new(evalFlags)
	net := new(netFlags)
	cmd := &cobra.Command{
		Use:   "eval [TREE]",
		Short: "Evaluate a package set and record a snapshot",
		Long: "Evaluates TREE and records every attribute, derivation and source in the\n" +
			"catalog. What does not evaluate is recorded with its error.\n\n" +
			"TREE is a folder with a default.nix, <nixpkgs> (the default), a tarball such as\n" +
			"nixexprs.tar.xz (file or URL), or a channel's name such as nixos-unstable. A\n" +
			"tarball is unpacked once and kept on the disk.\n\n" +
			"--nixos, --expr, --file and --flake name something else to evaluate. TREE is\n" +
			"then what <nixpkgs> means in it; a flake has no use for one.\n\n" +
			"What an expression downloads while it is evaluated is recorded as a source, if\n" +
			"it names a hash, and taken from the disk once that holds it: granary harvest\n" +
			"does both.\n\n" +
			"Nix evaluates in a scratch store, with nothing of the user's configuration,\n" +
			"without a network, and builds nothing. It must be Nix 2.8 or later, or what the\n" +
			"tree asks for: nixpkgs of today needs 2.18.",
		Example: "  granary eval ~/nixpkgs --disk /mnt/usb\n" +
			"  granary eval nixos-unstable --system x86_64-linux --system aarch64-linux\n" +
			"  granary eval '<nixpkgs>' --attr firefox --attr haskellPackages.pandoc\n" +
			"  granary eval --nixos /etc/nixos/configuration.nix\n" +
			"  granary eval --flake ~/project#default",
		Args: atMostOne,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := net.check(); err != nil {
				return err
			}
			job, err := a.newEvaluation(ctx, flags, args)
			if err != nil {
				return err
			}
			if err := a.openForWriting(ctx, "eval"); err != nil {
				return err
			}
			return job.evaluate(ctx, net)
		},
	}
	flags.add(cmd)
	net.add(cmd)
	return cmd
}

func (a *app) reportSnapshot(e *evaluated) error {
	s := e.snapshot
	if a.json {
		if err := a.printJSON(snapshotJSON(s)); err != nil {
			return err
		}
	} else {
		a.notef("snapshot %s: %s, %s (%s new), %s; took %s", s.Name,
			count(s.Attributes-s.Errors, "attribute"), count(s.Derivations, "derivation"),
			thousands(e.summary.Derivations), count(s.Sources, "source"), exactly(e.took))
		if s.Errors > 0 {
			a.notef("%s did not evaluate: granary attrs --errors lists them",
				count(s.Errors, "attribute"))
		}
	}
	a.noteFetches(e)
	if e.summary.PeakMemory > 0 { // else it was over before anybody looked
		a.debugf("the evaluating processes took at most %s together", bytes(e.summary.PeakMemory))
	}
	return nil
}

// noteFetches says what can be done about attributes that download something
// while they are evaluated.
func (a *app) noteFetches(e *evaluated) {
	if e.waiting > 0 {
		a.notef("%s of these: what they download while they are evaluated is not held: "+
			"granary fetch, and then eval once more (granary harvest does both)",
			count(e.waiting, "attribute"))
	}
	if e.unpinned > 0 {
		a.notef("%s of these: what they download while they are evaluated has no hash in "+
			"the expression, and is never fetched", count(e.unpinned, "attribute"))
	}
}

func (a *app) debugf(format string, args ...any) {
	if a.verbose {
		a.notef(format, args...)
	}
}
