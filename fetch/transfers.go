package fetch

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A Transfer is a download under way.
type Transfer struct {
	URL    string
	Source string    // its name
	Begun  time.Time // when the request was made
	Bytes  int64     // so far, with what earlier requests brought
	Total  int64     // that Bytes will be in the end; 0 if that is not known
	Rate   int64     // bytes a second lately, or since Begun if that is not long ago
}

// Transfers returns the downloads under way, those that began first before the
// others. It may be called at any time. A rate is taken from one call to another
// that comes a second later or more.
func (f *Fetcher) Transfers() []Transfer {
	now := time.Now()
	all := f.transfers.look(now)
	slices.SortFunc(all, func(a, b Transfer) int {
		return cmp.Or(a.Begun.Compare(b.Begun), cmp.Compare(a.URL, b.URL))
	})
	return all
}

// transfers are the downloads under way.
type transfers struct {
	mu  sync.Mutex
	all map[*transfer]struct{}
}

// A transfer is a download under way, of which its worker tells.
type transfer struct {
	url, source string
	begun       time.Time
	before      atomic.Int64 // bytes that earlier requests brought
	received    atomic.Int64 // bytes
	total       atomic.Int64 // bytes, with those before; 0 if not known

	// Of the last look, guarded by transfers.mu.
	looked time.Time
	seen   int64
	rate   float64
}

// begin adds a transfer, which is to be ended.
func (t *transfers) begin(url, source string) *transfer {
	now := time.Now()
	x := &transfer{url: url, source: source, begun: now, looked: now}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all == nil {
		t.all = map[*transfer]struct{}{}
	}
	t.all[x] = struct{}{}
	return x
}

// end removes x.
func (t *transfers) end(x *transfer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.all, x)
}

// look returns what there is to say of all, in no order.
func (t *transfers) look(now time.Time) []Transfer {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := make([]Transfer, 0, len(t.all))
	for x := range t.all {
		received := x.received.Load()
		list = append(list, Transfer{
			URL: x.url, Source: x.source, Begun: x.begun,
			Bytes: x.before.Load() + received, Total: x.total.Load(),
			Rate: x.measure(now, received),
		})
	}
	return list
}

// measure returns the rate at which bytes are received: half of it is what it was
// a second ago.
func (x *transfer) measure(now time.Time, received int64) int64 {
	since := now.Sub(x.looked)
	if since < time.Second {
		if x.looked == x.begun && since > 0 {
			return int64(float64(received) / since.Seconds())
		}
		return int64(x.rate)
	}
	fresh := float64(received-x.seen) / since.Seconds()
	if x.looked != x.begun {
		fresh = (fresh + x.rate) / 2
	}
	x.looked, x.seen, x.rate = now, received, fresh
	return int64(fresh)
}

// outstanding returns how many bytes are still to come, as far as that is known.
func (t *transfers) outstanding() (bytes int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for x := range t.all {
		bytes += max(0, x.total.Load()-x.before.Load()-x.received.Load())
	}
	return bytes
}
