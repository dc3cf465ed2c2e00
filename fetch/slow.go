package fetch

import (
	"errors"
	"time"
)

const (
	// slowRate is the least rate at which a body may come, in bytes a second.
	slowRate = 1000
	// slowAfter is how long it is waited for at the least before it is judged.
	slowAfter = 5 * time.Minute
	// fairShare is the part of what other downloads get on average that a slow one
	// may have for the line, not its server, to be to blame.
	fairShare = 4
)

var errTooSlow = errors.New("less than 1 kB/s for 5 minutes")

// A pace judges how fast a body comes, over one window of slowAfter after the other.
// Only the time spent on waiting for its bytes counts.
type pace struct {
	fetcher *Fetcher

	began  time.Time     // the window
	before int64         // bytes that the fetcher had received by then
	got    int64         // bytes of this body in it
	waited time.Duration // for them
}

// saw counts n bytes that came after a wait. It returns errTooSlow if the server is
// to blame for a window in which there were too few.
func (p *pace) saw(n int, wait time.Duration) error {
	if p.began.IsZero() {
		p.start()
	}
	p.got += int64(n)
	p.waited += wait
	if p.waited < slowAfter {
		return nil
	}
	slow := float64(p.got) < slowRate*p.waited.Seconds() && !p.shares()
	p.start()
	if slow {
		return errTooSlow
	}
	return nil
}

func (p *pace) start() {
	p.began, p.got, p.waited = time.Now(), 0, 0
	p.before = p.fetcher.bytes.Load()
}

// shares tells whether a slow body has its share of a slow line: together all
// downloads get more than slowRate, and it gets about as much as the others.
func (p *pace) shares() bool {
	total := p.fetcher.bytes.Load() - p.before
	others := max(p.fetcher.active.Load()-1, 0)
	return float64(total) >= slowRate*time.Since(p.began).Seconds() &&
		fairShare*p.got*others >= total-p.got
}
