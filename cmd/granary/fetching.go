package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"granary"
	"granary/catalog"
	"granary/fetch"
	"granary/hashes"
)

// fetching is one run of the fetcher: it shows and records what happens.
type fetching struct {
	*app
	ctx      context.Context // of the command
	fetcher  *fetch.Fetcher
	progress *progress
	begin    time.Time

	total, held, got, failed int
	byHand                   int // of those that failed
	reasons                  map[string]int
	meter                    meter

	// For the progress: got, failed, and those of both for which it took a
	// request to find out.
	shownGot, shownFailed, shownAsked atomic.Int64

	outcomes []catalog.Outcome // not recorded yet
	recorded time.Time
	err      error // of recording
}

// fetchEvent is an event line of `granary fetch --json`. What does not apply to
// an event is null.
type fetchEvent struct {
	Event   string            `json:"event"`
	Name    *string           `json:"name"`
	OutPath *hashes.StorePath `json:"outPath"`
	URL     *string           `json:"url"`
	Bytes   int64             `json:"bytes"` // of the object, or received
	Reason  *string           `json:"reason"`
	Detail  *string           `json:"detail"`
	Recipe  *granary.Recipe   `json:"recipe"`
	MS      int64             `json:"ms"`
	Held    *int              `json:"held,omitempty"` // of the event "done", as Failed
	Failed  *int              `json:"failed,omitempty"`
}

// fetchingMemory is how many bytes the fetcher may use before the garbage
// collector runs more often. What three archives packed by xz -9 need at a time is
// below it.
const fetchingMemory = 240 << 20

// limitMemory sets that limit, above what lists of sources take already, unless
// the user has set one.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200) // which costs some 10 MiB
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	debug.SetMemoryLimit(int64(m.HeapAlloc) + fetchingMemory)
}

// fetch runs the fetcher. What it said before it ended is recorded even when
// ctx is done.
func (r *fetching) fetch(wanted []granary.Source) error {
	limitMemory()
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	stop := regularly(ctx, r.show)
	r.recorded = time.Now()
	err := r.fetcher.Fetch(ctx, wanted, func(ev fetch.Event) {
		if r.err == nil {
			r.err = r.take(ev)
		}
		if r.err != nil {
			cancel()
		}
	})
	cancel()
	stop()
	r.flush()
	return cmp.Or(r.err, err)
}

func (r *fetching) take(ev fetch.Event) error {
	if ev.Kind != fetch.Retry && slices.ContainsFunc(ev.Attempts, wasAsked) {
		r.shownAsked.Add(1)
	}
	switch ev.Kind {
	case fetch.Held:
		r.got++
		r.shownGot.Add(1)
	case fetch.Failed:
		r.failed++
		r.shownFailed.Add(1)
		r.reasons[string(ev.Reason)]++
		if byHand(&ev.Source) {
			r.byHand++
		}
		r.debugf("%s: %s%s", ev.Source.Name, ev.Reason, detail(ev))
	case fetch.Retry:
		r.debugf("%s: %s, trying again: %s", ev.Source.Name, ev.Reason, printable(ev.URL))
	}
	if r.json {
		if err := r.printJSON(eventJSON(ev)); err != nil {
			return err
		}
	}
	if ev.Kind != fetch.Retry {
		r.outcomes = append(r.outcomes, outcome(ev))
	}
	if len(r.outcomes) >= 4096 || len(r.outcomes) > 0 && time.Since(r.recorded) > time.Second {
		r.flush()
	}
	return r.err
}

// wasAsked tells whether an attempt was a request.
func wasAsked(a fetch.Attempt) bool { return a.Duration > 0 }

func detail(ev fetch.Event) string {
	text := ""
	if ev.Detail != "" {
		text = " (" + printable(ev.Detail) + ")"
	}
	if ev.URL != "" {
		text += ": " + printable(ev.URL)
	}
	return text
}

// flush records outcomes, also after an interrupt: they are true.
func (r *fetching) flush() {
	if len(r.outcomes) == 0 || r.err != nil {
		return
	}
	r.err = r.catalog.RecordOutcomes(context.WithoutCancel(r.ctx), r.outcomes)
	r.outcomes = r.outcomes[:0]
	r.recorded = time.Now()
}

func outcome(ev fetch.Event) catalog.Outcome {
	o := catalog.Outcome{OutPath: ev.Source.OutPath}
	if ev.Kind == fetch.Held {
		o.Object, o.Size, o.Recipe = ev.Object.Hash, ev.Object.Size, ev.Recipe
	} else {
		o.Reason, o.Detail = string(ev.Reason), ev.Detail
	}
	for _, a := range ev.Attempts {
		o.Attempts = append(o.Attempts, catalog.Attempt{
			URL: a.URL, At: a.Start, Duration: a.Duration, Status: a.Status, Bytes: a.Bytes,
			Reason: string(a.Reason), Detail: a.Detail,
		})
	}
	return o
}

func eventJSON(ev fetch.Event) fetchEvent {
	line := fetchEvent{
		Event: string(ev.Kind), Name: &ev.Source.Name, OutPath: &ev.Source.OutPath,
		URL: orNull(ev.URL), Bytes: ev.Bytes, Reason: orNull(string(ev.Reason)),
		Detail: orNull(ev.Detail), Recipe: orNull(ev.Recipe), MS: ev.Duration.Milliseconds(),
	}
	if ev.Kind == fetch.Held {
		line.Bytes = ev.Object.Size
	}
	return line
}

// report says how it ended.
func (r *fetching) report() error {
	took := time.Since(r.begin)
	if r.json {
		held := r.held + r.got
		err := r.printJSON(fetchEvent{
			Event: "done", Bytes: r.fetcher.Progress().Bytes, MS: took.Milliseconds(),
			Held: &held, Failed: &r.failed,
		})
		if err != nil {
			return err
		}
	}
	r.notef("%s; %s held now", r.summary(took), thousands(r.held+r.got))
	if r.failed == 0 {
		return nil
	}
	r.notef("%s could not be had:", count(r.failed, "source"))
	for _, reason := range byCount(r.reasons) {
		r.notef("%9s  %s", thousands(r.reasons[reason]), reason)
	}
	if r.byHand > 0 {
		r.notef("%s must be added by hand (granary add FILE): granary sources --state failed "+
			"says how to get it", count(r.byHand, "source"))
	}
	r.notef("granary sources --state failed lists them; granary fetch tries them again")
	return errIncomplete
}

// summary says in a few words what was fetched.
func (r *fetching) summary(took time.Duration) string {
	switch {
	case r.total == 0:
		return "nothing to fetch"
	case r.got == 0:
		return "fetched nothing new"
	}
	return fmt.Sprintf("fetched %s (%s in %s)", count(r.got, "source"),
		bytes(r.fetcher.Progress().Bytes), exactly(took))
}

// byCount returns the keys, that with the largest number first.
func byCount(numbers map[string]int) []string {
	return slices.SortedFunc(maps.Keys(numbers), func(a, b string) int {
		return cmp.Or(numbers[b]-numbers[a], strings.Compare(a, b))
	})
}

// show brings the progress up to date.
func (r *fetching) show() {
	got, failed := int(r.shownGot.Load()), int(r.shownFailed.Load())
	now, received := time.Now(), r.fetcher.Progress().Bytes
	text := fmt.Sprintf("%s of %s, %s, %s/s", thousands(got+failed),
		thousands(r.total), bytes(received), bytes(r.meter.rate(now, received)))
	if failed > 0 {
		text += fmt.Sprintf(", %s failed", thousands(failed))
	}
	// What needed no request says nothing of the time that requests take.
	elapsed, asked := now.Sub(r.begin), r.shownAsked.Load()
	if asked > 0 && elapsed > 3*time.Second {
		left := elapsed * time.Duration(r.total-got-failed) / time.Duration(asked)
		text += fmt.Sprintf(", %s left", about(left))
	}
	r.progress.show(got+failed, text)
}
