package fetch

import (
	"context"
	"net/http"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// begin notes that a request starts.
func (d *download) begin() {
	d.failure = nil
	d.attempt = Attempt{URL: d.url, Start: time.Now()}
}

// end notes how the request ended; f is nil if the bytes are right.
func (d *download) end(f *failure) {
	d.failure = f
	d.attempt.Duration = time.Since(d.attempt.Start)
	if f != nil {
		d.attempt.Reason, d.attempt.Detail = f.reason, f.detail
	}
	if d.rank != nil {
		d.rank(&d.attempt)
	}
	d.job.attempts = append(d.job.attempts, d.attempt)
	d.run.logger.Debug("asked", "url", d.url, "status", d.attempt.Status,
		"bytes", d.attempt.Bytes, "reason", string(d.attempt.Reason))
}

// checkRetry is called by retryablehttp with each answer.
func (d *download) checkRetry(
	ctx context.Context, resp *http.Response, err error,
) (bool, error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if resp != nil {
		d.attempt.Status = resp.StatusCode
	}
	f := classify(resp, err)
	if f == nil {
		return false, nil
	}
	d.end(f)
	return d.retry(f), nil
}

// retry tells whether the request that failed with f is to be repeated, and
// counts and tells it.
func (d *download) retry(f *failure) bool {
	if !f.again || d.left == 0 || d.stop != nil && d.stop() {
		return false
	}
	d.left--
	d.used++
	d.run.recorder.send(Event{Kind: Retry, Source: *d.job.source, Attempt: d.attempt})
	return true
}

// backoff is how long to wait before a retry: 1, 2, 4 seconds and so on, or
// what the server asks for with Retry-After, but a minute at the most.
func (d *download) backoff(resp *http.Response) time.Duration {
	wait := retryablehttp.DefaultBackoff(minBackoff, maxBackoff, max(d.used-1, 0), resp)
	return min(wait, maxBackoff)
}

func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}
