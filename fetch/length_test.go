package fetch

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"granary/internal/badftp"
	"granary/internal/badweb"
)

// cutPage is a page that breaks off.
func cutPage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html")
	badweb.Cut(body, "", 100)(w, r)
}

// What breaks off, or is too large, tells how large it is; what came as a whole has
// nothing to tell.
func TestAttemptLength(t *testing.T) {
	zipped := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		badweb.Cut(body, "", 100)(w, r)
	}
	tests := []struct {
		name  string
		reply http.HandlerFunc
		limit int64
		want  []int64 // of each attempt
	}{
		{"held", good, 0, []int64{0}},
		{"not found", badweb.Status(404), 0, []int64{0}},
		{"wrong hash", badweb.File(other, ""), 0, []int64{0}},
		{"page", badweb.HTML(), 0, []int64{0}},
		{"too large", good, 2999, []int64{3000}},
		{"too large, and no word of it", badweb.ChunkedCut(body, 3000), 2999, []int64{0}},
		{"cut", badweb.Cut(body, "e", 1000), 0, []int64{3000, 3000, 0}},
		{"cut always", badweb.Cut(body, "e", 100), 0, []int64{3000, 3000, 3000, 3000}},
		{"silent", badweb.Stall(body, "e", 100), 0, []int64{3000, 3000, 3000, 3000}},
		{"cut, and no word of it", badweb.ChunkedCut(body, 9), 0, []int64{0, 0, 0, 0}},
		{"cut page", cutPage, 0, []int64{0, 0, 0, 0}},
		{"cut, compressed on the way", zipped, 0, []int64{0, 0, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.MaxSize = test.limit
				b.Handle("/f", test.reply)
				if err := b.fetch(t.Context(), flat(t, body, b.URL+"/f")); err != nil {
					t.Fatal(err)
				}
				if got := b.lengths(t); !slices.Equal(got, test.want) {
					t.Errorf("got %d, want %d", got, test.want)
				}
			})
		})
	}
}

// lengths returns that of each attempt.
func (b *rig) lengths(t *testing.T) (all []int64) {
	last, _ := b.last(t)
	for _, a := range last.Attempts {
		all = append(all, a.Length)
	}
	return all
}

// A NAR is not what the source's URLs have.
func TestAttemptLengthOfNAR(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Substituters, b.fetcher.Retries = []string{badCache}, -1
		s := cacheSource(t, true, "source")
		cacheFault{nar: script{badweb.Cut(narZstd, "e", 100)}}.serve(b, s)
		if err := b.fetch(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if got, want := b.lengths(t), []int64{0, 0}; !slices.Equal(got, want) {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

func TestAttemptLengthByFTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, server := newFTPRig(t, body)
		server.On("RETR", badftp.Cut(1000, "426 Failure."), badftp.Cut(100, "426 Sorry."))
		b.fetcher.Retries = 1
		if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
			t.Fatal(err)
		}
		if got, want := b.lengths(t), []int64{3000, 3000}; !slices.Equal(got, want) {
			t.Errorf("got %d, want %d", got, want)
		}
	})
}

// What is under way when the run ends, or does not fit the disk, tells it as well.
func TestLeft(t *testing.T) {
	tests := []struct {
		name string
		free int64 // bytes of the disk above the reserve
	}{
		{"interrupt", 1 << 20},
		{"no room", 2999},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.free = func() (int64, error) { return DefaultReserve + test.free, nil }
				b.Handle("/f", badweb.Stall(body, "e", 100))
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, cancel)
				s := flat(t, body, b.URL+"/f")
				if err := b.fetch(ctx, s); err == nil {
					t.Fatal("got no error")
				}
				if len(b.events) != 1 || b.events[0].Kind != Left || b.events[0].Length != 3000 ||
					b.events[0].Source.OutPath != s.OutPath {
					t.Errorf("got %+v, want that 3000 bytes are left", b.events)
				}
			})
		})
	}
}
