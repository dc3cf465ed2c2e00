package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"granary/eval"
)

// lineInterval is how often a progress line is written where there is no
// terminal.
const lineInterval = 5 * time.Second

// bar is a progress bar on the last line of the terminal. Its methods are
// called with app.mu held.
type bar struct{ *progressbar.ProgressBar }

func (b *bar) clear()  { _ = b.Clear() }
func (b *bar) render() { _ = b.RenderBlank() }

// progress shows how far something is: on a terminal as a bar, elsewhere as a
// line every few seconds, with -q not at all.
type progress struct {
	app *app

	mu    sync.Mutex
	wrote time.Time
}

// newProgress begins to show progress towards total; -1 means that the total
// is not known.
func (a *app) newProgress(total int) *progress {
	p := &progress{app: a, wrote: time.Now()}
	if a.quiet || !a.terminal() {
		return p
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	options := []progressbar.Option{
		progressbar.OptionSetWriter(a.stderr),
		progressbar.OptionThrottle(100 * time.Millisecond),
		progressbar.OptionSetElapsedTime(true),
		progressbar.OptionClearOnFinish(),
		progressbar.OptionSetTheme(progressbar.ThemeASCII),
		progressbar.OptionSetWidth(20),
	}
	if total < 0 {
		options = append(options, progressbar.OptionSpinnerType(14))
	} else {
		options = append(options, progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
	}
	a.bar = &bar{progressbar.NewOptions(total, options...)}
	return p
}

// show says that done of the total are done; text is for people.
func (p *progress) show(done int, text string) {
	a := p.app
	switch {
	case a.quiet:
	case a.bar != nil:
		a.mu.Lock()
		defer a.mu.Unlock()
		a.bar.Describe(text)
		_ = a.bar.Set(done)
	default:
		p.mu.Lock()
		due := time.Since(p.wrote) >= lineInterval
		if due {
			p.wrote = time.Now()
		}
		p.mu.Unlock()
		if due {
			a.notef("%s", text)
		}
	}
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
	what string
}

func (a *app) evalProgress(tree, system string) evalProgress {
	return evalProgress{a.newProgress(-1), fmt.Sprintf("evaluating %s for %s", tree, system)}
}

func (p evalProgress) update(at eval.Progress) {
	text := fmt.Sprintf("%s: %s", p.what, count(at.Attributes, "attribute"))
	if at.Errors > 0 {
		text += fmt.Sprintf(" (%s)", count(at.Errors, "error"))
	}
	p.show(at.Attributes, text+", "+count(at.Derivations, "new derivation"))
}
