package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"granary/hashes"
)

// source is a line of `granary sources --json`, or of a list of what a tree
// has: there the hash is in base 16 beside its algorithm.
type source struct {
	Name, OutPath, Mode, Algo, Hash, Rev string
	URLs                                 []string
	InClosure                            bool
}

func readSources(r io.Reader) (map[string]source, error) {
	all := map[string]source{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s source
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(all)+1, err)
		}
		all[s.OutPath] = s
	}
	return all, lines.Err()
}

func (s source) sri() string {
	if s.Algo == "" {
		return s.Hash
	}
	algo, err := hashes.ParseAlgorithm(s.Algo)
	if err != nil {
		return err.Error()
	}
	h, err := hashes.ParseDigest(algo, s.Hash)
	if err != nil {
		return err.Error()
	}
	return h.SRI()
}

func (s source) urls() []string { return strings.Fields(strings.Join(s.URLs, " ")) }

func (s source) hasURLs(want []string) bool {
	have := s.urls()
	return !slices.ContainsFunc(want, func(url string) bool { return !slices.Contains(have, url) })
}
