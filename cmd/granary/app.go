package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync"

	"granary/catalog"
	"granary/disk"
)

// app is what all commands share: the flags, the streams, the open disk.
type app struct {
	diskDir              string
	json, quiet, verbose bool

	stdout io.Writer

	mu     sync.Mutex
	stderr io.Writer
	bar    *bar // shown on the terminal's last line; nil: none

	disk    *disk.Disk
	catalog *catalog.Catalog
}

// version returns what `granary --version` says.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

// openForWriting opens, or makes, the disk and its catalog, and locks the
// disk against other writers.
func (a *app) openForWriting(ctx context.Context, command string) (err error) {
	if err := a.checkCatalog(ctx); err != nil {
		return err
	}
	if a.disk, err = disk.Open(a.diskDir); err != nil {
		return err
	}
	if err := a.disk.Lock("granary " + command); err != nil {
		return err
	}
	a.catalog, err = catalog.Open(ctx, a.catalogPath())
	return err
}

// openForReading opens a disk that is there.
func (a *app) openForReading(ctx context.Context) (err error) {
	if err := a.findDisk(); err != nil {
		return err
	}
	if a.disk, err = disk.OpenReadOnly(a.diskDir); err != nil {
		return err
	}
	a.catalog, err = catalog.OpenReadOnly(ctx, a.catalogPath())
	return err
}

// checkCatalog leaves a folder alone whose catalog is not for this granary.
func (a *app) checkCatalog(ctx context.Context) error {
	err := catalog.Check(ctx, a.catalogPath())
	if errors.Is(err, catalog.ErrNewer) || errors.Is(err, catalog.ErrForeign) {
		return err
	}
	return nil // what else there may be, opening it for writing will mend or tell
}

// findDisk returns a *noDiskError if there is no disk.
func (a *app) findDisk() error {
	info, err := os.Stat(a.diskDir)
	switch {
	case err == nil && !info.IsDir():
		return nil // opening it says so
	case err == nil:
		_, err = os.Stat(a.catalogPath())
	}
	if errors.Is(err, fs.ErrNotExist) {
		return &noDiskError{a.diskDir}
	}
	return nil
}

func (a *app) catalogPath() string { return filepath.Join(a.diskDir, "granary.db") }

// noDiskError means that there is no disk where one was to be read.
type noDiskError struct{ dir string }

func (e *noDiskError) Error() string {
	return fmt.Sprintf("disk %s: there is none (no granary.db)", e.dir)
}

func (a *app) close() {
	a.endBar()
	if a.catalog != nil {
		if err := a.catalog.Close(); err != nil {
			a.sayf("granary: warning: close catalog: %v", err)
		}
	}
	if a.disk != nil {
		_ = a.disk.Unlock() // the process ends, and with it the lock
	}
}

// sayf writes a line to stderr.
func (a *app) sayf(format string, args ...any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	line := fmt.Sprintf(format+"\n", args...)
	if a.bar != nil {
		a.bar.insert(line)
		return
	}
	_, _ = io.WriteString(a.stderr, line)
}

// notef writes a line to stderr unless -q asks for silence.
func (a *app) notef(format string, args ...any) {
	if !a.quiet {
		a.sayf("granary: "+format, args...)
	}
}

// printf writes a part of the result.
func (a *app) printf(format string, args ...any) error {
	return a.print(fmt.Sprintf(format, args...))
}

// buffered has what write prints written in large pieces.
func (a *app) buffered(write func() error) error {
	stdout, w := a.stdout, bufio.NewWriterSize(a.stdout, 64<<10)
	a.stdout = w
	err := write()
	a.stdout = stdout
	return cmp.Or(err, w.Flush())
}

// printJSON writes one line of the result.
func (a *app) printJSON(v any) error {
	line := new(strings.Builder)
	e := json.NewEncoder(line)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return err
	}
	return a.print(line.String())
}

// print writes to stdout, at once. A bar on the same terminal goes out of the way.
func (a *app) print(text string) error {
	if isTerminal(a.stdout) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.bar != nil {
			lines := a.bar.clear()
			defer a.bar.restore(lines)
		}
	}
	_, err := io.WriteString(a.stdout, text)
	return err
}

// logger returns a logger for packages: its lines read as ours do.
func (a *app) logger() *slog.Logger { return slog.New(&lineHandler{app: a}) }

// lineHandler writes log records as "granary: warning: ..." lines.
type lineHandler struct {
	app   *app
	attrs string
}

func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	switch {
	case h.app.quiet:
		return level >= slog.LevelError
	case h.app.verbose:
		return level >= slog.LevelDebug
	}
	return level >= slog.LevelWarn
}

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	text := r.Message + h.attrs
	r.Attrs(func(attr slog.Attr) bool {
		text += attrText(attr)
		return true
	})
	prefix := "granary: "
	if r.Level >= slog.LevelWarn {
		prefix = "granary: warning: "
	}
	h.app.sayf("%s", prefix+printable(text))
	return nil
}

func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	for _, attr := range attrs {
		next.attrs += attrText(attr)
	}
	return &next
}

// attrText says what there is to say; an error needs no name.
func attrText(attr slog.Attr) string {
	switch value := attr.Value.String(); {
	case value == "" || value == "0":
		return ""
	case attr.Key == "error":
		return ": " + value
	default:
		return ", " + attr.Key + " " + value
	}
}

func (h *lineHandler) WithGroup(string) slog.Handler { return h }
