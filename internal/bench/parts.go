package main

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// goBench runs one Go benchmark on one core and returns ns an operation and MB/s,
// each the median of the runs.
func (b *bench) goBench(
	ctx context.Context, pkg, name string, env ...string,
) (ns, mbs float64, err error) {
	return b.goBenchOn(ctx, 1, pkg, name, env...)
}

func (b *bench) goBenchOn(
	ctx context.Context, cores int, pkg, name string, env ...string,
) (ns, mbs float64, err error) {
	cmd := exec.CommandContext(ctx, "go", "test", pkg,
		"-run", "^$", "-bench", "^"+strings.ReplaceAll(name, "/", "$/^")+"$",
		"-count", strconv.Itoa(b.runs), "-cpu", strconv.Itoa(cores), "-benchtime", "1s")
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w\n%s", name, err, tail(string(out)))
	}
	var allNS, allMBS []float64
	for _, m := range benchLine.FindAllSubmatch(out, -1) {
		ns, _ := strconv.ParseFloat(string(m[1]), 64)
		mbs, _ := strconv.ParseFloat(string(m[2]), 64)
		allNS, allMBS = append(allNS, ns), append(allMBS, mbs)
	}
	if len(allNS) == 0 {
		return 0, 0, fmt.Errorf("%s: no result in\n%s", name, tail(string(out)))
	}
	return median(allNS), median(allMBS), nil
}

var benchLine = regexp.MustCompile(`(?m)^Benchmark\S+\s+\d+\s+([0-9.]+) ns/op\s+([0-9.]+) MB/s`)

// drv measures reading .drv files: those of the tree, if there is one.
func (b *bench) drv(ctx context.Context) error {
	store := filepath.Join(b.dir, "drv", "store")
	if b.tree != "" {
		dir := filepath.Join(b.dir, "drv")
		disk := filepath.Join(dir, "disk")
		if _, err := b.evaluate(ctx, dir, disk); err != nil {
			return err
		}
		list := filepath.Join(dir, "list.json")
		if err := b.writeList(ctx, dir, disk, list); err != nil {
			return err
		}
		if _, err := b.bareEval(ctx, dir, store, list, "--read-write-mode"); err != nil {
			return err
		}
		defer removeAll(dir)
	}
	for _, name := range []string{"BenchmarkParseDerivation", "BenchmarkReadDerivations"} {
		ns, mbs, err := b.goBench(ctx, "./eval", name,
			"GRANARY_DRV_DIR="+filepath.Join(store, "nix/store"))
		if err != nil {
			return err
		}
		verdict(fmt.Sprintf("%s (%.0f MB/s)", name[len("Benchmark"):], mbs), 1e9/ns, 100_000,
			"files/s", false)
	}
	return nil
}

// sha256Speed returns the MB/s of SHA-256 over memory.
func (b *bench) sha256Speed() float64 {
	data := make([]byte, 256<<20)
	var speeds []float64
	for range b.runs {
		begin := time.Now()
		sha256.Sum256(data)
		speeds = append(speeds, float64(len(data))/1e6/time.Since(begin).Seconds())
	}
	return median(speeds)
}

// nar measures hashing NARs: of trees on one core, then out of archives.
func (b *bench) nar(ctx context.Context) error {
	sha := b.sha256Speed()
	fmt.Printf("%-46s %8.0f MB/s\n", "SHA-256 alone", sha)
	for _, figure := range []struct {
		name  string
		bound float64
	}{
		{"DumpSmallFiles/sha256", 500}, {"DumpLargeFile/sha256", 0.95 * sha},
	} {
		_, mbs, err := b.goBench(ctx, "./nar", "Benchmark"+figure.name)
		if err != nil {
			return err
		}
		verdict(figure.name, mbs, figure.bound, "MB/s", false)
	}
	for _, format := range []string{"Tar", "Gzip", "Zstd", "Xz"} {
		for _, size := range []string{"48MiB", "96MiB"} {
			if err := b.archive(ctx, format, size); err != nil {
				return err
			}
		}
	}
	return nil
}

// archive prints a line with the speeds of one archive in MB/s: of the library
// alone, of decompressing, of hashing its NAR, and of what one core could do at
// best, decompressing and then SHA-256; then on two cores one archive, and two at once.
func (b *bench) archive(ctx context.Context, format, size string) error {
	name := fmt.Sprintf("BenchmarkArchive%s/%s/", format, size)
	speed := map[string]float64{}
	for _, figure := range []struct {
		label, pkgName string
		cores          int
	}{
		{"library", name + "library", 1}, {"decoder", name + "decompress", 1},
		{"hash", name + "hash", 1}, {"sha", "BenchmarkSHA256", 1},
		{"hash2", name + "hash", 2}, {"several", name + "several", 2},
	} {
		_, mbs, err := b.goBenchOn(ctx, figure.cores, "./nar", figure.pkgName)
		if err != nil {
			return err
		}
		speed[figure.label] = mbs
	}
	best := 1 / (1/speed["decoder"] + 1/speed["sha"])
	fmt.Printf("%-4s %s: library %5.0f, decoder %5.0f, SHA-256 %5.0f, both at best %5.0f, "+
		"NAR hash %5.0f MB/s; on two cores %5.0f, two archives %5.0f\n",
		format, size, speed["library"], speed["decoder"], speed["sha"], best, speed["hash"],
		speed["hash2"], speed["several"])
	switch format {
	case "Gzip":
		verdict("NAR hash out of gzip, "+size, speed["hash"], 400, "MB/s", false)
	case "Zstd":
		verdict("NAR hash out of zstd, "+size, speed["hash"], 1000, "MB/s", false)
	case "Xz":
		verdict("NAR hash out of xz, "+size, speed["hash"], 0.8*speed["library"], "MB/s", false)
	}
	return nil
}
