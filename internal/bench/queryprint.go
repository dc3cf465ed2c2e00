package main

import (
	"context"
	"fmt"
)

// printShapes prints what both catalogs are like, side by side.
func printShapes(ctx context.Context, real, synthetic *questionDisks) error {
	r, err := describe(ctx, real.catalog("evaluated"), "")
	if err != nil {
		return err
	}
	s, err := describe(ctx, synthetic.catalog("evaluated"), "")
	if err != nil {
		return err
	}
	fmt.Printf("%-46s %-28s %s\n", "", real.name, synthetic.name)
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

// printAnswers prints what questions took on both catalogs. They are in the same order.
func printAnswers(small, large []*answers) {
	fmt.Printf("\n%-30s %8s %8s %7s %8s | %-26s %8s %8s %7s %6s\n", "", "time", "CPU", "memory",
		"bound", "ten times the size", "time", "CPU", "memory", "ratio")
	for i, s := range small {
		fmt.Printf("%-30s %s %8s |", s.name, s.text(), boundText(s))
		if i < len(large) {
			l := large[i]
			fmt.Printf(" %-26s %s %6.1f", l.name, l.text(), l.wall().Seconds()/s.wall().Seconds())
		}
		fmt.Println()
	}
	fmt.Println()
	for i, s := range small {
		if s.bound > 0 {
			verdict(s.name+": ms", s.wall().Seconds()*1000, s.bound.Seconds()*1000, "", true)
			verdict(s.name+": MB", float64(s.memory())/1e6, questionMemory/1e6, "", true)
		}
		if i < len(large) {
			ratio := large[i].wall().Seconds() / s.wall().Seconds()
			verdict(s.name+": ten times the size", ratio, tenfoldTime, "times", true)
			verdict(s.name+": memory there", float64(large[i].memory())/1e6, tenfoldMemory/1e6, "MB", true)
		}
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
