package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"granary/catalog"
)

func (a *app) printStatus(ctx context.Context, st *statusLine) error {
	if err := a.print(st.text(a.diskDir, newScreen(a.stdout))); err != nil {
		return err
	}
	a.suggest(st)
	if len(st.Snapshots) == 0 {
		return nil
	}
	return a.tellUnfinished(ctx)
}

// text is for people: one look, and on a screen no more than that has room for.
func (st *statusLine) text(disk string, on screen) string {
	w := new(strings.Builder)
	fmt.Fprintf(w, "disk %s", printable(disk))
	if st.Free != nil {
		fmt.Fprintf(w, ", %s free", bytes(*st.Free))
	}
	fmt.Fprintln(w)
	st.writeSnapshots(w, on)
	if st.Sources > 0 {
		st.writeSources(w, on)
	}
	st.writeFailures(w, on)
	return w.String()
}

// shownSnapshots is how many of the snapshots status shows, the last.
const shownSnapshots = 5

func (st *statusLine) writeSnapshots(w io.Writer, on screen) {
	shown := st.Snapshots[max(0, len(st.Snapshots)-shownSnapshots):]
	if more := len(st.Snapshots) - len(shown); more > 0 {
		fmt.Fprintf(w, "%s: granary snapshots\n", count(more, "earlier snapshot"))
	}
	if len(shown) == 0 && st.Sources > 0 {
		fmt.Fprintln(w, "no snapshot: want-lists alone want sources")
	}
	var rows []barRow
	for i := range shown {
		s := &shown[i]
		evaluated := s.Attrs - s.Errors
		text := fmt.Sprintf("%s of %s buildable", thousands(s.Buildable), count(evaluated, "attribute"))
		if s.Errors > 0 {
			text += fmt.Sprintf("; %s did not evaluate", thousands(s.Errors))
		}
		rows = append(rows, barRow{n: s.Buildable, all: evaluated, after: text})
	}
	lines := on.barRows(rows)
	for i := range shown {
		s := &shown[i]
		fmt.Fprintf(w, "snapshot %s, evaluated %s\n%s\n", printable(s.Snapshot),
			s.at.Local().Format(dateFormat), lines[i])
	}
}

func (st *statusLine) writeSources(w io.Writer, on screen) {
	row := func(n int, what, after string) barRow {
		return barRow{fmt.Sprintf("%9s  %-7s ", thousands(n), what), n, st.Sources, after}
	}
	missing, failed := st.tallies[catalog.Missing], st.tallies[catalog.Failed]
	rows := on.barRows([]barRow{
		row(st.Held, "held", bytes(st.Bytes)), row(st.Missing, "missing", howLarge(&missing)),
		row(st.Failed, "failed", howLarge(&failed)),
	})
	fmt.Fprintf(w, "\n%s\n%s\n", count(st.Sources, "source"), strings.Join(rows, "\n"))
	if st.ByHand > 0 {
		writeCount(w, st.ByHand, "of those not held: to be added by hand")
	}
}

// shownFailures is how many reasons and hosts are shown at most.
const shownFailures = 10

// writeFailures writes why sources failed and at which hosts, as far as there is room,
// and side by side on a screen.
func (st *statusLine) writeFailures(w *strings.Builder, on screen) {
	if st.Failed == 0 {
		return
	}
	rows := shownFailures
	if on.rows > 0 {
		const others = 6 // an empty line, the title, "and more", what to do next, the shell
		rows = min(rows, max(3, on.rows-strings.Count(w.String(), "\n")-others))
	}
	reasons := countLines("why they failed", st.Reasons, rows, "")
	hosts := countLines("hosts with failures", st.Hosts, rows, ": status --hosts")
	if on.columns < 80 {
		writeLines(w, reasons)
		writeLines(w, hosts)
		return
	}
	writeLines(w, sideBySide(reasons, hosts, on.columns))
}

// writeLines writes a table below an empty line.
func writeLines(w io.Writer, lines []string) {
	if len(lines) > 0 {
		fmt.Fprintf(w, "\n%s\n", strings.Join(lines, "\n"))
	}
}

// sideBySide puts two tables beside each other, and cuts what is too long.
func sideBySide(left, right []string, columns int) []string {
	lines := make([]string, max(len(left), len(right)))
	half := columns / 2
	for i := range left {
		lines[i] = cut(left[i], half-2)
	}
	for i := range right {
		lines[i] = fmt.Sprintf("%-*s%s", half, lines[i], cut(right[i], half-1))
	}
	return lines
}

// countLines returns the largest numbers, so many, below a title. Behind how many more
// there are stands where they are to be seen.
func countLines(title string, numbers map[string]int, rows int, where string) []string {
	if len(numbers) == 0 {
		return nil
	}
	lines := []string{title}
	keys := byCount(numbers)
	for _, key := range keys[:min(rows, len(keys))] {
		lines = append(lines, fmt.Sprintf("%9s  %s", thousands(numbers[key]), printable(key)))
	}
	if more := len(keys) - rows; more > 0 {
		lines = append(lines, fmt.Sprintf("%9s  and %s more%s", "", thousands(more), where))
	}
	return lines
}

func writeCount(w io.Writer, n int, what string) {
	fmt.Fprintf(w, "%9s  %s\n", thousands(n), what)
}

// suggest says what to do next, in two lines at most.
func (a *app) suggest(st *statusLine) {
	remedies := st.failures.remedies(new(fetchFlags))
	switch {
	case st.Sources == 0 && len(st.Snapshots) == 0 && st.begun:
		a.notef("no evaluation came to its end here: granary harvest TREE --disk %s", a.diskDir)
	case st.Sources == 0 && len(st.Snapshots) == 0:
		a.notef("nothing was evaluated yet: granary harvest TREE --disk %s", a.diskDir)
	case st.untried > 0:
		a.notef("granary fetch --disk %s fetches what is missing", a.diskDir)
	case len(remedies) > 0:
		a.notef("granary query missing --disk %s: what holds back most comes first", a.diskDir)
	}
	switch {
	case len(remedies) > 0:
		best := remedies[0]
		a.notef("may help %s: %s", thousands(best.sources), best.remedy.command(new(fetchFlags)))
	case st.untried > 0:
		a.notef("granary plan --disk %s says what that takes", a.diskDir)
	}
}
