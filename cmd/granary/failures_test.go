package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/fetch"
)

// failed returns n failures for the same reason at the same URL.
func failed(f failures, n int, reason fetch.Reason, url, message string) {
	for range n {
		f.add(&fetch.Event{
			Kind: fetch.Failed, Source: granary.Source{Message: message},
			Attempt: fetch.Attempt{URL: url, Reason: reason},
		})
	}
}

func TestFailureTable(t *testing.T) {
	f := failures{}
	failed(f, 1200, fetch.ReasonNotFound, "https://github.com/x", "")
	failed(f, 3, fetch.ReasonNotFound, "mirror://gone/x", "")
	failed(f, 2, fetch.ReasonNeedsBuilder, "https://github.com/y", "")
	failed(f, 1, fetch.ReasonNeedsBuilder, "", "")
	failed(f, 1, fetch.ReasonNoURL, "", "")
	failed(f, 1, fetch.ReasonNoURL, "", "ask them for it")
	failed(f, 1, fetch.ReasonTimeout, "http://\x1b[2J/", "")
	want := []string{
		"    1,200  not found        github.com",
		"        3  needs a builder",
		"        3  not found        mirror://gone",
		"        2  no URL",
		"        1  timeout",
	}
	if diff := cmp.Diff(want, f.table()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// However much there is, it fits on a terminal of 80 columns and 24 lines.
func TestFailureTableIsSmall(t *testing.T) {
	f := failures{}
	for i := range 100 {
		host := fmt.Sprintf("%d.%s.invalid", i, strings.Repeat("long", 30))
		failed(f, i+1, fetch.ReasonHTML, "https://"+host+"/x", "")
	}
	lines := f.table()
	if got, want := len(lines), failureRows+1; got != want {
		t.Errorf("got %d lines, want %d", got, want)
	}
	for _, line := range lines {
		if got := len([]rune("granary: " + line)); got > 80 {
			t.Errorf("got %d columns: %s", got, line)
		}
	}
	last := "    3,916  for other reasons or of other hosts"
	if got := lines[len(lines)-1]; got != last {
		t.Errorf("got %q, want %q", got, last)
	}
}

func TestAdvice(t *testing.T) {
	f := failures{}
	failed(f, 5, fetch.ReasonRateLimited, "https://github.com/x", "")
	failed(f, 4, fetch.ReasonTimeout, "https://gnu.org/x", "")
	failed(f, 8, fetch.ReasonNotFound, "https://gnu.org/x", "")
	failed(f, 7, fetch.ReasonNeedsBuilder, "", "")
	failed(f, 2, fetch.ReasonNoURL, "", "ask them for it")
	const (
		wait   = "        9  granary fetch, some time later: it may pass"
		build  = "        7  granary fetch --builders"
		person = "        2  granary add FILE, by hand: granary sources says how"
	)
	tests := []struct {
		name string
		set  func(*fetchFlags)
		want []string
	}{
		{"nothing tried", func(*fetchFlags) {}, []string{
			wait, "        8  granary fetch --software-heritage --wayback --distfiles", build}},
		{"one archive", func(f *fetchFlags) { f.mirrors.wayback = true }, []string{
			wait, "        8  granary fetch --software-heritage --distfiles", build}},
		{"all archives", func(f *fetchFlags) {
			f.mirrors.wayback, f.mirrors.heritage, f.mirrors.others = true, true, true
		}, []string{wait, "        8  granary fetch --mirror URL, or --substituter URL", build}},
		{"builders", func(f *fetchFlags) { f.builders.on = true }, []string{
			"       15  granary fetch --software-heritage --wayback --distfiles", wait, person}},
		{"a portal", func(*fetchFlags) { failed(f, 9, fetch.ReasonPortal, "http://x/y", "") },
			[]string{
				wait, "        9  granary fetch, when the network or its proxy lets you in",
				"        8  granary fetch --software-heritage --wayback --distfiles"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			flags := new(fetchFlags)
			test.set(flags)
			if diff := cmp.Diff(test.want, f.advice(flags)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Every remedy fits beside its number.
func TestRemedies(t *testing.T) {
	for r := later; r <= fromPerson; r++ {
		line := "granary: " + fmt.Sprintf("%9d  %s", 1, r.command(new(fetchFlags)))
		if len(line) > 80 {
			t.Errorf("got %d columns: %s", len(line), line)
		}
	}
}
