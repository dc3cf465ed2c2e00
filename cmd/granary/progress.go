package main

import (
	"context"
	"fmt"
	"time"

	"granary/eval"
)

const (
	// lineInterval is how often a progress line is written where there is no
	// terminal.
	lineInterval = 5 * time.Second
	// frameInterval is how often a bar is drawn.
	frameInterval = 200 * time.Millisecond
)

// progress shows how far something is: on a terminal as a bar, elsewhere as a
// line every few seconds, with -q not at all.
type progress struct {
	app   *app
	what  string    // goes before each text, where there is room
	wrote time.Time // guarded by app.mu
}

// newProgress begins to show progress towards total; -1 means that the total
// is not known.
func (a *app) newProgress(what string, total int) *progress {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.quiet {
		a.bar = newBar(a.stderr, total)
	}
	return &progress{app: a, what: what, wrote: time.Now()}
}

// show says that done of the total are done. The texts are for people, all about
// the same; each is shorter than the one before it.
func (p *progress) show(done int, texts ...string) { p.showAll(done, nil, texts...) }

// showAll is show with further lines.
func (p *progress) showAll(done int, lines []string, texts ...string) {
	a := p.app
	a.mu.Lock()
	defer a.mu.Unlock()
	whole := p.what + texts[0]
	switch {
	case a.quiet:
	case a.bar != nil:
		a.bar.show(done, lines, append([]string{whole}, texts...)...)
	case time.Since(p.wrote) >= lineInterval:
		p.wrote = time.Now()
		for _, line := range lines {
			fmt.Fprintf(a.stderr, "granary: %s\n", line)
		}
		fmt.Fprintf(a.stderr, "granary: %s\n", whole)
	}
}

// regularly calls show several times a second until ctx is done; the returned
// function waits for the last call.
func regularly(ctx context.Context, show func()) (wait func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(frameInterval)
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
