package fetch

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/disk"
	"granary/internal/badweb"
)

// A host has its slots, and those who wait for it hold up nobody else.
func TestHostsTakeTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Jobs, b.fetcher.JobsPerHost = 5, 2
		var sources []granary.Source
		slow := noise(10)
		for i := range 40 {
			path := fmt.Sprintf("slow.invalid/%d", i)
			b.Handle(path, badweb.Trickle(slow, 1, time.Second))
			s := flat(t, slow, "http://"+path)
			sources = append(sources, named(t, s, fmt.Sprint("slow", i)))
		}
		for i := range 40 {
			path := fmt.Sprintf("fast.invalid/%d", i)
			body := noise(100 + i)
			b.Handle(path, badweb.Trickle(body, 1000, time.Second))
			sources = append(sources, flat(t, body, "http://"+path))
		}
		start := time.Now()
		var fastest time.Duration
		err := b.fetcher.Fetch(t.Context(), sources, func(e Event) {
			if e.Kind != Held {
				t.Errorf("got %+v", e)
			}
			if e.Object.Size != 10 {
				fastest = time.Since(start)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, host := range []string{"slow.invalid", "fast.invalid"} {
			if got := b.Peak(host); got != 2 {
				t.Errorf("%s: got %d requests at a time, want 2", host, got)
			}
		}
		if want := 22 * time.Second; fastest > want { // 40 / 2 requests of 1 s
			t.Errorf("the fast host took %s, want %s at the most", fastest, want)
		}
	})
}

// named gives s another name, and so another output path.
func named(t *testing.T, s granary.Source, name string) granary.Source {
	t.Helper()
	other, err := granary.NewSource(name, s.CA)
	if err != nil {
		t.Fatal(err)
	}
	s.Name, s.OutPath = name, other.OutPath
	return s
}

// Held sources are told of within a second or so, in groups.
func TestEventsComeSoon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		body, slow := noise(10), noise(20)
		b.Handle("/f", badweb.File(body, ""))
		b.Handle("/slow", badweb.Trickle(slow, 1, time.Second))
		start := time.Now()
		var times []time.Duration
		err := b.fetcher.Fetch(t.Context(), []granary.Source{
			flat(t, slow, b.URL+"/slow"), flat(t, body, b.URL+"/f"),
		}, func(Event) { times = append(times, time.Since(start)) })
		if err != nil {
			t.Fatal(err)
		}
		if len(times) != 2 || times[0] != groupWait || times[1] < 19*time.Second {
			t.Errorf("got events at %s", times)
		}
	})
}

func TestReset(t *testing.T) {
	b := newRig(t, badweb.New(t))
	b.fetcher.Retries = -1
	body := noise(100_000)
	b.Handle("/f", badweb.Reset(body, "e", 50_000))
	if err := b.fetch(t.Context(), flat(t, body, b.URL+"/f")); err != nil {
		t.Fatal(err)
	}
	if last, _ := b.last(t); last.Reason != ReasonReset || len(last.Attempts) != 1 {
		t.Errorf("got %+v", last)
	}
}

// Granary's own transport, over loopback.
func TestOwnTransport(t *testing.T) {
	b := newRig(t, badweb.New(t))
	b.fetcher.Transport = nil
	b.fetcher.Version = "1.2"
	body := noise(100_000)
	b.Handle("/f", badweb.File(body, "e"))
	if err := b.fetch(t.Context(), flat(t, body, b.URL+"/f")); err != nil {
		t.Fatal(err)
	}
	if last, _ := b.last(t); last.Kind != Held {
		t.Errorf("got %+v", last)
	}
	header := b.Requests("/f")[0].Header
	if got := header.Get("User-Agent"); got != "granary/1.2" {
		t.Errorf("got user agent %q", got)
	}
	if got := header.Get("Accept-Encoding"); got != "" {
		t.Errorf("got accept-encoding %q", got)
	}
}

func TestUntrustedCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Transport = nil
	if err := b.fetch(t.Context(), flat(t, nil, server.URL)); err != nil {
		t.Fatal(err)
	}
	if last, retries := b.last(t); last.Reason != ReasonTLS || retries != 0 {
		t.Errorf("got %+v, %d retries", last, retries)
	}
}

const (
	smallFiles    = 2000
	smallFileSize = 12_000 // bytes
)

func BenchmarkFetchSmall(b *testing.B) {
	server := badweb.New(b)
	var sources []granary.Source
	for i := range smallFiles {
		body := noise(smallFileSize + i)[i:]
		path := fmt.Sprintf("/%d", i)
		server.Handle(path, badweb.File(body, "e"))
		sources = append(sources, flat(b, body, server.URL+path))
	}
	b.SetBytes(smallFiles * smallFileSize)
	for b.Loop() {
		b.StopTimer()
		d, err := disk.Open(filepath.Join(b.TempDir(), "disk"))
		if err != nil {
			b.Fatal(err)
		}
		f := &Fetcher{Disk: d, Netrc: "/dev/null"}
		held := 0
		b.StartTimer()
		err = f.Fetch(b.Context(), sources, func(e Event) {
			if e.Kind == Held {
				held++
			}
		})
		if err != nil || held != smallFiles {
			b.Fatalf("got %d, %v", held, err)
		}
	}
	b.ReportMetric(float64(smallFiles*b.N)/b.Elapsed().Seconds(), "files/s")
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB")
}
