package badweb

import (
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func get(s *Server, url string, header ...string) (int, string, error) {
	req, err := http.NewRequest("GET", url, nil)
	if err != nil {
		return 0, "", err
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.Transport.RoundTrip(req)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestReplies(t *testing.T) {
	body := []byte("0123456789")
	ranged := []string{"Range", "bytes=4-", "If-Range", `"e"`}
	tests := []struct {
		name    string
		reply   http.HandlerFunc
		header  []string
		status  int
		body    string
		wantErr error
	}{
		{"file", File(body, "e"), nil, 200, "0123456789", nil},
		{"range", File(body, "e"), ranged, 206, "456789", nil},
		{"changed file", File(body, "f"), ranged, 200, "0123456789", nil},
		{"range ignored", Body(body), ranged, 200, "0123456789", nil},
		{"wrong range", WrongRange(body, 5), ranged, 206, "56789", nil},
		{"status", Status(503), nil, 503, "", nil},
		{"cut", Cut(body, "e", 3), nil, 200, "012", io.ErrUnexpectedEOF},
		{"cut range", Cut(body, "e", 3), ranged, 206, "456", io.ErrUnexpectedEOF},
		{"reset", Reset(body, "e", 3), nil, 200, "012", syscall.ECONNRESET},
		{"chunked", ChunkedCut(body, 3), nil, 200, "012", io.ErrUnexpectedEOF},
		{"short length", Length(body, 4), nil, 200, "0123", nil},
		{"long length", Length(body, 12), nil, 200, "0123456789", io.ErrUnexpectedEOF},
		{"trickle", Trickle(body, 3, 0), nil, 200, "0123456789", nil},
		{"slow", Slow(body, "e", 3, 0), nil, 200, "0123456789", nil},
		{"slow range", Slow(body, "e", 3, 0), ranged, 206, "456789", nil},
		{"no password", Private("me", "secret", File(body, "e")), nil, 401, "", nil},
		{"password", Private("me", "secret", File(body, "e")),
			[]string{"Authorization", "Basic bWU6c2VjcmV0"}, 200, "0123456789", nil},
		{"raw", Raw("HTTP/1.1 418 \x1b\r\n\r\nx"), nil, 418, "x", nil},
		{"no answer", Raw(""), nil, 0, "", io.EOF},
	}
	servers := map[string]func(testing.TB) *Server{"loopback": New, "memory": InMemory}
	for kind, start := range servers {
		for _, test := range tests {
			t.Run(kind+"/"+test.name, func(t *testing.T) {
				s := start(t)
				s.Handle("/", test.reply)
				status, got, err := get(s, s.URL+"/", test.header...)
				if status != test.status || got != test.body || !errors.Is(err, test.wantErr) {
					t.Errorf("got %d, %q, %v, want %d, %q, %v",
						status, got, err, test.status, test.body, test.wantErr)
				}
			})
		}
	}
}

func TestScript(t *testing.T) {
	s := InMemory(t)
	s.Handle("/x", Status(503), Body([]byte("ok")))
	s.Handle("host.invalid/x", Body([]byte("host")))
	for i, want := range []string{"", "ok", "ok"} {
		if _, got, err := get(s, s.URL+"/x"); got != want || err != nil {
			t.Errorf("request %d: got %q, %v, want %q", i, got, err, want)
		}
	}
	if _, got, err := get(s, "http://host.invalid/x"); got != "host" || err != nil {
		t.Errorf("got %q, %v, want host", got, err)
	}
	if status, _, err := get(s, s.URL+"/y"); status != 404 {
		t.Errorf("got %d, %v, want 404", status, err)
	}
	if got := len(s.Requests("/x")); got != 3 {
		t.Errorf("got %d requests, want 3", got)
	}
	if _, _, err := get(s, "http://refused.invalid/"); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want %v", err, syscall.ECONNREFUSED)
	}
}

func TestTimeIsFake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := InMemory(t)
		s.Handle("/", Trickle([]byte("0123456789"), 1, time.Hour))
		start := time.Now()
		if _, got, err := get(s, s.URL+"/"); got != "0123456789" {
			t.Errorf("got %q, %v", got, err)
		}
		if got, want := time.Since(start), 9*time.Hour; got < want {
			t.Errorf("took %s, want %s", got, want)
		}
	})
}
