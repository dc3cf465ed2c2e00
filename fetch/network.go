package fetch

import (
	"errors"
	"strings"
	"sync"
	"time"
)

// ErrNoNetwork is the error of Fetch when no host at all can be reached.
var ErrNoNetwork = errors.New("no host can be reached: there seems to be no network")

const (
	// silentHosts that fail in a row without any answer mean that there is no
	// network; of hosts that have no address it takes nobodyHosts.
	silentHosts = 4
	nobodyHosts = 24
	// silentFor is for how long there must have been no answer.
	silentFor = 5 * time.Second
)

// A network watches whether anybody answers.
type network struct {
	mu       sync.Mutex
	answered time.Time           // the last time, or when the run began
	silent   map[string]struct{} // hosts that could not be reached since then
	nobody   map[string]struct{} // hosts that have no address
}

func newNetwork() *network {
	return &network{
		answered: time.Now(), silent: map[string]struct{}{}, nobody: map[string]struct{}{},
	}
}

// note takes in how a request to a host ended. It tells whether there seems to be
// no network.
func (n *network) note(host string, f *failure) (down bool) {
	if host == "" || strings.HasPrefix(host, "file:") {
		return false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	switch {
	case f == nil || !f.isOfNetwork():
		n.answered = time.Now()
		clear(n.silent)
		clear(n.nobody)
		return false
	case f.reason == ReasonDNS && !f.again:
		n.nobody[host] = struct{}{}
	default:
		n.silent[host] = struct{}{}
	}
	return time.Since(n.answered) >= silentFor &&
		(len(n.silent) >= silentHosts || len(n.silent)+len(n.nobody) >= nobodyHosts)
}

// isOfNetwork tells whether a failure may be due to the network at this end.
func (f *failure) isOfNetwork() bool {
	switch f.reason {
	case ReasonDNS, ReasonUnreachable, ReasonNetwork:
		return true
	case ReasonProxy:
		return f.again // it does not answer
	}
	return false
}
