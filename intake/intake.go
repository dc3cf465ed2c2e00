package intake

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"granary"
	"granary/disk"
)

// A Wanted is a source to look for.
type Wanted struct {
	granary.Source
	Held bool // the disk has it already
}

// An EventKind says what an Event tells of.
type EventKind string

// The kinds of event.
const (
	Added    EventKind = "added"    // the source is on the disk now
	Held     EventKind = "held"     // the file is a source's that the disk had before
	Unwanted EventKind = "unwanted" // a file that was named is no source's
	Failed   EventKind = "failed"   // a file cannot be read, or was not what it seemed to be
)

// An Event is a piece of news about one file.
type Event struct {
	Kind   EventKind
	File   string
	Source granary.Source // of Added and Held
	Object disk.Object    // of Added, as Recipe
	Recipe granary.Recipe
	Err    error // of Failed
}

// An Intake looks for sources. Its methods are called one at a time.
type Intake struct {
	disk   *disk.Disk
	index  *index
	events func(Event)
	// thorough: what is held is looked for as well, since somebody asked.
	thorough bool

	done, total atomic.Int64 // jobs
	bytes       atomic.Int64 // read

	mu      sync.Mutex       // guards what follows, and calls of events
	claimed map[*Wanted]bool // a file has it, and is being stored, or is
	missing struct{ all, trees int }
	added   int // events of that kind
	held    int // likewise
}

// New returns an Intake that brings sources onto d. It tells events of what it
// finds, from one goroutine at a time. What was added is durable after d.Sync.
func New(d *disk.Disk, wanted []Wanted, events func(Event)) *Intake {
	in := &Intake{
		disk: d, index: newIndex(wanted), events: events, claimed: map[*Wanted]bool{},
	}
	for i := range wanted {
		if !wanted[i].Held {
			in.count(&wanted[i], 1)
		}
	}
	return in
}

func (in *Intake) count(w *Wanted, n int) {
	in.missing.all += n
	if w.isTree() {
		in.missing.trees += n
	}
}

// Progress is a look at what an Intake does.
type Progress struct {
	Done, Total int64 // files, folders and names to look at
	Bytes       int64 // read
	Added       int   // sources
}

// Progress may be called at any time.
func (in *Intake) Progress() Progress {
	in.mu.Lock()
	defer in.mu.Unlock()
	return Progress{
		Done: in.done.Load(), Total: in.total.Load(), Bytes: in.bytes.Load(), Added: in.added,
	}
}

// A job is something to look at. Its error is the machine's.
type job func(ctx context.Context) error

// run does jobs on all cores, until none is left or the error of one.
func (in *Intake) run(ctx context.Context, jobs []job) error {
	in.total.Add(int64(len(jobs)))
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, do := range jobs {
		if inner.Err() != nil {
			break
		}
		group.Go(func() error {
			defer in.done.Add(1)
			if inner.Err() != nil {
				return context.Cause(inner)
			}
			return do(inner)
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

func (in *Intake) tell(e Event) {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch e.Kind {
	case Added:
		in.added++
	case Held:
		in.held++
	}
	in.events(e)
}

// claim tells whether the caller is the one to store w.
func (in *Intake) claim(w *Wanted) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.claimed[w] {
		return false
	}
	in.claimed[w] = true
	in.count(w, -1)
	return true
}

// release gives w up to another file.
func (in *Intake) release(w *Wanted) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.claimed, w)
	in.count(w, 1)
}

// finished tells whether nothing is looked for any more.
func (in *Intake) finished() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return !in.thorough && in.missing.all == 0
}

// wantsTrees tells whether it is worth to look into archives.
func (in *Intake) wantsTrees() bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.thorough || in.missing.trees > 0
}

// found returns how many sources had a file that was looked at.
func (in *Intake) found() int {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.added + in.held
}
