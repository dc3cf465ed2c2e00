package eval

import (
	"context"
	"sync"
)

// An AttrPath is the path of an attribute from the top of a package set. The
// empty path is the package set itself.
type AttrPath []string

// shares holds what is left to visit: a list for each worker, taken from the
// front. The children of a set stand where the set stood.
type shares struct {
	mu   sync.Mutex
	left [][]AttrPath
	busy int // batches that were taken and not finished: they may add more
	wake sync.Cond
	stop bool
}

func newShares(workers int, paths []AttrPath) *shares {
	s := &shares{left: make([][]AttrPath, workers)}
	s.wake.L = &s.mu
	s.left[0] = paths
	return s
}

// A batch is an eighth of what a worker has left, so that the last batches are
// short and workers end at nearly the same time.
const (
	minBatch = 16
	maxBatch = 400
)

// take returns a batch of paths for the worker, or none when all is visited.
// It waits while another worker may still find more.
func (s *shares) take(worker int) []AttrPath {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stop {
		if len(s.left[worker]) == 0 {
			s.steal(worker)
		}
		if mine := s.left[worker]; len(mine) > 0 {
			n := min(max(len(mine)/8, minBatch), maxBatch, len(mine))
			s.left[worker] = mine[n:]
			s.busy++
			return mine[:n:n]
		}
		if s.busy == 0 {
			break
		}
		s.wake.Wait()
	}
	s.wake.Broadcast()
	return nil
}

// steal moves the second half of the longest list to the worker.
func (s *shares) steal(worker int) {
	longest := worker
	for i := range s.left {
		if len(s.left[i]) > len(s.left[longest]) {
			longest = i
		}
	}
	if longest == worker {
		return
	}
	half := len(s.left[longest]) / 2
	s.left[worker] = s.left[longest][half:]
	s.left[longest] = s.left[longest][:half:half]
}

// finish ends a batch: found is put in front of what the worker has left.
func (s *shares) finish(worker int, found []AttrPath) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(found) > 0 {
		s.left[worker] = append(found[:len(found):len(found)], s.left[worker]...)
	}
	s.busy--
	s.wake.Broadcast()
}

// abort makes every take return none.
func (s *shares) abort() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop = true
	s.wake.Broadcast()
}

// abortOn makes every take return none once ctx is done, until the returned
// function is called.
func (s *shares) abortOn(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, s.abort)
}
