package main

import "time"

// meter measures how much comes a second, over the last seconds.
type meter struct {
	window  time.Duration
	samples []sample
}

type sample struct {
	at     time.Time
	amount int64
}

// rate takes a sample of the amount so far, and returns how much came a second.
func (m *meter) rate(now time.Time, amount int64) float64 {
	m.samples = append(m.samples, sample{now, amount})
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= m.window {
		m.samples = m.samples[1:]
	}
	first := m.samples[0]
	return float64(amount-first.amount) / max(now.Sub(first.at).Seconds(), 0.2)
}

// estimate says how long a fetch will still take, by the pace of the last minute.
// Nobody knows the size of most sources beforehand; so it is the longer of two
// times: that for the sources left, and that for the bytes which are known to be
// left.
type estimate struct {
	begin          time.Time
	sources, bytes meter
}

func newEstimate() estimate {
	return estimate{time.Now(), meter{window: time.Minute}, meter{window: time.Minute}}
}

// work is an amount of sources and bytes.
type work struct{ sources, bytes int64 }

// left takes a sample of what was done, and returns the time that what is left
// takes. It is false when there is nothing to judge by: at the beginning, and after a
// minute in which nothing came.
func (e *estimate) left(now time.Time, done, left work) (time.Duration, bool) {
	const atFirst = 3 * time.Second
	sources := e.sources.rate(now, done.sources)
	bytes := e.bytes.rate(now, done.bytes)
	if now.Sub(e.begin) < atFirst ||
		left.sources > 0 && sources == 0 || left.bytes > 0 && bytes == 0 {
		return 0, false
	}
	seconds := 0.0
	if left.sources > 0 {
		seconds = float64(left.sources) / sources
	}
	if left.bytes > 0 {
		seconds = max(seconds, float64(left.bytes)/bytes)
	}
	return time.Duration(seconds * float64(time.Second)), true
}
