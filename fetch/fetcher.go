package fetch

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"granary"
	"granary/disk"
)

// A Fetcher downloads sources. Its fields are read when Fetch begins.
type Fetcher struct {
	Disk *disk.Disk // must be set

	// Transport makes the requests. nil means granary's own, with the proxies
	// that the environment names.
	Transport http.RoundTripper

	Jobs        int // requests at a time; 0 means 32
	JobsPerHost int // requests to one host at a time; 0 means 4; to a substituter 4 times as many

	Rewrites      []Rewrite // the first that matches counts
	Mirrors       MirrorMap // nil means BuiltinMirrors
	HashedMirrors []string  // URLs; see CheckHashedMirror

	// Substituters are the URLs of binary caches, https:, http: or file:, in the
	// order in which they are asked; nil means none. See CheckSubstituter.
	Substituters []string
	// SubstitutersFirst asks them before the URLs.
	SubstitutersFirst bool

	// Archives are asked after all these, for what they know by its hash or its
	// URL; nil means none.
	Archives []Archive
	// History is what earlier runs saw; nil means nothing.
	History *History

	// Builder is asked last for what nothing else serves; nil: nothing is built.
	Builder *Builder

	// Retries is how often a URL is tried again after a failure that may pass;
	// 0 means 3, less than 0 never. A try that brought new bytes, 1 MiB or
	// more, is not counted.
	Retries int
	// Timeout is the longest silence of a server; 0 means 30 s.
	Timeout time.Duration
	// LimitRate is how many bytes a second are received in all; 0 means no limit.
	LimitRate int64
	// Reserve is how many bytes of the disk stay free: there, new downloads stop, and
	// Fetch returns an error. 0 means 256 MiB, less than 0 none.
	Reserve int64
	// MaxSize is the largest download, and the largest tree in an archive, in
	// bytes; 0 means no limit.
	MaxSize int64

	Version string       // of granary, for servers; may be ""
	Netrc   string       // file with passwords; "" means ~/.netrc
	Logger  *slog.Logger // nil means none

	bytes  atomic.Int64
	active atomic.Int64
	latest atomic.Pointer[queue] // of the run

	transfers transfers
	free      func() (int64, error) // bytes of the disk; nil means Disk.Free
}

// Progress is a look at what a Fetcher does.
type Progress struct {
	Bytes  int64 // received since the Fetcher was made, in bytes
	Active int64 // downloads under way

	// Waiting is how many sources wait for a time, such as the end of their host's
	// pause; Host is the one for which most of them wait, or "".
	Waiting int
	Host    string
}

// Progress may be called at any time. It looks at every host: do so now and then.
func (f *Fetcher) Progress() Progress {
	p := Progress{Bytes: f.bytes.Load(), Active: f.active.Load()}
	if q := f.latest.Load(); q != nil {
		p.Waiting, p.Host = q.waiting()
	}
	return p
}

// Fetch brings sources onto the disk and says of each to events, once, whether
// it is held or failed; retries are told of in between, and what is left when the
// run ends early. Sources with one output path are one. OutPath must be set.
//
// events is called by one goroutine at a time. A source is said to be held
// when its object is durable.
//
// The error is that of the machine, or the cause of ctx's end, or ErrNoNetwork, or
// a *FullError, when what was under way has ended; then there are sources of which
// nothing is said. Partial downloads stay in the disk's tmp/.
func (f *Fetcher) Fetch(
	ctx context.Context, sources []granary.Source, events func(Event),
) error {
	r, err := f.newRun(sources)
	if err != nil {
		return err
	}
	defer r.closeIdle()
	r.sweep()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(ctx, r.queue.close)()
	r.fail = cancel
	r.recorder = startRecorder(f.Disk, events, cancel)
	r.workAll(ctx, len(sources))
	err = r.room.err
	if err == nil {
		err = r.build(ctx)
	}
	if err != nil {
		cancel(err)
	}
	r.recorder.finish()
	return context.Cause(ctx)
}

// A run is one call of Fetch, or of another method that asks servers.
type run struct {
	*Fetcher
	goal      goal
	jobs      int
	retries   int
	timeout   time.Duration
	maxSize   int64
	mirrors   MirrorMap
	transport http.RoundTripper
	closeIdle func()
	logger    *slog.Logger
	queue     *queue
	network   *network
	fail      context.CancelCauseFunc // ends the run
	room      *room
	builds    builds
	recorder  *recorder
	unpacking chan struct{} // slots for work on archives
	passwords netrc
	workplace workplace
	caches    []*substituter
	portal    portal
	places    places
}

func (f *Fetcher) newRun(sources []granary.Source) (*run, error) {
	passwords, err := readNetrc(f.Netrc)
	if err != nil {
		return nil, err
	}
	r := &run{
		Fetcher:   f,
		jobs:      orDefault(f.Jobs, 32),
		retries:   max(0, orDefault(f.Retries, 3)),
		timeout:   orDefault(f.Timeout, 30*time.Second),
		maxSize:   f.MaxSize,
		mirrors:   f.Mirrors,
		logger:    f.Logger,
		closeIdle: func() {},
		unpacking: make(chan struct{}, maxUnpacking()),
		passwords: passwords,
	}
	r.goal = r
	r.room = f.newRoom()
	r.queue = newQueue(orDefault(f.JobsPerHost, 4))
	r.network = newNetwork()
	f.latest.Store(r.queue)
	if r.mirrors == nil {
		r.mirrors = BuiltinMirrors()
	}
	if r.logger == nil {
		r.logger = slog.New(slog.DiscardHandler)
	}
	base := f.Transport
	if base == nil {
		own := newTransport(r.timeout, substituterSlots*r.queue.limit)
		base, r.closeIdle = own, withFTP(own)
	}
	r.transport = limitRate(&watchdog{&authorizer{base, passwords}, r.timeout, f}, f.LimitRate)
	if err := cmp.Or(r.openSubstituters(), r.openPlaces()); err != nil {
		return nil, err
	}
	r.enqueue(sources)
	return r, nil
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}

// enqueue adds a job for each source. Those that are made from other sources
// come after these, whose objects they may then use.
func (r *run) enqueue(sources []granary.Source) {
	seen := make(map[string]struct{}, len(sources))
	var last []*job
	for i := range sources {
		s := &sources[i]
		if _, ok := seen[string(s.OutPath)]; ok {
			continue
		}
		seen[string(s.OutPath)] = struct{}{}
		if s.FromHash.IsZero() {
			r.queue.add(&job{source: s})
		} else {
			last = append(last, &job{source: s})
		}
	}
	for _, j := range last {
		r.queue.add(j)
	}
}

// workAll does all jobs, of which there are so many at most, several at a time. An
// error ends the run, but what is under way when the disk is full goes on.
func (r *run) workAll(ctx context.Context, most int) {
	var workers sync.WaitGroup
	for range min(r.jobs, most) {
		workers.Go(func() {
			if err := r.work(ctx); err != nil && !isFull(err) {
				r.fail(err)
			}
		})
	}
	workers.Wait()
}

// work does steps of jobs until there are none, or ctx ends.
func (r *run) work(ctx context.Context) error {
	for {
		j, ok := r.queue.take()
		if !ok {
			return nil
		}
		done, err := r.step(ctx, j)
		if isFull(err) {
			r.queue.close()
		}
		if err != nil {
			return err
		}
		r.queue.put(j, done)
	}
}
