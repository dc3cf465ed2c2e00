package fetch

import (
	"testing"
	"time"

	"granary/internal/badweb"
)

var tlsFaults = []fault{
	{name: "https", urls: []string{"https://badweb.invalid/f"}, replies: script{good},
		requests: 1},
	{name: "certificate expired", urls: []string{"https://expired.invalid/f"},
		replies: script{good}, real: true, want: "tls"},
	{name: "certificate of another name", urls: []string{"https://wrongname.invalid/f"},
		replies: script{good}, real: true, want: "tls"},
	{name: "certificate of an unknown authority", urls: []string{"https://unknown.invalid/f"},
		replies: script{good}, real: true, want: "tls"},
	{name: "certificate expired, another URL",
		urls:    []string{"https://expired.invalid/f", faultURL},
		replies: script{good}, real: true, requests: 1},
	{name: "TLS too old", urls: []string{"https://old.invalid/f"},
		replies: script{good}, real: true, want: "tls"},
	{name: "http on the port for https", urls: []string{"https://badweb.invalid:80/f"},
		replies: script{good}, real: true, want: "tls"},
}

// Granary's own transport speaks HTTP/2, checks certificates, and resumes after a
// stream that ends early.
func TestHTTP2(t *testing.T) {
	server := badweb.New(t)
	b := newRig(t, server)
	own := newTransport(30*time.Second, 1)
	own.TLSClientConfig = server.Transport.TLSClientConfig
	defer own.CloseIdleConnections()
	b.fetcher.Transport = own
	b.Handle("/f", badweb.Cut(body, "e", 1000), good)
	if err := b.fetch(t.Context(), flat(t, body, b.SecureURL+"/f")); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Kind != Held || len(last.Attempts) != 2 || last.Attempts[0].Reason != ReasonReset {
		t.Errorf("got %s, %+v", last.Kind, last.Attempts)
	}
	for _, r := range b.Requests("/f") {
		if r.ProtoMajor != 2 {
			t.Errorf("got %s, want HTTP/2", r.Proto)
		}
	}
	b.fetcher.Transport = nil // which does not know the authority
	if err := b.fetch(t.Context(), flat(t, other, b.SecureURL+"/f")); err != nil {
		t.Fatal(err)
	}
	if last, _ := b.last(t); last.Reason != ReasonTLS {
		t.Errorf("got %q (%s), want tls", last.Reason, last.Detail)
	}
}
