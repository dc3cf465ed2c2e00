package eval

import (
	"context"
	"embed"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"granary"
	"granary/hashes"
)

//go:embed *.nix
var nixFiles embed.FS

// An Evaluator evaluates one package set for one system. Its fields are read
// when Run begins.
type Evaluator struct {
	Nix Nix
	// Tree is the folder, or the file, that holds the package set, absolute. For
	// another Subject it is its nixpkgs, and may be "" where that needs none.
	Tree    string
	Subject Subject // what to evaluate; the zero value is Tree
	System  string  // such as "x86_64-linux"
	Config  string  // nixpkgs' config: an attribute set in the Nix language; "" is { }

	// Attrs are the attributes to evaluate; none means every one.
	Attrs []AttrPath
	// Sets are sets to enter though Nix does not recurse into them.
	Sets []AttrPath
	// AllSets has every set of packages entered that stands at the top, but for
	// copies of the whole such as pkgs and pkgsCross.
	AllSets bool

	// What nixpkgs refuses unless asked: see the NIXPKGS_ALLOW_ variables in its
	// pkgs/stdenv/generic/check-meta.nix.
	Unfree, Broken, Unsupported, Insecure bool

	Workers      int           // 0: one for each CPU, at most 8
	WorkerMemory int64         // bytes; 0: an equal share of three quarters of the machine's
	AttrTimeout  time.Duration // the longest for one attribute; 0: five minutes
	Scratch      string        // folder for scratch stores; "": /dev/shm or a temporary one

	// Known are derivations that need not be read again. With each of them all
	// its inputs must be known.
	Known []hashes.StorePath

	// Held, if not nil, is asked for what an expression fetches while it is
	// evaluated: it makes the output of s at path, where there is nothing yet, and
	// returns false if the disk does not hold it.
	Held func(ctx context.Context, s granary.Source, path string) (bool, error)

	Log *slog.Logger // nil: slog.Default
	// Progress, if not nil, is called now and then, never by two goroutines at
	// once.
	Progress func(Progress)
}

// Progress says how far an evaluation is.
type Progress struct {
	Attributes  int    // visited so far
	Errors      int    // of these without a derivation
	Derivations int    // read so far
	Current     string // the attribute that was finished last
}

// A Batch is some of what an evaluation found. Every derivation comes after
// its inputs, and before the attributes that lead to it.
type Batch struct {
	Derivations []*granary.Derivation
	// Inputs are the input sources of the derivations that did not come before,
	// each after those that it refers to.
	Inputs     []InputSource
	Attributes []granary.Attribute
	Calls      []granary.Source // what fetchurl was called for, in a closure or not
	Fetches    []granary.Source // what evaluation itself needs
	// Mirrors are the mirror:// sites found so far, site to base URLs: with the
	// derivations that tell of them, since known ones are not read again. nil
	// means that there is nothing new.
	Mirrors map[string][]string
}

func (b *Batch) size() int {
	return len(b.Derivations) + len(b.Attributes) + len(b.Calls) + len(b.Fetches)
}

// A Summary is what can be said of an evaluation at its end.
type Summary struct {
	Progress
	PeakMemory int64 // the sum of the workers' largest resident sets, in bytes
}

// A TreeError means that nothing of the tree could be evaluated.
type TreeError struct {
	Tree    string
	Message string // Nix's own, or ours when Nix had nothing to say
}

func (e *TreeError) Error() string { return fmt.Sprintf("evaluate %s: %s", e.Tree, e.Message) }

// oldNixPattern is what trees say, and how Nix words it when it meets with a
// builtin or a syntax that is newer than itself.
var oldNixPattern = regexp.MustCompile(`requires? (at least )?Nix|Nix >= ?\d|` +
	`attribute '[a-zA-Z]+' missing.*builtins|undefined variable '__|syntax error`)

// NixTooOld guesses whether a newer Nix would evaluate the tree.
func (e *TreeError) NixTooOld() bool { return oldNixPattern.MatchString(e.Message) }

// Run evaluates the tree. It calls record, never twice at once, with all it
// finds; an error of record ends the evaluation. A broken attribute is no
// error, see Attribute. A tree that cannot be evaluated at all is a
// *TreeError, and a missing Nix is ErrNoNix.
func (e *Evaluator) Run(ctx context.Context, record func(Batch) error) (Summary, error) {
	defaults := *e
	e = &defaults
	e.fillIn()
	if _, err := e.Nix.program("nix"); err != nil {
		return Summary{}, err
	}
	dir, err := os.MkdirTemp(e.scratchFolder(), "granary-eval-")
	if err != nil {
		return Summary{}, fmt.Errorf("make scratch folder: %w", err)
	}
	defer removeAll(dir)
	r := &run{
		Evaluator: e,
		dir:       dir,
		shares:    newShares(e.Workers, []AttrPath{{}}),
		peaks:     make([]atomic.Int64, e.Workers),
		out:       newOutput(e),
	}
	if e.Subject.Flake != nil {
		r.out.fetch(e.Subject.Flake.Inputs()...)
	}
	return r.run(ctx, record)
}

func (e *Evaluator) fillIn() {
	if e.Config == "" {
		e.Config = "{ }"
	}
	if e.Workers == 0 {
		e.Workers = min(runtime.NumCPU(), 8)
	}
	if e.WorkerMemory == 0 {
		e.WorkerMemory = machineMemory() / 4 * 3 / int64(e.Workers)
	}
	if e.AttrTimeout == 0 {
		e.AttrTimeout = 5 * time.Minute
	}
	if e.Log == nil {
		e.Log = slog.Default()
	}
	if e.Held == nil {
		e.Held = func(context.Context, granary.Source, string) (bool, error) { return false, nil }
	}
}

// scratchFolder is where scratch stores go unless the caller says otherwise:
// into memory where there is plenty, since Nix writes one small file for each
// derivation.
func (e *Evaluator) scratchFolder() string {
	if e.Scratch != "" || os.Getenv("TMPDIR") != "" {
		return e.Scratch
	}
	const plenty = 4 << 30
	if machineMemory() >= 2*plenty && memoryFolderFree() >= plenty {
		return memoryFolder
	}
	return ""
}

// removeAll removes a scratch folder: Nix makes what is in a store read-only.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			if info, err := d.Info(); err == nil && info.Mode()&0o200 == 0 {
				_ = os.Chmod(path, 0o700)
			}
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

// run is one evaluation.
type run struct {
	*Evaluator
	dir    string
	shares *shares
	peaks  []atomic.Int64 // of each worker
	out    *output
	// scoped is set once it is known that nothing can be evaluated unless
	// fetchers are replaced.
	scoped atomic.Bool
}

func (r *run) run(ctx context.Context, record func(Batch) error) (Summary, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	workers, wctx := errgroup.WithContext(ctx)
	for i := range r.Workers {
		workers.Go(func() error {
			defer r.shares.abortOn(wctx)()
			return r.work(wctx, i)
		})
	}
	ended := make(chan error, 1)
	go func() {
		ended <- workers.Wait()
		r.out.close()
	}()
	failure := r.out.drain(ctx, record, stop)
	err := <-ended
	if failure != nil {
		err = failure
	}
	summary := Summary{Progress: r.out.progress}
	for i := range r.peaks {
		summary.PeakMemory += r.peaks[i].Load()
	}
	return summary, err
}

// work is the life of worker number i, through as many processes as it takes.
func (r *run) work(ctx context.Context, i int) (err error) {
	defer func() {
		if err != nil {
			r.shares.abort()
		}
	}()
	v := &visitor{run: r, number: i, served: new(served)}
	defer v.stop()
	for {
		paths := r.shares.take(i)
		if len(paths) == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		left, err := v.visit(ctx, paths)
		if err != nil {
			return err
		}
		r.shares.finish(i, left)
	}
}

// newStore makes a scratch store with the files of a worker beside it and
// returns it.
func (r *run) newStore(ctx context.Context) (scratch, error) {
	dir, err := os.MkdirTemp(r.dir, "store-")
	if err == nil {
		err = os.CopyFS(dir, nixFiles)
	}
	if err != nil {
		return scratch{}, fmt.Errorf("make scratch store: %w", err)
	}
	files := map[string]string{
		mainFile:                r.mainNix(false),
		scopedFile:              r.mainNix(true),
		loadPrefix + mainFile:   loadNix(mainFile),
		loadPrefix + scopedFile: loadNix(scopedFile),
		"config.nix":            r.Config,
		"served.nix":            "{ }",
		"overlays.nix":          "[ (import ./overlay.nix) ]",
	}
	if r.Subject.Flake != nil {
		if err := r.Subject.Flake.writeNix(files); err != nil {
			return scratch{}, err
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			return scratch{}, fmt.Errorf("make scratch store: %w", err)
		}
	}
	return newScratch(ctx, r.Nix, dir, r.Known)
}
