package fetch

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"time"
)

// maxRedirects is that of curl in nixpkgs' fetchurl.
const maxRedirects = 20

// newTransport returns a transport that keeps perHost connections to a host
// and hands on bytes as the server has them.
func newTransport(timeout time.Duration, perHost int) *http.Transport {
	dialer := &net.Dialer{Timeout: timeout, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		TLSHandshakeTimeout: timeout,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true,
		MaxIdleConnsPerHost: perHost,
		IdleConnTimeout:     time.Minute,
	}
}

// newClient returns the client for one candidate. Cookies live as long as it,
// as with curl in nixpkgs: some servers want them during redirects.
func (r *run) newClient() *http.Client {
	jar, _ := cookiejar.New(nil) // never fails without options
	return &http.Client{Transport: r.transport, Jar: jar, CheckRedirect: checkRedirect}
}

func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return errRedirects
	case !supported(req.URL.Scheme):
		return errScheme
	}
	return nil
}

// A watchdog ends requests whose server is silent for too long, be it before
// the header or within the body.
type watchdog struct {
	next    http.RoundTripper
	timeout time.Duration
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
	resp.Body = &watched{resp.Body, ctx, cancel, timer, d.timeout}
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
}

func (w *watched) Read(p []byte) (int, error) {
	w.timer.Reset(w.timeout)
	n, err := w.ReadCloser.Read(p)
	w.timer.Stop()
	if err != nil && err != io.EOF {
		err = silence(w.ctx, err)
	}
	return n, err
}

func (w *watched) Close() error {
	err := w.ReadCloser.Close()
	w.cancel(nil)
	return err
}
