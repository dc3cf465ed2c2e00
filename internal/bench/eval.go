package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"time"
)

// bareExpr is the yardstick: one nix-instantiate over the attributes that
// evaluate, with nothing of ours.
const bareExpr = `{ tree, list }:
let
  pkgs = import tree { system = builtins.currentSystem; config = { }; overlays = [ ]; };
  at = path: (builtins.foldl' (set: name: set.${name}) pkgs path).drvPath;
in
map at (builtins.fromJSON (builtins.readFile list))
`

var errNoTree = errors.New("name a package set with -tree")

// evalRun are the figures of one round.
type evalRun struct{ first, again, bare, bareReadOnly usage }

// eval compares evaluating and recording a whole tree with a bare evaluation.
func (b *bench) eval(ctx context.Context) error {
	if b.tree == "" {
		return errNoTree
	}
	var rounds []evalRun
	for i := range b.runs {
		r, err := b.evalRound(ctx, i)
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	var first, again, bare, readOnly []time.Duration
	var ratio, ratioAgain []float64
	memory := int64(0)
	for _, r := range rounds {
		first, again = append(first, r.first.wall), append(again, r.again.wall)
		bare, readOnly = append(bare, r.bare.wall), append(readOnly, r.bareReadOnly.wall)
		ratio = append(ratio, r.first.wall.Seconds()/r.bare.wall.Seconds())
		ratioAgain = append(ratioAgain, r.again.wall.Seconds()/r.bareReadOnly.wall.Seconds())
		memory = max(memory, r.first.memory, r.again.memory)
	}
	fmt.Printf("evaluate and record: %s\nbare, writing:       %s\n", seconds(first), seconds(bare))
	fmt.Printf("evaluate again:      %s\nbare, read-only:     %s\n", seconds(again), seconds(readOnly))
	verdict("evaluate and record / bare, writing", median(ratio), 1, "", true)
	verdict("evaluate again / bare, read-only", median(ratioAgain), 1.1, "", true)
	verdict("memory of granary", float64(memory)/(1<<20), 300, "MiB", true)
	return nil
}

func (b *bench) evalRound(ctx context.Context, i int) (r evalRun, err error) {
	dir := filepath.Join(b.dir, fmt.Sprint("eval", i))
	defer removeAll(dir)
	disk := filepath.Join(dir, "disk")
	if r.first, err = b.evaluate(ctx, dir, disk); err != nil {
		return r, err
	}
	list := filepath.Join(dir, "list.json")
	if err := b.writeList(ctx, dir, disk, list); err != nil {
		return r, err
	}
	if i == 0 {
		if err := b.checkDisk(ctx, dir, disk, r.first); err != nil {
			return r, err
		}
	}
	store := filepath.Join(dir, "store")
	if r.bare, err = b.bareEval(ctx, dir, store, list, "--read-write-mode"); err != nil {
		return r, err
	}
	if r.again, err = b.evaluate(ctx, dir, disk); err != nil {
		return r, err
	}
	r.bareReadOnly, err = b.bareEval(ctx, dir, store, list, "--readonly-mode")
	return r, err
}

func (b *bench) evaluate(ctx context.Context, dir, disk string) (usage, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage{}, err
	}
	return b.measure(ctx, dir, b.granary, "eval", b.tree, "--disk", disk, "--workers", "2", "-v",
		"--unfree", "--broken", "--unsupported", "--insecure")
}

func (b *bench) bareEval(ctx context.Context, dir, store, list, mode string) (usage, error) {
	expr := filepath.Join(dir, "bare.nix")
	if err := os.WriteFile(expr, []byte(bareExpr), 0o644); err != nil {
		return usage{}, err
	}
	return b.measure(ctx, dir, "nix-instantiate", "--eval", "--strict", mode, "--store", store,
		expr, "--arg", "tree", b.tree, "--argstr", "list", list)
}

// attrName splits an attribute path as granary prints it.
var attrName = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|[^.]+`)

// writeList writes the paths of the attributes that have a derivation.
func (b *bench) writeList(ctx context.Context, dir, disk, list string) error {
	u, err := b.measure(ctx, dir, b.granary, "attrs", "--json", "--disk", disk)
	if err != nil {
		return err
	}
	var paths [][]string
	lines := bufio.NewScanner(bytes.NewReader(u.stdout))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var a struct{ AttrPath, DrvPath string }
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			return err
		}
		if a.DrvPath == "" {
			continue
		}
		var path []string
		for _, name := range attrName.FindAllString(a.AttrPath, -1) {
			if name[0] == '"' {
				if err := json.Unmarshal([]byte(name), &name); err != nil {
					return fmt.Errorf("attribute %s: %w", a.AttrPath, err)
				}
			}
			path = append(path, name)
		}
		paths = append(paths, path)
	}
	text, err := json.Marshal(paths)
	if err != nil {
		return err
	}
	return os.WriteFile(list, text, 0o644)
}

var peakPattern = regexp.MustCompile(`evaluating processes took at most ([0-9.]+) (\w)iB`)

// checkDisk prints what the catalog of the first run holds.
func (b *bench) checkDisk(ctx context.Context, dir, disk string, first usage) error {
	info, err := os.Stat(filepath.Join(disk, "granary.db"))
	if err != nil {
		return err
	}
	verdict("catalog", float64(info.Size())/1e6, 80, "MB", true)
	if m := peakPattern.FindStringSubmatch(first.stderr); m != nil {
		fmt.Printf("all workers together: %s %siB\n", m[1], m[2])
	}
	fmt.Printf("granary's own CPU time: %.1f s\n", first.cpu.Seconds())
	u, err := b.measure(ctx, dir, b.granary, "snapshots", "--json", "--disk", disk)
	if err != nil {
		return err
	}
	fmt.Printf("%s", u.stdout)
	if b.expect == "" {
		return nil
	}
	return b.compare(ctx, dir, disk)
}

// evalOnce evaluates a tree once and says what came of it.
func (b *bench) evalOnce(ctx context.Context) error {
	if b.tree == "" {
		return errNoTree
	}
	dir := filepath.Join(b.dir, "once")
	disk := filepath.Join(dir, "disk")
	u, err := b.evaluate(ctx, dir, disk)
	if err != nil {
		return err
	}
	verdict("evaluate and record", u.wall.Seconds(), 180, "s", true)
	return b.checkDisk(ctx, dir, disk, u)
}

// compare tells whether every source of the list is in the catalog, with that
// mode and hash and those URLs.
func (b *bench) compare(ctx context.Context, dir, disk string) error {
	u, err := b.measure(ctx, dir, b.granary, "sources", "--json", "--disk", disk)
	if err != nil {
		return err
	}
	have, err := readSources(bytes.NewReader(u.stdout))
	if err != nil {
		return err
	}
	xz := exec.CommandContext(ctx, "xz", "-dc", b.expect)
	text, err := xz.Output()
	if err != nil {
		return fmt.Errorf("read %s: %w", b.expect, err)
	}
	want, err := readSources(bytes.NewReader(text))
	if err != nil {
		return err
	}
	var missing, different, urls int
	for path, w := range want {
		h, ok := have[path]
		switch {
		case !ok:
			missing++
		case h.Name != w.Name || h.Mode != w.Mode || h.sri() != w.sri():
			different++
		case !h.hasURLs(w.urls()):
			urls++
		}
	}
	outside := 0
	for _, h := range have {
		if !h.InClosure {
			outside++
		}
	}
	fmt.Printf("sources listed: %d; missing %d, other mode or hash %d, URLs lacking %d\n",
		len(want), missing, different, urls)
	fmt.Printf("sources recorded: %d, of which in no closure: %d\n", len(have), outside)
	return nil
}
