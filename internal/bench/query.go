package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"slices"
	"time"
)

// A question is a command that answers one, and how long it may take at the size of
// nixpkgs of May 2018.
type question struct {
	name  string
	disk  string   // of a questionDisks: base, half, all, two
	args  []string // of granary
	bound time.Duration
}

const (
	questionMemory = 200e6  // bytes, of verdicts at that size
	tenfoldTime    = 12     // times as long, at ten times that size
	tenfoldMemory  = 1500e6 // bytes, of any question at ten times that size
)

// questions returns what is asked, of attributes that are on the disks.
func questions(some askedAbout, report string) []question {
	all := []question{
		{"buildable, nothing held", "base", []string{"query", "buildable"}, 300 * time.Millisecond},
		{"buildable, half held", "half", []string{"query", "buildable"}, 300 * time.Millisecond},
		{"buildable, all held", "all", []string{"query", "buildable"}, 300 * time.Millisecond},
		{"buildable --json", "half", []string{"query", "buildable", "--json"}, 0},
	}
	for _, attr := range some.attributes {
		all = append(all, question{
			"buildable " + shorten(attr), "half", []string{"query", "buildable", attr},
			20 * time.Millisecond,
		})
	}
	last := some.attributes[len(some.attributes)-1]
	return append(all, []question{
		{"missing", "half", []string{"query", "missing"}, time.Second},
		{"missing --json", "half", []string{"query", "missing", "--json"}, 0},
		{"missing " + shorten(last), "half", []string{"query", "missing", last}, 0},
		{"needs " + shorten(last), "half", []string{"query", "needs", last}, 0},
		{"users SOURCE", "half", []string{"query", "users", some.source}, 0},
		{"plan", "half", []string{"plan"}, time.Second},
		{"plan --budget 20G", "half", []string{"plan", "--budget", "20G"}, time.Second},
		{"diff", "two", []string{"diff", some.before, changedSnapshot}, time.Second},
		{"status", "half", []string{"status"}, 0},
		{"report", "half", []string{"report", report}, 0},
	}...)
}

// shorten makes a name fit a table.
func shorten(name string) string {
	const most = 16
	if len(name) > most {
		return name[:most-1] + "…"
	}
	return name
}

// answers are what runs of a question took.
type answers struct {
	question
	usages []usage
}

func (a *answers) wall() time.Duration {
	return medianOf(a.usages, func(u usage) time.Duration { return u.wall })
}

func (a *answers) cpu() time.Duration {
	return medianOf(a.usages, func(u usage) time.Duration { return u.cpuAll })
}

func (a *answers) memory() int64 {
	most := int64(0)
	for i := range a.usages {
		most = max(most, a.usages[i].memory)
	}
	return most
}

func medianOf(usages []usage, of func(usage) time.Duration) time.Duration {
	values := make([]time.Duration, len(usages))
	for i := range usages {
		values[i] = of(usages[i])
	}
	return median(values)
}

// query measures the questions on a real catalog and on a synthetic one ten times the
// size, and prints what both are like.
func (b *bench) query(ctx context.Context) error {
	disks, err := b.realDisks(ctx)
	if err != nil {
		return err
	}
	tenTimes, err := b.syntheticDisks(ctx)
	if err != nil {
		return err
	}
	if err := printShapes(ctx, disks, tenTimes); err != nil {
		return err
	}
	if err := b.askNix(ctx, disks); err != nil {
		return err
	}
	small, err := b.ask(ctx, disks)
	if err != nil {
		return err
	}
	large, err := b.ask(ctx, tenTimes)
	if err != nil {
		return err
	}
	printAnswers(small, large)
	judgeAnswers(small, large)
	return nil
}

// ask asks every question as often as it was asked for, in turns.
func (b *bench) ask(ctx context.Context, disks *questionDisks) ([]*answers, error) {
	some, err := b.chooseAttributes(ctx, disks)
	if err != nil {
		return nil, err
	}
	var all []*answers
	for _, q := range questions(some, disks.dir+"/report.html") {
		// The first run, which reads files that others do not have to, does not count.
		if _, err := b.answer(ctx, disks.path(q.disk), q.args...); err != nil {
			return nil, err
		}
		all = append(all, &answers{question: q})
	}
	for range b.runs {
		for _, a := range all {
			u, err := b.answer(ctx, disks.path(a.disk), a.args...)
			if err != nil {
				return nil, err
			}
			a.usages = append(a.usages, u)
		}
	}
	return all, nil
}

// answer runs granary, whose output goes nowhere.
func (b *bench) answer(ctx context.Context, disk string, args ...string) (usage, error) {
	nowhere, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return usage{}, err
	}
	defer nowhere.Close()
	cmd := exec.CommandContext(ctx, b.granary, append(args, "--disk", disk)...)
	cmd.Stdout = nowhere
	return run(cmd)
}

// askedAbout are attributes, the last with most needs, a source, and the snapshot before
// the changed one.
type askedAbout struct {
	attributes     []string
	source, before string
}

// chooseAttributes chooses hello and firefox, or, where these are not, an attribute with
// as many needs as half of all, and one with as many as 95 % of them.
func (b *bench) chooseAttributes(ctx context.Context, disks *questionDisks) (askedAbout, error) {
	type line struct {
		AttrPath string
		Needs    int
	}
	u, err := run(exec.CommandContext(ctx, b.granary, "query", "buildable", "--json", "--disk",
		disks.path("base")))
	if err != nil {
		return askedAbout{}, err
	}
	var all []line
	known := map[string]bool{}
	for lines := bufio.NewScanner(bytes.NewReader(u.stdout)); lines.Scan(); {
		var l line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return askedAbout{}, err
		}
		known[l.AttrPath] = true
		all = append(all, l)
	}
	slices.SortFunc(all, func(a, b line) int {
		return cmp.Or(a.Needs-b.Needs, cmp.Compare(a.AttrPath, b.AttrPath))
	})
	names := []string{"hello", "firefox"}
	if !known["hello"] || !known["firefox"] {
		names = []string{all[len(all)/2].AttrPath, all[len(all)*95/100].AttrPath}
	}
	some := askedAbout{attributes: append(names, all[len(all)-1].AttrPath)}
	some.source, some.before, err = popularSource(ctx, disks.catalog("base"))
	return some, err
}
