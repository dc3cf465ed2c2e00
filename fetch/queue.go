package fetch

import (
	"container/heap"
	"sync"
	"time"
)

// A queue holds the jobs that are not finished, each with the host that it
// waits for. Hosts with a job and a free slot take turns. A job or a host that
// is not to be asked before some time waits here, and costs no slot.
type queue struct {
	limit int            // slots of a host
	wide  map[string]int // how many times those a substituter's host has

	mu     sync.Mutex
	wake   sync.Cond
	hosts  map[string]*host
	ready  []*host
	later  dueHeap
	timer  *time.Timer // for the first of later
	open   int         // jobs that are waiting or taken
	active int         // jobs that are taken
	closed bool
}

// A due is what waits for a time: a job, or else a host.
type due struct {
	at   time.Time
	job  *job
	host *host
}

type dueHeap []due

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].at.Before(h[j].at) }
func (h dueHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *dueHeap) Push(x any)        { *h = append(*h, x.(due)) }
func (h *dueHeap) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

func newQueue(limit int) *queue {
	q := &queue{limit: limit, wide: map[string]int{}, hosts: map[string]*host{}}
	q.wake.L = &q.mu
	return q
}

// widen gives the host of a substituter so many times the slots of another one. It
// is to be called before the first job that waits for it.
func (q *queue) widen(host string, times int) { q.wide[host] = times }

// add brings in a new job.
func (q *queue) add(j *job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.open++
	q.push(j)
}

// take waits for a job whose host has a free slot, and takes both. It returns
// false when all jobs are finished or the queue is closed.
func (q *queue) take() (*job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.open > 0 && !q.closed {
		now := time.Now()
		q.release(now)
		if j := q.pop(now); j != nil {
			return j, true
		}
		if q.active == 0 && q.isLast() && q.grantChances(now) {
			continue
		}
		q.wake.Wait()
	}
	return nil, false
}

// pop takes the job whose turn it is; nil if there is none.
func (q *queue) pop(now time.Time) *job {
	for len(q.ready) > 0 {
		h := q.ready[0]
		q.ready[0] = nil
		q.ready = q.ready[1:]
		h.ready = false
		if !h.isReady(now) { // any more
			q.update(h)
			continue
		}
		j := h.next()
		j.at, h.granted = h, false
		h.active++
		q.active++
		q.update(h)
		return j
	}
	return nil
}

// put gives back the slot of j, and j unless it is done.
func (q *queue) put(j *job, done bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	h := j.at
	j.at = nil
	h.active--
	q.active--
	q.update(h)
	switch {
	case done:
		q.open--
	case j.wait > 0:
		q.postpone(due{at: time.Now().Add(j.wait), job: j})
	default:
		q.push(j)
	}
	if q.open == 0 {
		q.wake.Broadcast()
	}
}

// close makes take return false.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	if q.timer != nil {
		q.timer.Stop()
	}
	q.wake.Broadcast()
}

// push lets j wait for the host of its next candidate.
func (q *queue) push(j *job) {
	j.turn(q.isAway)
	name := j.host()
	h := q.hosts[name]
	if h == nil {
		times := q.wide[name]
		limit := max(1, times) * q.limit
		h = &host{
			name: name, limit: limit, slots: limit, cache: times > 0, chances: lastChances,
		}
		q.hosts[name] = h
	}
	if j.urgent {
		h.urgent = append(h.urgent, j)
	} else {
		h.waiting = append(h.waiting, j)
	}
	q.update(h)
}

func (q *queue) isAway(name string) bool { return q.hosts[name] != nil && q.hosts[name].away }

// update puts h into the row of those that are ready, if it is, or has it looked
// at when its pause ends.
func (q *queue) update(h *host) {
	now := time.Now()
	switch {
	case h.ready || h.isIdle():
	case h.isReady(now):
		h.ready = true
		q.ready = append(q.ready, h)
		q.wake.Signal()
	case h.paused.After(now) && !h.due:
		h.due = true
		q.postpone(due{at: h.paused, host: h})
	}
}

// postpone keeps d until its time.
func (q *queue) postpone(d due) {
	heap.Push(&q.later, d)
	if q.later[0] == d {
		q.arm(time.Now())
	}
}

// release brings back what has waited until now.
func (q *queue) release(now time.Time) {
	if len(q.later) == 0 || q.later[0].at.After(now) {
		return
	}
	for len(q.later) > 0 && !q.later[0].at.After(now) {
		d := heap.Pop(&q.later).(due)
		if d.job != nil {
			d.job.wait = 0
			q.push(d.job)
			continue
		}
		d.host.due = false
		q.update(d.host)
	}
	q.arm(now)
}

// arm wakes a worker when the time of the first of later comes.
func (q *queue) arm(now time.Time) {
	switch {
	case len(q.later) == 0 || q.closed:
	case q.timer == nil:
		q.timer = time.AfterFunc(q.later[0].at.Sub(now), q.wakeOne)
	default:
		q.timer.Reset(q.later[0].at.Sub(now))
	}
}

func (q *queue) wakeOne() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake.Signal()
}
