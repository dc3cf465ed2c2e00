package fetch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/internal/badweb"
)

// What comes at once is the twentieth part of a second's worth, or one byte.
func TestLimitRate(t *testing.T) {
	tests := []struct {
		name  string
		rate  int64           // bytes a second
		sizes []int           // bytes, each of a host of its own
		want  []time.Duration // when each is there
	}{
		{"one", 100, []int{1000}, []time.Duration{9950 * time.Millisecond}},
		{"a byte a second", 1, []int{10}, []time.Duration{9 * time.Second}},
		{"much", 1 << 20, []int{2 << 20}, []time.Duration{1950 * time.Millisecond}},
		{"shared", 100, []int{100, 300, 1000}, []time.Duration{ // 3, then 2, then 1 at a time
			3 * time.Second, 7 * time.Second, 13950 * time.Millisecond}},
		// Each waits longer for its turn than a server may be silent.
		{"many", 1, []int{8, 8, 8, 8, 12}, []time.Duration{
			36 * time.Second, 36 * time.Second, 36 * time.Second, 36 * time.Second, 43 * time.Second}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.LimitRate, b.fetcher.Timeout = test.rate, time.Second
				// It depends on who is there first who has a turn more than the others;
				// the last one's time is that of all bytes.
				turn := max(time.Second/time.Duration(test.rate), time.Second/20)
				slack := 2 * time.Duration(len(test.sizes)) * turn
				for i, got := range fetchTimed(t, b, test.sizes) {
					if i == len(test.sizes)-1 {
						slack = time.Millisecond
					}
					if early := test.want[i] - got; early.Abs() > slack {
						t.Errorf("%d: got %s, want %s", i, got, test.want[i])
					}
				}
			})
		})
	}
}

// fetchTimed fetches files of these sizes, each from a host of its own, and
// returns how long each took.
func fetchTimed(t *testing.T, b *rig, sizes []int) []time.Duration {
	t.Helper()
	var sources []granary.Source
	for i, size := range sizes {
		path := fmt.Sprintf("host%d.invalid/f", i)
		body := noise(size + i)[i:]
		b.Handle(path, badweb.File(body, "e"))
		sources = append(sources, named(t, flat(t, body, "http://"+path), fmt.Sprint(i)))
	}
	took := make([]time.Duration, len(sizes))
	err := b.fetcher.Fetch(t.Context(), sources, func(e Event) {
		if e.Kind != Held {
			t.Fatalf("got %s of %s: %s", e.Kind, e.Source.Name, e.Reason)
		}
		var i int
		fmt.Sscan(e.Source.Name, &i)
		took[i] = e.Duration
	})
	if err != nil {
		t.Fatal(err)
	}
	return took
}

// A transfer that waits for its turn ends when it is told to.
func TestLimitRateEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.LimitRate = 1
		body := noise(1000)
		b.Handle("/f", badweb.File(body, "e"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5500*time.Millisecond, cancel)
		begin := time.Now()
		err := b.fetch(ctx, flat(t, body, b.URL+"/f"))
		if took := time.Since(begin); !errors.Is(err, context.Canceled) || took != 5500*time.Millisecond {
			t.Errorf("got %v after %s, want %v after 5.5s", err, took, context.Canceled)
		}
		if got := b.fetcher.Progress().Bytes; got != 6 && got != 7 {
			t.Errorf("got %d bytes, want 6 or 7", got)
		}
	})
}

// What is too large is refused by what the server says of it, else cut, and nothing of
// it stays.
func TestMaxSize(t *testing.T) {
	const size = 300_000 // bytes
	body := noise(size)
	tests := []struct {
		name    string
		reply   http.HandlerFunc
		partial int // bytes that an earlier run brought
		limit   int64
		most    int64  // bytes that are read
		want    Reason // "": it is held
	}{
		{"declared", badweb.File(body, "e"), 0, size - 1, 0, ReasonTooLarge},
		{"the rest declared", badweb.File(body, "e"), 1000, size - 1, 0, ReasonTooLarge},
		{"larger already", badweb.File(body, "e"), 1000, 999, 0, ReasonTooLarge},
		{"not declared", badweb.ChunkedCut(body, size), 0, 1000, 1000 + bufferSize, ReasonTooLarge},
		{"just so large", badweb.File(body, "e"), 0, size, size, ""},
		{"just so large, resumed", badweb.File(body, "e"), 1000, size, size - 1000, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.MaxSize = test.limit
			b.Handle("/f", test.reply)
			s := flat(t, body, b.URL+"/f")
			if test.partial > 0 {
				b.partial(t, s, "", string(body[:test.partial]))
			}
			if err := b.fetch(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			last, retries := b.last(t)
			if last.Reason != test.want || retries != 0 || last.Bytes > test.most {
				t.Errorf("got %q, %d retries, %d bytes, want %q, none, %d at most",
					last.Reason, retries, last.Bytes, test.want, test.most)
			}
			if got := b.tmp(t); len(got) > 0 {
				t.Errorf("left in tmp: %q", got)
			}
		})
	}
}
