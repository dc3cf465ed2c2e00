package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"granary"
	"granary/hashes"
)

// A Builder lets Nix realise the derivations of what nothing else serves. Its
// fields are read when Fetch begins.
//
// Nix runs these builders, which are code of the package set, as it runs any
// other of fixed outputs: with a network, and in the sandbox that its own
// configuration asks for. What comes counts only if its hash is right.
type Builder struct {
	// Derivations are the derivations of the sources that can be built, by
	// output path.
	Derivations map[hashes.StorePath]hashes.StorePath
	// Provide writes the closure of derivations, without any outputs, into the
	// folder dir in the form of a binary cache. It may find there what earlier
	// calls have written.
	Provide func(ctx context.Context, drvs []hashes.StorePath, dir string) error

	Programs string // directory of Nix's programs; "" means those in PATH
	Store    string // the store that builds, as --store takes it; "" means the user's
	Batch    int    // derivations that Nix is given at a time; 0 means 50
}

// builds are the jobs of a run for which only the builder is left.
type builds struct {
	mu   sync.Mutex
	jobs []*job
}

// postpone keeps j for the builder, if that can do something for it.
func (r *run) postpone(j *job) bool {
	if r.Builder == nil || r.Builder.Derivations[j.source.OutPath] == "" {
		return false
	}
	if j.source.Kind == granary.KindRequireFile || j.source.CA.Mode == hashes.Git {
		return false // its builder only says so; its hash is none that can be checked
	}
	r.builds.mu.Lock()
	defer r.builds.mu.Unlock()
	r.builds.jobs = append(r.builds.jobs, j)
	return true
}

// build has the jobs built that were postponed. The error is the machine's, or
// the cause of ctx's end.
func (r *run) build(ctx context.Context) error {
	jobs := r.builds.jobs
	if len(jobs) == 0 || ctx.Err() != nil {
		return nil
	}
	// In the order of the sources' names, whatever became ready first.
	slices.SortFunc(jobs, func(a, b *job) int {
		return cmp.Compare(a.source.Name, b.source.Name)
	})
	if err := r.Builder.installed(); err != nil {
		r.logger.Warn("nothing can be built: nix is not installed", "error", err)
		for _, j := range jobs {
			r.failed(j)
		}
		return nil
	}
	dir, err := os.MkdirTemp("", "granary-build-")
	if err != nil {
		return fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(dir)
	return r.buildBatches(ctx, dir, jobs)
}

// buildBatches has jobs built, with dir for what Nix needs for that.
func (r *run) buildBatches(ctx context.Context, dir string, jobs []*job) error {
	for len(jobs) > 0 {
		n := min(len(jobs), orDefault(r.Builder.Batch, 50))
		b := &batch{run: r, dir: dir, jobs: jobs[:n], log: newBuildLog()}
		err := b.build(ctx)
		var f *failure
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.As(err, &f): // so would the next batch
			r.logger.Warn("nothing more can be built", "error", f.detail)
			r.giveUp(jobs, f.reason, f.detail)
			return nil
		case err != nil:
			return err
		}
		jobs = jobs[n:]
	}
	return nil
}

// giveUp ends those of the jobs whose derivations were not built for that
// reason.
func (r *run) giveUp(jobs []*job, why Reason, detail string) {
	for _, j := range jobs {
		if !j.built {
			j.refuse(string(r.Builder.Derivations[j.source.OutPath]), &failure{
				reason: why, detail: detail,
			})
			r.failed(j)
		}
	}
}

// A batch is some jobs that Nix is given at once.
type batch struct {
	*run
	dir  string // a binary cache
	jobs []*job
	log  *buildLog
}

// drv returns the derivation of j.
func (b *batch) drv(j *job) string { return string(b.Builder.Derivations[j.source.OutPath]) }

// build brings the derivations into the store, has them built, and stores each
// output once it is there. A *failure means that Nix did not get as far as that.
func (b *batch) build(ctx context.Context) error {
	b.active.Add(int64(len(b.jobs)))
	defer b.active.Add(-int64(len(b.jobs)))
	drvs := make([]string, len(b.jobs))
	paths := make([]hashes.StorePath, len(b.jobs))
	for i, j := range b.jobs {
		drvs[i], paths[i] = b.drv(j), hashes.StorePath(b.drv(j))
	}
	if err := b.Builder.Provide(ctx, paths, b.dir); err != nil {
		return err
	}
	// A substituter would do only for users whom a daemon trusts.
	flags := append(b.Builder.storeFlags("--to"), "--derivation", "--from", "file://"+b.dir)
	err := b.Builder.nix(ctx, io.Discard, slices.Concat([]string{"copy"}, flags, drvs)...)
	if err != nil {
		return err
	}
	if err := b.realise(ctx, drvs); err != nil {
		return err
	}
	return b.settle(ctx)
}

// settle stores what was built and is not yet stored, such as what was there
// before, and says of the rest why it was not built.
func (b *batch) settle(ctx context.Context) error {
	if err := b.collect(ctx); err != nil {
		return err
	}
	for _, j := range b.jobs {
		if j.built {
			continue
		}
		f, err := b.log.failure(b.drv(j), func() (string, error) {
			return b.Builder.nixStore(ctx, "--query", "--requisites", b.drv(j))
		})
		if err != nil {
			return err
		}
		b.end(j, f)
		b.failed(j)
	}
	return nil
}

// collect stores the outputs that are valid in the store by now.
func (b *batch) collect(ctx context.Context) error {
	var left []*job
	args := []string{"--check-validity", "--print-invalid"}
	for _, j := range b.jobs {
		if !j.built {
			left = append(left, j)
			args = append(args, string(j.source.OutPath))
		}
	}
	if len(left) == 0 {
		return nil
	}
	invalid, err := b.Builder.nixStore(ctx, args...)
	if err != nil {
		return err
	}
	missing := strings.Fields(invalid)
	for _, j := range left {
		if slices.Contains(missing, string(j.source.OutPath)) {
			continue
		}
		if err := b.take(ctx, j); err != nil {
			return err
		}
	}
	return nil
}

// take stores the output of j, which is valid in the store.
func (b *batch) take(ctx context.Context, j *job) error {
	object, recipe, err := b.store(ctx, j.source)
	var f *failure
	switch {
	case errors.As(err, &f):
		b.end(j, f)
		b.failed(j)
		return nil
	case err != nil:
		return err
	}
	b.end(j, nil)
	b.held(j, object, recipe, j.attempts[len(j.attempts)-1])
	return nil
}

// end notes how the build for j ended; f is nil if the output is right.
func (b *batch) end(j *job, f *failure) {
	begin, took := b.log.times(b.drv(j))
	a := Attempt{URL: b.drv(j), Start: begin, Duration: took}
	if f != nil {
		a.Reason, a.Detail = f.reason, f.detail
	}
	j.attempts = append(j.attempts, a)
	j.built = true
}
