package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"granary"
	"granary/binarycache"
	"granary/catalog"
	"granary/eval"
	"granary/fetch"
	"granary/hashes"
	"granary/nar"
)

// builderFlags say whether Nix may build what nothing else serves.
type builderFlags struct {
	on    bool
	store string
}

func (f *builderFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.on, "builders", false,
		"let Nix build what nothing else serves: this runs code of the package set, with\n"+
			"a network, as every build of a fixed output does")
	flags.StringVar(&f.store, "builder-store", "",
		"build in the Nix store at `URI`, such as a folder (default: the user's own)")
}

func (f *builderFlags) check() error {
	if f.store != "" && !f.on {
		return usagef("--builder-store: of no use without --builders")
	}
	return nil
}

// builder returns what builds, nil if that is not asked for.
func (a *app) builder(
	ctx context.Context, f *builderFlags, wanted []catalog.Source,
) (*fetch.Builder, error) {
	if !f.on {
		return nil, nil
	}
	var nix eval.Nix
	system, err := nix.System(ctx)
	if errors.Is(err, eval.ErrNoNix) {
		a.notef("warning: --builders: nothing can be built: %v", eval.ErrNoNix)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	paths := make([]hashes.StorePath, len(wanted))
	for i := range wanted {
		paths[i] = wanted[i].OutPath
	}
	derivers, lost, err := a.catalog.Derivers(ctx, paths, system)
	if err != nil {
		return nil, err
	}
	if lost > 0 {
		a.notef("warning: --builders: the catalog does not have all that it takes to build %s, "+
			"which an older granary recorded, or which needs a very large file: "+
			"granary eval records the former anew", count(lost, "source"))
	}
	return &fetch.Builder{
		Derivations: derivers, Store: f.store, Programs: nix.Dir,
		Provide: func(ctx context.Context, drvs []hashes.StorePath, dir string) error {
			cache, err := binarycache.Create(dir)
			if err != nil {
				return err
			}
			return a.catalog.StoreObjects(ctx, drvs, cache.Add)
		},
	}, nil
}

const (
	maxInput  = 16 << 20 // bytes of the largest input source that is kept
	inputPack = 4 << 20  // bytes from which on input sources are recorded together
)

// recordInputs records the input sources of derivations before these.
func (e *evaluation) recordInputs(
	ctx context.Context, recorder *catalog.Recorder, inputs []eval.InputSource,
) error {
	var objects []granary.StoreObject
	size := 0
	for _, in := range inputs {
		if recorder.HasInput(in.Path) {
			continue
		}
		object, err := inputObject(in)
		if err != nil {
			e.logger().Warn("what needs an input source cannot be built from the catalog",
				"path", string(in.Path), "error", err)
		}
		objects = append(objects, object)
		if size += len(object.NAR); size >= inputPack {
			if err := recorder.AddInputs(ctx, objects); err != nil {
				return err
			}
			objects, size = objects[:0], 0
		}
	}
	if len(objects) == 0 {
		return nil
	}
	return recorder.AddInputs(ctx, objects)
}

// inputObject returns the store object that in is. After an error it has no
// NAR.
func inputObject(in eval.InputSource) (granary.StoreObject, error) {
	object := granary.StoreObject{Path: in.Path, References: in.References}
	w := new(limitedWriter)
	if err := nar.Dump(w, in.File); err != nil {
		return object, err
	}
	whole := object
	whole.NAR = w.data
	if _, err := binarycache.ContentAddress(whole); err != nil {
		return object, err
	}
	return whole, nil
}

// A limitedWriter keeps maxInput bytes and fails beyond.
type limitedWriter struct{ data []byte }

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(w.data)+len(p) > maxInput {
		return 0, fmt.Errorf("it is larger than %s", bytes(maxInput))
	}
	w.data = append(w.data, p...)
	return len(p), nil
}
