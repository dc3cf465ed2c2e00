package fetch

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"time"

	"granary"
	"granary/disk"
	"granary/hashes"
)

// A job is the work on one source. It is in the queue or with one worker.
type job struct {
	source     *granary.Source
	begun      bool
	candidates []candidate // not yet tried
	attempts   []Attempt
	built      bool // or not: the builder has said what became of it

	at     *host // whose slot it has
	urgent bool  // goes before the others that wait for its host
	try    try   // at the candidate that is asked now

	again bool          // the candidate is to be asked once more
	wait  time.Duration // but not before
}

// A try is what became of a candidate so far.
type try struct {
	left     int      // retries
	used     int      // retries since there was progress
	refusals int      // answers that there were too many requests
	failed   *failure // the last, if it was the host's own
	reached  int64    // the largest size of the temp when there was progress
	afresh   bool     // it was asked for all bytes again
	first    int      // attempts of the job before it
}

// A goal is what a run is after: that sources are held, which is what the run itself
// does, or only something about them.
type goal interface {
	// begin lists the candidates of j, and tells whether there is no need to ask.
	begin(ctx context.Context, j *job) (done bool, err error)
	// retried tells that the candidate of j is asked again, after wait at least.
	retried(j *job, wait time.Duration)
	// exhausted ends j, of which all candidates were asked in vain.
	exhausted(j *job)
}

// turn moves candidates at hosts that are away behind the others, but not behind
// the last resorts.
func (j *job) turn(away func(host string) bool) {
	end := slices.IndexFunc(j.candidates, func(c candidate) bool { return c.last })
	if end <= 0 {
		end = len(j.candidates)
	}
	n := slices.IndexFunc(j.candidates[:end], func(c candidate) bool { return !away(c.host) })
	if n <= 0 || j.again {
		return
	}
	j.candidates = slices.Concat(j.candidates[n:end], j.candidates[:n], j.candidates[end:])
}

// host is that of the next candidate; "" for what happens on this machine.
func (j *job) host() string {
	if len(j.candidates) == 0 {
		return ""
	}
	return j.candidates[0].host
}

// tempKey names the temporary file of s: one for all its candidates, since a
// partial file of one can be continued by another.
func tempKey(s *granary.Source) string { return s.OutPath.Digest() }

// narKey names the temporary file of a NAR that is to give s: what a URL brings
// does not continue it.
func narKey(s *granary.Source) string { return tempKey(s) + ".nar" }

// removePartial drops what other candidates brought of a source that is held.
func (r *run) removePartial(s *granary.Source) error {
	return cmp.Or(r.Disk.RemoveTemp(tempKey(s)), r.Disk.RemoveTemp(narKey(s)))
}

// step brings j one candidate further, and tells whether it is done.
func (r *run) step(ctx context.Context, j *job) (done bool, err error) {
	if !j.begun {
		j.begun = true
		done, err = r.goal.begin(ctx, j)
	} else {
		done, err = r.ask(ctx, j)
	}
	if err != nil || done || len(j.candidates) > 0 {
		return done, err
	}
	r.goal.exhausted(j)
	return true, nil
}

// ask asks the next candidate, once. It stays the next one if it is to be asked
// again.
func (r *run) ask(ctx context.Context, j *job) (done bool, err error) {
	c := j.candidates[0]
	j.candidates, j.urgent = j.candidates[1:], false
	if gone := j.at.gone; gone != nil {
		j.again = false
		j.refuse(c.url, gone)
		return false, nil
	}
	if err := r.room.claim(0); err != nil {
		return false, err
	}
	if !j.again {
		j.try = try{left: r.retries, first: len(j.attempts)}
	}
	j.again = false
	done, err = c.ask(ctx, j, c.url)
	if !done && !j.again && j.try.failed != nil {
		r.queue.exhausted(j.at, j.try.failed)
	}
	if j.again {
		j.urgent = true // what was begun is finished first
		j.candidates = append([]candidate{c}, j.candidates...)
	}
	return done, err
}

// exhausted leaves the source of j to its builder, or tells that it could not be had.
func (r *run) exhausted(j *job) {
	if !r.postpone(j) {
		r.failed(j)
	}
}

// failed tells that the source of j could not be had.
func (r *run) failed(j *job) {
	r.recorder.send(Event{
		Kind: Failed, Source: *j.source,
		Attempt: mostTelling(j.attempts), Attempts: j.attempts,
	})
}

// begin looks whether the source is held already, and lists its candidates.
func (r *run) begin(ctx context.Context, j *job) (held bool, err error) {
	if held, err := r.adopt(ctx, j); held || err != nil {
		return held, err
	}
	j.add(r.candidates(j.source))
	return false, nil
}

// add lists further candidates; those that cannot be asked are recorded.
func (j *job) add(all []candidate) {
	for _, c := range all {
		if c.failure != nil {
			j.refuse(c.url, c.failure)
			continue
		}
		j.candidates = append(j.candidates, c)
	}
}

// refuse records a candidate that cannot be asked.
func (j *job) refuse(url string, f *failure) {
	j.attempts = append(j.attempts, Attempt{
		URL: url, Start: time.Now(), Reason: f.reason, Detail: f.detail,
	})
}

// adopt takes an object that is on the disk already. Only the name of the object
// is known beforehand whose bytes are those of the output, or of the source that
// it is made from.
func (r *run) adopt(ctx context.Context, j *job) (bool, error) {
	if !j.source.FromHash.IsZero() {
		return r.unpackObject(ctx, j)
	}
	if !isFile(j.source.CA) {
		return false, nil
	}
	object, ok, err := r.adoptObject(ctx, j.source.CA.Hash)
	if ok {
		r.held(j, object, granary.RecipeFlat, Attempt{})
	}
	return ok, err
}

// adoptObject returns the object with hash h, and whether it is there and sound.
func (r *run) adoptObject(ctx context.Context, h hashes.Hash) (disk.Object, bool, error) {
	object, err := r.Disk.Adopt(ctx, h)
	var mismatch *disk.MismatchError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return object, false, nil
	case errors.As(err, &mismatch): // a new download will replace it
		r.logger.Warn("an object is damaged", "error", err)
		return object, false, nil
	}
	return object, err == nil, err
}

// isFile tells whether ca is the hash of the contents of one file, which then is
// the source's object, whatever its recipe says.
func isFile(ca hashes.ContentAddress) bool {
	return !ca.Hash.IsZero() && (ca.Mode == hashes.Flat || ca.Mode == hashes.Text)
}

// held tells that the source of j is held: object serves it by recipe.
func (r *run) held(j *job, object disk.Object, recipe granary.Recipe, a Attempt) {
	r.recorder.send(Event{
		Kind: Held, Source: *j.source, Object: object, Recipe: recipe,
		Attempt: a, Attempts: j.attempts,
	})
}

// askURL is the asker for URLs whose body makes the source by its recipe.
func (r *run) askURL(ctx context.Context, j *job, url string) (held bool, err error) {
	return r.bring(ctx, j, url, j.source)
}

// bring downloads what makes s, the source of j with the recipe to use.
func (r *run) bring(
	ctx context.Context, j *job, url string, s *granary.Source,
) (held bool, err error) {
	r.active.Add(1)
	defer r.active.Add(-1)
	temp, err := r.Disk.CreateTemp(ctx, tempKey(s), objectAlgorithms(s)...)
	if err != nil {
		return false, err
	}
	d := newDownload(r, j, url, temp)
	d.sized = true
	d.check = func(ctx context.Context, t *disk.Temp) (made, *failure, error) {
		object, bad, err := r.check(ctx, s, t)
		return made{t, object}, bad, err
	}
	return d.hold(ctx, s.Recipe)
}
