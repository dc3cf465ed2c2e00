package main

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"granary/fetch"
)

// failures counts the sources that could not be had.
type failures map[failure]int

// A failure is a row of the table at the end.
type failure struct {
	reason fetch.Reason
	host   string // "": no host is to blame
	byHand bool   // a person must get it
}

func (f failures) add(ev *fetch.Event) {
	row := failure{reason: ev.Reason, byHand: byHand(&ev.Source)}
	if remedies[ev.Reason] != byBuilder && ev.Reason != fetch.ReasonNoProgram {
		if u, err := url.Parse(ev.URL); err == nil {
			row.host = printable(hostOf(u))
		}
	}
	f[row]++
}

// failureRows is how many rows a person can take in at a glance.
const failureRows = 12

// table returns a line for each reason and host, the most frequent first, for a
// terminal of 80 columns. The rest is summed up.
func (f failures) table() []string {
	rows, counts := f.rows()
	top := rows[:min(failureRows, len(rows))]
	width := 0
	for _, row := range top {
		width = max(width, len(row.reason))
	}
	var lines []string
	for _, row := range top {
		host := cut(row.host, 80-len("granary: ")-len("123456789  ")-width-2)
		line := fmt.Sprintf("%9s  %-*s  %s", thousands(counts[row]), width, row.reason, host)
		lines = append(lines, strings.TrimRight(line, " "))
	}
	rest := 0
	for _, row := range rows[len(top):] {
		rest += counts[row]
	}
	if rest > 0 {
		lines = append(lines, fmt.Sprintf("%9s  for other reasons or of other hosts", thousands(rest)))
	}
	return lines
}

// rows returns the rows in the table's order, and their numbers.
func (f failures) rows() ([]failure, map[failure]int) {
	counts := map[failure]int{}
	for row, n := range f {
		row.byHand = false
		counts[row] += n
	}
	return slices.SortedFunc(maps.Keys(counts), func(a, b failure) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.reason, b.reason), cmp.Compare(a.host, b.host))
	}), counts
}

// A remedy is what may help against a failure.
type remedy int

const (
	later remedy = iota
	elsewhere
	byBuilder
	byProgram
	byPassword
	bySize
	byNetwork
	fromPerson
)

// remedies has those that do not pass with time.
var remedies = map[fetch.Reason]remedy{
	fetch.ReasonNotFound: elsewhere, fetch.ReasonForbidden: elsewhere,
	fetch.ReasonWrongHash: elsewhere, fetch.ReasonHTML: elsewhere, fetch.ReasonLogin: elsewhere,
	fetch.ReasonEmpty: elsewhere, fetch.ReasonBadAnswer: elsewhere,
	fetch.ReasonBadArchive: elsewhere, fetch.ReasonDNS: elsewhere, fetch.ReasonTLS: elsewhere,
	fetch.ReasonRedirect: elsewhere, fetch.ReasonStatus: elsewhere,
	fetch.ReasonUnknownMirror: elsewhere, fetch.ReasonUnsupportedScheme: elsewhere,
	fetch.ReasonBadURL: elsewhere, fetch.ReasonNoURL: elsewhere,
	fetch.ReasonNeedsBuilder: byBuilder, fetch.ReasonUnknownArchive: byBuilder,
	fetch.ReasonBuildFailed: later, fetch.ReasonNoProgram: byProgram,
	fetch.ReasonUnauthorized: byPassword, fetch.ReasonTooLarge: bySize,
	fetch.ReasonPortal: byNetwork, fetch.ReasonProxy: byNetwork,
}

// advice returns a line for each of the remedies that may help most.
func (f failures) advice(flags *fetchFlags) []string {
	const most = 3
	all := f.remedies(flags)
	var lines []string
	for _, c := range all[:min(most, len(all))] {
		lines = append(lines, fmt.Sprintf("%9s  %s", thousands(c.sources), c.remedy.command(flags)))
	}
	return lines
}

// A remedyCount is how many sources a remedy may help.
type remedyCount struct {
	remedy  remedy
	sources int
}

// remedies returns what may help, that which may help most first.
func (f failures) remedies(flags *fetchFlags) []remedyCount {
	counts := map[remedy]int{}
	for row, n := range f {
		r := remedies[row.reason]
		switch {
		case row.byHand:
			r = fromPerson
		case r == byBuilder && flags.builders.on:
			r = elsewhere
		}
		counts[r] += n
	}
	all := make([]remedyCount, 0, len(counts))
	for r, n := range counts {
		all = append(all, remedyCount{r, n})
	}
	slices.SortFunc(all, func(a, b remedyCount) int {
		return cmp.Or(b.sources-a.sources, cmp.Compare(a.remedy, b.remedy))
	})
	return all
}

// command returns what to do, in less than 60 columns.
func (r remedy) command(flags *fetchFlags) string {
	switch r {
	case elsewhere:
		return flags.mirrors.unasked()
	case byBuilder:
		return "granary fetch --builders"
	case byProgram:
		return "the programs that granary sources --state failed names"
	case byPassword:
		return "a login and password for the host in ~/.netrc"
	case bySize:
		return "granary fetch with a larger --max-size, or none"
	case byNetwork:
		return "granary fetch, when the network or its proxy lets you in"
	case fromPerson:
		return "granary add FILE, by hand: granary sources says how"
	}
	return "granary fetch, some time later: it may pass"
}

// unasked returns the command that asks those who were not asked.
func (f *mirrorFlags) unasked() string {
	more := ""
	for _, archive := range []struct {
		asked bool
		flag  string
	}{{f.heritage, " --software-heritage"}, {f.wayback, " --wayback"}, {f.others, " --distfiles"}} {
		if !archive.asked {
			more += archive.flag
		}
	}
	return "granary fetch" + cmp.Or(more, " --mirror URL, or --substituter URL")
}
