package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// An amount is what some missing sources are, in numbers.
type amount struct {
	Sources        int   `json:"sources"`
	Known          int   `json:"known"` // of them, those of known size
	KnownBytes     int64 `json:"knownBytes"`
	Estimated      int   `json:"estimated"`
	EstimatedBytes int64 `json:"estimatedBytes"`
	Unknown        int   `json:"unknown"`
}

func (m *amount) add(d download) {
	m.Sources++
	switch d.certainty {
	case sizeKnown:
		m.Known++
		m.KnownBytes += d.bytes
	case sizeEstimated:
		m.Estimated++
		m.EstimatedBytes += d.bytes
	default:
		m.Unknown++
	}
}

// bytes returns those that there is some knowledge of.
func (m *amount) bytes() int64 { return m.KnownBytes + m.EstimatedBytes }

// String says how many bytes an amount is, as far as that is known.
func (m *amount) String() string {
	switch {
	case m.Unknown == m.Sources && m.Sources > 0:
		return "of unknown size"
	case m.Unknown > 0:
		return "at least " + bytes(m.bytes())
	case m.Estimated > 0:
		return "about " + bytes(m.bytes())
	}
	return bytes(m.bytes())
}

// amounts are those of several groups of sources, by name.
type amounts map[string]*amount

func (m amounts) add(name string, d download) {
	if m[name] == nil {
		m[name] = new(amount)
	}
	m[name].add(d)
}

// names returns the names, that with most bytes first, and of the same bytes that with
// most sources.
func (m amounts) names() []string {
	return slices.SortedFunc(maps.Keys(m), func(a, b string) int {
		return cmp.Or(cmp.Compare(m[b].bytes(), m[a].bytes()), m[b].Sources-m[a].Sources,
			strings.Compare(a, b))
	})
}

// table returns a line for each of the first names, and what there is more.
func (m amounts) table(most int) string {
	w := new(strings.Builder)
	names := m.names()
	for _, name := range names[:min(most, len(names))] {
		n := m[name]
		size := "-"
		if n.Unknown < n.Sources {
			size = bytes(n.bytes())
		}
		unknown := ""
		if n.Unknown > 0 {
			unknown = thousands(n.Unknown)
		}
		fmt.Fprintf(w, "%9s %11s %9s  %s\n", thousands(n.Sources), size, unknown, printable(name))
	}
	if more := len(names) - most; more > 0 {
		fmt.Fprintf(w, "%32s and %s more\n", "", thousands(more))
	}
	return w.String()
}

// rows says how well the sizes are known, in a line for each certainty.
func (m *amount) rows() string {
	w := new(strings.Builder)
	for _, row := range []struct {
		n     int
		bytes int64
		text  string
	}{
		{m.Known, m.KnownBytes, "of known size"},
		{m.Estimated, m.EstimatedBytes, "of estimated size"},
	} {
		if row.n > 0 {
			fmt.Fprintf(w, "%9s %11s  %s\n", thousands(row.n), bytes(row.bytes), row.text)
		}
	}
	if m.Unknown > 0 {
		fmt.Fprintf(w, "%9s %11s  of unknown size\n", thousands(m.Unknown), "?")
	}
	return w.String()
}
