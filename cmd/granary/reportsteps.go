package main

import (
	"regexp"
	"strings"

	"granary/catalog"
	"granary/fetch"
)

// A step is something to do next: a command, or another advice.
type step struct{ What, Command string }

// steps says what to do next.
func (r *report) steps() []step {
	steps := []step{{"name the disk once", "export GRANARY_DISK=" + shellWord(r.disk)}}
	if len(r.sources) == 0 {
		return append(steps, step{"evaluate a package set, and fetch", "granary harvest TREE"})
	}
	if n := r.untried(); n > 0 {
		steps = append(steps, step{"fetch " + count(n, "source") + " not tried yet", "granary fetch"})
	}
	flags := new(fetchFlags)
	remedies := r.failures().remedies(flags)
	for _, c := range remedies[:min(4, len(remedies))] {
		steps = append(steps, step{"may bring " + count(c.sources, "source"), c.remedy.command(flags)})
	}
	if len(r.missing) > 0 {
		steps = append(steps,
			step{"see what holds a package back", "granary query missing ATTR"},
			step{"fetch on another machine", "granary want > wanted.jsonl"})
	}
	return steps
}

// untried counts what granary fetch would try for the first time.
func (r *report) untried() (n int) {
	for i := range r.missing {
		m := &r.missing[i]
		if m.State != catalog.Failed && !byHand(&m.Source.Source) {
			n++
		}
	}
	return n
}

// failures counts what failed, and what a person must get.
func (r *report) failures() failures {
	f := failures{}
	for i := range r.missing {
		m := &r.missing[i]
		if hand := byHand(&m.Source.Source); hand || m.State == catalog.Failed {
			f[failure{reason: fetch.Reason(m.Reason), byHand: hand}]++
		}
	}
	return f
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// shellWord returns text as a shell takes it for one word.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
