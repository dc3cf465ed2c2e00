package eval

import (
	"fmt"
	"slices"
	"strings"
)

// An AttrError means that an attribute that was asked for is not there.
type AttrError struct {
	Path string
	Near []string // names that are like it, the likest first
}

func (e *AttrError) Error() string {
	text := fmt.Sprintf("attribute %s: there is none", e.Path)
	if len(e.Near) > 0 {
		text += "; near it are " + strings.Join(e.Near, ", ")
	}
	return text
}

// nearest returns the up to three names within an edit distance of a third of
// name's length.
func nearest(name string, names []string) []string {
	type near struct {
		name     string
		distance int
	}
	var all []near
	for _, other := range names {
		if d := editDistance(name, other); d <= max(1, len(name)/3) {
			all = append(all, near{other, d})
		}
	}
	slices.SortStableFunc(all, func(a, b near) int { return a.distance - b.distance })
	var found []string
	for _, n := range all[:min(3, len(all))] {
		found = append(found, n.name)
	}
	return found
}

// editDistance is Levenshtein's, over bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
