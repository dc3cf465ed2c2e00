package fetch

import (
	"time"

	"granary/disk"
)

const (
	groupSize = 1024        // held sources for which one sync is done
	groupWait = time.Second // the longest time that a held source waits for it
)

// A recorder delivers events, those of held sources after a sync.
type recorder struct {
	disk    *disk.Disk
	deliver func(Event)
	fail    func(error)
	events  chan Event
	done    chan struct{}
	held    []Event // not yet synced
}

// startRecorder returns a recorder that runs until finish. fail is told of an
// error of the disk; what it concerns is not delivered.
func startRecorder(d *disk.Disk, deliver func(Event), fail func(error)) *recorder {
	r := &recorder{
		disk: d, deliver: deliver, fail: fail,
		events: make(chan Event, 4*groupSize), // work goes on during a sync
		done:   make(chan struct{}),
	}
	go r.run()
	return r
}

func (r *recorder) send(e Event) { r.events <- e }

// finish returns when all events are delivered.
func (r *recorder) finish() {
	close(r.events)
	<-r.done
}

func (r *recorder) run() {
	defer close(r.done)
	var due <-chan time.Time
	for {
		select {
		case e, ok := <-r.events:
			switch {
			case !ok:
				r.flush()
				return
			case e.Kind != Held:
				r.deliver(e)
				continue
			}
			r.held = append(r.held, e)
			if due == nil {
				due = time.After(groupWait)
			}
			if len(r.held) < groupSize {
				continue
			}
		case <-due:
		}
		r.flush()
		due = nil
	}
}

func (r *recorder) flush() {
	if len(r.held) == 0 {
		return
	}
	if err := r.disk.Sync(); err != nil {
		r.fail(err)
	} else {
		for _, e := range r.held {
			r.deliver(e)
		}
	}
	clear(r.held)
	r.held = r.held[:0]
}
