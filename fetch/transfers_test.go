package fetch

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary/internal/badweb"
)

func TestTransferRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var f Fetcher
		x := f.transfers.begin("http://h/f", "f")
		defer f.transfers.end(x)
		steps := []struct {
			wait  time.Duration
			bytes int64
			want  int64
		}{
			{0, 0, 0},
			{500 * time.Millisecond, 100, 200}, // since it began
			{500 * time.Millisecond, 100, 200},
			{200 * time.Millisecond, 1000, 200}, // not long enough for a new one
			{800 * time.Millisecond, 0, 600},    // half of what it was, and 1000
			{time.Second, 0, 300},
			{2 * time.Second, 600, 300},
		}
		for i, step := range steps {
			time.Sleep(step.wait)
			x.received.Add(step.bytes)
			if got := f.Transfers()[0].Rate; got != step.want {
				t.Errorf("step %d: got %d, want %d", i, got, step.want)
			}
		}
	})
}

func TestOutstanding(t *testing.T) {
	var all transfers
	tests := []struct {
		name                    string
		before, received, total int64
	}{
		{"begun", 0, 10, 100},
		{"resumed", 50, 10, 100},
		{"of unknown size", 0, 10, 0},
		{"longer than it said", 0, 20, 10},
	}
	for _, test := range tests {
		x := all.begin(test.name, test.name)
		x.before.Store(test.before)
		x.received.Store(test.received)
		x.total.Store(test.total)
		if test.name == "resumed" {
			defer all.end(x)
		}
	}
	if got, want := all.outstanding(), int64(90+40); got != want {
		t.Errorf("got %d, want %d", got, want)
	}
}

func BenchmarkTransfer(b *testing.B) {
	var f Fetcher
	for range 64 {
		f.transfers.begin("http://h/f", "f")
	}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			x := f.transfers.begin("http://h/f", "f")
			x.received.Add(1)
			f.transfers.end(x)
		}
	})
}

func BenchmarkClaim(b *testing.B) {
	var f Fetcher
	m := &room{free: func() (int64, error) { return 1 << 60, nil }, ahead: f.transfers.outstanding}
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if m.claim(1) != nil {
				b.Fatal("full")
			}
		}
	})
}

// Downloads are listed while they are under way, those that began first before the
// others, with what an earlier run brought.
func TestTransfers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		slow, half, short := noise(20), noise(21), noise(5)
		b.Handle("/slow", badweb.Trickle(slow, 1, time.Second))
		b.Handle("/half", badweb.Stall(half, "e", 3))
		b.Handle("/short", badweb.Trickle(short, 1, time.Second))
		b.fetcher.Timeout, b.fetcher.Retries = time.Minute, -1
		resumed := named(t, flat(t, half, b.URL+"/half"), "half")
		b.partial(t, resumed, `{"url":"`+b.URL+`/half","validator":"\"e\""}`, string(half[:10]))
		begin := time.Now()
		seen := make(chan []Transfer, 1)
		time.AfterFunc(9500*time.Millisecond, func() { seen <- b.fetcher.Transfers() })
		err := b.fetch(t.Context(), named(t, flat(t, slow, b.URL+"/slow"), "slow"), resumed,
			flat(t, short, b.URL+"/short"))
		if err != nil {
			t.Fatal(err)
		}
		want := []Transfer{
			{URL: b.URL + "/half", Source: "half", Begun: begin, Bytes: 13, Total: 21},
			{URL: b.URL + "/slow", Source: "slow", Begun: begin, Bytes: 10, Total: 20, Rate: 1},
		}
		if diff := cmp.Diff(want, <-seen); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if left := b.fetcher.Transfers(); len(left) > 0 {
			t.Errorf("left at the end: %v", left)
		}
	})
}
