package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A screen is the terminal that a result is looked at on. The zero screen is none: a
// file or a pipe.
type screen struct {
	columns, rows int
	blocks        bool // it shows block elements of Unicode
}

func newScreen(w io.Writer) screen {
	if !isTerminal(w) {
		return screen{}
	}
	columns, rows, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		columns, rows = 80, 24
	}
	return screen{columns, rows, isUTF8(os.Getenv)}
}

// isUTF8 tells whether the locale that the environment names is in UTF-8.
func isUTF8(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := getenv(name); locale != "" { // the others do not count
			_, charset, _ := strings.Cut(strings.ToLower(locale), ".")
			return strings.HasPrefix(charset, "utf-8") || strings.HasPrefix(charset, "utf8")
		}
	}
	return false
}

// bar draws n of all in so many columns. What is not nothing shows, and so does what
// there is left.
func (s screen) bar(n, all, width int) string {
	full, rest := "#", "."
	if s.blocks {
		full, rest = "█", "░"
	}
	cells := 0
	if all > 0 && n > 0 {
		cells = max(1, int(math.Round(float64(n)*float64(width)/float64(all))))
	}
	if n < all {
		cells = min(cells, width-1)
	}
	cells = max(0, min(cells, width))
	return strings.Repeat(full, cells) + strings.Repeat(rest, width-cells)
}

// A barRow is a line with a bar in it.
type barRow struct {
	before string
	n, all int
	after  string
}

// barRows draws rows with bars of one width, which takes what the widest of them leaves
// free. Where there is no screen, or no room, there are no bars.
func (s screen) barRows(rows []barRow) []string {
	const least, most = 8, 40
	room := most
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = fmt.Sprintf("%s %5s  ", r.before, percent(r.n, r.all))
		width := utf8.RuneCountInString(lines[i]) + utf8.RuneCountInString(r.after)
		room = min(room, s.columns-1-width-len("  "))
	}
	for i, r := range rows {
		if room >= least {
			lines[i] += s.bar(r.n, r.all, room) + "  "
		}
		lines[i] = strings.TrimRight(lines[i]+r.after, " ")
	}
	return lines
}
