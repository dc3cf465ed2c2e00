package eval

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"granary"
	"granary/hashes"
)

// A visitor is one worker's side of an evaluation: it starts processes, asks
// them, and makes attributes of what they say.
type visitor struct {
	*run
	number int
	store  *scratch // outlives processes
	worker *worker  // nil: to be started
	fresh  bool     // the process has not yet finished an attribute

	at    AttrPath          // the attribute that the process is in
	attr  granary.Attribute // what is known of it
	open  bool              // nothing was said yet of how it ended
	found []AttrPath

	repeated bool // the process repeats what it has said before

	scoped   bool     // the process has fetchers that tell of themselves
	other    *visitor // for what needs them; nil: to be made
	served   *served  // of the store
	seen     int      // what of it the process has seen
	fetching fetching // what the attribute was fetching last
}

func (v *visitor) start(ctx context.Context) error {
	if v.store == nil {
		store, err := v.newStore(ctx)
		if err != nil {
			return err
		}
		v.store = &store
	}
	w, err := v.startWorker(ctx, v.store.dir, v.file(), &v.peaks[v.number])
	v.worker, v.fresh, v.seen = w, true, v.served.changes
	return err
}

func (v *visitor) file() string {
	if v.scoped {
		return scopedFile
	}
	return mainFile
}

func (v *visitor) stop() {
	if v.other != nil {
		v.other.stop()
	}
	v.stopWorker()
}

func (v *visitor) stopWorker() {
	if v.worker != nil {
		_ = v.worker.stop()
		v.worker = nil
	}
}

// visit has the paths visited, as far as a first error, and returns what is
// then to be visited: what sets hold, and the rest.
func (v *visitor) visit(ctx context.Context, paths []AttrPath) ([]AttrPath, error) {
	if !v.scoped && v.run.scoped.Load() {
		v.stopWorker()
		return v.others(ctx, paths)
	}
	if v.seen != v.served.changes {
		v.stopWorker()
	}
	if v.worker == nil {
		if err := v.start(ctx); err != nil {
			return nil, err
		}
	}
	v.at, v.open, v.found, v.repeated = nil, false, nil, false
	rest := paths
	printed, err := v.worker.ask(paths, func(ev event) error {
		if ev.name == beginEvent {
			var err error
			if rest, err = v.begin(rest, ev); err != nil {
				return err
			}
		}
		if v.repeated {
			return nil
		}
		return v.handle(ev)
	})
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, io.EOF):
		return v.died(ctx, rest, printed)
	case errors.Is(err, errSwallowed):
		printed = v.askAgain(ctx)
	case err != nil:
		return nil, err
	}
	if err := v.ended(ctx, rest, printed); err != nil {
		return nil, err
	}
	return append(v.found, rest...), nil
}

// ended takes the end of a batch, which an error may have cut short.
func (v *visitor) ended(ctx context.Context, rest []AttrPath, printed string) error {
	switch {
	case v.open:
		return v.failed(ctx, printed)
	case v.at == nil && len(rest) > 0: // harvest.nix itself was not loaded
		return &TreeError{v.name(), treeMessage(printed)}
	}
	v.finish()
	return nil
}

// askAgain evaluates the current attribute in a process of its own, for what
// it prints.
func (v *visitor) askAgain(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, v.AttrTimeout)
	defer cancel()
	program, err := v.Nix.program("nix-instantiate")
	if err != nil {
		return err.Error()
	}
	imported := "import " + nixPath(filepath.Join(v.store.dir, v.file()))
	visit := fmt.Sprintf("(%s).visit %s", imported, nixPaths([]AttrPath{v.at}))
	if v.Subject.Expr != "" {
		visit = fmt.Sprintf("{ expression }: (%s { inherit expression; }).visit %s",
			imported, nixPaths([]AttrPath{v.at}))
	}
	args := append([]string{"--eval", "--store", v.store.dir, "--expr", visit},
		v.arguments(v.store.dir, v.scoped)...)
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = v.environment(v.store.dir)
	cmd.WaitDelay = time.Second
	ownGroup(cmd)
	printed, err := cmd.CombinedOutput()
	if err == nil {
		return errSwallowed.Error()
	}
	return string(printed)
}

// begin takes the path that begins, and returns what of rest follows it. A
// repl that swallowed an error visits all of the batch once more: that is not
// looked at.
func (v *visitor) begin(rest []AttrPath, ev event) ([]AttrPath, error) {
	var path AttrPath
	if err := json.Unmarshal(ev.value, &path); err != nil {
		return nil, ev.wrong(err)
	}
	i := slices.IndexFunc(rest, func(p AttrPath) bool { return slices.Equal(p, path) })
	if v.repeated = i < 0; v.repeated {
		return rest, nil
	}
	v.finish()
	v.at, v.open = path, true
	v.attr = granary.Attribute{Path: path.String()}
	return rest[i+1:], nil
}

// handle takes one event about the current attribute.
func (v *visitor) handle(ev event) error {
	switch ev.name {
	case "throw":
		v.attr.Kind = granary.ErrorThrow
	case "call":
		v.out.call(string(ev.value))
	case "fetch":
		return v.fetches(ev)
	case "none":
		return v.none()
	case "start":
		var paths []AttrPath
		if err := json.Unmarshal(ev.value, &[]any{new(AttrPath), &paths}); err != nil {
			return ev.wrong(err)
		}
		return v.enterAt(paths)
	case "set":
		var names []string
		if err := json.Unmarshal(ev.value, &[]any{new(AttrPath), &names}); err != nil {
			return ev.wrong(err)
		}
		return v.enter(names)
	case "drv":
		err := json.Unmarshal(ev.value, &[]any{new(AttrPath), &v.attr.DrvPath, &v.attr.Name})
		if err != nil {
			return ev.wrong(err)
		}
		v.open, v.attr.Kind = false, ""
		return v.out.closure(*v.store, v.attr.DrvPath)
	case "meta":
		err := json.Unmarshal(ev.value, &[]any{new(AttrPath), &v.attr.Unfree})
		return ev.wrong(err)
	}
	return nil
}

func (ev event) wrong(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("read event %s of nix: %w", ev.name, err)
}

// none ends the current attribute, which is no business of ours.
func (v *visitor) none() error {
	if len(v.at) == 0 {
		return &TreeError{v.name(), "it is not a package set: no attribute set, " +
			"and no function that gives one"}
	}
	v.open, v.attr.Path = false, ""
	return nil
}

// enter ends the current attribute, a set, and adds its attributes to what is
// to be visited; of the package set itself, only those that were asked for.
func (v *visitor) enter(names []string) error {
	v.open, v.attr.Path = false, ""
	if len(v.at) == 0 && len(v.Attrs) > 0 {
		for _, path := range v.Attrs {
			if !slices.Contains(names, path[0]) {
				return &AttrError{Path: path.String(), Near: nearest(path[0], names)}
			}
		}
		v.found = append(v.found, v.Attrs...)
		return nil
	}
	for _, name := range names {
		v.found = append(v.found, append(v.at[:len(v.at):len(v.at)], name))
	}
	return nil
}

// enterAt ends the package set itself, of which these paths alone are to be
// visited: a path that is nil is not there.
func (v *visitor) enterAt(paths []AttrPath) error {
	v.open, v.attr.Path = false, ""
	for i, path := range paths {
		if path == nil {
			return &AttrError{Path: v.Attrs[i].String()}
		}
	}
	v.found = append(v.found, paths...)
	return nil
}

// finish hands on the current attribute, if it came to an end.
func (v *visitor) finish() {
	if v.at != nil && v.attr.Path != "" {
		v.out.attribute(v.attr)
	}
	v.fresh = v.fresh && v.at == nil
	v.at, v.open, v.attr, v.fetching = nil, false, granary.Attribute{}, fetching{}
}

// failed ends the current attribute with the error that Nix printed.
func (v *visitor) failed(ctx context.Context, printed string) error {
	switch {
	case v.fetching.text != "" && strings.Contains(printed, notFetched):
		return v.needsFetch(ctx)
	case !v.scoped && needsNetwork(printed):
		return v.failedWithoutNetwork(ctx)
	case len(v.at) == 0:
		return &TreeError{v.name(), treeMessage(printed)}
	}
	text := message(printed)
	v.attr.Error = text
	if v.attr.Kind == "" {
		v.attr.Kind = granary.ErrorCrash
	}
	if drv := ifdDerivation(text); drv != "" {
		v.attr.Kind, v.attr.Needs = granary.ErrorIFD, hashes.StorePath(drv)
		if err := v.out.closure(*v.store, v.attr.Needs); err != nil {
			v.Log.Warn("what an import from derivation needs is unknown", "error", err)
		}
	}
	v.finish()
	return nil
}

// died ends the current attribute after the death of its process, and returns
// what is then to be visited. What an old process dies of may be the memory
// that earlier attributes took: that attribute has a second try in a new one.
func (v *visitor) died(ctx context.Context, rest []AttrPath, printed string) ([]AttrPath, error) {
	kind, _ := v.worker.killed.Load().(granary.ErrorKind)
	cause := v.worker.stop()
	v.worker = nil
	text := deathMessage(kind, printed, cause)
	left := slices.Concat(v.found, rest)
	switch {
	case v.at == nil && v.fresh:
		return nil, fmt.Errorf("run nix: %s", text)
	case v.at == nil: // between two batches
		return left, nil
	case kind == granary.ErrorMemory && !v.fresh:
		again, err := v.visit(ctx, []AttrPath{v.at})
		return slices.Concat(again, left), err
	case !v.open: // it was in meta, after the derivation was known
		v.finish()
		return left, nil
	case len(v.at) == 0:
		return nil, &TreeError{v.name(), text}
	case kind == "":
		kind = granary.ErrorCrash
	}
	v.attr.Kind, v.attr.Error = kind, text
	v.finish()
	return left, nil
}

func deathMessage(kind granary.ErrorKind, printed string, cause error) string {
	switch kind {
	case granary.ErrorMemory:
		return "evaluation took more memory than a worker may have"
	case granary.ErrorTimeout:
		return "evaluation took longer than an attribute may take"
	}
	if strings.Contains(printed, "error:") {
		return message(printed)
	}
	return fmt.Sprintf("nix died (%v)", cause)
}
