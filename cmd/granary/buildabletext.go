package main

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"granary/closure"
)

// answerColumns are how wide the columns of answers are.
type answerColumns struct {
	path, missing, needs, size int
	snapshots                  bool // there are several
}

const (
	// widestPath is that of the longest path that others are aligned with.
	widestPath = 40
	// shortError is how many characters of an error one line of many shows.
	shortError = 60
)

func columnsOf(all []answer) (c answerColumns) {
	if len(all) > 1 {
		c.size = len("1023.9 KiB")
	}
	for i := range all {
		v := &all[i]
		if width := utf8.RuneCountInString(v.attribute.Path); width <= widestPath {
			c.path = max(c.path, width)
		}
		c.missing = max(c.missing, len(thousands(v.tally.Missing)))
		c.needs = max(c.needs, len(thousands(v.tally.Needs)))
		c.snapshots = c.snapshots || v.attribute.Snapshot != all[0].attribute.Snapshot
	}
	return c
}

// text returns the line for people: of many, errors are cut short unless it is verbose.
func (b *answers) text(v *answer, verbose bool) string {
	verdict := "no "
	if v.buildable() {
		verdict = "yes"
	}
	parts := []string{fmt.Sprintf("%s  %-*s", verdict, b.columns.path, printable(v.attribute.Path))}
	if v.evaluated() || v.tally.Needs > 0 {
		parts = append(parts, fmt.Sprintf("%*s of %*s missing", b.columns.missing,
			thousands(v.tally.Missing), b.columns.needs, thousands(v.tally.Needs)))
	}
	if v.tally.Missing > 0 {
		parts = append(parts, fmt.Sprintf("%*s", b.columns.size, missingBytes(&v.tally)))
	}
	if !v.evaluated() {
		parts = append(parts, v.why(verbose || len(b.all) == 1))
	}
	if b.columns.snapshots {
		parts = append(parts, printable(v.attribute.Snapshot))
	}
	return strings.Join(parts, "  ")
}

// why says why an attribute did not evaluate.
func (v *answer) why(whole bool) string {
	text, _, _ := strings.Cut(v.attribute.Error, "\n")
	if short := []rune(text); len(short) > shortError && !whole {
		text = string(short[:shortError]) + "…"
	}
	return fmt.Sprintf("did not evaluate: %s: %s", v.attribute.Kind, printable(text))
}

// missingBytes says how large the missing sources are, as far as that is known.
func missingBytes(t *closure.Tally) string {
	switch {
	case t.Unknown == 0:
		return bytes(t.Bytes)
	case t.Unknown == t.Missing:
		return "?"
	}
	return fmt.Sprintf("%s and %s of unknown size", bytes(t.Bytes), thousands(t.Unknown))
}

// tellAnswers says what the answers come to, and what to ask next.
func (a *app) tellAnswers(b *answers, flags *buildableFlags, args []string) {
	if len(b.all) > 1 {
		a.notef("%s", b.summary())
	}
	if b.columns.snapshots {
		a.notef("several snapshots were asked: --snapshot NAME or --system S asks fewer")
	}
	if len(args) != 1 || isPattern(args[0]) {
		return
	}
	i := slices.IndexFunc(b.all, func(v answer) bool { return !v.buildable() })
	if i < 0 {
		return
	}
	switch v := &b.all[i]; {
	case v.tally.Missing > 0 && flags.valid.named():
		a.notef("what the disk lacks of it, wherever else outputs are valid: %s",
			flags.nextQuestion(args[0]))
	case v.tally.Missing > 0:
		a.notef("what is missing, and on which way it is needed: %s", flags.nextQuestion(args[0]))
	case !v.evaluated() && v.tally.Needs > 0:
		a.notef("what its evaluation stopped at is held now: granary eval evaluates it once more")
	}
}

// nextQuestion is the command that shows what an attribute lacks.
func (f *buildableFlags) nextQuestion(attribute string) string {
	command := "granary query missing " + shellWord(attribute)
	if f.snapshot != "" {
		command += " --snapshot " + shellWord(f.snapshot)
	}
	for _, system := range f.systems {
		command += " --system " + shellWord(system)
	}
	if f.full {
		command += " --full"
	}
	return command
}

// summary says what all answers come to.
func (b *answers) summary() string {
	yes, failed := 0, 0
	for i := range b.all {
		switch v := &b.all[i]; {
		case v.buildable():
			yes++
		case !v.evaluated():
			failed++
		}
	}
	text := fmt.Sprintf("%s of %s %s buildable offline", thousands(yes),
		count(len(b.all), "attribute"), areOr(yes))
	if failed > 0 {
		text += fmt.Sprintf("; %s did not evaluate", thousands(failed))
	}
	if t := b.missing(); t.Missing > 0 {
		size := "of unknown size"
		if t.Unknown < t.Missing {
			size = missingBytes(&t)
		}
		text += fmt.Sprintf("; %s missing, %s", count(t.Missing, "source"), size)
	}
	return text
}

func areOr(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// missing counts the sources that any of the attributes lacks.
func (b *answers) missing() (t closure.Tally) {
	for i, users := range b.counts.Users {
		s := &b.inquiry.sources[i]
		switch {
		case users == 0 || !s.Missing:
			continue
		case s.Bytes < 0:
			t.Unknown++
		default:
			t.Bytes += s.Bytes
		}
		t.Missing++
	}
	return t
}
