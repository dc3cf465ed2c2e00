package main

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"granary/catalog"
	"granary/fetch"
	"granary/hashes"
)

// seen is what a person sees of a fetch while it runs. take is called by one
// goroutine, show by another.
type seen struct {
	total int
	sizes map[hashes.StorePath]int64 // of the downloads, as far as they are known

	got, failed atomic.Int64
	asked       atomic.Int64 // of both, those for which it took a request to find out
	bytesLeft   atomic.Int64 // of the sizes

	rate     meter
	estimate estimate
}

func newSeen(wanted []catalog.Source) *seen {
	s := &seen{
		total: len(wanted), sizes: map[hashes.StorePath]int64{},
		rate: meter{window: 5 * time.Second}, estimate: newEstimate(),
	}
	for i := range wanted {
		if size := wanted[i].Download; size > 0 {
			s.sizes[wanted[i].OutPath] = size
			s.bytesLeft.Add(size)
		}
	}
	return s
}

// take counts what ended.
func (s *seen) take(ev *fetch.Event) {
	switch ev.Kind {
	case fetch.Held:
		s.got.Add(1)
	case fetch.Failed:
		s.failed.Add(1)
	default:
		return
	}
	s.bytesLeft.Add(-s.sizes[ev.Source.OutPath])
	if slices.ContainsFunc(ev.Attempts, wasAsked) {
		s.asked.Add(1)
	}
}

// wasAsked tells whether an attempt was a request.
func wasAsked(a fetch.Attempt) bool { return a.Duration > 0 }

// show brings the progress up to date.
func (r *fetching) show() {
	now, s := time.Now(), r.seen
	transfers := r.fetcher.Transfers()
	at := r.fetcher.Progress()
	done := int(s.got.Load() + s.failed.Load())
	facts := facts{
		done:   fmt.Sprintf("%s of %s", thousands(done), thousands(s.total)),
		bytes:  bytes(at.Bytes),
		rate:   bytes(int64(s.rate.rate(now, at.Bytes))) + "/s",
		failed: atLeastOne(int(s.failed.Load()), "failed"),
		wait:   atLeastOne(at.Waiting, "waiting"),
		host:   printable(at.Host),
	}
	// What needed no request says nothing of the time that requests take.
	left, ok := s.estimate.left(now, work{s.asked.Load(), at.Bytes}, s.left(done, transfers))
	if ok {
		facts.left = about(max(left, slowest(transfers))) + " left"
	}
	var lines []string
	if r.verbose {
		lines = longest(now, transfers)
	}
	r.progress.showAll(done, lines, facts.texts()...)
}

// left returns what is left to do. Of a download under way whose size is known,
// its bytes count alone.
func (s *seen) left(done int, transfers []fetch.Transfer) work {
	left := work{sources: int64(s.total - done)}
	for _, t := range transfers {
		if t.Total > 0 {
			left.sources--
			left.bytes += max(0, t.Total-t.Bytes)
		}
	}
	left.sources = max(0, left.sources)
	left.bytes = max(left.bytes, s.bytesLeft.Load())
	return left
}

// slowest returns how long the downloads under way will take at least, as they are
// now.
func slowest(transfers []fetch.Transfer) (longest time.Duration) {
	for _, t := range transfers {
		if t.Rate > 0 {
			seconds := float64(t.Total-t.Bytes) / float64(t.Rate)
			longest = max(longest, time.Duration(seconds*float64(time.Second)))
		}
	}
	return longest
}

func atLeastOne(n int, what string) string {
	if n == 0 {
		return ""
	}
	return thousands(n) + " " + what
}

// facts are what there is to say; "" is left out.
type facts struct{ done, bytes, rate, left, failed, wait, host string }

// texts returns the facts for less and less room.
func (f facts) texts() []string {
	waiting := f.wait
	if f.wait != "" && f.host != "" {
		waiting += " for " + f.host
	}
	return []string{
		join(f.done, f.bytes, f.rate, f.left, f.failed, waiting),
		join(f.done, f.bytes, f.rate, f.left, f.failed, f.wait),
		join(f.done, f.rate, f.left, f.failed, f.wait),
		join(f.done, f.left, f.failed),
		join(f.done, f.failed),
		f.done,
	}
}

// join puts commas between those that say something.
func join(facts ...string) string {
	return strings.Join(slices.DeleteFunc(facts, func(s string) bool { return s == "" }), ", ")
}

// longest returns a line for each of the downloads that have taken longest.
func longest(now time.Time, transfers []fetch.Transfer) (lines []string) {
	const most, shortest = 4, 2 * time.Second
	for _, t := range transfers[:min(most, len(transfers))] {
		took := now.Sub(t.Begun)
		if took < shortest {
			break // they are sorted
		}
		size := bytes(t.Bytes)
		if t.Total > 0 {
			size += " of " + bytes(t.Total)
		}
		where := ""
		if u, err := url.Parse(t.URL); err == nil {
			where = hostOf(u)
		}
		lines = append(lines, printable(fmt.Sprintf("%8s  %-24s %10s/s  %s, %s",
			about(took), size, bytes(t.Rate), t.Source, cmp.Or(where, t.URL))))
	}
	return lines
}
