package fetch

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/internal/badweb"
)

func TestSubstituterOrder(t *testing.T) {
	for _, first := range []bool{false, true} {
		for _, dead := range []bool{false, true} { // the one that is asked first
			t.Run(fmt.Sprintf("first %t, dead %t", first, dead), func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.Substituters, b.fetcher.SubstitutersFirst = []string{goodCache}, first
				s := flat(t, body, b.URL+"/f")
				cacheFault{}.serve(b, s)
				b.Handle("/f", good)
				if dead && first {
					b.Handle("good.invalid/sub/nar/x", badweb.Status(404))
				} else if dead {
					b.Handle("/f", badweb.Status(404))
				}
				if err := b.fetch(t.Context(), s); err != nil {
					t.Fatal(err)
				}
				b.checkSubstituted(t, s)
				wantURL, wantCache := 1, 1
				if !dead && first {
					wantURL = 0
				} else if !dead {
					wantCache = 0
				}
				gotURL, gotCache := len(b.Requests("/f")), len(b.Requests("good.invalid/sub/nar/x"))
				if gotURL != wantURL || gotCache != wantCache {
					t.Errorf("got %d and %d requests, want %d and %d", gotURL, gotCache, wantURL, wantCache)
				}
			})
		}
	}
}

// A NAR may be on another host, which has slots of its own; rewrites are for
// both requests.
func TestSubstituterHosts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.JobsPerHost = 2
		b.fetcher.Substituters = []string{"https://cache.invalid"}
		b.fetcher.Rewrites = []Rewrite{
			{"https://cache.invalid/", "http://near.invalid/c/"}, {"https://nars.invalid", "http://n.invalid"},
		}
		var sources []granary.Source
		for i := range 40 {
			s := cacheSource(t, false, fmt.Sprint("source", i))
			sources = append(sources, s)
			url := fmt.Sprintf("URL: https://nars.invalid/%d", i)
			b.Handle("near.invalid/c/"+s.OutPath.Digest()+".narinfo",
				badweb.Trickle(describe(s, url), 1000, time.Second))
			b.Handle(fmt.Sprintf("n.invalid/%d", i), badweb.Trickle(narZstd, 10_000, time.Second))
		}
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.events {
			if e.Kind != Held || len(e.Attempts) != 2 || !strings.HasPrefix(e.URL, "http://n.invalid/") {
				t.Errorf("got %+v", e)
			}
		}
		for host, want := range map[string]int{"near.invalid": 8, "n.invalid": 2} {
			if got := b.Peak(host); got != want {
				t.Errorf("%s: got %d requests at a time, want %d", host, got, want)
			}
		}
	})
}

// A substituter that does not work is left alone, said once, and costs the
// others nothing.
func TestSubstituterIsLeftAlone(t *testing.T) {
	const many = 2000
	tests := []struct {
		name, url string
		reply     script
		want      Reason
		most      time.Duration
	}{
		{"refused", "http://refused.invalid", nil, "refused", time.Second},
		{"no such host", "http://nxdomain.invalid/c", nil, "dns", time.Second},
		{"silent", badCache, script{badweb.Stall(nil, "", -1)}, "timeout", 4 * time.Minute},
		{"busy", badCache, script{badweb.Status(503)}, "server error", 20 * time.Second},
		{"login page", badCache, script{badweb.HTML()}, "html instead of an archive", time.Second},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				var log bytes.Buffer
				b.fetcher.Logger = slog.New(slog.NewTextHandler(&log, nil))
				b.fetcher.Substituters = []string{test.url, goodCache}
				var sources []granary.Source
				for i := range many {
					s := cacheSource(t, true, fmt.Sprint("source", i))
					sources = append(sources, s)
					b.Handle("bad.invalid/"+s.OutPath.Digest()+".narinfo", test.reply...)
				}
				start := time.Now()
				if err := b.fetch(t.Context(), sources...); err != nil {
					t.Fatal(err)
				}
				if took := time.Since(start); took > test.most {
					t.Errorf("took %s, want %s at the most", took, test.most)
				}
				b.checkLeftAlone(t, many, test.want)
				if got := strings.Count(log.String(), "is left alone"); got != 1 {
					t.Errorf("got %d warnings, want 1:\n%s", got, &log)
				}
			})
		})
	}
}

func (b *rig) checkLeftAlone(t *testing.T, many int, want Reason) {
	t.Helper()
	asked, said := 0, 0
	for _, e := range b.events {
		if e.Kind == Retry {
			continue
		}
		n := len(e.Attempts) - 1 // the last one is of the good cache
		if e.Reason != want || e.Attempts[n].Reason != ReasonNotFound {
			t.Fatalf("got %q of %v, want %q", e.Reason, e.Attempts, want)
		}
		if strings.Contains(e.Attempts[n-1].Detail, "/: left alone: ") {
			said++
		} else {
			asked++
		}
	}
	if most := failuresInARow + substituterSlots*4; asked < failuresInARow || asked > most {
		t.Errorf("it was asked for %d sources, want %d at the most", asked, most)
	}
	if asked+said != many {
		t.Errorf("got %d sources, want %d", asked+said, many)
	}
}

// Misses, and bytes that are wrong, do not make a substituter one that does not
// work, nor do failures with a success in between.
func TestSubstituterIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Jobs = 1
		b.fetcher.Retries = -1
		b.fetcher.Substituters = []string{badCache}
		const missing, good = 3, 4 // the others fail
		var sources []granary.Source
		for i := range 100 {
			s := cacheSource(t, false, fmt.Sprint("source", i))
			sources = append(sources, s)
			(cacheFault{}).serve(b, s)
			switch i % 5 {
			default:
				b.Handle("bad.invalid/"+s.OutPath.Digest()+".narinfo", badweb.Status(500))
			case missing:
				b.Handle("bad.invalid/"+s.OutPath.Digest()+".narinfo", badweb.Status(403))
			case good:
			}
		}
		if err := b.fetch(t.Context(), sources...); err != nil {
			t.Fatal(err)
		}
		for _, s := range sources {
			if got := len(b.Requests("bad.invalid/" + s.OutPath.Digest() + ".narinfo")); got != 1 {
				t.Fatalf("%s: got %d requests, want 1", s.Name, got)
			}
		}
	})
}

// cacheWithLinks makes a cache in a folder, with links that lead out of it, and
// the file outside that they lead to.
func cacheWithLinks(t *testing.T) (cache, outside string) {
	t.Helper()
	dir := t.TempDir()
	cache, outside = filepath.Join(dir, "cache"), filepath.Join(dir, "secret")
	for name, content := range map[string][]byte{
		"cache/nar/x": narZstd, "cache/a b%": narZstd, "cache/folder/x": nil, "secret": narZstd,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for link, target := range map[string]string{
		"in": "nar/x", "out": "../secret", "absolute": outside, "loop": "loop",
	} {
		if err := os.Symlink(target, filepath.Join(cache, link)); err != nil {
			t.Fatal(err)
		}
	}
	// Not syscall.Mkfifo, which Windows does not have: this is to compile there.
	if err := exec.Command("mkfifo", filepath.Join(cache, "fifo")).Run(); err != nil {
		t.Fatal(err)
	}
	return cache, outside
}

// A cache in a folder gives what is in the folder, and nothing else.
func TestSubstituterFolder(t *testing.T) {
	s := cacheSource(t, true, "source")
	cache, outside := cacheWithLinks(t)
	tests := []struct {
		name, url string
		want      Reason
	}{
		{"good", "nar/x", ""},
		{"escaped", "a%20b%25", ""},
		{"a link in it", "in", ""},
		{"a link out of it", "out", "server error"},
		{"an absolute link", "absolute", "server error"},
		{"a loop", "loop", "server error"},
		{"a folder", "folder", "not found"},
		{"a FIFO", "fifo", "not found"},
		{"nothing", "nothing", "not found"},
		{"up", "../secret", "bad URL"},
		{"up, escaped", "%2e%2e/secret", "bad URL"},
		{"up, one escape for all", "..%2fsecret", "bad URL"},
		{"a file", "file://" + outside, "bad URL"},
		{"the web", "http://x.invalid/y", "bad URL"},
		{"the path of a file", outside, "not found"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newRig(t, badweb.InMemory(t))
			b.fetcher.Retries = -1
			b.fetcher.Substituters = []string{"file://" + cache}
			info := filepath.Join(cache, s.OutPath.Digest()+".narinfo")
			if err := os.WriteFile(info, describe(s, "URL: "+test.url), 0o666); err != nil {
				t.Fatal(err)
			}
			if err := b.fetch(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			last, _ := b.last(t)
			got := last.Attempts[len(last.Attempts)-1]
			if got.Reason != test.want || (last.Kind == Held) != (test.want == "") {
				t.Errorf("got %s, %+v, want %q", last.Kind, got, test.want)
			}
			if !strings.HasPrefix(got.URL, "file://"+cache+"/") {
				t.Errorf("got URL %s", got.URL)
			}
		})
	}
}

// What is read from a folder ends with the context, however large it is.
func TestSubstituterFolderEnds(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), make([]byte, 1<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	c := &substituter{base: "file://" + dir}
	c.openFolder(dir)
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/x", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := resp.Body.Read(make([]byte, 10)); err != nil {
		t.Error(err)
	}
	cancel()
	if n, err := resp.Body.Read(make([]byte, 10)); n != 0 || err != context.Canceled {
		t.Errorf("got %d bytes, %v", n, err)
	}
}

// A folder that is not there is said at once.
func TestSubstituterFolderIsGone(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Substituters = []string{"file:///nonexistent/cache"}
	if err := b.fetch(t.Context(), cacheSource(t, true, "source")); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Reason != ReasonUnreachable || !strings.Contains(last.Detail, "no such file") {
		t.Errorf("got %+v", last)
	}
}

func TestCheckSubstituter(t *testing.T) {
	tests := []struct{ url, want string }{
		{"https://cache.nixos.org", ""},
		{"http://127.0.0.1:8080/c/?priority=1", ""},
		{"file:///mnt/cache", ""},
		{"file://mnt/cache", "absolute path"},
		{"file:mnt", "absolute path"},
		{"/mnt/cache", "neither"},
		{"s3://bucket", "neither"},
		{"cache.nixos.org", "neither"},
		{"https:///x", "no host"},
		{"https://me:secret@x/", "~/.netrc"},
		{"http://%zz", "not a URL"},
		{"", "neither"},
	}
	for _, test := range tests {
		err := CheckSubstituter(test.url)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: got %v, want %q", test.url, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the password is in %q", test.url, err)
		}
	}
}
