package main

import (
	"context"
	"fmt"
	"os"
	"time"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"granary/eval"
)

// lineInterval is how often a progress line is written where there is no
// terminal.
const lineInterval = 5 * time.Second

// bar is a progress bar on the last line of the terminal. Its methods are
// called with app.mu held.
type bar struct {
	*progressbar.ProgressBar
	columns int // for the text
}

func (b *bar) clear()  { _ = b.Clear() }
func (b *bar) render() { _ = b.RenderBlank() }

// show leaves out what it is about, and cuts off the rest, where it does not
// fit: a line that wraps could not be cleared.
func (b *bar) show(done int, what, text string) {
	if utf8.RuneCountInString(what+text) <= b.columns {
		text = what + text
	}
	if runes := []rune(text); len(runes) > b.columns {
		text = string(runes[:max(0, b.columns-1)]) + "…"
	}
	b.Describe(text)
	_ = b.Set(done)
}

// progress shows how far something is: on a terminal as a bar, elsewhere as a
// line every few seconds, with -q not at all.
type progress struct {
	app   *app
	what  string    // goes before each text
	wrote time.Time // guarded by app.mu
}

// newProgress begins to show progress towards total; -1 means that the total
// is not known.
func (a *app) newProgress(what string, total int) *progress {
	a.mu.Lock()
	defer a.mu.Unlock()
	if columns, ok := a.terminal(); ok && !a.quiet {
		a.bar = newBar(a.stderr.(*os.File), columns, total)
	}
	return &progress{app: a, what: what, wrote: time.Now()}
}

func newBar(w *os.File, columns, total int) *bar {
	width := 8
	if columns >= 100 {
		width = 20
	}
	rest := columns - width - len(" 100% [] ")
	options := []progressbar.Option{
		progressbar.OptionSetWriter(w),
		progressbar.OptionUseANSICodes(true),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetWidth(width),
	}
	if total < 0 {
		options = append(options, progressbar.OptionSpinnerType(14))
		rest = columns - len("- ")
	}
	return &bar{progressbar.NewOptions(total, options...), rest - 1}
}

// terminal tells whether a person sees stderr, and how many columns there are.
func (a *app) terminal() (columns int, ok bool) {
	f, ok := a.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	return columns, err == nil
}

// show says that done of the total are done; text is for people.
func (p *progress) show(done int, text string) {
	a := p.app
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.quiet:
	case a.bar != nil:
		a.bar.show(done, p.what, text)
	case time.Since(p.wrote) >= lineInterval:
		p.wrote = time.Now()
		fmt.Fprintf(a.stderr, "granary: %s%s\n", p.what, text)
	}
}

// regularly calls show several times a second until ctx is done; the returned
// function waits for the last call.
func regularly(ctx context.Context, show func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				show()
			}
		}
	}()
	return func() { <-done }
}

func (p *progress) end() { p.app.endBar() }

func (a *app) endBar() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bar != nil {
		a.bar.clear()
		a.bar = nil
	}
}

// evalProgress shows an evaluation.
type evalProgress struct {
	*progress
	begin time.Time
}

func (a *app) evalProgress(tree, system string) evalProgress {
	what := fmt.Sprintf("evaluating %s for %s: ", tree, system)
	return evalProgress{a.newProgress(what, -1), time.Now()}
}

func (p evalProgress) update(at eval.Progress) {
	text := fmt.Sprintf("%s, %s", count(at.Attributes, "attribute"),
		count(at.Derivations, "new derivation"))
	if at.Errors > 0 {
		text += ", " + count(at.Errors, "error")
	}
	p.show(at.Attributes, text+", "+about(time.Since(p.begin)))
}

// meter measures how fast bytes come, over the last seconds.
type meter struct{ samples []sample }

type sample struct {
	at    time.Time
	bytes int64
}

// rate takes a sample and returns bytes a second.
func (m *meter) rate(now time.Time, bytes int64) int64 {
	const window = 10 * time.Second
	m.samples = append(m.samples, sample{now, bytes})
	for len(m.samples) > 2 && now.Sub(m.samples[1].at) >= window {
		m.samples = m.samples[1:]
	}
	first := m.samples[0]
	return int64(float64(bytes-first.bytes) / max(now.Sub(first.at).Seconds(), 0.2))
}
