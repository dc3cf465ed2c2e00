package fetch

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/internal/badweb"
)

// Many downloads over a slow line are all slow, and none of their servers is to
// blame; one server that is slower by far than the others is.
func TestSlowLine(t *testing.T) {
	tests := []struct {
		name  string
		rates []int // bytes a second, of hosts of their own
		slow  int   // downloads given up, of a host each
	}{
		{"one slow line", []int{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}, 0},
		{"one slow server", []int{200, 2000, 2000, 2000}, 1},
		{"one at the limit", []int{slowRate}, 0},
		{"one below it", []int{slowRate - 50}, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.Retries = -1
				var sources []granary.Source
				for i, rate := range test.rates {
					sources = append(sources, slowSource(t, b, i, rate))
				}
				if err := b.fetch(t.Context(), sources...); err != nil {
					t.Fatal(err)
				}
				slow := 0
				for _, e := range b.events {
					if e.Reason == ReasonTooSlow {
						slow++
					}
				}
				if len(b.events) != len(sources) || slow != test.slow {
					t.Errorf("got %d slow of %+v, want %d", slow, b.events, test.slow)
				}
			})
		})
	}
}

// slowSource returns a source that takes 400 s, more than the limit looks at.
func slowSource(t *testing.T, b *rig, i, rate int) granary.Source {
	data := noise(400*rate + i)[i:]
	path := fmt.Sprintf("h%d.invalid/f", i)
	b.Handle(path, badweb.Slow(data, "e", rate, time.Second))
	return flat(t, data, "http://"+path)
}
