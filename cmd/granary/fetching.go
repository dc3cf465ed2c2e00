package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
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
	flags    *fetchFlags
	fetcher  *fetch.Fetcher
	progress *progress
	begin    time.Time

	held, got, failed int
	failures          failures
	seen              *seen

	outcomes []catalog.Outcome // not recorded yet
	left     []catalog.Size    // of downloads that were under way at the end
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
	WaitMS  *int64            `json:"waitMs,omitempty"` // of a retry: before it
	Held    *int              `json:"held,omitempty"`   // of the event "done", as Failed
	Failed  *int              `json:"failed,omitempty"`
}

// fetchingMemory is how many bytes the fetcher may use before the garbage
// collector runs more often. What three archives packed by xz -9 need at a time is
// below it.
const fetchingMemory = 240 << 20

// recordedAtOnce is how many outcomes are written together at most: written by the
// hundred, each of them costs twice as much.
const recordedAtOnce = 4096

// limitMemory sets that limit, above what lists of sources take already, unless
// the user has set one.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150) // which costs some 20 MiB
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
	r.keepSizes()
	return cmp.Or(r.err, err)
}

// keepSizes records how large what is left is. Where that fails, the disk may be full,
// which is said already.
func (r *fetching) keepSizes() {
	if len(r.left) == 0 || r.err != nil {
		return
	}
	if err := r.catalog.RecordSizes(context.WithoutCancel(r.ctx), r.left); err != nil {
		r.debugf("sizes of downloads that were under way are not recorded: %v", err)
	}
}

func (r *fetching) take(ev fetch.Event) error {
	if ev.Kind == fetch.Left {
		r.left = append(r.left, catalog.Size{
			OutPath: ev.Source.OutPath, Bytes: ev.Length, Exact: true,
			Origin: catalog.SizeOfAttempt, At: ev.Start,
		})
		return nil
	}
	r.seen.take(&ev)
	switch ev.Kind {
	case fetch.Held:
		r.got++
	case fetch.Failed:
		r.failed++
		r.failures.add(&ev)
		r.debugf("%s: %s%s", ev.Source.Name, ev.Reason, detail(ev))
	case fetch.Retry:
		r.debugf("%s: %s, trying again in %s: %s", ev.Source.Name, ev.Reason, about(ev.Wait),
			printable(ev.URL))
	}
	if r.json {
		if err := r.printJSON(eventJSON(ev)); err != nil {
			return err
		}
	}
	if ev.Kind != fetch.Retry {
		r.outcomes = append(r.outcomes, outcome(ev))
	}
	if n := len(r.outcomes); n >= recordedAtOnce || n > 0 && time.Since(r.recorded) > time.Second {
		r.flush()
	}
	return r.err
}

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
			Reason: string(a.Reason), Detail: a.Detail, Length: a.Length,
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
	switch ev.Kind {
	case fetch.Held:
		line.Bytes = ev.Object.Size
	case fetch.Retry:
		wait := ev.Wait.Milliseconds()
		line.WaitMS = &wait
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
	for _, line := range r.failures.table() {
		r.notef("%s", line)
	}
	r.notef("what to try next, for how many of them:")
	for _, line := range r.failures.advice(r.flags) {
		r.notef("%s", line)
	}
	r.notef("granary sources --state failed lists them")
	return errIncomplete
}

// reportEnd says what came before an error. Whoever interrupts it wants no more words.
func (r *fetching) reportEnd() {
	if r.got > 0 && r.err == nil && r.ctx.Err() == nil {
		r.notef("%s before it ended", r.summary(time.Since(r.begin)))
	}
}

// summary says in a few words what was fetched.
func (r *fetching) summary(took time.Duration) string {
	switch {
	case r.seen.total == 0:
		return "nothing to fetch"
	case r.got == 0:
		return "fetched nothing new"
	}
	return fmt.Sprintf("fetched %s (%s in %s)", count(r.got, "source"),
		bytes(r.fetcher.Progress().Bytes), exactly(took))
}
