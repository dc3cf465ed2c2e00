package nar

import (
	"slices"
	"strings"
)

// A placer says where an archive's paths go in the tree.
type placer struct {
	strip int
	omit  [][]string // the names of Options.Omit's paths
}

func newPlacer(opts Options) placer {
	p := placer{strip: opts.Strip}
	for path := range strings.FieldsFuncSeq(opts.Omit, isNewline) {
		p.omit = append(p.omit, names(path))
	}
	return p
}

func isNewline(r rune) bool { return r == '\n' }

// place returns the path in the tree, and false if it is none of the tree's.
func (p placer) place(path string) (string, bool) {
	if len(p.omit) > 0 && p.omits(names(path)) {
		return "", false
	}
	return strip(path, p.strip)
}

func (p placer) omits(path []string) bool {
	return slices.ContainsFunc(p.omit, func(omitted []string) bool {
		if len(path) < len(omitted) {
			return false
		}
		for i, name := range omitted {
			if name != "*" && name != path[i] {
				return false
			}
		}
		return true
	})
}

// names returns the names in a path, without those that mean nothing.
func names(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(name string) bool {
		return name == "" || name == "."
	})
}

// strip returns path without its first n names, and false if no more are left.
// As in GNU tar, "." is a name.
func strip(path string, n int) (string, bool) {
	for range n {
		_, rest, found := strings.Cut(strings.TrimLeft(path, "/"), "/")
		if path = strings.TrimLeft(rest, "/"); !found || path == "" {
			return "", false
		}
	}
	return path, true
}
