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
	if h.dry > driesToLeave && h.leave(now, f, awayFor) {
		q.leave(h)
	}
}

// exhausted tells the queue that h has failed in all tries to give one source.
func (q *queue) exhausted(h *host, f *failure) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if h.failed(time.Now(), f) {
		q.leave(h)
	}
}

// isLeft tells whether h is left alone, but for one source now and then.
func (q *queue) isLeft(h *host) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return h.away
}

// follow lets nobody else be asked for at h before a retry that is due after wait, if
// h is left alone but for that source. It returns how long h pauses.
func (q *queue) follow(h *host, wait time.Duration) time.Duration {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := time.Now()
	if until := now.Add(wait); h.away && until.After(h.paused) {
		h.paused = until
	}
	return max(0, h.paused.Sub(now))
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
