package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/eval"
	"granary/hashes"
)

// evalFlags say what to evaluate and how.
type evalFlags struct {
	attrs, systems, sets                  []string
	config, snapshot                      string
	unfree, broken, unsupported, insecure bool
	workers                               int
	workerMemory                          size
}

func (f *evalFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.attrs, "attr", nil,
		"evaluate the attribute at `PATH` only (repeatable)")
	flags.StringArrayVar(&f.systems, "system", nil,
		"evaluate for this `SYSTEM`, such as aarch64-linux (repeatable; default: this machine's)")
	flags.StringSliceVar(&f.sets, "sets", nil,
		"enter these package `SETS` too, though Nix does not by itself: a,b")
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
	return nil
}

// options says for people, and for telling snapshots apart, what the
// evaluation was told beyond tree and system.
func (f *evalFlags) options() string {
	var words []string
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
			"Nix evaluates in a scratch store, with nothing of the user's configuration,\n" +
			"without a network, and builds nothing. It must be Nix 2.8 or later, or what the\n" +
			"tree asks for: nixpkgs of today needs 2.18.",
		Example: "  granary eval ~/nixpkgs --disk /mnt/usb\n" +
			"  granary eval nixos-unstable --system x86_64-linux --system aarch64-linux\n" +
			"  granary eval '<nixpkgs>' --attr firefox --attr haskellPackages.pandoc",
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
			return job.run(ctx, net)
		},
	}
	flags.add(cmd)
	net.add(cmd)
	return cmd
}

// evaluation is what the command line asks to evaluate, checked as far as that
// is possible before the disk is opened.
type evaluation struct {
	*app
	flags      *evalFlags
	name       string // TREE
	attrs      []eval.AttrPath
	sets       []eval.AttrPath
	systems    []string
	nix        eval.Nix
	nixVersion string
}

func (a *app) newEvaluation(
	ctx context.Context, f *evalFlags, args []string,
) (*evaluation, error) {
	e := &evaluation{app: a, flags: f, name: "<nixpkgs>", systems: f.systems}
	if len(args) > 0 {
		e.name = args[0]
	}
	var err error
	if e.attrs, err = attrPaths("--attr", f.attrs); err != nil {
		return nil, err
	}
	if e.sets, err = attrPaths("--sets", f.sets); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := checkTree(e.name); err != nil {
		return nil, err
	}
	if e.nixVersion, err = checkedNix(ctx, e.nix); err != nil {
		return nil, err
	}
	if err := e.nix.CheckConfig(ctx, f.config); err != nil {
		return nil, usagef("--config: %w", err)
	}
	if len(e.systems) == 0 {
		system, err := e.nix.System(ctx)
		if err != nil {
			return nil, err
		}
		e.systems = []string{system}
	}
	return e, nil
}

// run records a snapshot for each system. net says how to download a tree.
func (e *evaluation) run(ctx context.Context, net *netFlags) error {
	tree, err := e.findTree(ctx, e.nix, net, e.name)
	if err != nil {
		return err
	}
	for _, system := range e.systems {
		s := catalog.Snapshot{
			Tree: tree.name, System: system, Options: e.flags.options(), Nix: e.nixVersion,
			Name: e.flags.snapshot,
		}
		if s.Name != "" && len(e.systems) > 1 {
			s.Name += "-" + system
		}
		if err := e.evaluateSystem(ctx, e.evaluator(tree.path, system), s, tree); err != nil {
			return e.explain(err)
		}
	}
	return nil
}

// explain says of a tree that wants a newer Nix which Nix evaluated it.
func (e *evaluation) explain(err error) error {
	var tree *eval.TreeError
	if errors.As(err, &tree) && tree.NixTooOld() {
		return &oldNixError{tree: tree, have: e.nixVersion}
	}
	return err
}

func (e *evaluation) evaluator(tree, system string) *eval.Evaluator {
	f := e.flags
	return &eval.Evaluator{
		Nix: e.nix, Tree: tree, System: system, Config: f.config, Attrs: e.attrs, Sets: e.sets,
		Unfree: f.unfree, Broken: f.broken, Unsupported: f.unsupported, Insecure: f.insecure,
		Workers: f.workers, WorkerMemory: int64(f.workerMemory), Log: e.logger(),
	}
}

func attrPaths(flag string, texts []string) ([]eval.AttrPath, error) {
	var paths []eval.AttrPath
	for _, text := range texts {
		path, ok := eval.ParseAttrPath(text)
		if !ok {
			return nil, usagef("%s %q: not an attribute path", flag, text)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// evaluateSystem evaluates and records one snapshot. The tree's revision may
// take a while to find out, so that is done meanwhile.
func (a *app) evaluateSystem(
	ctx context.Context, e *eval.Evaluator, s catalog.Snapshot, tree tree,
) error {
	begin := time.Now()
	recorder, err := a.catalog.Record(ctx)
	if err != nil {
		return err
	}
	e.Known = recorder.Known()
	revision := startRevision(ctx, tree)
	show := a.evalProgress(tree.label, s.System)
	e.Progress = show.update
	summary, err := e.Run(ctx, func(b eval.Batch) error {
		if err := recorder.AddMirrors(ctx, b.Mirrors); err != nil {
			return err
		}
		return recorder.Add(ctx, b.Derivations, b.Attributes, b.Calls)
	})
	show.end()
	if err != nil {
		return err
	}
	if s.Revision, err = revision(); err != nil {
		return err
	}
	if s.Name == "" {
		s.Name = snapshotName(tree.label, s)
	}
	s.Evaluated = time.Now()
	if s, err = recorder.Finish(ctx, s); err != nil {
		return err
	}
	return a.reportSnapshot(s, summary, time.Since(begin))
}

// snapshotName returns a name that says tree, revision and system, and differs
// where the options do.
func snapshotName(label string, s catalog.Snapshot) string {
	revision := s.Revision
	if h, err := hashes.Parse(revision); err == nil {
		revision = h.Base16()
	}
	short := revision[:min(8, len(revision))]
	if strings.HasSuffix(revision, dirty) {
		short += dirty
	}
	name := label + "-" + short + "-" + s.System
	if s.Options != "" {
		name += fmt.Sprintf("-%x", sha256.Sum256([]byte(s.Options)))[:7]
	}
	return name
}

func (a *app) reportSnapshot(s catalog.Snapshot, sum eval.Summary, took time.Duration) error {
	if a.json {
		return a.printJSON(snapshotJSON(s))
	}
	a.notef("snapshot %s: %s, %s (%s new), %s; took %s", s.Name,
		count(s.Attributes-s.Errors, "attribute"), count(s.Derivations, "derivation"),
		thousands(sum.Derivations), count(s.Sources, "source"), exactly(took))
	if s.Errors > 0 {
		a.notef("%s did not evaluate: granary attrs --errors lists them", count(s.Errors, "attribute"))
	}
	if sum.PeakMemory > 0 { // else it was over before anybody looked
		a.debugf("the evaluating processes took at most %s together", bytes(sum.PeakMemory))
	}
	return nil
}

func (a *app) debugf(format string, args ...any) {
	if a.verbose {
		a.notef(format, args...)
	}
}
