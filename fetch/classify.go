package fetch

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A failure is why an attempt did not bring the right bytes.
type failure struct {
	reason Reason
	detail string
	again  bool          // it may pass: the same URL is worth another try
	busy   bool          // the server says that there are too many requests
	after  time.Duration // that the server asks to wait, or 0
	page   string        // the beginning of the web page that came, or ""
}

var (
	errSilence = errors.New("the server fell silent")
)

// classify says why a request failed, and whether it is worth a retry; nil if
// it did not fail. Either resp or err is nil.
func classify(resp *http.Response, err error) *failure {
	if err == nil {
		return classifyStatus(resp)
	}
	detail := err.Error()
	var urlError *url.Error
	if errors.As(err, &urlError) {
		detail = urlError.Err.Error()
	}
	f := classifyError(err)
	f.detail = detail
	return f
}

// classifyStatus lets pass what brings bytes, the two answers to a request for a
// range, and those of servers that do not know HEAD.
func classifyStatus(resp *http.Response) *failure {
	ranged := resp.Request.Header.Get("Range") != ""
	headed := resp.Request.Method == http.MethodHead
	f := &failure{detail: resp.Status}
	switch code := resp.StatusCode; {
	case code == http.StatusOK,
		ranged && code == http.StatusPartialContent,
		ranged && code == http.StatusRequestedRangeNotSatisfiable,
		headed && !knowsHead(resp):
		return nil
	case code == http.StatusNotFound, code == http.StatusGone:
		f.reason = ReasonNotFound
	case code == http.StatusUnauthorized:
		f.reason = ReasonUnauthorized
	case code == http.StatusProxyAuthRequired:
		f.reason = ReasonProxy
	case code == http.StatusNetworkAuthenticationRequired: // RFC 6585, 6
		f.reason = ReasonPortal
	case code == http.StatusForbidden, code == http.StatusUnavailableForLegalReasons:
		f.reason = ReasonForbidden
	case code == http.StatusTooManyRequests:
		f.reason, f.again, f.busy = ReasonRateLimited, true, true
		f.after = retryAfter(resp.Header)
	case code == http.StatusRequestTimeout:
		f.reason, f.again = ReasonTimeout, true
	case code == http.StatusNotImplemented, code == http.StatusHTTPVersionNotSupported:
		f.reason = ReasonServerError
	case code >= 500:
		f.reason, f.again, f.busy = ReasonServerError, true, code == http.StatusServiceUnavailable
		f.after = retryAfter(resp.Header)
	case code >= 300 && code < 400:
		f.reason = ReasonRedirect
	default:
		f.reason = ReasonStatus
	}
	return f
}

// retryAfter returns how long a server asks to wait (RFC 9110, 10.2.3): seconds or
// a date; 0 if it does not.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return untilReset(h)
	}
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		return max(0, time.Duration(seconds)*time.Second)
	}
	date, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(0, time.Until(date))
}

// untilReset returns how long it is until the time in X-RateLimit-Reset, in seconds
// since 1970, which Software Heritage and GitHub send; 0 if there is none.
func untilReset(h http.Header) time.Duration {
	seconds, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || h.Get("X-RateLimit-Remaining") > "0" {
		return 0
	}
	return max(0, time.Until(time.Unix(seconds, 0)))
}

func classifyError(err error) *failure {
	var dns *net.DNSError
	var timeout net.Error
	var tunnel *tunnelError
	switch {
	case errors.Is(err, errSilence):
		return &failure{reason: ReasonTimeout, again: true}
	case errors.Is(err, errTooSlow):
		return &failure{reason: ReasonTooSlow, again: true}
	case isRedirect(err):
		return &failure{reason: ReasonRedirect}
	case errors.Is(err, errBadURL):
		return &failure{reason: ReasonBadURL}
	case errors.Is(err, errScheme):
		return &failure{reason: ReasonUnsupportedScheme}
	case errors.As(err, &tunnel):
		return classifyStatus(tunnel.answer)
	case isProxy(err):
		return &failure{reason: ReasonProxy, again: true}
	case errors.As(err, &dns):
		return &failure{reason: ReasonDNS, again: !dns.IsNotFound}
	case errors.Is(err, syscall.ECONNREFUSED):
		return &failure{reason: ReasonRefused}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return &failure{reason: ReasonUnreachable, again: true}
	case isTLS(err):
		return &failure{reason: ReasonTLS}
	case errors.As(err, &timeout) && timeout.Timeout():
		return &failure{reason: ReasonTimeout, again: true}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &failure{reason: ReasonTruncated, again: true}
	case isMalformed(err):
		return &failure{reason: ReasonBadAnswer}
	case isReset(err):
		return &failure{reason: ReasonReset, again: true}
	}
	return &failure{reason: ReasonNetwork, again: true}
}

// isTLS tells whether err is of a TLS handshake that would fail again.
func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		host         x509.HostnameError
		invalid      x509.CertificateInvalidError
		record       tls.RecordHeaderError
		alert        tls.AlertError
	)
	return errors.As(err, &verification) || errors.As(err, &authority) ||
		errors.As(err, &host) || errors.As(err, &invalid) ||
		errors.As(err, &record) || errors.As(err, &alert) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client") ||
		strings.HasPrefix(innermost(err).Error(), "tls: ")
}

// isReset tells whether err is of a connection that the other side ended, or of a
// stream of HTTP/2, whose errors net/http gives no name.
func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, syscall.ECONNABORTED) || errors.Is(err, io.EOF) ||
		strings.Contains(err.Error(), "stream error: stream ID") ||
		strings.Contains(err.Error(), "http2: server sent GOAWAY")
}

// isMalformed tells whether err is of an answer that is none of HTTP, or has control
// characters in its header.
func isMalformed(err error) bool {
	text := err.Error()
	return strings.Contains(text, "malformed HTTP") ||
		strings.Contains(text, "malformed MIME header") ||
		strings.Contains(text, "bad Content-Length")
}

// isRedirect tells whether err is of a redirect that cannot be followed.
func isRedirect(err error) bool {
	return errors.Is(err, errRedirects) || errors.Is(err, errLoop) || errors.Is(err, errNowhere) ||
		strings.HasPrefix(innermost(err).Error(), "failed to parse Location header")
}

// innermost returns what err wraps.
func innermost(err error) error {
	for next := err; next != nil; next = errors.Unwrap(next) {
		err = next
	}
	return err
}
