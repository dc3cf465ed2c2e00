package fetch

import (
	"fmt"
	"time"
)

// report tells the queue how a request to h, begun at begin, ended: f is nil
// after any answer that a host that works may give.
func (q *queue) report(h *host, begin time.Time, f *failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if f == nil || !f.isHosts() {
		h.answered()
		q.update(h)
		return
	}
	if f.busy {
		h.refused(now, begin, f)
	}
	if h.failed(now, begin, f, q.tolerance) {
		q.leave(h)
	}
}

// leave moves the jobs that wait for h and can go elsewhere.
func (q *queue) leave(h *host) {
	jobs := append(h.urgent, h.waiting...)
	h.urgent, h.waiting = nil, nil
	for _, j := range jobs {
		q.push(j)
	}
}

// isLast tells whether all that is left to do is at hosts that are left alone.
func (q *queue) isLast() bool {
	for _, d := range q.later {
		if d.job != nil || !d.host.away {
			return false
		}
	}
	return true
}

// grantChances has the hosts that are left alone asked soon, for want of
// others, or gives them up. It tells whether a job can be taken now.
func (q *queue) grantChances(now time.Time) (ready bool) {
	for _, h := range q.hosts {
		switch {
		case h.isIdle() || h.granted || h.gone != nil:
		case h.chances == 0:
			f := *h.last
			f.detail = fmt.Sprintf("%s was left alone after failures: %s", h.name, f.detail)
			f.again = false
			h.gone = &f
			q.update(h)
			ready = true
		default:
			until := now.Add(lastWait << (lastChances - h.chances))
			h.chances--
			h.granted = true
			if until.Before(h.paused) {
				h.paused = until
				q.postpone(due{at: until, host: h})
			}
		}
	}
	return ready
}

// pauseOf returns how long h is not asked from now on.
func (q *queue) pauseOf(h *host) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(0, time.Until(h.paused))
}

// hopeful tells whether h, which refuses requests, has not done so more often in a
// row than there are retries.
func (q *queue) hopeful(h *host, retries int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return h.dry <= retries
}

// waiting returns how many jobs wait for a time or a host that pauses, and the
// name of the host with most of them.
func (q *queue) waiting() (jobs int, most string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.later {
		if d.job != nil {
			jobs++
		}
	}
	now, largest := time.Now(), 0
	for _, h := range q.hosts {
		n := len(h.waiting) + len(h.urgent)
		if n == 0 || !h.paused.After(now) {
			continue
		}
		jobs += n
		if n > largest {
			largest, most = n, h.name
		}
	}
	return jobs, most
}
