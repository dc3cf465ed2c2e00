package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"granary/catalog"
	"granary/eval"
	"granary/hashes"
)

// evaluation is what the command line asks to evaluate, checked as far as that
// is possible before the disk is opened.
type evaluation struct {
	*app
	flags      *evalFlags
	args       []string // TREE, or nothing
	attrs      []eval.AttrPath
	sets       []eval.AttrPath
	allSets    bool
	systems    []string
	nix        eval.Nix
	nixVersion string

	// What find finds.
	tree    tree
	subject eval.Subject
	cleanUp func()
}

func (a *app) newEvaluation(
	ctx context.Context, f *evalFlags, args []string,
) (e *evaluation, err error) {
	e = &evaluation{app: a, flags: f, args: args, systems: f.systems, cleanUp: func() {}}
	if e.attrs, err = attrPaths("--attr", f.attrs); err != nil {
		return nil, err
	}
	e.allSets = slices.Contains(f.sets, "all")
	sets := slices.DeleteFunc(slices.Clone(f.sets), func(s string) bool { return s == "all" })
	if e.sets, err = attrPaths("--sets", sets); err != nil {
		return nil, err
	}
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := e.checkNames(); err != nil {
		return nil, err
	}
	if e.nixVersion, err = checkedNix(ctx, e.nix); err != nil {
		return nil, err
	}
	if err := e.checkTexts(ctx); err != nil {
		return nil, err
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

// checkNames finds what is wrong with TREE and other names of files.
func (e *evaluation) checkNames() error {
	if err := e.flags.subject.checkFiles(e.args); err != nil {
		return err
	}
	if len(e.args) == 0 {
		return nil
	}
	return checkTree(e.args[0])
}

// checkTexts finds what is wrong with the user's expressions.
func (e *evaluation) checkTexts(ctx context.Context) error {
	if err := e.nix.CheckConfig(ctx, e.flags.config); err != nil {
		return usagef("--config: %w", err)
	}
	if expr := e.flags.subject.expr; expr != "" {
		if err := e.nix.CheckSyntax(ctx, expr); err != nil {
			return usagef("--expr: %w", err)
		}
	}
	return nil
}

// evaluate records a snapshot for each system, and reports. net says how to
// download a tree.
func (e *evaluation) evaluate(ctx context.Context, net *netFlags) error {
	if err := e.find(ctx, net); err != nil {
		return err
	}
	defer e.cleanUp()
	all, err := e.run(ctx)
	if err != nil {
		return err
	}
	return e.report(all)
}

// evaluated is an evaluation that was recorded.
type evaluated struct {
	snapshot catalog.Snapshot
	summary  eval.Summary
	took     time.Duration

	waiting  int // attributes that stopped at a download that can be fetched
	unpinned int // attributes that stopped at a download without a hash
	blocked  *eval.BlockedError
}

// waits tells whether a fetch may bring this evaluation further.
func (e *evaluated) waits() bool {
	return e.waiting > 0 || e.blocked != nil && e.blocked.Fetch.OutPath != ""
}

// run records a snapshot for each system.
func (e *evaluation) run(ctx context.Context) ([]evaluated, error) {
	var all []evaluated
	for _, system := range e.systems {
		s := catalog.Snapshot{
			Tree: e.tree.name, System: system, Options: e.flags.options(), Nix: e.nixVersion,
			Name: e.flags.snapshot,
		}
		if s.Name != "" && len(e.systems) > 1 {
			s.Name += "-" + system
		}
		one, err := e.evaluateSystem(ctx, e.evaluator(system), s)
		if err != nil {
			return nil, e.explain(err)
		}
		all = append(all, one)
	}
	return all, nil
}

// subjectError is a TreeError about something that is no tree: what is said of
// trees does not help.
type subjectError struct{ cause *eval.TreeError }

func (e *subjectError) Error() string { return e.cause.Error() }

// explain says of a tree that wants a newer Nix which Nix evaluated it.
func (e *evaluation) explain(err error) error {
	var tree *eval.TreeError
	switch {
	case !errors.As(err, &tree):
		return err
	case tree.NixTooOld():
		return &oldNixError{tree: tree, have: e.nixVersion}
	case e.subject != (eval.Subject{}):
		return &subjectError{tree}
	}
	return err
}

func (e *evaluation) evaluator(system string) *eval.Evaluator {
	f := e.flags
	return &eval.Evaluator{
		Nix: e.nix, Tree: e.tree.path, Subject: e.subject, System: system, Config: f.config,
		Attrs: e.attrs, Sets: e.sets, AllSets: e.allSets,
		Unfree: f.unfree, Broken: f.broken, Unsupported: f.unsupported, Insecure: f.insecure,
		Workers: f.workers, WorkerMemory: int64(f.workerMemory), Log: e.logger(),
		Held: e.restoreHeld,
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
func (e *evaluation) evaluateSystem(
	ctx context.Context, ev *eval.Evaluator, s catalog.Snapshot,
) (one evaluated, err error) {
	begin := time.Now()
	recorder, err := e.catalog.Record(ctx)
	if err != nil {
		return one, err
	}
	ev.Known = recorder.Known()
	revision := startRevision(ctx, e.tree)
	show := e.evalProgress(e.tree.label, s.System)
	ev.Progress = show.update
	one.summary, err = ev.Run(ctx, func(b eval.Batch) error {
		one.count(&b)
		return e.record(ctx, recorder, &b)
	})
	show.end()
	if err != nil && !errors.As(err, &one.blocked) {
		return one, err
	}
	if s.Revision, err = revision(); err != nil {
		return one, err
	}
	if s.Name == "" {
		s.Name = snapshotName(e.tree.label, s)
	}
	s.Evaluated = time.Now()
	one.snapshot, err = recorder.Finish(ctx, s)
	one.took = time.Since(begin)
	return one, err
}

func (e *evaluation) record(
	ctx context.Context, recorder *catalog.Recorder, b *eval.Batch,
) error {
	if err := recorder.AddMirrors(ctx, b.Mirrors); err != nil {
		return err
	}
	if err := e.recordInputs(ctx, recorder, b.Inputs); err != nil {
		return err
	}
	if err := recorder.AddFetches(ctx, b.Fetches); err != nil {
		return err
	}
	return recorder.Add(ctx, b.Derivations, b.Attributes, b.Calls)
}

func (e *evaluated) count(b *eval.Batch) {
	for i := range b.Attributes {
		switch f := b.Attributes[i].Fetch; {
		case f.OutPath != "":
			e.waiting++
		case f.URL != "":
			e.unpinned++
		}
	}
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

// report says how evaluations ended. The error is that of one of which nothing
// could be evaluated.
func (e *evaluation) report(all []evaluated) error {
	for i := range all {
		if blocked := all[i].blocked; blocked != nil {
			return blocked
		}
		if err := e.reportSnapshot(&all[i]); err != nil {
			return err
		}
	}
	return nil
}
