package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// bar is a progress bar on the last line of a terminal, with a few lines above it
// where there is more to see. Its methods are called with app.mu held.
type bar struct {
	*progressbar.ProgressBar // writes nowhere: its String is what is shown

	file    *os.File
	columns int // of the terminal
	rows    int
	width   int      // of the bar in the line
	lines   []string // on the screen; the last is the bar's
}

// newBar returns nil if w is not a terminal, or one that cannot erase, or nothing is
// to be done. A total of -1 means that it is not known.
func newBar(w io.Writer, total int) *bar {
	if !isTerminal(w) || os.Getenv("TERM") == "dumb" || total == 0 {
		return nil
	}
	return newBarOn(w.(*os.File), total)
}

func newBarOn(file *os.File, total int) *bar {
	return &bar{
		ProgressBar: progressbar.NewOptions(total,
			progressbar.OptionSetWriter(io.Discard),
			progressbar.OptionSpinnerType(14),
			progressbar.OptionSetSpinnerChangeInterval(0), // else it runs by itself
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionSetPredictTime(false),
			progressbar.OptionSetTheme(progressbar.ThemeASCII),
			progressbar.OptionShowDescriptionAtLineEnd(),
		),
		file: file,
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// show draws the bar with the first of the texts that fits. What is above is left
// out where the terminal is low.
func (b *bar) show(done int, above []string, texts ...string) {
	b.measure()
	_ = b.Set(done)
	b.Describe(b.fitting(texts))
	if b.rows < len(above)+4 {
		above = nil
	}
	next := make([]string, 0, len(above)+1)
	for _, line := range slices.Concat(above, []string{strings.TrimSpace(b.String())}) {
		next = append(next, cut(line, b.columns-1))
	}
	old := b.erasure()
	b.lines = next
	b.write(old)
}

// measure asks the terminal for its size, which may have changed.
func (b *bar) measure() {
	columns, rows, err := term.GetSize(int(b.file.Fd()))
	if err != nil {
		columns, rows = 80, 24
	}
	b.columns, b.rows = max(columns, 2), rows
	b.width = min(columns/10, 20)
	progressbar.OptionSetWidth(b.width)(b.ProgressBar)
}

// fitting returns the first of the texts that fits beside the bar, else the last.
func (b *bar) fitting(texts []string) string {
	room := b.columns - 1 - b.width - len("100% []  ")
	for _, text := range texts {
		if utf8.RuneCountInString(text) <= room {
			return text
		}
	}
	return texts[len(texts)-1]
}

// cut shortens a line that would wrap: it could not be erased any more.
func cut(line string, columns int) string {
	runes := []rune(line)
	if len(runes) <= columns {
		return line
	}
	return string(runes[:max(0, columns-1)]) + "…"
}

// erasure returns what removes the lines from the screen. A terminal that has
// become narrower has wrapped them.
func (b *bar) erasure() string {
	if len(b.lines) == 0 {
		return ""
	}
	up := -1
	for _, line := range b.lines {
		up += 1 + max(0, utf8.RuneCountInString(line)-1)/max(1, b.columns)
	}
	if up == 0 {
		return "\r\x1b[J"
	}
	return fmt.Sprintf("\x1b[%dA\r\x1b[J", up)
}

// write writes text and then the lines, at once: else they would flicker.
func (b *bar) write(text string) {
	_, _ = b.file.WriteString(text + strings.Join(b.lines, "\n"))
}

// insert writes text, which ends with a line break, above all lines.
func (b *bar) insert(text string) {
	b.measure()
	b.write(b.erasure() + text)
}

// clear removes the lines from the screen, and returns them.
func (b *bar) clear() []string {
	b.measure()
	lines, erasure := b.lines, b.erasure()
	b.lines = nil
	b.write(erasure)
	return lines
}

// restore shows lines again.
func (b *bar) restore(lines []string) {
	b.lines = lines
	b.write("")
}
