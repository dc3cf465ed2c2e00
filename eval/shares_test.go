package eval

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// numbered returns n paths.
func numbered(prefix string, n int) []AttrPath {
	paths := make([]AttrPath, n)
	for i := range paths {
		paths[i] = AttrPath{fmt.Sprintf("%s%d", prefix, i)}
	}
	return paths
}

func TestSharesInOrder(t *testing.T) {
	s := newShares(1, numbered("p", 1000))
	var got []AttrPath
	for range 1000 {
		batch := s.take(0)
		if len(batch) == 0 {
			break
		}
		got = append(got, batch...)
		s.finish(0, nil)
	}
	if diff := cmp.Diff(numbered("p", 1000), got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// TestSharesChildren puts what a set holds where the set stood.
func TestSharesChildren(t *testing.T) {
	s := newShares(1, numbered("p", 40))
	first := s.take(0)
	s.finish(0, slices.Concat(numbered("child", 3), first[1:]))
	var got []AttrPath
	for batch := s.take(0); len(batch) > 0; batch = s.take(0) {
		got = append(got, batch...)
		s.finish(0, nil)
	}
	want := slices.Concat(numbered("child", 3), numbered("p", 40)[1:])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

// TestSharesSteal gives a worker without paths the second half of the longest
// list.
func TestSharesSteal(t *testing.T) {
	s := newShares(3, nil)
	s.left[0], s.left[1] = numbered("few", 4), numbered("many", 10)
	s.steal(2)
	if diff := cmp.Diff(numbered("many", 10)[5:], s.left[2]); diff != "" {
		t.Errorf("stolen (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(numbered("many", 10)[:5], s.left[1]); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	s.left = [][]AttrPath{nil, numbered("last", 1), nil}
	if got := s.take(0); len(got) != 1 || len(s.left[1]) != 0 {
		t.Errorf("of one path, got %v and left %v", got, s.left[1])
	}
}

// TestSharesWait has a worker wait while another may find more, and end when
// nothing is left.
func TestSharesWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShares(2, numbered("set", 1))
		s.take(0)
		var wg sync.WaitGroup
		var got []AttrPath
		wg.Go(func() {
			for batch := s.take(1); len(batch) > 0; batch = s.take(1) {
				got = append(got, batch...)
				s.finish(1, nil)
			}
		})
		synctest.Wait()
		if got != nil {
			t.Fatalf("took %v while there was nothing", got)
		}
		s.finish(0, numbered("child", 2))
		wg.Wait()
		if len(got) != 2 {
			t.Errorf("took %v of two paths", got)
		}
		if last := s.take(0); last != nil {
			t.Errorf("took %v at the end", last)
		}
	})
}

func TestSharesAbort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := newShares(2, numbered("p", 1000))
		s.left[1] = nil
		defer s.abortOn(ctx)()
		s.left[0] = s.left[0][:1]
		s.take(0) // never finished
		var wg sync.WaitGroup
		wg.Go(func() {
			if got := s.take(1); got != nil {
				t.Errorf("took %v after the end", got)
			}
		})
		synctest.Wait()
		cancel()
		wg.Wait()
		s.finish(0, numbered("more", 10))
		if got := s.take(0); got != nil {
			t.Errorf("took %v after the end", got)
		}
	})
}

// TestSharesAtRandom lets workers visit a random tree of sets, each in its own
// time, and looks for paths that were lost or visited twice.
func TestSharesAtRandom(t *testing.T) {
	for seed := range uint64(15) {
		synctest.Test(t, func(t *testing.T) { sharesAtRandom(t, seed) })
	}
}

func sharesAtRandom(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	workers := 1 + random.IntN(5)
	children := map[string][]AttrPath{}
	total := 0
	var grow func(depth int) []AttrPath
	grow = func(depth int) []AttrPath {
		names := numbered(fmt.Sprintf("n%d-", total), random.IntN(60))
		total += len(names)
		for _, name := range names {
			if depth > 0 && random.IntN(8) == 0 {
				children[name.String()] = grow(depth - 1)
			}
		}
		return names
	}
	s := newShares(workers, grow(3))
	var mu sync.Mutex
	visited := map[string]int{}
	visit := func(worker int, random *rand.Rand) {
		for {
			batch := s.take(worker)
			if len(batch) == 0 {
				return
			}
			time.Sleep(time.Duration(random.IntN(1000)))
			done := 1 + random.IntN(len(batch)) // the rest goes back
			var found []AttrPath
			mu.Lock()
			for _, path := range batch[:done] {
				visited[path.String()]++
				found = append(found, children[path.String()]...)
			}
			mu.Unlock()
			s.finish(worker, append(found, batch[done:]...))
		}
	}
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { visit(i, rand.New(rand.NewPCG(seed, uint64(i)+1))) })
	}
	wg.Wait()
	for path, times := range visited {
		if times != 1 {
			t.Errorf("seed %d: %s was visited %d times", seed, path, times)
		}
	}
	if len(visited) != total {
		t.Errorf("seed %d: %d of %d paths were visited", seed, len(visited), total)
	}
}
