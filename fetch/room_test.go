package fetch

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/internal/badweb"
)

func TestClaim(t *testing.T) {
	broken := errors.New("broken")
	full := func(free, need int64) error { return &FullError{"d", free, 100, need} }
	type step struct {
		wait time.Duration
		free int64 // of the disk
		need int64
		want error
	}
	tests := []struct {
		name  string
		err   error // of a look at the disk
		ahead int64
		steps []step
	}{
		{"room", nil, 0, []step{{0, 100, 0, nil}, {0, 0, 0, nil}, {time.Second, 100, 0, nil}}},
		{"none", nil, 0, []step{{0, 99, 0, full(99, 0)}, {2 * time.Second, 1000, 0, full(99, 0)}}},
		{"taken by others", nil, 50, []step{{0, 149, 0, full(99, 0)}}},
		{"more taken than there is", nil, 50, []step{{0, 10, 0, full(0, 0)}}},
		{"too large", nil, 0, []step{{0, 200, 100, nil}, {0, 200, 1, full(100, 1)}}},
		{"others end", nil, 0, []step{{0, 200, 90, nil}, {time.Second, 150, 50, nil}}},
		{"cannot tell", errors.ErrUnsupported, 0, []step{{0, 0, 0, nil}, {0, 0, math.MaxInt32, nil}}},
		{"broken", broken, 0, []step{{0, 1000, 0, broken}, {time.Second, 1000, 0, broken}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var free int64
				m := &room{dir: "d", reserve: 100, ahead: func() int64 { return test.ahead }}
				m.free = func() (int64, error) { return free, test.err }
				for i, step := range test.steps {
					time.Sleep(step.wait)
					free = step.free
					if got := m.claim(step.need); !equal(got, step.want) {
						t.Errorf("step %d: got %v, want %v", i, got, step.want)
					}
				}
			})
		})
	}
}

// equal compares errors by what they say.
func equal(a, b error) bool { return a == b || a != nil && b != nil && a.Error() == b.Error() }

func TestFullError(t *testing.T) {
	tests := []struct {
		err  FullError
		want string
	}{
		{FullError{"/d", 200 << 20, 256 << 20, 0},
			"disk /d is nearly full: 200 MiB are free, and 256 MiB are to stay so"},
		{FullError{"/d", 4 << 30, 300 << 10, 5 << 30},
			"disk /d is nearly full: 4096 MiB are free, and 300 KiB are to stay so; " +
				"the next download has 5120 MiB"},
	}
	for _, test := range tests {
		if got := test.err.Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

const gib = 1 << 30 // bytes

// What is under way ends normally; what is not begun yet is not begun.
func TestDiskFillsUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Jobs = 2
		begin := time.Now()
		b.fetcher.free = func() (int64, error) { // a MiB a second more than the reserve
			return DefaultReserve + 3<<20 - int64(time.Since(begin).Seconds())<<20, nil
		}
		slow, late := noise(10), noise(20)
		b.Handle("/slow", badweb.Trickle(slow, 1, time.Second))
		b.Handle("/late", badweb.File(late, "e"))
		sources := []granary.Source{flat(t, slow, b.URL+"/slow")}
		for i := range 8 {
			body := noise(5 + i)[i:]
			path := fmt.Sprintf("/%d", i)
			b.Handle(path, badweb.Trickle(body, 1, time.Second))
			sources = append(sources, flat(t, body, b.URL+path))
		}
		err := b.fetch(t.Context(), append(sources, flat(t, late, b.URL+"/late"))...)
		var full *FullError
		if !errors.As(err, &full) || full.Free >= full.Reserve || full.Need != 0 {
			t.Errorf("got %v, want a FullError", err)
		}
		for _, e := range b.events {
			if e.Kind != Held {
				t.Errorf("got %s of %s: %s", e.Kind, e.URL, e.Reason)
			}
		}
		if got := len(b.events); got != 2 || got != len(b.objects(t)) {
			t.Errorf("got %d held, %d objects, want 2", got, len(b.objects(t)))
		}
		if got := len(b.Requests("/late")); got != 0 {
			t.Errorf("got %d requests for the last, want none", got)
		}
		if got := b.tmp(t); len(got) > 0 {
			t.Errorf("left in tmp: %q", got)
		}
	})
}

func TestNoRoom(t *testing.T) {
	tests := []struct {
		name     string
		free     int64
		reserve  int64
		requests int
		want     string // the end of the error
	}{
		{"at the beginning", gib, 2 * gib, 0, ": 1024 MiB are free, and 2048 MiB are to stay so"},
		{"for this one", 2 * gib, gib, 1,
			": 2048 MiB are free, and 1024 MiB are to stay so; the next download has 1500 MiB"},
		{"but no reserve", 0, -1, 1, "<nil>"},
		{"room", 3 * gib, gib, 1, "<nil>"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.New(t))
			b.fetcher.Reserve, b.fetcher.Retries = test.reserve, -1
			b.fetcher.free = func() (int64, error) { return test.free, nil }
			b.Handle("/f", badweb.Length(nil, 1500<<20))
			err := b.fetch(t.Context(), flat(t, nil, b.URL+"/f"))
			if got := fmt.Sprint(err); !strings.HasSuffix(got, test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
			if got := len(b.Requests("/f")); got != test.requests {
				t.Errorf("got %d requests, want %d", got, test.requests)
			}
			if got := b.tmp(t); len(got) > 0 {
				t.Errorf("left in tmp: %q", got)
			}
			if _, err := b.fetcher.Download(t.Context(), b.URL+"/f"); isFull(err) != (test.want != "<nil>") {
				t.Errorf("Download: got %v", err)
			}
		})
	}
}
