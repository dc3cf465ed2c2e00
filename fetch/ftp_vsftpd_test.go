package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/internal/badweb"
	"granary/internal/vsftpd"
)

// newOwnRig returns a rig with granary's own transport.
func newOwnRig(t testing.TB) *rig {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Transport = nil
	return b
}

func TestVsftpd(t *testing.T) {
	v := vsftpd.New(t, vsftpd.Anonymous)
	v.File(t, "pub/f", body)
	v.File(t, "pub/a b;~+?", body)
	tests := []struct {
		name, path string
		want       Reason
	}{
		{"file", "pub/f", ""},
		{"odd name", "pub/a%20b;~+%3F", ""},
		{"from the root", "%2F" + strings.TrimPrefix(v.Dir, "/") + "/pub/f", ""},
		{"missing file", "pub/g", "not found"},
		{"missing folder", "nothing/f", "not found"},
		{"a folder", "pub", "not found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newOwnRig(t)
			if err := b.fetch(t.Context(), flat(t, body, v.URL+test.path)); err != nil {
				t.Fatal(err)
			}
			last, retries := b.last(t)
			if last.Reason != test.want || (last.Kind == Held) != (test.want == "") || retries != 0 {
				t.Errorf("got %+v, %d retries, want %q", last, retries, test.want)
			}
		})
	}
}

func TestVsftpdRefuses(t *testing.T) {
	v := vsftpd.New(t, "anonymous_enable=NO", "local_enable=YES")
	b := newOwnRig(t)
	if err := b.fetch(t.Context(), flat(t, body, v.URL+"f")); err != nil {
		t.Fatal(err)
	}
	if last, retries := b.last(t); last.Reason != ReasonUnauthorized || retries != 0 {
		t.Errorf("got %+v, %d retries", last, retries)
	}
}

// A server with fewer connections than are wanted serves all in the end.
func TestVsftpdIsFull(t *testing.T) {
	v := vsftpd.New(t, vsftpd.Anonymous, "max_per_ip=1")
	b := newOwnRig(t)
	b.fetcher.JobsPerHost = 2
	var sources []granary.Source
	for i := range 8 {
		name := fmt.Sprint("f", i)
		content := noise(100_000 + i)
		v.File(t, name, content)
		sources = append(sources, flat(t, content, v.URL+name))
	}
	if err := b.fetch(t.Context(), sources...); err != nil {
		t.Fatal(err)
	}
	if got := len(b.objects(t)); got != len(sources) {
		t.Errorf("got %d objects: %v", got, b.events)
	}
}

// A cutter stops reading a body after some bytes, and calls cut.
type cutter struct {
	http.RoundTripper
	after int64
	cut   func()
}

func (c *cutter) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(req)
	if err == nil {
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(io.LimitReader(resp.Body, c.after), c), resp.Body}
	}
	return resp, err
}

func (c *cutter) Read([]byte) (int, error) {
	c.cut()
	return 0, io.ErrUnexpectedEOF
}

// What a run that is killed leaves behind, the next one goes on with, unless
// the server has another file then.
func TestVsftpdResume(t *testing.T) {
	const size, first = 3_000_000, 1_000_000
	for _, changed := range []bool{false, true} {
		t.Run(fmt.Sprint("changed ", changed), func(t *testing.T) {
			v := vsftpd.New(t, vsftpd.Anonymous)
			content := noise(size)
			v.File(t, "f", content)
			source := flat(t, content, v.URL+"f")
			if changed {
				v.File(t, "f", make([]byte, size))
			}
			b := newOwnRig(t)
			ctx, cancel := context.WithCancel(t.Context())
			own := newTransport(time.Minute, 1)
			defer withFTP(own)()
			b.fetcher.Transport = &cutter{own, first, cancel}
			if err := b.fetch(ctx, source); err != context.Canceled {
				t.Fatalf("got %v", err)
			}
			want := int64(size)
			if changed {
				v.File(t, "f", content)
				later := time.Now().Add(time.Hour)
				if err := os.Chtimes(filepath.Join(v.Dir, "f"), later, later); err != nil {
					t.Fatal(err)
				}
				want += first
			}
			b.fetcher.Transport = nil
			if err := b.fetch(t.Context(), source); err != nil {
				t.Fatal(err)
			}
			if last, _ := b.last(t); last.Kind != Held {
				t.Errorf("got %+v", last)
			}
			if got := b.fetcher.Progress().Bytes; got != want {
				t.Errorf("got %d bytes, want %d", got, want)
			}
		})
	}
}

// A thousand files take as many logins as there are jobs.
func TestVsftpdSmallFiles(t *testing.T) {
	const files, jobs = 1000, 4
	v := vsftpd.New(t, vsftpd.Anonymous)
	b := newOwnRig(t)
	b.fetcher.JobsPerHost = jobs
	var sources []granary.Source
	for i := range files {
		name := fmt.Sprintf("%d/%d", i%10, i)
		content := noise(1000 + i)
		v.File(t, name, content)
		sources = append(sources, flat(t, content, v.URL+name))
	}
	start := time.Now()
	if err := b.fetch(t.Context(), sources...); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files took %s", files, time.Since(start))
	if got := len(b.objects(t)); got != files {
		t.Errorf("got %d objects, want %d", got, files)
	}
	if got := v.Logins(t); got > jobs {
		t.Errorf("got %d logins, want %d at the most", got, jobs)
	}
}
