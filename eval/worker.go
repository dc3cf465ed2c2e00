package eval

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"granary"
)

// A worker is a running `nix repl` that has loaded harvest.nix.
type worker struct {
	dir    string
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output *bufio.Reader // its stderr
	batch  int           // number of the batch that was asked for last

	begun  atomic.Pointer[time.Time] // when the current attribute began, nil: it waits
	killed atomic.Value              // the granary.ErrorKind for which the watchdog killed it
	quit   chan struct{}             // closed when the process has ended
	watch  sync.WaitGroup
}

// The files beside a scratch store that a worker may load; see subject.go.
const (
	mainFile   = "main.nix"
	scopedFile = "scoped.nix"
	loadPrefix = "load-"
)

// startWorker starts a worker whose store and folders are in dir, which holds
// file.
func (r *run) startWorker(
	ctx context.Context, dir, file string, peak *atomic.Int64,
) (*worker, error) {
	program, err := r.Nix.program("nix")
	if err != nil {
		return nil, err
	}
	w := &worker{dir: dir, quit: make(chan struct{})}
	args := append([]string{"repl", "--store", dir}, r.arguments(dir, file == scopedFile)...)
	w.cmd = exec.CommandContext(ctx, program, args...)
	w.cmd.Env = r.environment(dir)
	if r.Subject.Expr == "" {
		w.cmd.Dir = dir
	}
	w.cmd.WaitDelay = time.Second
	ownGroup(w.cmd)
	if w.stdin, err = w.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start nix: %w", err)
	}
	stderr, err := w.cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("start nix: %w", err)
	}
	w.output = bufio.NewReaderSize(&patientReader{ctx, stderr}, 64<<10)
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start nix: %w", err)
	}
	w.watch.Go(func() { w.guard(r.WorkerMemory, r.AttrTimeout, peak) })
	if r.Subject.Expr != "" {
		w.say(":l %s\n", filepath.Join(dir, loadPrefix+file))
	} else {
		w.say("granary = import %s\n", nixPath(filepath.Join(dir, file)))
	}
	return w, nil
}

// patience is how long a reader lets a worker write before it looks.
const patience = 10 * time.Millisecond

// patientReader reads a pipe into which Nix writes each line by itself: to wake
// up for every one takes as much time as all else that granary does.
type patientReader struct {
	ctx  context.Context
	pipe io.Reader
}

func (r *patientReader) Read(p []byte) (int, error) {
	select {
	case <-r.ctx.Done():
	case <-time.After(patience):
	}
	return r.pipe.Read(p)
}

// nixPath returns an absolute path as an expression; quotes allow any byte.
func nixPath(path string) string { return "(/. + " + nixString(path) + ")" }

// stop ends the process and waits for it. It returns why the process ended,
// nil if it was stopped or ended well.
func (w *worker) stop() error {
	w.stdin.Close()
	kill(w.cmd)
	err := w.cmd.Wait()
	close(w.quit)
	w.watch.Wait()
	return err
}

// guard kills the process when it grows past memory bytes, or when an
// attribute takes longer than limit, and keeps the largest size in peak.
func (w *worker) guard(memory int64, limit time.Duration, peak *atomic.Int64) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-w.quit:
			return
		case <-tick.C:
		}
		resident := residentMemory(w.cmd.Process.Pid)
		if resident > peak.Load() {
			peak.Store(resident)
		}
		begun := w.begun.Load()
		switch {
		case memory > 0 && resident > memory:
			w.killFor(granary.ErrorMemory)
		case begun != nil && time.Since(*begun) > limit:
			w.killFor(granary.ErrorTimeout)
		}
	}
}

func (w *worker) killFor(kind granary.ErrorKind) {
	if w.killed.CompareAndSwap(nil, kind) {
		kill(w.cmd)
	}
}

// An event is one line that harvest.nix says; see there.
type event struct {
	name  string
	value json.RawMessage
}

const (
	tracePrefix = "trace: granary "
	doneEvent   = "done"
	endEvent    = "end"
	beginEvent  = "begin"
)

// errSwallowed means that an error ended a batch and was not printed: a file of
// the tree breaks off in the middle of an expression. The repl of Nix 2.8 and
// 2.26 takes that for an incomplete line of its own input, and waits for the
// rest; that of 2.34 does not.
var errSwallowed = errors.New("nix did not print an error")

// say writes to the process. One that is gone cannot be told; why it is gone
// stands in its output.
func (w *worker) say(format string, args ...any) { _, _ = fmt.Fprintf(w.stdin, format, args...) }

// ask makes the worker visit paths, and calls handle for each event. It
// returns what Nix printed after the last event, and io.EOF if the process
// ended before it was done, or errSwallowed.
func (w *worker) ask(paths []AttrPath, handle func(event) error) (string, error) {
	w.batch++
	// The repl reads its input by the character, so that the paths come in a
	// file.
	file := filepath.Join(w.dir, fmt.Sprintf("batch-%d.nix", w.batch))
	if err := os.WriteFile(file, []byte(nixPaths(paths)), 0o600); err != nil {
		return "", fmt.Errorf("ask nix: %w", err)
	}
	// The lone parenthesis is an error that ends an incomplete line.
	w.say("granary.batch %s\ngranary.done %d\n)\ngranary.end %d\n",
		nixPath(file), w.batch, w.batch)
	w.begin()
	defer w.begun.Store(nil)
	var printed strings.Builder
	last, failure := "", errSwallowed
	for {
		line, err := w.output.ReadString('\n')
		text, ok := strings.CutPrefix(line, tracePrefix)
		if !ok {
			keepPrinted(&printed, line)
		}
		if err != nil {
			return printed.String(), io.EOF
		}
		if !ok {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(text, "\n"), " ")
		switch name {
		case endEvent:
			return last, failure
		case doneEvent:
			failure, last = nil, printed.String()
			continue
		case beginEvent:
			w.begin()
		}
		if err := handle(event{name, json.RawMessage(value)}); err != nil {
			return "", err
		}
		printed.Reset()
	}
}

func (w *worker) begin() {
	now := time.Now()
	w.begun.Store(&now)
}

// keepPrinted bounds what is kept of warnings and of endless traces.
func keepPrinted(printed *strings.Builder, line string) {
	const limit = 256 << 10
	if printed.Len()+len(line) > limit {
		tail := printed.String()[printed.Len()/2:]
		printed.Reset()
		printed.WriteString(tail)
		line = line[:min(len(line), limit/2)]
	}
	printed.WriteString(line)
}
