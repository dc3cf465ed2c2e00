package fetch

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"time"
)

// newTransport returns a transport that keeps perHost connections to a host
// and hands on bytes as the server has them.
func newTransport(timeout time.Duration, perHost int) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            newDialer(timeout).DialContext,
		OnProxyConnectResponse: checkTunnel,
		TLSHandshakeTimeout:    timeout,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true,
		MaxIdleConnsPerHost:    perHost,
		ReadBufferSize:         64 << 10, // a small file, with its header, in one read
		IdleConnTimeout:        time.Minute,
	}
}

// newDialer returns a dialer that asks a host's IPv4 addresses as well when those of
// IPv6 do not answer within 0.3 s (RFC 8305, as net.Dialer has it).
func newDialer(timeout time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
}

// newClient returns the client for one candidate. Cookies live as long as it,
// as with curl in nixpkgs: some servers want them during redirects.
func (r *run) newClient() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &http.Client{Transport: r.transport, Jar: jar, CheckRedirect: checkRedirect}
}

// A watchdog ends requests whose server is silent for too long, be it before
// the header or within the body.
type watchdog struct {
	next    http.RoundTripper
	timeout time.Duration
	fetcher *Fetcher // whose traffic says whether a body is slow
}

// RoundTrip is that of http.RoundTripper.
func (d *watchdog) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(d.timeout, func() { cancel(errSilence) })
	resp, err := d.next.RoundTrip(req.WithContext(ctx))
	timer.Stop()
	if err != nil {
		cancel(nil)
		return nil, silence(ctx, err)
	}
	resp.Body = &watched{resp.Body, ctx, cancel, timer, d.timeout, pace{fetcher: d.fetcher}}
	return resp, nil
}

// silence returns errSilence if that is what ended ctx, else err.
func silence(ctx context.Context, err error) error {
	if context.Cause(ctx) == errSilence {
		return errSilence
	}
	return err
}

// A watched body is one in which only the time spent in Read counts.
type watched struct {
	io.ReadCloser
	ctx     context.Context // of this request alone; Read has no other way to it
	cancel  context.CancelCauseFunc
	timer   *time.Timer
	timeout time.Duration
	pace    pace
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.timeout)
	start := time.Now()
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop()
	switch err {
	case nil:
		err = w.pace.saw(n, time.Since(start))
	case io.EOF:
	default:
		err = silence(w.ctx, err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.ReadCloser.Close()
	w.cancel(nil)
	return err
}
