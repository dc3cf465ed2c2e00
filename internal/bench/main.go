// Bench measures what BENCHMARKS.md reports, each figure against its yardstick
// in the same run, and prints a line for each: the medians, their ratio, and the
// bound. It is started by scripts/bench.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is what all measurements share.
type bench struct {
	granary string // the program
	runs    int
	dir     string // scratch
	tree    string // of 2018, or "" when it is not there
	expect  string // sources.jsonl.xz that list what tree has
	chroot  string // folder with a newer Nix, "" for this system
	disk    string // of the package set's evaluation, or ""

	fetching fetchOptions
}

func main() {
	b := new(bench)
	flag.StringVar(&b.granary, "granary", "./granary", "the program to measure")
	flag.IntVar(&b.runs, "runs", 5, "how often each is run")
	flag.StringVar(&b.tree, "tree", "", "package set to evaluate")
	flag.StringVar(&b.disk, "disk", "", "disk with the catalog of that package set, for query")
	flag.StringVar(&b.expect, "expect", "", "list of the sources that the tree has (sources.jsonl.xz)")
	flag.StringVar(&b.chroot, "chroot", "", "folder of a system whose Nix evaluates")
	flag.StringVar(&b.fetching.to, "to", "memory,disk", "where to fetch to")
	flag.StringVar(&b.fetching.contenders, "contenders", "granary,curl,aria2c,wget2,wget",
		"who fetches, as far as they are in the figure")
	flag.DurationVar(&b.fetching.latency, "latency", 40*time.Millisecond,
		"to the first byte, of fetch/latency")
	scratch := flag.String("scratch", "", "folder for scratch stores and disks (default: a temporary one)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := b.run(ctx, *scratch, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (b *bench) run(ctx context.Context, scratch string, names []string) (err error) {
	if b.granary, err = filepath.Abs(b.granary); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp(scratch, "granary-bench-"); err != nil {
		return err
	}
	if b.dir, err = filepath.Abs(b.dir); err != nil {
		return err
	}
	defer func() { removeAll(b.dir) }()
	b.fetching.keep = corporaIn(scratch)
	all := []struct {
		name string
		do   func(context.Context) error
	}{
		{"eval", b.eval}, {"evalonce", b.evalOnce}, {"drv", b.drv}, {"nar", b.nar},
		{"memory", b.memory}, {"fetch/small", b.fetch(smallTrial)},
		{"fetch/nixpkgs", b.fetch(nixpkgsTrial)}, {"fetch/large", b.fetch(largeTrial)},
		{"fetch/latency", b.fetchLatency}, {"fetch/tiny", b.fetchTiny},
		{"fetch/faults", b.fetchFaults}, {"fetch/simulation", b.fetchSimulation},
		{"query", b.query},
	}
	for _, one := range all {
		group, _, _ := strings.Cut(one.name, "/")
		if len(names) > 0 && !slices.Contains(names, one.name) && !slices.Contains(names, group) {
			continue
		}
		fmt.Printf("== %s\n", one.name)
		if err := one.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
	}
	return nil
}

// median returns the middle one of an odd number of values.
func median[T time.Duration | float64 | int64](values []T) T {
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	return sorted[len(sorted)/2]
}

// verdict prints a figure and whether its bound holds.
func verdict(name string, value, bound float64, unit string, atMost bool) {
	met, sign := value <= bound, "at most"
	if !atMost {
		met, sign = value >= bound, "at least"
	}
	word := "met"
	if !met {
		word = "NOT MET"
	}
	fmt.Printf("%-46s %8.2f %s (%s %.2f: %s)\n", name, value, unit, sign, bound, word)
}

func seconds(durations []time.Duration) string {
	words := make([]string, len(durations))
	for i, d := range durations {
		words[i] = fmt.Sprintf("%.1f", d.Seconds())
	}
	return strings.Join(words, " ") + " s"
}
