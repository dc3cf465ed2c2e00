package main

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"granary"
	"granary/catalog"
	"granary/disk"
	"granary/hashes"
	"granary/intake"
)

// adding is one run of an intake: it shows and records what is found.
type adding struct {
	*app
	ctx      context.Context // of the command
	cancel   func()          // ends the search
	intake   *intake.Intake
	progress *progress

	fromPlace bool // else the files that are looked at were named
	done      addDone
	pending   []intake.Event // of kind Added, not recorded yet
	recorded  time.Time
	err       error // of recording
}

// addLine is an event line of `granary add --json`. What does not apply to an
// event is null.
type addLine struct {
	Event   intake.EventKind  `json:"event"`
	Name    *string           `json:"name"`
	OutPath *hashes.StorePath `json:"outPath"`
	File    string            `json:"file"`
	Object  *string           `json:"object"`
	Recipe  *granary.Recipe   `json:"recipe"`
	Size    *int64            `json:"size"` // of the object, in bytes
	Detail  *string           `json:"detail"`
}

// addDone is the last line of `granary add --json`.
type addDone struct {
	Event    string `json:"event"`
	Added    int    `json:"added"`    // sources
	Held     int    `json:"held"`     // sources that were held before, and a file of theirs named
	Unwanted int    `json:"unwanted"` // files that were named
	Failed   int    `json:"failed"`   // files
	Missing  int    `json:"missing"`  // sources, still
	Size     int64  `json:"size"`     // of what was added, in bytes
}

func (r *adding) run(files, places []string) error {
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	r.cancel = cancel
	stop := regularly(ctx, r.show)
	err := r.intake.Files(ctx, files)
	r.fromPlace = true
	for _, dir := range places {
		if err == nil && r.err == nil {
			err = r.from(ctx, dir)
		}
	}
	cancel()
	stop()
	r.flush() // also after an interrupt: it is on the disk
	return cmp.Or(r.err, err)
}

func (r *adding) from(ctx context.Context, dir string) error {
	serves, err := r.otherDisk(ctx, dir)
	switch {
	case err != nil:
		return err
	case serves != nil:
		return r.intake.FromDisk(ctx, dir, serves)
	}
	return r.intake.From(ctx, dir)
}

// take is called with each event.
func (r *adding) take(ev intake.Event) {
	switch ev.Kind {
	case intake.Added:
		r.added(ev)
	case intake.Held:
		if r.fromPlace {
			return
		}
		r.done.Held++
	case intake.Unwanted:
		r.done.Unwanted++
	case intake.Failed:
		r.done.Failed++
		r.notef("warning: %s: %s", printable(ev.File), r.oneLine(ev.Err))
	}
	if ev.Kind != intake.Added {
		r.err = cmp.Or(r.err, r.print(ev))
	}
	if r.err != nil {
		r.cancel()
	}
}

func (r *adding) added(ev intake.Event) {
	r.done.Added++
	r.done.Missing--
	r.done.Size += ev.Object.Size
	r.pending = append(r.pending, ev)
	if len(r.pending) >= 256 || time.Since(r.recorded) > time.Second {
		r.flush()
	}
}

// flush records and shows what was added, once it is durable.
func (r *adding) flush() {
	if len(r.pending) == 0 || r.err != nil {
		return
	}
	outcomes := make([]catalog.Outcome, len(r.pending))
	for i, ev := range r.pending {
		outcomes[i] = catalog.Outcome{
			OutPath: ev.Source.OutPath, Object: ev.Object.Hash, Recipe: ev.Recipe,
			Size: ev.Object.Size,
		}
	}
	if r.err = r.disk.Sync(); r.err == nil {
		r.err = r.catalog.RecordOutcomes(context.WithoutCancel(r.ctx), outcomes)
	}
	for _, ev := range r.pending {
		r.err = cmp.Or(r.err, r.print(ev))
	}
	r.pending = r.pending[:0]
	r.recorded = time.Now()
}

func (r *adding) print(ev intake.Event) error {
	if r.json {
		return r.printJSON(addJSON(ev))
	}
	switch ev.Kind {
	case intake.Added:
		return r.printf("added    %s  %s, %s  %s\n", ev.Source.Name, ev.Recipe,
			bytes(ev.Object.Size), printable(ev.File))
	case intake.Held:
		return r.printf("held     %s  already  %s\n", ev.Source.Name, printable(ev.File))
	case intake.Unwanted:
		return r.printf("unwanted %s\n", printable(ev.File))
	}
	return nil
}

func addJSON(ev intake.Event) addLine {
	line := addLine{
		Event: ev.Kind, Name: orNull(ev.Source.Name), OutPath: orNull(ev.Source.OutPath),
		File: ev.File, Recipe: orNull(ev.Recipe),
	}
	switch ev.Kind {
	case intake.Added:
		object := disk.ObjectName(ev.Object.Hash)
		line.Object, line.Size = &object, &ev.Object.Size
	case intake.Failed:
		line.Detail = orNull(ev.Err.Error())
	}
	return line
}

// show brings the progress up to date.
func (r *adding) show() {
	at := r.intake.Progress()
	r.progress.show(int(at.Done), fmt.Sprintf("%s of %s looked at, %s, %s found",
		thousands(int(at.Done)), thousands(int(at.Total)), bytes(at.Bytes),
		count(at.Added, "source")))
}

// report says how it ended. fromPlaces: there were places to look.
func (r *adding) report(fromPlaces bool) error {
	d := &r.done
	if r.json {
		d.Event = "done"
		if err := r.printJSON(d); err != nil {
			return err
		}
	}
	r.notef("added %s, %s; %s missing now", count(d.Added, "source"), bytes(d.Size),
		thousands(d.Missing))
	switch {
	case d.Unwanted > 0:
		r.notef("%s no hash that is wanted", has(d.Unwanted, "file"))
		return errIncomplete
	case d.Failed > 0 && !fromPlaces, fromPlaces && d.Added == 0 && d.Missing > 0:
		return errIncomplete
	}
	return nil
}

// has returns "1 file has" or "2 files have".
func has(n int, noun string) string {
	if n == 1 {
		return "1 " + noun + " has"
	}
	return count(n, noun) + " have"
}
