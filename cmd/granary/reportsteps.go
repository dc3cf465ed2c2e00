package main

import (
	"regexp"
	"strings"
)

// A step is something to do next: a command, or another advice.
type step struct{ What, Command string }

// steps says what to do next.
func (r *report) steps() []step {
	steps := []step{{"name the disk once", "export GRANARY_DISK=" + shellWord(r.disk)}}
	if len(r.wanted) == 0 {
		return append(steps, step{"evaluate a package set, and fetch", "granary harvest TREE"})
	}
	if n := r.status.untried; n > 0 {
		steps = append(steps, step{"fetch " + count(n, "source") + " not tried yet", "granary fetch"})
	}
	flags := new(fetchFlags)
	remedies := r.status.failures.remedies(flags)
	for _, c := range remedies[:min(4, len(remedies))] {
		steps = append(steps, step{"may bring " + count(c.sources, "source"), c.remedy.command(flags)})
	}
	if len(r.lacks) > 0 {
		steps = append(steps,
			step{"see what holds a package back", "granary query missing ATTR"},
			step{"fetch on another machine", "granary want > wanted.jsonl"})
	}
	return steps
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=,-]+$`)

// shellWord returns text as a shell takes it for one word.
func shellWord(text string) string {
	if plainWord.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
