package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"granary/internal/corpus"
	"granary/internal/faultweb"
)

const (
	faultyFiles = 1846 // that can be had
	lostFiles   = 420  // that cannot
)

// A collector gets files into dir, each under its name, as far as it can.
type collector struct {
	name    string
	collect func(ctx context.Context, r *race, dir string, files []faultweb.File) error
}

var collectors = []collector{
	{"granary", collectGranary},
	{"wget", collectEach("wget --no-config --quiet --tries=20 --waitretry=1 --timeout=5 " +
		"--retry-connrefused --retry-on-host-error " +
		"--retry-on-http-error=408,429,500,502,503,504 -O")},
	// That of Debian 12 knows no more to retry on.
	{"wget2", collectEach("wget2 --no-config --no-local-db --quiet --tries=20 --waitretry=1 " +
		"--timeout=5 --retry-connrefused -O")},
	{"aria2c", collectAria2},
}

// fetchFaults counts how many of the files each gets with the right hash.
func (b *bench) fetchFaults(ctx context.Context) error {
	table := faultTable{got: map[string]map[string]int{}}
	chosen := strings.Split(b.fetching.contenders, ",")
	for _, c := range collectors {
		if !slices.Contains(chosen, c.name) {
			continue
		}
		if err := b.collect(ctx, c, &table); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	table.print()
	return nil
}

// collect has one of them collect from servers that nobody asked yet.
func (b *bench) collect(ctx context.Context, c collector, table *faultTable) error {
	web, err := faultweb.Start(faultyFiles, lostFiles, time.Second)
	if err != nil {
		return err
	}
	defer web.Close()
	dir, err := os.MkdirTemp(b.dir, "faults-")
	if err != nil {
		return err
	}
	defer removeAll(dir)
	table.files = web.Files
	begin := time.Now()
	files := web.Files
	if c.name != "granary" { // the others do not say why
		files = slices.DeleteFunc(slices.Clone(files), isLost)
	}
	r := &race{granary: b.granary, dir: dir}
	if err := c.collect(ctx, r, dir, files); err != nil {
		return err
	}
	fmt.Printf("%s took %.0f s\n", c.name, time.Since(begin).Seconds())
	if c.name == "granary" {
		return table.judge(ctx, r, dir)
	}
	table.count(c.name, dir)
	return nil
}

func isLost(f faultweb.File) bool { return f.Reason != "" }

// collectGranary puts the files onto the disk dir/disk.
func collectGranary(ctx context.Context, r *race, dir string, files []faultweb.File) error {
	var list bytes.Buffer
	for _, f := range files {
		sri, err := corpus.SRI(f.SHA256)
		if err != nil {
			return err
		}
		urls := f.URLs
		if urls == nil {
			urls = []string{}
		}
		line := map[string]any{"name": f.Name, "urls": urls, "mode": "flat", "hash": sri}
		if err := json.NewEncoder(&list).Encode(line); err != nil {
			return err
		}
	}
	cmd := r.command(ctx, dir, "GRANARY import --disk disk -")
	cmd.Stdin = &list
	if _, err := run(cmd); err != nil {
		return err
	}
	_, err := run(r.command(ctx, dir, "GRANARY fetch --disk disk --jobs 64 --jobs-per-host 64 "+
		"--no-substituters --timeout 5s -q"))
	return err
}

// collectEach runs a command for each URL of a file until one ends well, 64 files at a
// time.
func collectEach(command string) func(context.Context, *race, string, []faultweb.File) error {
	return func(ctx context.Context, r *race, dir string, files []faultweb.File) error {
		var group errgroup.Group
		group.SetLimit(64)
		for _, f := range files {
			group.Go(func() error {
				for _, url := range f.URLs {
					cmd := r.command(ctx, dir, command+" "+f.Name+" "+url)
					if cmd.Run() == nil {
						break
					}
				}
				return ctx.Err()
			})
		}
		return group.Wait()
	}
}

// collectAria2 gives it all URLs of a file. How it ends says nothing.
func collectAria2(ctx context.Context, r *race, dir string, files []faultweb.File) error {
	var list strings.Builder
	for _, f := range files {
		fmt.Fprintf(&list, "%s\n  out=%s\n  checksum=sha-256=%s\n",
			strings.Join(f.URLs, "\t"), f.Name, f.SHA256)
	}
	cmd := r.command(ctx, dir, "aria2c --no-conf --quiet -j 64 -x 1 --check-integrity=true "+
		"--max-tries=20 --retry-wait=1 --timeout=5 --connect-timeout=5 --always-resume=false "+
		"--uri-selector=inorder --input-file=-")
	cmd.Stdin = strings.NewReader(list.String())
	cmd.Run()
	return ctx.Err()
}

// A faultTable counts, by fault and contender, the files with the right hash, and
// those of which the right reason was named.
type faultTable struct {
	files []faultweb.File
	names []string                  // of those that ran
	got   map[string]map[string]int // by fault and contender
	wrong map[string]int            // what granary said otherwise, by fault and reason
}

func (t *faultTable) add(name, fault string) {
	if !slices.Contains(t.names, name) {
		t.names = append(t.names, name)
	}
	if t.got[fault] == nil {
		t.got[fault] = map[string]int{}
	}
	t.got[fault][name]++
}

// count counts the files in dir.
func (t *faultTable) count(name, dir string) {
	for i := range t.files {
		if f := &t.files[i]; hasHash(filepath.Join(dir, f.Name), f.SHA256) {
			t.add(name, f.Fault)
		}
	}
}

// judge counts the objects on granary's disk, and the reasons that it names.
func (t *faultTable) judge(ctx context.Context, r *race, dir string) error {
	t.wrong = map[string]int{}
	u, err := run(r.command(ctx, dir, "GRANARY sources --disk disk --json"))
	if err != nil {
		return err
	}
	reasons, err := readReasons(bytes.NewReader(u.stdout))
	if err != nil {
		return err
	}
	for i := range t.files {
		f := &t.files[i]
		object := filepath.Join(dir, "disk", "sha256", f.SHA256[:2], f.SHA256)
		reason, ok := reasons[f.Name]
		switch {
		case !ok:
			return fmt.Errorf("%s: not listed", f.Name)
		case f.Reason == "" && reason == "" && hasHash(object, f.SHA256),
			f.Reason != "" && f.Reason == reason:
			t.add("granary", f.Fault)
		default:
			t.wrong[f.Fault+": "+reason]++
		}
	}
	return nil
}

// readReasons returns why each source failed, by its name; "" for one that is held.
func readReasons(sources io.Reader) (map[string]string, error) {
	reasons := map[string]string{}
	lines := bufio.NewScanner(sources)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s struct{ Name, State, Reason string }
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, err
		}
		if s.State != "held" && s.Reason == "" {
			s.Reason = s.State
		}
		reasons[s.Name] = s.Reason
	}
	return reasons, lines.Err()
}

func hasHash(file, base16 string) bool {
	text, err := os.ReadFile(file)
	return err == nil && fmt.Sprintf("%x", sha256.Sum256(text)) == base16
}

func (t *faultTable) print() {
	fmt.Printf("%-62s %6s", "fault", "files")
	for _, name := range t.names {
		fmt.Printf(" %8s", name)
	}
	fmt.Println()
	had := t.printRows("can be had", "", func(f *faultweb.File) bool { return f.Reason == "" })
	named := t.printRows("cannot be had, reason named", "cannot be had: ",
		func(f *faultweb.File) bool { return f.Reason != "" })
	if slices.Contains(t.names, "granary") {
		verdict("right, of granary", float64(had["granary"]+named["granary"]),
			float64(len(t.files)), "files", false)
	}
	for _, text := range slices.Sorted(maps.Keys(t.wrong)) {
		fmt.Printf("granary said otherwise: %s (%d)\n", text, t.wrong[text])
	}
}

// printRows prints the faults of the files that match, and returns their sum.
func (t *faultTable) printRows(
	sum, before string, match func(*faultweb.File) bool,
) (got map[string]int) {
	got = map[string]int{}
	all := map[string]int{}
	var order []string
	for i := range t.files {
		f := &t.files[i]
		if !match(f) {
			continue
		}
		if all[f.Fault] == 0 {
			order = append(order, f.Fault)
		}
		all[f.Fault]++
		all[sum]++
	}
	for _, fault := range order {
		t.printRow(before+fault, all[fault], t.got[fault])
		for name, n := range t.got[fault] {
			got[name] += n
		}
	}
	t.printRow("all that "+sum, all[sum], got)
	return got
}

// printRow leaves open what nobody got.
func (t *faultTable) printRow(fault string, files int, got map[string]int) {
	fmt.Printf("%-62s %6d", fault, files)
	for _, name := range t.names {
		if n := got[name]; n > 0 {
			fmt.Printf(" %8d", n)
		} else {
			fmt.Printf(" %8s", "-")
		}
	}
	fmt.Println()
}
