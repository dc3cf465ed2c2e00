package fetch

import "time"

const (
	minBackoff = time.Second
	maxBackoff = time.Minute
	// refusalsPerRetry is how many answers that there were too many requests are borne
	// where one retry is allowed: they may be due to other requests.
	refusalsPerRetry = 2
)

// begin notes that a request starts.
func (d *download) begin() {
	d.failure, d.landed = nil, nil
	d.attempt = Attempt{URL: d.url, Start: time.Now()}
}

// end notes how the request ended; f is nil if the bytes are right.
func (d *download) end(f *failure) {
	f = d.explain(f)
	d.failure = f
	d.attempt.Duration = time.Since(d.attempt.Start)
	if f != nil {
		d.attempt.Reason, d.attempt.Detail = f.reason, shown(f.detail)
	}
	if d.rank != nil {
		d.rank(&d.attempt)
	}
	d.run.report(d.job, d.attempt.Start, f)
	d.job.attempts = append(d.job.attempts, d.attempt)
	d.run.logger.Debug("asked", "url", d.url, "status", d.attempt.Status,
		"bytes", d.attempt.Bytes, "reason", string(d.attempt.Reason))
}

// report tells how a request for j, begun at begin, ended.
func (r *run) report(j *job, begin time.Time, f *failure) {
	r.queue.report(j.at, begin, f)
	j.try.failed = nil
	if f != nil && f.isHosts() {
		j.try.failed = f
	}
	if r.network.note(j.at.name, f) {
		r.fail(ErrNoNetwork)
	}
}

// retry sees to it that the URL is asked again after the failure f, if that is to
// be.
func (d *download) retry(f *failure) {
	if d.stop == nil || !d.stop() {
		d.run.retry(d.job, f)
	}
}

// retry sees to it that the candidate of j, whose last attempt ended with f, is
// asked again, if that is to be.
func (r *run) retry(j *job, f *failure) {
	t := &j.try
	switch {
	case !f.again:
		return
	case f.reason == ReasonRateLimited: // the host pauses
		if t.refusals >= refusalsPerRetry*r.retries || r.queue.isLeft(j.at) {
			return
		}
		t.refusals++
	case t.left == 0:
		return
	default:
		t.left--
		j.wait = backoff(t.used, f.after)
		t.used++
	}
	j.again = true
	r.goal.retried(j, max(j.wait, r.queue.follow(j.at, j.wait)))
}

// retried tells that a URL for the source of j is asked again.
func (r *run) retried(j *job, wait time.Duration) {
	r.recorder.send(Event{
		Kind: Retry, Source: *j.source, Attempt: j.attempts[len(j.attempts)-1], Wait: wait,
	})
}
