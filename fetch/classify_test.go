package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"syscall"
	"testing"
)

func TestClassifyStatus(t *testing.T) {
	tests := []struct {
		code   int
		ranged bool
		want   Reason // "" is no failure
		again  bool
	}{
		{200, false, "", false},
		{200, true, "", false},
		{206, true, "", false},
		{206, false, "unexpected status", false},
		{416, true, "", false},
		{416, false, "unexpected status", false},
		{204, false, "unexpected status", false},
		{300, false, "redirect", false},
		{302, false, "redirect", false},
		{304, false, "redirect", false},
		{400, false, "unexpected status", false},
		{401, false, "unauthorized", false},
		{403, false, "forbidden", false},
		{404, false, "not found", false},
		{405, false, "unexpected status", false},
		{407, false, "proxy", false},
		{408, false, "timeout", true},
		{410, false, "not found", false},
		{429, false, "rate limited", true},
		{451, false, "forbidden", false},
		{500, false, "server error", true},
		{501, false, "server error", false},
		{502, false, "server error", true},
		{503, false, "server error", true},
		{504, false, "server error", true},
		{505, false, "server error", false},
		{511, false, "captive portal", false},
		{521, false, "server error", true},
	}
	for _, test := range tests {
		req := &http.Request{Header: http.Header{}}
		if test.ranged {
			req.Header.Set("Range", "bytes=1-")
		}
		f := classify(&http.Response{StatusCode: test.code, Status: "words", Request: req}, nil)
		if f == nil {
			f = &failure{detail: "words"}
		}
		want := failure{reason: test.want, detail: "words", again: test.again}
		want.busy = test.code == 429 || test.code == 503
		if *f != want {
			t.Errorf("%d: got %+v, want %+v", test.code, *f, want)
		}
	}
}

func TestClassifyError(t *testing.T) {
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	system := func(e syscall.Errno) error { return dial(os.NewSyscallError("connect", e)) }
	tests := []struct {
		name  string
		err   error
		want  Reason
		again bool
	}{
		{"silence", errSilence, "timeout", true},
		{"dial timeout", dial(os.ErrDeadlineExceeded), "timeout", true},
		{"too slow", errTooSlow, "too slow", true},
		{"redirects", errRedirects, "redirect", false},
		{"loop", errLoop, "redirect", false},
		{"nowhere", errNowhere, "redirect", false},
		{"bad Location", errors.New("failed to parse Location header \"%\""), "redirect", false},
		{"scheme", errScheme, "unsupported scheme", false},
		{"bad URL", errBadURL, "bad URL", false},
		{"no such host", dial(&net.DNSError{IsNotFound: true}), "dns", false},
		{"name server", dial(&net.DNSError{IsTemporary: true}), "dns", true},
		{"name server silent", dial(&net.DNSError{IsTimeout: true}), "dns", true},
		{"refused", system(syscall.ECONNREFUSED), "refused", false},
		{"no route", system(syscall.EHOSTUNREACH), "unreachable", true},
		{"no network", system(syscall.ENETUNREACH), "unreachable", true},
		{"connect timeout", system(syscall.ETIMEDOUT), "timeout", true},
		{"certificate", &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}},
			"tls", false},
		{"not tls", tls.RecordHeaderError{}, "tls", false},
		{"alert", tls.AlertError(40), "tls", false},
		{"http on https", errors.New("http: server gave HTTP response to HTTPS client"),
			"tls", false},
		{"reset", system(syscall.ECONNRESET), "reset", true},
		{"broken pipe", system(syscall.EPIPE), "reset", true},
		{"no answer", io.EOF, "reset", true},
		{"cut", io.ErrUnexpectedEOF, "truncated", true},
		{"HTTP/2 stream", errors.New("stream error: stream ID 1; CANCEL"), "reset", true},
		{"HTTP/2 connection", errors.New("http2: server sent GOAWAY and closed"), "reset", true},
		{"old TLS", errors.New("tls: server selected unsupported protocol version"), "tls", false},
		{"odd header", textproto.ProtocolError("malformed MIME header"), "malformed answer", false},
		{"not HTTP", errors.New("malformed HTTP response \"x\""), "malformed answer", false},
		{"proxy refuses", &net.OpError{Op: "proxyconnect", Err: system(syscall.ECONNREFUSED)},
			"proxy", true},
		{"proxy unknown", &net.OpError{Op: "proxyconnect", Err: dial(&net.DNSError{})},
			"proxy", true},
		{"other", errors.New("what nobody knows"), "network error", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			wrapped := &url.Error{Op: "Get", URL: "http://x/", Err: test.err}
			for _, err := range []error{test.err, wrapped} {
				got := classify(nil, err)
				if want := (failure{reason: test.want, detail: test.err.Error(), again: test.again}); *got != want {
					t.Errorf("got %+v, want %+v", *got, want)
				}
			}
		})
	}
}

func TestMostTelling(t *testing.T) {
	attempts := []Attempt{
		{URL: "a", Reason: ReasonNotFound}, {URL: "b", Reason: ReasonTimeout},
		{URL: "c", Reason: ReasonTimeout}, {URL: "d", Reason: ReasonUnsupportedScheme},
	}
	if got := mostTelling(attempts); got.URL != "b" {
		t.Errorf("got %v, want b", got)
	}
}
