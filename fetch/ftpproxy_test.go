package fetch

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"granary/internal/badweb"
)

func TestFTPProxyCovers(t *testing.T) {
	t.Setenv("ftp_proxy", "proxy.invalid:3128")
	t.Setenv("no_proxy", "a.invalid, .B.invalid,192.0.2.0/24,2001:db8::1")
	p := ftpProxyFromEnvironment(new(http.Transport))
	tests := map[string]bool{
		"ftp.invalid": true, "aa.invalid": true, "192.0.3.1": true, "2001:db8::2": true,
		"a.invalid": false, "x.A.invalid": false, "b.invalid": false, "x.b.invalid": false,
		"192.0.2.7": false, "2001:db8::1": false, "localhost": false, "127.0.0.2": false, "::1": false,
	}
	for host, want := range tests {
		if got := p.covers(host); got != want {
			t.Errorf("%s: got %v, want %v", host, got, want)
		}
	}
	t.Setenv("no_proxy", "*")
	if ftpProxyFromEnvironment(new(http.Transport)).covers("ftp.invalid") {
		t.Error("no_proxy=* leaves hosts to the proxy")
	}
}

// A proxy is asked for the whole URL, with its own password, and can resume.
func TestFTPProxy(t *testing.T) {
	var mu sync.Mutex
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, strings.Join([]string{r.RequestURI, r.Host,
			r.Header.Get("Proxy-Authorization"), r.Header.Get("Range")}, " "))
		http.ServeContent(w, r, "", ftpTime, bytes.NewReader(body))
	}))
	defer proxy.Close()
	t.Setenv("no_proxy", "")
	t.Setenv("ftp_proxy", strings.Replace(proxy.URL, "//", "//me:word@", 1))
	b := newOwnRig(t)
	source := flat(t, body, ftpURL)
	b.partial(t, source, ftpNote(ftpTime), half)
	if err := b.fetch(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	if last, _ := b.last(t); last.Kind != Held || last.Status != http.StatusPartialContent {
		t.Errorf("got %+v", last)
	}
	want := []string{ftpURL + " ftp.invalid Basic bWU6d29yZA== bytes=1500-"}
	if !slices.Equal(asked, want) {
		t.Errorf("got %q, want %q", asked, want)
	}
}

func TestFTPProxyIsDown(t *testing.T) {
	t.Setenv("no_proxy", "")
	t.Setenv("ftp_proxy", "refused.invalid:1")
	own := &http.Transport{DialContext: badweb.InMemory(t).Transport.DialContext}
	defer withFTP(own)()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, ftpURL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := own.RoundTrip(req)
	if err == nil {
		resp.Body.Close()
		t.Fatalf("got %s", resp.Status)
	}
	if got := classify(nil, err); got.reason != ReasonProxy {
		t.Errorf("got %+v", got)
	}
}

func TestFTPProxyIsNone(t *testing.T) {
	t.Setenv("no_proxy", "")
	t.Setenv("ftp_proxy", "socks5://127.0.0.1:1")
	b := newOwnRig(t)
	b.fetcher.Retries = -1
	if err := b.fetch(t.Context(), flat(t, body, ftpURL)); err != nil {
		t.Fatal(err)
	}
	if last, _ := b.last(t); last.Detail != errFTPProxy.Error() {
		t.Errorf("got %+v", last)
	}
}
