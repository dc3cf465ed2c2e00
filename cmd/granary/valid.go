package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"granary/eval"
	"granary/fetch"
	"granary/hashes"
)

// validFlags name Nix stores and binary caches, in which outputs may be valid.
type validFlags struct {
	stores, caches []string
	net            netFlags
}

func (f *validFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.stores, "with-store", nil,
		"count outputs that are valid in the Nix store at `URI` as present: auto, a folder\n"+
			"such as /mnt, or ssh://host (repeatable)")
	flags.StringArrayVar(&f.caches, "with-cache", nil,
		"count outputs that the binary cache at `URL` has, with all that they refer to, as\n"+
			"present: https, http or file (repeatable)")
	f.net.addAsking(cmd)
}

func (f *validFlags) check() error {
	for _, uri := range f.stores {
		scheme, _, _ := strings.Cut(uri, "://")
		switch {
		case uri == "":
			return usagef("--with-store: no store is named")
		case scheme == "https" || scheme == "http" || scheme == "file":
			return &usageError{
				fmt.Errorf("--with-store %s: that is a binary cache", uri), "ask it by --with-cache",
			}
		}
	}
	for _, raw := range f.caches {
		if err := fetch.CheckSubstituter(raw); err != nil {
			return usagef("--with-cache: %v", err)
		}
	}
	return f.net.check()
}

// named tells whether there is anything to ask.
func (f *validFlags) named() bool { return len(f.stores)+len(f.caches) > 0 }

// storeError means that a Nix store could not be asked.
type storeError struct {
	uri   string
	cause error
}

func (e *storeError) Error() string { return fmt.Sprintf("ask store %s: %v", e.uri, e.cause) }

func (e *storeError) hint() string {
	if errors.Is(e.cause, eval.ErrNoNix) {
		return "--with-store asks Nix, --with-cache does without. " + howToGetNix
	}
	return "nix-store --store " + e.uri + " --query --hash PATH shows whether Nix can use it"
}

// A validity knows which store paths are valid in stores, or can be had from caches. It
// asks about each of them once. Nothing of it outlives the command.
type validity struct {
	note     func(format string, args ...any)
	stores   []string
	caches   *fetch.Caches // nil: none
	inStores map[hashes.StorePath]bool
	inCaches map[hashes.StorePath]*cached // nil: none of them has it
}

// A cached path is one that a cache has. Nix can have it from there if it can have all
// that it refers to.
type cached struct {
	references []hashes.StorePath
	judged     bool // or it is being judged
	whole      bool
}

// openValidity prepares to ask what the flags name. It is to be closed.
func (a *app) openValidity(ctx context.Context, f *validFlags) (*validity, error) {
	v := &validity{
		note: a.notef, stores: f.stores, inStores: map[hashes.StorePath]bool{},
		inCaches: map[hashes.StorePath]*cached{},
	}
	if len(f.caches) == 0 {
		return v, nil
	}
	fetcher, err := a.fetcher(ctx, &f.net)
	if err != nil {
		return nil, err
	}
	fetcher.Substituters, fetcher.Logger = f.caches, nil
	v.caches, err = fetcher.OpenCaches(ctx)
	return v, err
}

func (v *validity) close() {
	if v.caches != nil {
		v.caches.Close()
	}
}

// has tells whether a path is valid in a store, or, if it is substitutable, can be had
// from caches. It was asked for before.
func (v *validity) has(path hashes.StorePath, substitutable bool) bool {
	return v.inStores[path] || substitutable && v.isWhole(path)
}

// askStores asks the stores, each for what those before it do not have.
func (v *validity) askStores(ctx context.Context, paths []hashes.StorePath) error {
	asked := unknown(v.inStores, paths)
	left := asked
	for _, uri := range v.stores {
		if len(left) == 0 {
			break
		}
		v.tell("store "+uri, left)
		var err error
		if left, err = (eval.Nix{}).Invalid(ctx, uri, left); err != nil {
			return &storeError{uri, err}
		}
	}
	for _, path := range asked {
		v.inStores[path] = true
	}
	for _, path := range left {
		v.inStores[path] = false
	}
	return nil
}

// askCaches asks the caches for paths and for all that these refer to, as far as no
// store has it. The stores were asked for paths before.
func (v *validity) askCaches(ctx context.Context, paths []hashes.StorePath) error {
	if v.caches == nil {
		return nil
	}
	inStore := func(path hashes.StorePath) bool { return v.inStores[path] }
	for {
		paths = slices.DeleteFunc(unknown(v.inCaches, paths), inStore)
		if len(paths) == 0 {
			return nil
		}
		v.tell("binary caches", paths)
		found, err := v.caches.Lookup(ctx, paths)
		if err != nil {
			return err
		}
		var next []hashes.StorePath
		for _, path := range paths {
			v.inCaches[path] = nil
			if references, ok := found[path]; ok {
				v.inCaches[path] = &cached{references: references}
				next = append(next, references...)
			}
		}
		if err := v.askStores(ctx, next); err != nil {
			return err
		}
		paths = next
	}
}

// tell says who is asked about many paths: it may take a while.
func (v *validity) tell(whom string, paths []hashes.StorePath) {
	const many = 1000
	if len(paths) >= many {
		v.note("asking %s about %s", whom, count(len(paths), "store path"))
	}
}

// isWhole tells whether caches have a path, and they or stores all that it refers to.
// What refers to itself by way of others can be had by nobody.
func (v *validity) isWhole(path hashes.StorePath) bool {
	c := v.inCaches[path]
	switch {
	case v.inStores[path]:
		return true
	case c == nil || c.judged:
		return c != nil && c.whole
	}
	c.judged = true
	lacking := func(path hashes.StorePath) bool { return !v.isWhole(path) }
	c.whole = !slices.ContainsFunc(c.references, lacking)
	return c.whole
}

// unknown returns those of paths that were not asked for yet, each once.
func unknown[T any](asked map[hashes.StorePath]T, paths []hashes.StorePath) []hashes.StorePath {
	var fresh []hashes.StorePath
	for _, path := range paths {
		if _, ok := asked[path]; !ok {
			fresh = append(fresh, path)
		}
	}
	slices.Sort(fresh)
	return slices.Compact(fresh)
}
