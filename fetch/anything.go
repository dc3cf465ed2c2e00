package fetch

import (
	"cmp"
	"context"
	"fmt"

	"granary"
	"granary/disk"
	"granary/hashes"
)

// Download brings what is at a URL onto the disk, whatever it is: for files of
// which nobody has promised a hash, such as a channel's expressions. The
// object is named by the SHA-256 of what came. Rewrites, retries and the
// resuming of partial downloads are those of Fetch.
func (f *Fetcher) Download(ctx context.Context, url string) (object disk.Object, err error) {
	r, err := f.newRun(nil)
	if err != nil {
		return object, err
	}
	defer r.closeIdle()
	ctx, r.fail = context.WithCancelCause(ctx)
	defer r.fail(nil)
	r.recorder = startRecorder(f.Disk, func(Event) {}, r.fail)
	defer r.recorder.finish()
	c := urlCandidate(r.rewrite(url))
	c.ask = func(ctx context.Context, j *job, url string) (ok bool, err error) {
		object, ok, err = r.downloadAnything(ctx, j, url)
		return ok, err
	}
	j := &job{source: &granary.Source{Name: url}, begun: true, candidates: []candidate{c}}
	if c.failure != nil {
		return object, fmt.Errorf("download %s: %w", url, c.failure)
	}
	defer context.AfterFunc(ctx, r.queue.close)()
	r.queue.add(j)
	if err := cmp.Or(r.work(ctx), context.Cause(ctx)); err != nil {
		return object, err
	}
	if object.Hash.IsZero() {
		a := mostTelling(j.attempts)
		return object, fmt.Errorf("download %s: %s (%s)", url, a.Reason, a.Detail)
	}
	return object, nil
}

// downloadAnything asks once for what is at a URL, and takes it as it is.
func (r *run) downloadAnything(
	ctx context.Context, j *job, url string,
) (object disk.Object, ok bool, err error) {
	key := "url-" + hashes.Sum(hashes.SHA256, []byte(j.source.Name)).Base16()[:32]
	temp, err := r.Disk.CreateTemp(ctx, key)
	if err != nil {
		return object, false, err
	}
	d := newDownload(r, j, url, temp)
	d.check = func(_ context.Context, t *disk.Temp) (made, *failure, error) {
		sum, err := t.Hash(hashes.SHA256)
		return made{t, sum}, nil, err
	}
	good, err := d.rightBytes(ctx)
	if err != nil || good.temp == nil {
		return object, false, cmp.Or(err, temp.Close())
	}
	object, err = temp.Commit(good.object)
	return object, err == nil, err
}
