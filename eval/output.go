package eval

import (
	"context"
	"maps"
	"strings"
	"sync"
	"time"

	"granary"
	"granary/hashes"
)

// output gathers what all workers find and hands it on in batches.
type output struct {
	batches chan Batch

	mu       sync.Mutex
	reader   *reader
	calls    map[string]bool // each call of fetchurl as overlay.nix told it
	fetches  map[string]bool // by output path and URLs
	pending  Batch
	progress Progress
	shown    time.Time
	evaluate *Evaluator
}

func newOutput(e *Evaluator) *output {
	return &output{
		batches:  make(chan Batch, 2),
		reader:   newReader(e.Known, e.Log),
		calls:    map[string]bool{},
		fetches:  map[string]bool{},
		evaluate: e,
	}
}

const flushSize = 1000 // derivations, attributes and calls in a batch

// closure reads what root needs and is not known yet. Under one lock, so that
// batches hold inputs before their users whatever worker found them.
func (o *output) closure(s scratch, root hashes.StorePath) (err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.pending.Derivations)
	o.pending.Derivations, err = o.reader.closure(s, root, o.pending.Derivations)
	o.progress.Derivations += len(o.pending.Derivations) - before
	return err
}

func (o *output) attribute(a granary.Attribute) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.pending.Attributes = append(o.pending.Attributes, a)
	o.progress.Attributes++
	if a.DrvPath == "" {
		o.progress.Errors++
	}
	o.progress.Current = a.Path
	o.show()
	if o.pending.size() >= flushSize {
		o.flush()
	}
}

func (o *output) call(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.calls[text] {
		return
	}
	o.calls[text] = true
	source, err := parseCall([]byte(text))
	if err != nil {
		o.evaluate.Log.Debug("a call of fetchurl names no source", "error", err)
		return
	}
	o.pending.Calls = append(o.pending.Calls, source)
}

// fetch adds what evaluation itself needs.
func (o *output) fetch(sources ...granary.Source) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, s := range sources {
		key := strings.Join(append(s.URLs[:len(s.URLs):len(s.URLs)], string(s.OutPath)), " ")
		if s.OutPath != "" && !o.fetches[key] {
			o.fetches[key] = true
			o.pending.Fetches = append(o.pending.Fetches, s)
		}
	}
}

func (o *output) show() {
	if o.evaluate.Progress == nil || time.Since(o.shown) < 100*time.Millisecond {
		return
	}
	o.shown = time.Now()
	o.evaluate.Progress(o.progress)
}

func (o *output) flush() {
	if o.reader.newMirrors {
		o.pending.Mirrors = maps.Clone(o.reader.mirrors)
		o.reader.newMirrors = false
	}
	o.pending.Inputs, o.reader.found = o.reader.found, nil
	o.batches <- o.pending
	o.pending = Batch{}
}

// close hands on the rest. Nothing may be added afterwards.
func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.pending.size() > 0 {
		o.flush()
	}
	o.reader.close()
	close(o.batches)
}

// drain calls record for each batch until there are no more. After an error
// it calls stop and goes on without record, so that no worker waits for it.
func (o *output) drain(ctx context.Context, record func(Batch) error, stop func()) error {
	var failure error
	for batch := range o.batches {
		if failure != nil || ctx.Err() != nil {
			continue
		}
		if failure = record(batch); failure != nil {
			stop()
		}
	}
	return failure
}
