package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"granary/internal/corpus"
)

// fetchOptions say what of fetching to measure.
type fetchOptions struct {
	to         string        // where to: memory, disk, or both
	contenders string        // names, with commas
	latency    time.Duration // to the first byte, of the slow server
	keep       string        // folder in which corpora stay for other runs
}

// A trial is a corpus and the bounds that hold for it.
type trial struct {
	name  string
	sizes func() []int64
	// At most so many times the fastest yardstick when it goes to memory, and
	// aria2c's time when it goes to disk; 0: no bound.
	memory, disk float64
}

var (
	smallTrial = trial{"small", func() []int64 {
		return corpus.LogNormal(20_000, 12_000, 400e6, 10e6)
	}, 1.0, 0.25}
	nixpkgsTrial = trial{"nixpkgs", func() []int64 {
		return corpus.LogNormal(5_000, 120_000, 3.2e9, 100e6)
	}, 0.7, 0.25}
	largeTrial = trial{"large", func() []int64 {
		return corpus.Uniform(12, 256<<20, 256<<20)
	}, 0.6, 0}
)

// fetch returns the figure of a trial on nginx.
func (b *bench) fetch(t trial) func(context.Context) error {
	return func(ctx context.Context) error {
		return b.onCorpus(t, func(files *corpus.Corpus, dir string) error {
			server, err := startNginx(ctx, dir, files.Dir)
			if err != nil {
				return err
			}
			defer server.stop()
			return b.races(ctx, t, &race{b.granary, files, dir, server.base})
		})
	}
}

// onCorpus makes the corpus of a trial and an empty folder.
func (b *bench) onCorpus(t trial, do func(files *corpus.Corpus, dir string) error) error {
	keep := b.fetching.keep
	if keep == "" {
		keep = b.dir
	}
	files, err := corpus.Make(keep, t.name, t.sizes())
	if err != nil {
		return err
	}
	fmt.Printf("%d files, %.2f GB\n", len(files.Files), float64(files.Total())/1e9)
	dir, err := os.MkdirTemp(b.dir, "fetch-")
	if err != nil {
		return err
	}
	defer removeAll(dir)
	return do(files, dir)
}

// races lets all contenders fetch to memory, then to disk.
func (b *bench) races(ctx context.Context, t trial, r *race) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	for _, to := range strings.Split(b.fetching.to, ",") {
		dir, clean, err := b.target(to)
		if err != nil {
			return err
		}
		results, err := b.turns(ctx, r, dir)
		clean()
		if err != nil {
			return err
		}
		results.print(t.name + " to " + to)
		switch to {
		case "memory":
			results.judgeFastest(t.memory)
		case "disk":
			results.judgeAria2(t.disk)
		}
		results.judgeCosts()
	}
	return nil
}

var errNotOnDisk = errors.New("the scratch folder is in memory: name one on a disk with -scratch")

// target returns an empty folder in memory or on disk.
func (b *bench) target(to string) (dir string, clean func(), err error) {
	switch to {
	case "memory":
		dir, err = os.MkdirTemp("/dev/shm", "granary-bench-")
	case "disk":
		if inMemory(b.dir) {
			return "", nil, errNotOnDisk
		}
		dir, err = os.MkdirTemp(b.dir, "target-")
	default:
		err = fmt.Errorf("fetch to %q: neither memory nor disk", to)
	}
	return dir, func() { removeAll(dir) }, err
}

// inMemory tells whether dir is on a tmpfs.
func inMemory(dir string) bool {
	const tmpfsMagic = 0x01021994 // statfs(2)
	var stat syscall.Statfs_t
	return syscall.Statfs(dir, &stat) == nil && stat.Type == tmpfsMagic
}

// settle lets what was written before not disturb what is measured next.
func settle(dir string) {
	if !inMemory(dir) {
		syscall.Sync()
	}
}

// turns runs the contenders one after another, as often as it was asked for.
func (b *bench) turns(ctx context.Context, r *race, dir string) (fetchResults, error) {
	results := fetchResults{}
	chosen := strings.Split(b.fetching.contenders, ",")
	for range b.runs {
		for _, c := range contenders {
			if !slices.Contains(chosen, c.name) {
				continue
			}
			u, err := r.run(ctx, c, dir)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			results[c.name] = append(results[c.name], u)
		}
	}
	return results, nil
}

// fetchLatency measures the small files on a server that lets wait.
func (b *bench) fetchLatency(ctx context.Context) error {
	t := smallTrial
	return b.onCorpus(t, func(files *corpus.Corpus, dir string) error {
		server := startSlow(files.Dir, b.fetching.latency)
		defer server.stop()
		r := &race{b.granary, files, dir, server.base}
		if err := r.ready(ctx); err != nil {
			return err
		}
		to, clean, err := b.target("memory")
		if err != nil {
			return err
		}
		defer clean()
		results, err := b.turns(ctx, r, to)
		if err != nil {
			return err
		}
		best := time.Duration(len(files.Files)) * b.fetching.latency / 64
		results.print(fmt.Sprintf("%s after %s; at best %.2f s", t.name, b.fetching.latency,
			best.Seconds()))
		results.judgeLatency(best)
		return nil
	})
}

// corporaIn returns where corpora stay, below a scratch folder that was named.
func corporaIn(scratch string) string {
	if scratch == "" {
		return ""
	}
	return filepath.Join(scratch, "granary-bench-corpora")
}
