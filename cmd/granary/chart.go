package main

import (
	"io"
	"math"
	"os"
	"strings"

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
