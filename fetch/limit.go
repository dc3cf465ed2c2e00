package fetch

import (
	"context"
	"io"
	"net/http"

	"golang.org/x/time/rate"
)

// A throttle holds the bodies of all answers together to a rate. Each body takes
// what it reads in small portions, and waits for each behind those of the others:
// so all that read get the same.
//
// It stands before the watchdog, which counts the time that a server lets us wait
// and not the time that we let it wait.
type throttle struct {
	next    http.RoundTripper
	bucket  *rate.Limiter
	portion int // bytes
}

// limitRate returns next, or, if there is a limit, a throttle before it.
func limitRate(next http.RoundTripper, bytesPerSecond int64) http.RoundTripper {
	if bytesPerSecond <= 0 {
		return next
	}
	const portionsPerSecond = 20
	burst := int(min(max(bytesPerSecond/portionsPerSecond, 1), 1<<30))
	return &throttle{
		next:    next,
		bucket:  rate.NewLimiter(rate.Limit(bytesPerSecond), burst),
		portion: min(burst, bufferSize),
	}
}

// RoundTrip is that of http.RoundTripper.
func (t *throttle) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(req)
	if err == nil {
		resp.Body = &throttled{resp.Body, req.Context(), t}
	}
	return resp, err
}

// A throttled body gives bytes no faster than its throttle allows.
type throttled struct {
	io.ReadCloser
	ctx      context.Context // of the request; Read has no other way to it
	throttle *throttle
}

func (b *throttled) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), b.throttle.portion)])
	if n == 0 {
		return n, err
	}
	if b.throttle.bucket.WaitN(b.ctx, n) != nil && b.ctx.Err() != nil {
		return n, context.Cause(b.ctx)
	}
	return n, err
}
