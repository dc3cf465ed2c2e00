package main

import (
	"cmp"
	"slices"

	"granary/catalog"
)

// A failureMatrix counts failures by host and reason, the most frequent first. What
// comes seldom is added up in the last row and the last column.
type failureMatrix struct {
	Reasons []string // above the columns
	Rows    []failureRow
	Totals  []int // below the columns
	All     int
}

// A failureRow is what one host failed to give.
type failureRow struct {
	Host  string
	Key   string // of the list's filter; "": it is no single host
	Cells []failureCell
	All   int
}

type failureCell struct {
	Count  int
	Heat   int    // 0 to 4
	Reason string // "": it is no single reason
}

// A reasonAndHost is why a source failed, and at whom; the host may be "".
type reasonAndHost struct{ reason, host string }

// noHost stands for failures that are no host's.
const noHost = "(no host)"

func (r *report) failureMatrix() failureMatrix {
	const mostHosts, mostReasons = 20, 8
	counts := map[reasonAndHost]int{}
	reasons, hosts := map[string]int{}, map[string]int{}
	for i := range r.wanted {
		s := &r.wanted[i]
		if s.State != catalog.Failed {
			continue
		}
		host := cmp.Or(r.host(s), noHost)
		counts[reasonAndHost{s.Reason, host}]++
		reasons[s.Reason]++
		hosts[host]++
	}
	rows, otherHosts := frequent(hosts, mostHosts)
	columns, otherReasons := frequent(reasons, mostReasons)
	return newFailureMatrix(counts, axis{rows, otherHosts}, axis{columns, otherReasons})
}

// An axis has the keys that have a place of their own; others is how many have not.
type axis struct {
	keys   []string
	others int
}

// place returns the place of a key, which may be that of all others.
func (a *axis) place(key string) int {
	if i := slices.Index(a.keys, key); i >= 0 {
		return i
	}
	return len(a.keys)
}

// len is the number of places.
func (a *axis) len() int { return len(a.keys) + min(1, a.others) }

// frequent returns the most frequent keys, and how many others there are. One more is
// taken where it alone would be the others.
func frequent(counts map[string]int, most int) (keys []string, others int) {
	keys = byCount(counts)
	if len(keys) > most+1 {
		keys, others = keys[:most], len(keys)-most
	}
	return keys, others
}

func newFailureMatrix(counts map[reasonAndHost]int, hosts, reasons axis) failureMatrix {
	m := failureMatrix{Rows: make([]failureRow, hosts.len()), Totals: make([]int, reasons.len())}
	for i := range m.Rows {
		m.Rows[i] = newFailureRow(&hosts, &reasons, i)
	}
	for _, reason := range reasons.keys {
		m.Reasons = append(m.Reasons, plain(reason))
	}
	if reasons.others > 0 {
		m.Reasons = append(m.Reasons, count(reasons.others, "other reason"))
	}
	for key, n := range counts {
		row, column := &m.Rows[hosts.place(key.host)], reasons.place(key.reason)
		row.Cells[column].Count += n
		row.All += n
		m.Totals[column] += n
		m.All += n
	}
	m.heat()
	return m
}

func newFailureRow(hosts, reasons *axis, i int) failureRow {
	row := failureRow{Cells: make([]failureCell, reasons.len())}
	if i < len(hosts.keys) {
		row.Host, row.Key = plain(hosts.keys[i]), plain(hosts.keys[i])
	} else {
		row.Host = count(hosts.others, "other host")
	}
	for j, reason := range reasons.keys {
		row.Cells[j].Reason = plain(reason)
	}
	return row
}

// heat gives each cell its heat: 1 from 1, 2 from 4, 3 from 16, 4 from 64.
func (m *failureMatrix) heat() {
	for i := range m.Rows {
		for j := range m.Rows[i].Cells {
			cell := &m.Rows[i].Cells[j]
			for n := cell.Count; n > 0 && cell.Heat < 4; n /= 4 {
				cell.Heat++
			}
		}
	}
}
