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
func (f *Fetcher) Download(ctx context.Context, url string) (disk.Object, error) {
	r, err := f.newRun(nil)
	if err != nil {
		return disk.Object{}, err
	}
	defer r.closeIdle()
	r.recorder = startRecorder(f.Disk, func(Event) {}, func(error) {})
	defer r.recorder.finish()
	temp, err := f.Disk.CreateTemp(ctx, "url-"+hashes.Sum(hashes.SHA256, []byte(url)).Base16()[:32])
	if err != nil {
		return disk.Object{}, err
	}
	c := urlCandidate(r.rewrite(url))
	d := newDownload(r, &job{source: &granary.Source{Name: url}}, c.url, temp)
	ok := false
	if d.failure = c.failure; c.failure == nil {
		ok, err = d.fetch(ctx)
	}
	if err != nil || !ok {
		return disk.Object{}, cmp.Or(err, temp.Close(),
			fmt.Errorf("download %s: %s (%s)", url, d.failure.reason, d.failure.detail))
	}
	sum, err := temp.Hash(hashes.SHA256)
	if err != nil {
		return disk.Object{}, err
	}
	return temp.Commit(sum)
}
