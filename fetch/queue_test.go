package fetch

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/internal/badweb"
)

// manyFiles has host serve n files, each with reply before it, and returns the
// sources.
func manyFiles(
	t *testing.T, b *rig, host string, n int, reply func(http.Handler) http.HandlerFunc,
) (sources []granary.Source) {
	t.Helper()
	for i := range n {
		body := noise(2000 + i)
		path := fmt.Sprintf("%s/%d", host, i)
		b.Handle(path, reply(badweb.File(body, "")))
		sources = append(sources, flat(t, body, "http://"+path))
	}
	return sources
}

// A host that bears 5 requests a second, and says 429 to any more, gives all its
// files, and is not asked much more often than that.
func TestRateLimit(t *testing.T) {
	for _, after := range []string{"", "2"} {
		t.Run("Retry-After "+after, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				limit := &limiter{perSecond: 5, after: after}
				sources := manyFiles(t, b, "limited.invalid", 200, limit.reply)
				begin := time.Now()
				if err := b.fetch(t.Context(), sources...); err != nil {
					t.Fatal(err)
				}
				checkAllHeld(t, b.events, len(sources))
				if took := time.Since(begin); took > 160*time.Second { // 40 s at best
					t.Errorf("took %s", took)
				}
				if limit.refused > len(sources) {
					t.Errorf("%d requests were refused", limit.refused)
				}
			})
		})
	}
}

// A limiter answers so many requests a second, and 429 to all others.
type limiter struct {
	perSecond int
	after     string

	mu      sync.Mutex
	second  time.Time
	count   int
	refused int
}

func (l *limiter) reply(next http.Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if l.allow() {
			next.ServeHTTP(w, r)
			return
		}
		if l.after != "" {
			w.Header().Set("Retry-After", l.after)
		}
		w.WriteHeader(http.StatusTooManyRequests)
	}
}

func (l *limiter) allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.second) >= time.Second {
		l.second, l.count = now, 0
	}
	l.count++
	if l.count > l.perSecond {
		l.refused++
		return false
	}
	return true
}

func checkAllHeld(t *testing.T, events []Event, want int) {
	t.Helper()
	held := 0
	for _, e := range events {
		switch e.Kind {
		case Held:
			held++
		case Failed:
			t.Errorf("%s: %s (%s)", e.Source.URLs, e.Reason, e.Detail)
		}
	}
	if held != want {
		t.Errorf("got %d held, want %d", held, want)
	}
}

// A dead host with many sources takes minutes, not hours, and few requests; where
// there is another place, that is asked instead.
func TestDeadHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		silent := func(http.Handler) http.HandlerFunc { return badweb.Stall(nil, "", -1) }
		sources := manyFiles(t, b, "dead.invalid", 500, silent)
		for i := range sources[:250] {
			body := noise(2000 + i)
			url := fmt.Sprintf("http://alive.invalid/%d", i)
			b.Handle(url[len("http://"):], badweb.File(body, ""))
			sources[i].URLs = append(sources[i].URLs, url)
		}
		begin := time.Now()
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		held, failed := 0, 0
		for _, e := range b.events {
			switch {
			case e.Kind == Held:
				held++
			case e.Kind == Failed && e.Reason == ReasonTimeout:
				failed++
			case e.Kind == Failed:
				t.Errorf("%s: %s (%s)", e.Source.URLs, e.Reason, e.Detail)
			}
		}
		if held != 250 || failed != 250 {
			t.Errorf("got %d held, %d failed, want 250 each", held, failed)
		}
		if took := time.Since(begin); took > 12*time.Minute {
			t.Errorf("took %s", took)
		}
		if got := b.Total("dead.invalid"); got > 60 {
			t.Errorf("the dead host got %d requests", got)
		}
	})
}

// A host that recovers gives all that it has.
func TestHostRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		recovers := time.Now().Add(5 * time.Minute)
		sources := manyFiles(t, b, "sick.invalid", 100, func(next http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(50 * time.Millisecond)
				if time.Now().Before(recovers) {
					w.WriteHeader(http.StatusBadGateway)
					return
				}
				next.ServeHTTP(w, r)
			}
		})
		slow := noise(400)
		b.Handle("slow.invalid/f", badweb.Trickle(slow, 1, time.Second))
		sources = append(sources, flat(t, slow, "http://slow.invalid/f"))
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		held := 0
		for _, e := range b.events {
			if e.Kind == Held {
				held++
			}
		}
		if held < 90 { // some had used up their tries before
			t.Errorf("got %d held", held)
		}
	})
}

// Without a network the run ends soon, with its reason; what was not asked stays
// as it was.
func TestNoNetwork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Transport = roundTripper(func(*http.Request) (*http.Response, error) {
			return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
		})
		var sources []granary.Source
		for i := range 200 {
			url := fmt.Sprintf("http://host%d.invalid/f", i/10)
			sources = append(sources, flat(t, noise(i+1), url))
		}
		begin := time.Now()
		err := b.fetch(t.Context(), sources...)
		if !errors.Is(err, ErrNoNetwork) {
			t.Errorf("got %v, want %v", err, ErrNoNetwork)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("took %s", took)
		}
		for _, e := range b.events {
			if e.Kind == Failed && e.Reason != ReasonDNS {
				t.Errorf("got %+v", e)
			}
		}
	})
}

// A few hosts that are gone are no sign of that.
func TestSomeHostsAreGone(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	body := noise(100)
	b.Handle("here.invalid/f", badweb.File(body, ""))
	inner := b.fetcher.Transport
	b.fetcher.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.URL.Host == "here.invalid" {
			return inner.RoundTrip(r)
		}
		return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
	})
	sources := []granary.Source{flat(t, body, "http://here.invalid/f")}
	for i := range 100 {
		sources = append(sources, flat(t, noise(i), fmt.Sprintf("http://gone%d.invalid/f", i)))
	}
	if err := b.fetch(t.Context(), sources...); err != nil || len(b.events) != len(sources) {
		t.Errorf("got %v, %d events", err, len(b.events))
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// One file that a host refuses for ever, as if it were too many requests, does
// not hold up its others.
func TestRefusedFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		sources := manyFiles(t, b, "picky.invalid", 300, func(next http.Handler) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(50 * time.Millisecond)
				next.ServeHTTP(w, r)
			}
		})
		b.Handle("picky.invalid/refused", badweb.Status(http.StatusTooManyRequests))
		refused := flat(t, noise(5), "http://picky.invalid/refused")
		begin := time.Now()
		var held, took time.Duration
		err := b.fetcher.Fetch(t.Context(), append([]granary.Source{refused}, sources...),
			func(e Event) {
				switch {
				case e.Kind == Held:
					held++
					took = time.Since(begin)
				case e.Kind == Failed && e.Reason != ReasonRateLimited:
					t.Errorf("%s: %s (%s)", e.Source.URLs, e.Reason, e.Detail)
				}
			})
		if err != nil || held != 300 || took > 30*time.Second { // 4 s at best
			t.Errorf("got %d held after %s, %v", held, took, err)
		}
		if took := time.Since(begin); took > 2*time.Minute {
			t.Errorf("took %s", took)
		}
	})
}

// A host that refuses everything for ever costs minutes, whatever it has.
func TestHostRefusesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		refuse := func(http.Handler) http.HandlerFunc { return badweb.Status(429) }
		sources := manyFiles(t, b, "refusing.invalid", 300, refuse)
		begin := time.Now()
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		failed := 0
		for _, e := range b.events {
			if e.Kind == Failed && e.Reason == ReasonRateLimited {
				failed++
			}
		}
		if took := time.Since(begin); failed != 300 || took > 3*time.Minute {
			t.Errorf("got %d failed after %s", failed, took)
		}
		if got := b.Total("refusing.invalid"); got > 20 {
			t.Errorf("the host got %d requests", got)
		}
	})
}

// Each file of a host goes wrong a few times before it is right, as where a server
// makes archives when they are asked for.
func TestAllFilesOfAHostFailAtFirst(t *testing.T) {
	for name, reply := range map[string]http.HandlerFunc{
		"503": badweb.Status(503), "502": badweb.Status(502), "429": badweb.Status(429),
		"429, Retry-After": badweb.Status(429, "Retry-After", "1"),
		"reset":            badweb.Reset(noise(2000), "e", 100),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				var sources []granary.Source
				for i := range 60 {
					body := noise(2000 + i)
					path := fmt.Sprintf("slow.invalid/%d", i)
					b.Handle(path, reply, reply, badweb.File(body, ""))
					sources = append(sources, flat(t, body, "http://"+path))
				}
				begin := time.Now()
				if err := b.fetch(t.Context(), sources...); err != nil {
					t.Fatal(err)
				}
				checkAllHeld(t, b.events, len(sources))
				if took := time.Since(begin); took > 5*time.Minute {
					t.Errorf("took %s", took)
				}
			})
		})
	}
}
