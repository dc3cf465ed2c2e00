package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"granary/catalog"
	"granary/disk"
	"granary/hashes"
)

// questionDisks are disks with one catalog, in folders of one folder: base, of which
// nothing is held; half and all, of which so much is; and two, with a second snapshot.
type questionDisks struct {
	name string // for people
	dir  string
}

func (d *questionDisks) path(disk string) string { return filepath.Join(d.dir, disk) }

func (d *questionDisks) catalog(disk string) string {
	return filepath.Join(d.path(disk), "granary.db")
}

// realDisks makes disks out of the catalog of a real package set.
func (b *bench) realDisks(ctx context.Context) (*questionDisks, error) {
	if b.disk == "" && b.tree == "" {
		return nil, errors.New("name a package set with -tree, or a disk with -disk")
	}
	d := &questionDisks{"real", filepath.Join(b.keepIn(), "real")}
	return d, b.makeDisks(ctx, d, func(dir string) error {
		if b.disk != "" {
			return copyCatalog(b.disk, dir)
		}
		_, err := b.evaluate(ctx, filepath.Join(b.dir, "evaluate"), dir)
		return err
	})
}

// tenfold is how much larger the synthetic set is.
const tenfold = 10

func (b *bench) syntheticDisks(ctx context.Context) (*questionDisks, error) {
	d := &questionDisks{"synthetic", filepath.Join(b.keepIn(), "synthetic")}
	return d, b.makeDisks(ctx, d, func(dir string) error {
		return recordSynthetic(ctx, dir, tenfold)
	})
}

// keepIn returns the folder in which catalogs stay for other runs.
func (b *bench) keepIn() string {
	if b.fetching.keep == "" {
		return b.dir
	}
	return filepath.Join(filepath.Dir(b.fetching.keep), "granary-bench-catalogs")
}

// makeDisks makes the disks that are not there yet.
func (b *bench) makeDisks(
	ctx context.Context, d *questionDisks, evaluate func(dir string) error,
) error {
	steps := []struct {
		disk string
		make func(dir string) error
	}{
		{"evaluated", evaluate},
		{"base", func(dir string) error { return d.hold(ctx, dir, 0) }},
		{"half", func(dir string) error { return d.hold(ctx, dir, 0.5) }},
		{"all", func(dir string) error { return d.hold(ctx, dir, 1) }},
		{"two", func(dir string) error { return d.change(ctx, dir) }},
	}
	for _, step := range steps {
		begin := time.Now()
		made, err := makeOnce(d.path(step.disk), step.make)
		if err != nil {
			return fmt.Errorf("make disk %s: %w", d.path(step.disk), err)
		}
		if made {
			fmt.Printf("made %s/%s in %.0f s\n", d.name, step.disk, time.Since(begin).Seconds())
		}
	}
	return nil
}

// makeOnce makes a folder, unless it was made before.
func makeOnce(dir string, fill func(dir string) error) (made bool, err error) {
	if _, err := os.Stat(dir); err == nil {
		return false, nil
	}
	part := dir + ".part"
	removeAll(part)
	if err := os.MkdirAll(part, 0o755); err != nil {
		return false, err
	}
	if err := fill(part); err != nil {
		return false, err
	}
	return true, os.Rename(part, dir)
}

// copyCatalog copies the catalog of a disk, with what is in its log.
func copyCatalog(from, to string) error {
	if err := os.MkdirAll(filepath.Join(to, "tmp"), 0o755); err != nil {
		return err
	}
	for _, name := range []string{"granary.db", "granary.db-wal"} {
		in, err := os.Open(filepath.Join(from, name))
		if errors.Is(err, os.ErrNotExist) && name != "granary.db" {
			continue
		}
		if err != nil {
			return err
		}
		defer in.Close()
		err = writeFile(filepath.Join(to, name), func(w io.Writer) error {
			_, err := io.Copy(w, in)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// hold makes a disk that holds a share of the sources. Of the others a tenth failed, and
// the sizes of two thirds are known.
func (d *questionDisks) hold(ctx context.Context, dir string, share float64) error {
	if err := copyCatalog(d.path("evaluated"), dir); err != nil {
		return err
	}
	c, err := catalog.Open(ctx, filepath.Join(dir, "granary.db"))
	if err != nil {
		return err
	}
	defer c.Close()
	sources, err := c.Sources(ctx)
	if err != nil {
		return err
	}
	h := &holder{dir: dir, random: rand.New(rand.NewPCG(2018, 7)), share: share}
	for i := range sources {
		if err := h.add(&sources[i]); err != nil {
			return err
		}
	}
	return errors.Join(c.RecordOutcomes(ctx, h.outcomes), c.RecordSizes(ctx, h.sizes))
}

// A holder makes up what became of sources.
type holder struct {
	dir      string
	random   *rand.Rand
	share    float64
	outcomes []catalog.Outcome
	sizes    []catalog.Size
}

var failures = []string{"not found", "wrong hash", "timeout", "refused", "truncated"}

func (h *holder) add(s *catalog.Source) error {
	size := int64(120_000 * math.Exp(1.6*h.random.NormFloat64()))
	at := time.Unix(1_600_000_000, 0)
	o := catalog.Outcome{OutPath: s.OutPath}
	attempt := catalog.Attempt{URL: "https://example.org/" + s.Name, At: at, Duration: time.Second}
	if len(s.URLs) > 0 {
		attempt.URL = s.URLs[0]
	}
	switch {
	case h.random.Float64() < h.share:
		o.Object, o.Recipe, o.Size = s.CA.Hash, "flat", size
		if s.CA.Mode != hashes.Flat {
			o.Object, o.Recipe = hashes.Sum(hashes.SHA256, []byte(s.OutPath)), "nar"
		}
		attempt.Status, attempt.Bytes = 200, size
		if err := writeObject(h.dir, o.Object, size); err != nil {
			return err
		}
	case h.share > 0 && h.random.IntN(10) == 0:
		o.Reason = failures[h.random.IntN(len(failures))]
		attempt.Status, attempt.Reason = 404, o.Reason
	default:
		if h.random.IntN(3) > 0 {
			h.sizes = append(h.sizes, catalog.Size{
				OutPath: s.OutPath, Bytes: size, Exact: true, Origin: catalog.SizeOfHead, At: at,
			})
		}
		return nil
	}
	o.Attempts = []catalog.Attempt{attempt}
	h.outcomes = append(h.outcomes, o)
	return nil
}

// writeObject makes a file of that name and size that takes no room.
func writeObject(dir string, object hashes.Hash, size int64) error {
	name := filepath.Join(dir, filepath.FromSlash(disk.ObjectName(object)))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(size), f.Close())
}
