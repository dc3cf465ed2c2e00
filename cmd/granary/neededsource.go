package main

import (
	"context"
	"fmt"
	"strings"

	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// A neededSource is a source in the graph of an inquiry.
type neededSource struct {
	*catalog.Source
	number int32 // in the graph
	bytes  int64 // of its object, or to download; less than 0: not known
	lost   bool  // it was held, and its object is gone
}

// neededSource returns a source that the catalog knows, as it is on the disk.
func (q *inquiry) neededSource(s *catalog.Source, number int32) neededSource {
	n := neededSource{Source: s, number: number, bytes: q.sources[number].Bytes}
	if q.sources[number].Missing && q.holdings[number].Held() {
		n.lost = true
		s.State, s.Object = catalog.Missing, hashes.Hash{}
	}
	return n
}

// neededSources reads sources of q's graph, and returns them in the order of their names.
func (a *app) neededSources(
	ctx context.Context, q *inquiry, numbers []int32,
) ([]neededSource, error) {
	ids := make([]int64, len(numbers))
	byID := make(map[int64]int32, len(numbers))
	for i, number := range numbers {
		ids[i] = q.graph.Sources[number]
		byID[ids[i]] = number
	}
	all, err := a.catalog.SourcesAt(ctx, ids)
	needed := make([]neededSource, len(all))
	for i := range all {
		needed[i] = q.neededSource(&all[i], byID[all[i].ID])
	}
	return needed, err
}

// reason says why it is missing, "" if that is not known.
func (n *neededSource) reason() string {
	if n.lost {
		return "gone from the disk"
	}
	return n.Reason
}

// summary is its size and name, and why it is missing.
func (n *neededSource) summary() string {
	size := "?"
	if n.bytes >= 0 {
		size = bytes(n.bytes)
	}
	return strings.TrimRight(fmt.Sprintf("%10s  %s  %s", size, n.Name, n.reason()), " ")
}

// knownBytes returns what JSON writes as null for a size that is not known.
func knownBytes(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

// sizeOfMissing says how large the missing sources are, as far as that is known.
func sizeOfMissing(t *closure.Tally) string {
	if t.Unknown > 0 && t.Unknown == t.Missing {
		return "of unknown size"
	}
	return missingBytes(t)
}
