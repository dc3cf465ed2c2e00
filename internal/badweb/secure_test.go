package badweb

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestCertificates(t *testing.T) {
	s := New(t)
	s.Handle("/", Status(204))
	is := func(reason x509.InvalidReason) func(error) bool {
		return func(err error) bool {
			var invalid x509.CertificateInvalidError
			return errors.As(err, &invalid) && invalid.Reason == reason
		}
	}
	tests := []struct {
		url  string
		want func(error) bool // nil: there is none
	}{
		{"https://good.invalid/", nil},
		{s.SecureURL + "/", nil},
		{"https://expired.invalid/", is(x509.Expired)},
		{"https://wrongname.invalid/", func(err error) bool {
			var name x509.HostnameError
			return errors.As(err, &name)
		}},
		{"https://unknown.invalid/", func(err error) bool {
			var unknown x509.UnknownAuthorityError
			return errors.As(err, &unknown)
		}},
		{"https://old.invalid/", func(err error) bool {
			var alert tls.AlertError
			return errors.As(err, &alert) || strings.Contains(err.Error(), "version")
		}},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			status, _, err := get(s, test.url)
			if test.want == nil && (err != nil || status != 204) ||
				test.want != nil && !test.want(err) {
				t.Errorf("got %d, %v", status, err)
			}
		})
	}
	if !x509.NewCertPool().AppendCertsFromPEM(Authority()) {
		t.Error("the authority is not PEM")
	}
}

func TestOutOfReach(t *testing.T) {
	s := InMemory(t)
	for url, want := range map[string]error{
		"http://refused.invalid/":       syscall.ECONNREFUSED,
		"http://a.unreachable.invalid/": syscall.EHOSTUNREACH,
	} {
		if _, _, err := get(s, url); !errors.Is(err, want) {
			t.Errorf("%s: got %v, want %v", url, err, want)
		}
	}
	for _, url := range []string{"http://nxdomain.invalid/", "http://b.servfail.invalid/"} {
		if _, _, err := get(s, url); err == nil || !strings.Contains(err.Error(), "lookup") {
			t.Errorf("%s: got %v, want one of DNS", url, err)
		}
	}
	if s.Count() != 0 {
		t.Errorf("got %d requests", s.Count())
	}
}

func TestRetryAt(t *testing.T) {
	s := InMemory(t)
	s.Handle("/", RetryAt(503, time.Hour))
	req, err := http.NewRequest("GET", s.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := s.Transport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	at, err := time.Parse(time.RFC1123, resp.Header.Get("Retry-After"))
	if wait := time.Until(at); err != nil || wait < 59*time.Minute || wait > time.Hour {
		t.Errorf("got %s, %v", wait, err)
	}
}
