package fetch

import (
	"os"
	"testing"
	"time"

	"granary/internal/badweb"
)

var statusFaults = []fault{
	{name: "good", replies: script{good}, requests: 1},
	{name: "not found", replies: script{badweb.Status(404)}, want: "not found", requests: 1},
	{name: "gone", replies: script{badweb.Status(410)}, want: "not found", requests: 1},
	{name: "forbidden", replies: script{badweb.Status(403)}, want: "forbidden", requests: 1},
	{name: "forbidden by law", replies: script{badweb.Status(451)},
		want: "forbidden", requests: 1},
	{name: "unauthorized", replies: script{private}, want: "unauthorized", requests: 1},
	{name: "unauthorized, password in netrc", replies: script{private}, requests: 1,
		prepare: withNetrc("machine badweb.invalid login me password secret")},
	{name: "unauthorized, wrong password", replies: script{private},
		prepare: withNetrc("machine badweb.invalid login me password old"),
		want:    "unauthorized", requests: 1},
	{name: "unauthorized, password of another host", replies: script{private},
		prepare: withNetrc("machine invalid login me password secret\n" +
			"default login me password secret"),
		want: "unauthorized", requests: 1},
	{name: "rate limited", replies: script{badweb.Status(429), good},
		requests: 2, waits: time.Second},
	{name: "rate limited, Retry-After in seconds",
		replies:  script{badweb.Status(429, "Retry-After", "20"), good},
		requests: 2, waits: 20 * time.Second},
	{name: "rate limited, Retry-After a date",
		replies:  script{badweb.RetryAt(429, 30*time.Second), good},
		requests: 2, waits: 29 * time.Second},
	{name: "rate limited, Retry-After longer than the limit",
		replies:  script{badweb.Status(429, "Retry-After", "86400"), good},
		requests: 2, waits: 2 * time.Minute},
	{name: "rate limited for ever", replies: script{badweb.Status(429)},
		want: "rate limited", requests: 7, waits: 63 * time.Second},
	{name: "busy", replies: script{badweb.Status(503), badweb.Status(503), good},
		requests: 3, waits: 3 * time.Second},
	{name: "busy, Retry-After in seconds",
		replies:  script{badweb.Status(503, "Retry-After", "20"), good},
		requests: 2, waits: 20 * time.Second},
	{name: "busy, Retry-After a date",
		replies:  script{badweb.RetryAt(503, 30*time.Second), good},
		requests: 2, waits: 29 * time.Second},
	{name: "busy, Retry-After longer than the limit",
		replies:  script{badweb.RetryAt(503, 24*time.Hour), good},
		requests: 2, waits: 2 * time.Minute},
	{name: "busy for ever", replies: script{badweb.Status(503)},
		want: "server error", requests: 4, waits: 7 * time.Second},
	{name: "broken", replies: script{badweb.Status(500)},
		want: "server error", requests: 4, waits: 7 * time.Second},
	{name: "bad gateway", replies: script{badweb.Status(502), badweb.Status(504), good},
		requests: 3, waits: 3 * time.Second},
	{name: "not implemented", replies: script{badweb.Status(501)},
		want: "server error", requests: 1},
	{name: "request timeout", replies: script{badweb.Status(408), good},
		requests: 2, waits: time.Second},
	{name: "odd status", replies: script{badweb.Status(418)},
		want: "unexpected status", requests: 1},
	{name: "no content", replies: script{badweb.Status(204)},
		want: "unexpected status", requests: 1},
	{name: "range unasked for", replies: script{badweb.WrongRange(body, 0)},
		want: "unexpected status", requests: 1},
	{name: "status with control characters",
		replies: script{badweb.Raw("HTTP/1.1 404 \x1b]0;x\x07\x1b[2J\r\n\r\n")},
		want:    "not found", requests: 1},
}

var private = badweb.Private("me", "secret", good)

func withNetrc(text string) func(*testing.T, *rig) {
	return func(t *testing.T, b *rig) {
		if err := os.WriteFile(b.fetcher.Netrc, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
