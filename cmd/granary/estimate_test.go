package main

import (
	"testing"
	"time"
)

func TestRate(t *testing.T) {
	m := meter{window: 10 * time.Second}
	begin := time.Unix(0, 0)
	for i := range 30 { // 100 bytes a second, then nothing
		m.rate(begin.Add(time.Duration(i)*time.Second), int64(i)*100)
	}
	if got := m.rate(begin.Add(30*time.Second), 3000); got != 100 {
		t.Errorf("got %g, want 100", got)
	}
	if got := m.rate(begin.Add(50*time.Second), 3000); got != 0 {
		t.Errorf("after a pause: got %g, want 0", got)
	}
}

func TestEstimate(t *testing.T) {
	type step struct {
		at         time.Duration // since the beginning
		done, left work
		want       time.Duration // less than 0: nothing is said
	}
	tests := []struct {
		name  string
		steps []step
	}{
		{"at first", []step{{time.Second, work{10, 1000}, work{10, 0}, -1}}},
		{"by sources", []step{{5 * time.Second, work{10, 1000}, work{20, 0}, 10 * time.Second}}},
		{"by bytes", []step{{5 * time.Second, work{10, 1000}, work{20, 4000}, 20 * time.Second}}},
		{"one large source", []step{{5 * time.Second, work{0, 1000}, work{0, 4000}, 20 * time.Second}}},
		{"no source yet", []step{{5 * time.Second, work{0, 1000}, work{1, 4000}, -1}}},
		{"no bytes", []step{{5 * time.Second, work{2, 0}, work{1, 4000}, -1}}},
		{"slower than before", []step{
			{5 * time.Second, work{1000, 0}, work{100, 0}, 500 * time.Millisecond},
			{65 * time.Second, work{1010, 0}, work{90, 0}, 9 * time.Minute},
			{125 * time.Second, work{1010, 0}, work{90, 0}, -1},
		}},
		{"nothing left", []step{{5 * time.Second, work{10, 10}, work{}, 0}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e := newEstimate()
			e.left(e.begin, work{}, work{})
			for i, step := range test.steps {
				got, ok := e.left(e.begin.Add(step.at), step.done, step.left)
				if ok != (step.want >= 0) || ok && got != step.want {
					t.Errorf("step %d: got %s, %t, want %s", i, got, ok, step.want)
				}
			}
		})
	}
}
