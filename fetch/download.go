package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"granary"
	"granary/disk"
	"granary/hashes"
)

const (
	bufferSize = 128 << 10 // bytes
	// progress is how many new bytes make a try that broke off a success.
	progress = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// A download brings the bytes of one URL into a temp, by one request, or by
// several as long as each brings many bytes.
type download struct {
	run    *run
	job    *job
	url    string
	method string // of HTTP; "" means GET
	first  bool   // only the first byte is asked for
	temp   *disk.Temp
	client *http.Client

	attempt  Attempt  // under way
	landed   *url.URL // that its answer came from, after redirects; nil if none came
	failure  *failure // of the last attempt
	resumed  bool     // the bytes in temp came in several answers
	declared bool     // the server says that it compressed the bytes on the way

	transfer *transfer // of the request under way; nil for text
	sized    bool      // its size is that of the download that the source wants

	// rank, if it is set, is told of each attempt that ended.
	rank func(*Attempt)
	// stop, if it is set, tells whether the host is not to be asked again.
	stop func() bool
	// check makes the source's hash out of the bytes that came. It returns what
	// to commit if that is right, else why it is not.
	check func(ctx context.Context, t *disk.Temp) (made, *failure, error)
}

// made is a temp with the right bytes, and the hash to commit it as.
type made struct {
	temp   *disk.Temp
	object hashes.Hash
}

// newDownload returns a download into temp, or, if that is nil, one for text.
func newDownload(r *run, j *job, url string, temp *disk.Temp) *download {
	d := &download{run: r, job: j, url: url, temp: temp, client: r.newClient()}
	if temp != nil && len(j.attempts) == j.try.first {
		j.try.reached = temp.Size()
	}
	return d
}

// hold downloads the source, which the object then serves by recipe, and ends
// the use of the temp. It returns false after a failure, which is in the job's
// attempts.
func (d *download) hold(ctx context.Context, recipe granary.Recipe) (bool, error) {
	good, err := d.rightBytes(ctx)
	if err != nil || good.temp == nil {
		return false, cmp.Or(err, d.temp.Close())
	}
	if good.temp != d.temp {
		if err := d.temp.Remove(); err != nil {
			return false, cmp.Or(err, good.temp.Remove())
		}
	}
	object, err := good.temp.Commit(good.object)
	if err != nil {
		return false, err
	}
	if err := d.run.removePartial(d.job.source); err != nil {
		return false, err
	}
	d.run.held(d.job, object, recipe, d.attempt)
	return true, nil
}

// rightBytes downloads until the hash is right or there was a failure: then there
// is no temp in what it returns, and the job is told whether to ask again.
func (d *download) rightBytes(ctx context.Context) (made, error) {
	for {
		whole, again, err := d.request(ctx)
		switch {
		case err != nil:
			return made{}, err
		case again:
			continue
		case !whole:
			return made{}, nil
		}
		good, err := d.settle(ctx)
		if err != nil || good.temp != nil {
			return good, err
		}
		if err := d.temp.Reset(); err != nil {
			return made{}, err
		}
		if !d.resumed || d.job.try.afresh {
			return made{}, nil
		}
		// The parts may not belong together: once more, from nothing.
		d.job.try.afresh = true
	}
}

// settle checks the bytes, as they are and without the server's compression.
func (d *download) settle(ctx context.Context) (made, error) {
	d.attempt.Length = 0 // it is whole
	good, bad, err := d.check(ctx, d.temp)
	if err != nil {
		return made{}, err
	}
	if bad == nil {
		d.end(nil)
		return good, nil
	}
	inner, err := d.run.gunzip(ctx, d.job.source, d.temp, d.declared)
	if err != nil || inner == nil {
		d.end(bad)
		return made{}, err
	}
	good, stillBad, err := d.check(ctx, inner)
	if err == nil && stillBad == nil {
		bad = nil
	}
	d.end(bad)
	if bad != nil || good.temp != inner {
		err = cmp.Or(err, inner.Remove())
	}
	if bad != nil || err != nil {
		return made{}, err
	}
	return good, nil
}

// request makes a request and reads the body. It tells whether the temp has all
// bytes now, or whether to make another one at once.
func (d *download) request(ctx context.Context) (whole, again bool, err error) {
	d.transfer = d.run.transfers.begin(d.url, d.job.source.Name)
	defer d.run.transfers.end(d.transfer)
	resp, err := d.ask(ctx)
	if resp == nil {
		return false, false, err
	}
	defer resp.Body.Close()
	whole, err = d.place(resp)
	if err != nil || whole || d.failure != nil {
		return whole, d.failure != nil, err
	}
	whole, again, err = d.receive(ctx, resp)
	if err != nil && d.attempt.Length > 0 {
		d.run.recorder.send(Event{Kind: Left, Source: *d.job.source, Attempt: d.attempt})
	}
	return whole, again, err
}

// ask makes one request. The body is to be closed. It returns nil after a
// failure.
func (d *download) ask(ctx context.Context) (*http.Response, error) {
	d.begin()
	req, err := http.NewRequestWithContext(ctx, d.method, d.url, nil)
	if err != nil {
		d.end(&failure{reason: ReasonBadURL, detail: err.Error()})
		return nil, nil
	}
	req.Header.Set("User-Agent", d.run.userAgent())
	if d.temp != nil {
		askForRest(req.Header, d.url, d.temp)
	}
	if d.first {
		req.Header.Set("Range", "bytes=0-0")
	}
	resp, err := d.client.Do(req)
	if resp != nil {
		d.attempt.Status, d.landed = resp.StatusCode, resp.Request.URL
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	} else if f := classify(resp, err); f != nil {
		d.end(f)
		d.retry(f)
		drain(resp)
		err = nil
	} else {
		return resp, nil
	}
	if resp != nil {
		resp.Body.Close()
	}
	return nil, err
}

// drain reads a short body to its end, so that the connection can be reused.
func drain(resp *http.Response) {
	if resp != nil {
		io.CopyN(io.Discard, resp.Body, 16<<10)
	}
}

// text returns what is at the URL, without a temp. It returns nil after a failure,
// such as that there are more than limit bytes, or that they take very long.
func (d *download) text(ctx context.Context, limit int64) ([]byte, error) {
	resp, err := d.ask(ctx)
	if resp == nil {
		return nil, err
	}
	defer resp.Body.Close()
	late := time.AfterFunc(10*d.run.timeout, func() { resp.Body.Close() })
	body, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if !late.Stop() && err != nil {
		err = errSilence
	}
	d.attempt.Bytes += int64(len(body))
	d.run.bytes.Add(int64(len(body)))
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case int64(len(body)) > limit:
		d.end(&failure{reason: ReasonTooLarge, detail: errTooLarge.Error()})
		return nil, nil
	case err == nil:
		d.run.report(d.job, d.attempt.Start, nil)
		return body, nil
	}
	f := classify(nil, err)
	d.end(f)
	d.retry(f)
	return nil, nil
}

func (f *Fetcher) userAgent() string {
	if f.Version == "" {
		return "granary"
	}
	return "granary/" + f.Version
}

// place puts the temp where the body of resp begins. It returns true if there
// is nothing to read because the temp has all bytes already.
func (d *download) place(resp *http.Response) (whole bool, err error) {
	d.declared = resp.Header.Get("Content-Encoding") == "gzip"
	size := d.temp.Size()
	switch resp.StatusCode {
	case http.StatusRequestedRangeNotSatisfiable:
		d.resumed = true
		if resp.Header.Get("Content-Range") == fmt.Sprintf("bytes */%d", size) {
			return true, nil
		}
		return false, d.startOver(resp)
	case http.StatusPartialContent:
		d.resumed = true
		if !startsAt(resp.Header, size) {
			return false, d.startOver(resp)
		}
		return false, nil
	}
	d.resumed = false
	if size > 0 {
		err = d.temp.Reset()
	}
	d.temp.SetNote(newNote(d.url, resp.Header))
	return false, err
}

// startOver drops what there is, after an answer that does not continue it.
func (d *download) startOver(resp *http.Response) error {
	d.end(&failure{
		reason: ReasonRange, again: true,
		detail: resp.Status + ", Content-Range: " + resp.Header.Get("Content-Range"),
	})
	return d.temp.Reset()
}

// receive appends the body to the temp, and tells whether that has all bytes now,
// or whether to ask for the rest at once.
func (d *download) receive(
	ctx context.Context, resp *http.Response,
) (whole, again bool, err error) {
	if d.sized && isPlain(resp) && !isUnwanted(resp, d.job.source) {
		d.attempt.Length = announced(resp)
	}
	if limit := d.run.maxSize; limit > 0 && d.temp.Size()+resp.ContentLength > limit {
		return false, false, d.tooLarge()
	}
	if err := d.expect(resp.ContentLength); err != nil {
		return false, false, err
	}
	readErr, err := d.copy(resp.Body)
	switch {
	case err != nil:
		return false, false, err
	case ctx.Err() != nil:
		return false, false, context.Cause(ctx)
	case readErr == io.EOF:
		return true, false, nil
	case readErr == errTooLarge:
		return false, false, d.tooLarge()
	}
	return false, d.brokeOff(classify(nil, readErr)), nil
}

// brokeOff notes that the body ended too early, and tells whether to ask for the
// rest at once, as when it brought many bytes.
func (d *download) brokeOff(f *failure) (again bool) {
	d.end(f)
	t := &d.job.try
	if !f.again || d.run.retries == 0 || d.temp.Size() < t.reached+progress {
		d.retry(f)
		return false
	}
	t.reached, t.left, t.used = d.temp.Size(), d.run.retries-1, 0
	d.run.recorder.send(Event{Kind: Retry, Source: *d.job.source, Attempt: d.attempt})
	return true
}

var errTooLarge = errors.New("larger than the limit")

// copy returns the error that ended the body, or else that of the disk.
func (d *download) copy(body io.Reader) (readErr, err error) {
	buf := buffers.Get().(*[bufferSize]byte)
	defer buffers.Put(buf)
	for readErr == nil {
		var n int
		n, readErr = body.Read(buf[:])
		if n == 0 {
			continue
		}
		if _, err := d.temp.Write(buf[:n]); err != nil {
			return nil, err
		}
		d.attempt.Bytes += int64(n)
		d.run.bytes.Add(int64(n))
		d.transfer.received.Add(int64(n))
		if limit := d.run.maxSize; limit > 0 && d.temp.Size() > limit {
			return errTooLarge, nil
		}
	}
	return readErr, nil
}

func (d *download) tooLarge() error {
	d.end(&failure{reason: ReasonTooLarge, detail: errTooLarge.Error()})
	return d.temp.Reset()
}
