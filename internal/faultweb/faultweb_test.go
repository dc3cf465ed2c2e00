package faultweb

import (
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"
)

// patient is a client that asks often, each time for the whole, and takes no silence.
type patient struct{ http.Client }

func newPatient(t *testing.T) *patient {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{DisableCompression: true, TLSClientConfig: &tls.Config{}}
	t.Cleanup(transport.CloseIdleConnections)
	p := &patient{http.Client{Jar: jar, Timeout: time.Second, Transport: transport}}
	p.CheckRedirect = func(_ *http.Request, via []*http.Request) error {
		if len(via) > 15 {
			return http.ErrUseLastResponse
		}
		return nil
	}
	return p
}

// has tells whether one of the bodies that come has the file's hash.
func (p *patient) has(f *File) bool {
	for _, url := range f.URLs {
		for range 4 {
			if p.hash(url) == f.SHA256 {
				return true
			}
		}
	}
	return false
}

func (p *patient) hash(url string) string {
	resp, err := p.Get(url)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	h := sha256.New()
	io.Copy(h, resp.Body)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// TestFiles asks for a file of each fault.
func TestFiles(t *testing.T) {
	web, err := Start(len(faults), len(losses), time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(web.Close)
	if got, want := len(web.Files), len(faults)+len(losses); got != want {
		t.Fatalf("got %d files, want %d", got, want)
	}
	patient := newPatient(t)
	packed := map[string]bool{"gzip on top, declared": true, "gzip on top, not declared": true}
	t.Run("all", func(t *testing.T) {
		for _, f := range web.Files {
			t.Run(f.Fault, func(t *testing.T) {
				t.Parallel()
				if f.Fault == "silent" || f.Fault == "no such host" {
					return
				}
				want := f.Reason == "" && !packed[f.Fault]
				if got := patient.has(&f); got != want {
					t.Errorf("got %v, want %v: %v", got, want, f.URLs)
				}
			})
		}
	})
}

func TestShare(t *testing.T) {
	for _, all := range []int{0, 1, 35, 1846} {
		total := 0
		for i := range 35 {
			total += share(all, 35, i)
		}
		if total != all {
			t.Errorf("got %d, want %d", total, all)
		}
	}
}
