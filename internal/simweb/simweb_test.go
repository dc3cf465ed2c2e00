package simweb

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"granary/internal/corpus"
)

// ask asks for a URL through the web as a proxy; the status is 0 if that failed.
func ask(t *testing.T, w *Web, raw string) (status int, body string) {
	t.Helper()
	s := httptest.NewServer(w)
	defer s.Close()
	proxy, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: 50 * time.Millisecond}
	resp, err := client.Get(raw)
	if err != nil {
		return 0, ""
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, ""
	}
	return resp.StatusCode, string(text)
}

func TestWeb(t *testing.T) {
	content := Content{Seed: 3, Size: 5000}
	want, err := io.ReadAll(io.LimitReader(corpus.Bytes(3), 5000))
	if err != nil {
		t.Fatal(err)
	}
	const file = "http://a.example/dir%20x/file?q=1"
	tests := []struct {
		name, url string
		profile   Profile
		status    int
	}{
		{"there", file, Profile{}, 200},
		{"another host", "http://b.example/dir%20x/file?q=1", Profile{}, 404},
		{"another query", "http://a.example/dir%20x/file?q=2", Profile{}, 404},
		{"too often", file, Profile{Limit: 0.1}, 429},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := &Web{
				Contents: map[string]Content{Key("https://A.example/dir%20x/file?q=1"): content},
				Profile:  func(string) Profile { return test.profile },
			}
			status, body := ask(t, w, test.url)
			if status != test.status || status == 200 && body != string(want) {
				t.Errorf("got %d, %d bytes, want %d", status, len(body), test.status)
			}
		})
	}
}

// TestFailures counts what becomes of many requests.
func TestFailures(t *testing.T) {
	w := &Web{
		Contents: map[string]Content{"h/": {Size: 1000}},
		Profile:  func(string) Profile { return Profile{Failing: 1} },
	}
	for range 9 {
		if status, _ := ask(t, w, "http://h/"); status != 0 && status != 503 {
			t.Errorf("got %d, want a failure", status)
		}
	}
	got := w.Hosts()["h"]
	if got.Requests != 9 || got.Failed != 9 || got.Peak < 1 {
		t.Errorf("got %+v, want 9 requests, all of which failed", got)
	}
}

func TestProfiles(t *testing.T) {
	for _, name := range []string{"github.com", "a.example", "b.example"} {
		p := ProfileOf(name)
		if p.Latency < 5*time.Millisecond || p.Latency > 300*time.Millisecond || p.Failing != 0.03 {
			t.Errorf("%s: got %+v", name, p)
		}
	}
	if Key("not a URL") != "" {
		t.Error("a key for what is no URL")
	}
}
