package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/catalog"
	"granary/fetch"
	"granary/hashes"
)

// What is left: sources, but for those that are nearly there, and the bytes that are
// known of.
func TestSeenLeft(t *testing.T) {
	wanted := make([]catalog.Source, 5)
	for i := range wanted {
		wanted[i].OutPath = hashes.StorePath("/nix/store/" + string(rune('a'+i)))
	}
	wanted[0].Download, wanted[1].Download = 1000, 500
	ended := func(kind fetch.EventKind, i int, took time.Duration) *fetch.Event {
		return &fetch.Event{
			Kind: kind, Source: granary.Source{OutPath: wanted[i].OutPath},
			Attempts: []fetch.Attempt{{Duration: took}},
		}
	}
	known := []fetch.Transfer{{Total: 10_000, Bytes: 1000}, {Bytes: 7}}
	s := newSeen(wanted)
	steps := []struct {
		name      string
		event     *fetch.Event // or nil
		transfers []fetch.Transfer
		want      work
		asked     int64
	}{
		{"all", nil, nil, work{5, 1500}, 0},
		{"under way", nil, known, work{4, 9000}, 0},
		{"a retry", ended(fetch.Retry, 0, time.Second), nil, work{5, 1500}, 0},
		{"one held", ended(fetch.Held, 0, time.Second), nil, work{4, 500}, 1},
		{"one failed unasked", ended(fetch.Failed, 1, 0), nil, work{3, 0}, 1},
		{"one of unknown size", ended(fetch.Held, 2, time.Second), known, work{1, 9000}, 2},
	}
	for _, step := range steps {
		if step.event != nil {
			s.take(step.event)
		}
		done := int(s.got.Load() + s.failed.Load())
		if got := s.left(done, step.transfers); got != step.want || s.asked.Load() != step.asked {
			t.Errorf("%s: got %v, %d asked, want %v, %d", step.name, got, s.asked.Load(),
				step.want, step.asked)
		}
	}
}

func TestSlowest(t *testing.T) {
	transfers := []fetch.Transfer{
		{Total: 1000, Bytes: 500, Rate: 100},
		{Total: 1000, Bytes: 100, Rate: 100},
		{Total: 1000, Bytes: 100}, // who knows
		{Bytes: 100, Rate: 1},
	}
	if got, want := slowest(transfers), 9*time.Second; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestLongest(t *testing.T) {
	now := time.Now()
	transfers := []fetch.Transfer{
		{
			URL: "https://gnu.org/a", Source: "a", Begun: now.Add(-72 * time.Second),
			Bytes: 1 << 20, Total: 2 << 20, Rate: 1 << 10,
		},
		{URL: "mirror://x/b", Source: "b\x1b", Begun: now.Add(-9 * time.Second), Bytes: 512},
		{URL: "https://gnu.org/c", Source: "c", Begun: now.Add(-time.Second)},
	}
	want := []string{
		"      1m  1.0 MiB of 2.0 MiB          1.0 KiB/s  a, gnu.org",
		"      9s  512 B                           0 B/s  b�, mirror://x",
	}
	if diff := cmp.Diff(want, longest(now, transfers)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
