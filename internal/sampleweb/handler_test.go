package sampleweb

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
)

const filesDir = "../../testdata/sample/files"

func TestHandler(t *testing.T) {
	server := httptest.NewServer(Handler(filesDir))
	defer server.Close()
	hello, err := os.ReadFile(filesDir + "/sample/hello-2.10.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, method, path, rangeHeader string
		status                          int
		body                            string // "" does not matter
	}{
		{name: "a file", path: "/sample/hello-2.10.tar.gz", status: 200, body: string(hello)},
		{name: "doubled slashes and a query", path: "/sample//hello-2.10.tar.gz?download=1",
			status: 200, body: string(hello)},
		{name: "a part", path: "/sample/hello-2.10.tar.gz", rangeHeader: "bytes=5-9", status: 206,
			body: string(hello[5:10])},
		{name: "a range beyond the end", path: "/sample/hello-2.10.tar.gz",
			rangeHeader: "bytes=999999-", status: 416},
		{name: "a redirect", path: "/sample/redirect/hello-2.10.tar.gz", status: 200,
			body: string(hello)},
		{name: "an encoded space", path: "/sample/odd%20name+~1.0.tar.gz", status: 200},
		{name: "a file that is gone", path: "/sample/gone-1.0.tar.gz", status: 404},
		{name: "the other host", path: "/second/hello-2.10.tar.gz", status: 404},
		{name: "a folder", path: "/sample/", status: 404},
		{name: "outside", path: "/sample/../../default.nix", status: 404},
		{name: "outside, encoded", path: "/sample/..%2f..%2fdefault.nix", status: 404},
		{name: "another method", method: "POST", path: "/sample/hello-2.10.tar.gz", status: 405},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			status, _, body := send(t, server.Client(), test.method, server.URL+test.path,
				test.rangeHeader)
			if status != test.status {
				t.Errorf("got status %d, want %d", status, test.status)
			}
			if test.body != "" && body != test.body {
				t.Errorf("got %d bytes, want %d others", len(body), len(test.body))
			}
		})
	}
}

func TestHandlerAsProxy(t *testing.T) {
	server := httptest.NewServer(Handler(filesDir))
	defer server.Close()
	proxy, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(proxy)}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for _, address := range []string{
		"http://sample.granary.test/redirect/moved-1.0.tar.gz",
		"http://second.granary.test/mirror/behind-1.0.tar.gz",
	} {
		if status, _, _ := send(t, client, "GET", address, ""); status != 200 {
			t.Errorf("%s: got status %d, want 200", address, status)
		}
	}
}

func TestHeaders(t *testing.T) {
	server := httptest.NewServer(Handler(filesDir))
	defer server.Close()
	_, page, _ := send(t, server.Client(), "GET", server.URL+"/sample/login-1.0.tar.gz", "")
	_, archive, _ := send(t, server.Client(), "GET", server.URL+"/sample/hello-2.10.tar.gz", "")
	if got := page.Get("Content-Type"); !strings.HasPrefix(got, "text/html") {
		t.Errorf("login page: got type %q, want text/html", got)
	}
	if got := archive.Get("ETag"); got == "" || got == page.Get("ETag") {
		t.Errorf("got entity tag %q, want one that differs from the page's", got)
	}
	if got := archive.Get("Accept-Ranges"); got != "bytes" {
		t.Errorf("got ranges %q, want bytes", got)
	}
}

// send returns status, headers and body of the answer.
func send(t *testing.T, client *http.Client, method, address, rangeHeader string) (
	int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rangeHeader != "" {
		request.Header.Set("Range", rangeHeader)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}
