package fetch

import "time"

const (
	// maxPause is the longest pause of a host, also where it asks for more.
	maxPause = 2 * time.Minute
	// failuresToLeave are so many sources in a row for which a host failed in all tries
	// that it is left alone.
	failuresToLeave = 6
	// driesToLeave are so many pauses of a host in a row that it is left alone when it
	// asks for one more: that is after about a minute.
	driesToLeave = 6
	// awayFor is how long a host is left alone at first; each further failure
	// doubles that, up to maxAway. Where nothing else is left to do, it is
	// lastWait at first.
	awayFor  = time.Minute
	maxAway  = 15 * time.Minute
	lastWait = 5 * time.Second
	// lastChances is how often a host is tried when nothing else is left to do.
	lastChances = 3
)

// A host is a server during a run: how many requests at a time it bears, and
// whether it works.
type host struct {
	name    string
	waiting []*job
	urgent  []*job // they go before waiting
	limit   int    // the most slots
	cache   bool   // of a substituter, which sees itself whether to leave it alone
	slots   int    // as many as it bears now
	active  int    // slots in use
	ready   bool   // is in queue.ready
	due     bool   // is in queue.later

	paused time.Time // until when it is not asked
	cut    time.Time // when it lost slots
	good   int       // good answers since it lost or gained a slot
	dry    int       // pauses in a row, with no good answer between them
	bad    int       // sources in a row for which it failed

	away    bool     // it is left alone, but for one source after each pause
	chances int      // left when nothing else is left to do
	granted bool     // one of them is not yet used
	last    *failure // of its own
	gone    *failure // why it is not asked any more, or nil
}

// isReady tells whether a job of the host, if it has one, can be taken.
func (h *host) isReady(now time.Time) bool {
	return h.gone != nil || h.active < h.slots && !h.paused.After(now)
}

func (h *host) isIdle() bool { return len(h.waiting)+len(h.urgent) == 0 }

// next takes the job whose turn it is: of the urgent ones the latest, so that what
// was begun comes to its end.
func (h *host) next() (j *job) {
	if n := len(h.urgent) - 1; n >= 0 {
		j, h.urgent[n] = h.urgent[n], nil
		h.urgent = h.urgent[:n]
		return j
	}
	j, h.waiting[0] = h.waiting[0], nil
	h.waiting = h.waiting[1:]
	return j
}

// answered notes that the host works.
func (h *host) answered() {
	h.bad, h.dry, h.away = 0, 0, false
	if h.good++; h.good >= h.slots && h.slots < h.limit {
		h.slots++
		h.good = 0
	}
}

// refused notes an answer to a request of begin that the host has too much to do.
// It loses half of its slots, and pauses for as long as it asks for; if it does not
// say for how long, then for longer each time. Many servers say 503 where they
// limit the rate, nginx among them; a substituter is expected not to.
func (h *host) refused(now, begin time.Time, f *failure) {
	wait := min(f.after, maxPause)
	if begin.After(h.cut) && !h.paused.After(now) { // else it says no more than one before
		h.slots, h.cut, h.good = max(1, h.slots/2), now, 0
		if f.reason == ReasonRateLimited || !h.cache {
			wait = backoff(h.dry, f.after)
			h.dry++
		}
	}
	if until := now.Add(wait); until.After(h.paused) {
		h.paused = until
	}
}

// failed notes that all tries at a source failed, for reasons that are the host's
// own. It tells whether the host is left alone from now on.
func (h *host) failed(now time.Time, f *failure) bool {
	h.bad++
	more := h.bad - failuresToLeave
	if more < 0 && !h.away {
		return false
	}
	return h.leave(now, f, min(awayFor<<min(max(more, 0), 8), maxAway))
}

// leave has the host left alone for some time, for the failure f. It tells whether
// it was not yet. A substituter sees itself whether it is.
func (h *host) leave(now time.Time, f *failure, wait time.Duration) bool {
	if h.cache {
		return false
	}
	before := h.away
	h.away, h.last, h.slots, h.good = true, f, 1, 0
	h.paused = now.Add(wait)
	return !before
}

// backoff is how long to wait before the retry n, from 0 on: 1, 2, 4 seconds and
// so on up to a minute, or what the server asked for, up to maxPause.
func backoff(n int, after time.Duration) time.Duration {
	if after > 0 {
		return min(after, maxPause)
	}
	return min(minBackoff<<min(n, 10), maxBackoff)
}

// isHosts tells whether a failure says something about the host, and not about
// one of its files.
func (f *failure) isHosts() bool {
	switch f.reason {
	case ReasonTimeout, ReasonRateLimited, ReasonServerError, ReasonNetwork, ReasonUnreachable,
		ReasonRefused, ReasonDNS, ReasonTLS, ReasonReset, ReasonProxy:
		return true
	}
	return false
}
