package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/fetch"
)

// sizesFlags say whether servers are asked how large downloads are.
type sizesFlags struct{ ask, again bool }

func (f *sizesFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.ask, "sizes", false,
		"ask servers for sizes that nobody said yet, and keep the answers; what nobody says "+
			"is not asked for again within a week")
	flags.BoolVar(&f.again, "sizes-again", false, "--sizes, and ask again what nobody said")
}

// sizesRule is for people.
const sizesRule = "With --sizes servers are asked for sizes that nobody said, which may take\n" +
	"minutes; how they are asked, say the other flags that granary fetch has, too.\n" +
	"The answers are kept, also those before Ctrl-C: the same command then asks for\n" +
	"the rest."

// wanted tells whether servers are to be asked.
func (f *sizesFlags) wanted() bool { return f.ask || f.again }

// openForSizes opens a disk that is there; for writing, if servers are to be asked.
func (a *app) openForSizes(ctx context.Context, flags *sizesFlags, command string) error {
	if !flags.wanted() {
		return a.openForReading(ctx)
	}
	if err := a.findDisk(); err != nil {
		return err
	}
	return a.openForWriting(ctx, command)
}

// askAgainAfter is for how long nobody is asked for a size that nobody said.
const askAgainAfter = 7 * 24 * time.Hour

// A measuring is one run that asks for sizes, and records what is said.
type measuring struct {
	*app
	ctx      context.Context // of the command
	fetcher  *fetch.Fetcher
	progress *progress
	estimate estimate
	total    int

	said, unsaid atomic.Int64

	sizes    []catalog.Size // not recorded yet
	silent   []catalog.Size // that nobody said, which may be due to the network
	recorded time.Time
	err      error // of recording
}

// sizedWish is wish, after servers were asked for the sizes of what it is about, if they
// are to be.
func (a *app) sizedWish(
	ctx context.Context, ask *askFlags, flags *sizesFlags, how *fetchFlags,
) (*wish, error) {
	w, err := a.wish(ctx, ask, &how.only)
	if err != nil || !flags.wanted() {
		return w, err
	}
	if err := a.askSizes(ctx, flags, how, w.unsized()); err != nil {
		return nil, err
	}
	return a.wish(ctx, ask, &how.only)
}

// unsized returns the sources of which nobody said exactly how large they are.
func (w *wish) unsized() (all []catalog.Source) {
	for i := range w.sources {
		if w.sizes[i].certainty != sizeKnown {
			all = append(all, w.sources[i])
		}
	}
	return all
}

// askSizes asks how large the downloads of missing sources are, if that is not known,
// and records what is said, also before an error or an interrupt. The disk must be
// open for writing.
func (a *app) askSizes(
	ctx context.Context, flags *sizesFlags, how *fetchFlags, missing []catalog.Source,
) error {
	unknown, err := a.unsized(ctx, flags, missing)
	if err != nil || len(unknown) == 0 {
		return err
	}
	f, err := a.newFetcher(ctx, how, unknown)
	if err != nil {
		return err
	}
	m := &measuring{
		app: a, ctx: ctx, fetcher: f, estimate: newEstimate(), total: len(unknown),
		progress: a.newProgress("asking for sizes: ", len(unknown)), recorded: time.Now(),
	}
	err = m.run(unknown)
	m.progress.end()
	if err == nil || m.said.Load() > 0 {
		m.report()
	}
	return err
}

// unsized returns those of the missing sources whose size nobody said, but for those
// that were asked for lately.
func (a *app) unsized(
	ctx context.Context, flags *sizesFlags, missing []catalog.Source,
) ([]catalog.Source, error) {
	known, err := a.catalog.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(missing), func(s catalog.Source) bool {
		if s.Download > 0 {
			return true
		}
		size, asked := known[s.ID]
		return asked && (size.Bytes >= 0 || !flags.again && time.Since(size.At) < askAgainAfter)
	}), nil
}

func (m *measuring) run(unknown []catalog.Source) error {
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	stop := regularly(ctx, m.show)
	err := m.fetcher.Sizes(ctx, sources(unknown), func(s fetch.Size) {
		if m.take(s); m.err != nil {
			cancel()
		}
	})
	cancel()
	stop()
	if err == nil && m.said.Load() > 0 { // else the next run asks for them again
		m.sizes, m.silent = append(m.sizes, m.silent...), nil
	}
	m.flush()
	return cmp.Or(m.err, err)
}

func (m *measuring) take(s fetch.Size) {
	size := catalog.Size{
		OutPath: s.Source.OutPath, Bytes: s.Bytes, Exact: s.Exact, Origin: catalog.SizeOfHead, At: s.At,
	}
	if s.NARInfo {
		size.Origin = catalog.SizeOfNARInfo
	}
	if s.Bytes < 0 {
		m.unsaid.Add(1)
		m.debugf("%s: nobody says how large it is", s.Source.Name)
	} else {
		m.said.Add(1)
		m.debugf("%s: %s, says %s", s.Source.Name, bytes(s.Bytes), printable(s.URL))
	}
	if s.MayPass {
		m.silent = append(m.silent, size)
		return
	}
	m.sizes = append(m.sizes, size)
	if len(m.sizes) >= recordedAtOnce || time.Since(m.recorded) > time.Second {
		m.flush()
	}
}

// flush records sizes, also after an interrupt: they were said.
func (m *measuring) flush() {
	if len(m.sizes) == 0 || m.err != nil {
		return
	}
	m.err = m.catalog.RecordSizes(context.WithoutCancel(m.ctx), m.sizes)
	m.sizes = m.sizes[:0]
	m.recorded = time.Now()
}

// show brings the progress up to date.
func (m *measuring) show() {
	now, at := time.Now(), m.fetcher.Progress()
	said, unsaid := m.said.Load(), m.unsaid.Load()
	done := int(said + unsaid)
	f := facts{
		done:   fmt.Sprintf("%s of %s", thousands(done), thousands(m.total)),
		failed: atLeastOne(int(unsaid), "not said"),
		wait:   atLeastOne(at.Waiting, "waiting"),
		host:   printable(at.Host),
	}
	left, ok := m.estimate.left(now, work{sources: int64(done)}, work{sources: int64(m.total - done)})
	if ok {
		f.left = about(left) + " left"
	}
	m.progress.show(done, f.texts()...)
}

// report says what came of it.
func (m *measuring) report() {
	said, unsaid := int(m.said.Load()), int(m.unsaid.Load())
	m.notef("asked for the sizes of %s: %s said", count(said+unsaid, "source"), thousands(said))
	switch {
	case unsaid == 0:
	case len(m.silent) == 0:
		m.notef("the others are asked for again after a week, or with --sizes-again")
	default:
		m.notef("the servers of %s are out of reach or busy: the same command asks again",
			thousands(len(m.silent)))
	}
}
