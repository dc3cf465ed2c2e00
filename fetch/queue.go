package fetch

import (
	"cmp"
	"sync"
)

// A queue holds the jobs that are not finished, each with the host that it
// waits for. A host has so many slots; hosts with a job and a free slot take
// turns.
type queue struct {
	limit int // slots of a host, unless they are in wide
	wide  map[string]int

	mu     sync.Mutex
	wake   sync.Cond
	hosts  map[string]*host
	ready  []*host
	open   int // jobs that are waiting or taken
	closed bool
}

type host struct {
	waiting []*job
	slots   int
	active  int  // slots in use
	ready   bool // is in queue.ready
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit, wide: map[string]int{}, hosts: map[string]*host{}}
	q.wake.L = &q.mu
	return q
}

// widen gives a host so many times the slots of another one. It is to be called
// before the first job that waits for it.
func (q *queue) widen(host string, times int) { q.wide[host] = times * q.limit }

// add brings in a new job.
func (q *queue) add(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open++
	q.push(j)
}

// take waits for a job whose host has a free slot, and takes both. It returns
// false when all jobs are finished or the queue is closed.
func (q *queue) take() (*host, *job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.ready) == 0 && q.open > 0 && !q.closed {
		q.wake.Wait()
	}
	if q.open == 0 || q.closed {
		return nil, nil, false
	}
	h := q.ready[0]
	q.ready = q.ready[1:]
	h.ready = false
	j := h.waiting[0]
	h.waiting[0] = nil
	h.waiting = h.waiting[1:]
	h.active++
	q.update(h)
	return h, j, true
}

// put gives back the slot at h, and the job unless it is done.
func (q *queue) put(h *host, j *job, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h.active--
	q.update(h)
	if !done {
		q.push(j)
		return
	}
	q.open--
	if q.open == 0 {
		q.wake.Broadcast()
	}
}

// close makes take return false.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wake.Broadcast()
}

func (q *queue) push(j *job) {
	name := j.host()
	h := q.hosts[name]
	if h == nil {
		h = &host{slots: cmp.Or(q.wide[name], q.limit)}
		q.hosts[name] = h
	}
	h.waiting = append(h.waiting, j)
	q.update(h)
}

// update puts h into the row of those that are ready, if it is.
func (q *queue) update(h *host) {
	if !h.ready && len(h.waiting) > 0 && h.active < h.slots {
		h.ready = true
		q.ready = append(q.ready, h)
		q.wake.Signal()
	}
}
