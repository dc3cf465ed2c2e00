package main

import (
	"context"
	"fmt"
	"slices"
)

// printShapes prints what both catalogs are like, side by side.
func printShapes(ctx context.Context, disks, tenTimes *questionDisks) error {
	r, err := describe(ctx, disks.catalog("evaluated"), "")
	if err != nil {
		return err
	}
	s, err := describe(ctx, tenTimes.catalog("evaluated"), "")
	if err != nil {
		return err
	}
	fmt.Printf("%-46s %-28s %s\n", "", disks.name, tenTimes.name)
	fmt.Printf("%-46s %-28s %s\n", "", "mean, median, 95 %, 99 %, most", "")
	for _, row := range []struct {
		name string
		of   func(*shape) any
	}{
		{"derivations", func(s *shape) any { return s.derivations }},
		{"attributes", func(s *shape) any { return s.attributes }},
		{"sources in closures", func(s *shape) any { return s.sources }},
		{"share of derivations that give one", func(s *shape) any { return round(s.fixed) }},
		{"inputs of any other derivation", func(s *shape) any { return s.inputs }},
		{"inputs of one that does", func(s *shape) any { return s.inputsFixed }},
		{"derivations that have one as an input", func(s *shape) any { return s.users }},
		{"depth below an attribute", func(s *shape) any { return s.depth }},
		{"sources that an attribute needs", func(s *shape) any { return s.needs }},
		{"attributes that need a source", func(s *shape) any { return s.sourceUsers }},
		{"share of sources needed by up to ten", func(s *shape) any { return round(s.upToTen) }},
		{"sources needed by nine in ten", func(s *shape) any { return s.nearlyAll }},
	} {
		fmt.Printf("%-46s %-28v %v\n", row.name, row.of(r), row.of(s))
	}
	return nil
}

func round(share float64) string { return fmt.Sprintf("%.2f", share) }

// printAnswers prints what questions took on both catalogs. They are in the same order;
// the attributes that are named are those of the first.
func printAnswers(small, large []*answers) {
	fmt.Printf("\n%-27s %9s %8s %7s %7s | ten times the size: %5s %8s %7s %5s %5s\n", "", "time",
		"CPU", "memory", "bound", "time", "CPU", "memory", "ratio", "CPU's")
	for i, s := range small {
		l := large[i]
		fmt.Printf("%-27s %s %7s |                %s %5.1f %5.1f\n", s.name, s.text(), boundText(s),
			l.text(), l.wall().Seconds()/s.wall().Seconds(), l.cpu().Seconds()/s.cpu().Seconds())
	}
	fmt.Println()
}

// judgeAnswers tells which bounds are met.
func judgeAnswers(small, large []*answers) {
	for i, s := range small {
		l := large[i]
		if s.bound > 0 {
			verdict(s.name+": time", s.wall().Seconds()*1000, s.bound.Seconds()*1000, "ms", true)
		}
		if slices.Contains(s.args, "buildable") {
			verdict(s.name+": memory", float64(s.memory())/1e6, questionMemory/1e6, "MB", true)
		}
		ratio := l.wall().Seconds() / s.wall().Seconds()
		verdict(s.name+", ten times the size", ratio, tenfoldTime, "times", true)
		verdict("    its memory", float64(l.memory())/1e6, tenfoldMemory/1e6, "MB", true)
	}
}

func (a *answers) text() string {
	return fmt.Sprintf("%6.0f ms %5.0f ms %4.0f MB", a.wall().Seconds()*1000, a.cpu().Seconds()*1000,
		float64(a.memory())/1e6)
}

func boundText(a *answers) string {
	if a.bound == 0 {
		return ""
	}
	return a.bound.String()
}
