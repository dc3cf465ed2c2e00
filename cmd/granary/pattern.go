package main

import (
	"slices"
	"strings"
	"unicode/utf8"

	"granary/eval"
)

// A pattern matches paths of attributes, and names of sources.
type pattern struct {
	text string
	path eval.AttrPath // of patterns for names; nil if no path is like it
	hits int
}

func parsePattern(text string) *pattern {
	path, _ := eval.ParseAttrPath(text)
	return &pattern{text: text, path: path}
}

func (p *pattern) matches(path eval.AttrPath) bool {
	return len(p.path) > 0 && slices.EqualFunc(p.path, path, glob)
}

// glob tells whether name is like pattern, in which * is any text and ? any
// character.
func glob(pattern, name string) bool {
	star, end := -1, 0 // the last * in pattern, and where in name its text ends
	at, i := 0, 0
	for i < len(name) {
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, end = at, i
			at++
		case at < len(pattern) && pattern[at] == '?':
			_, size := utf8.DecodeRuneInString(name[i:])
			at, i = at+1, i+size
		case at < len(pattern) && pattern[at] == name[i]:
			at, i = at+1, i+1
		case star >= 0:
			end++
			at, i = star+1, end
		default:
			return false
		}
	}
	return strings.Trim(pattern[at:], "*") == ""
}

// isPattern tells whether text may match more than one path.
func isPattern(text string) bool { return strings.ContainsAny(text, "*?") }

// nearestPaths says what may have been meant by text, which matches none of paths.
// before is what stands before a pattern on the command line.
func nearestPaths(text string, paths []string, before string) string {
	inSet := func(path string) bool { return strings.HasPrefix(path, text+".") }
	if slices.ContainsFunc(paths, inSet) {
		return text + " is a set: " + before + "'" + text + ".*' takes the attributes in it"
	}
	names := near(text, paths)
	slices.Sort(names)
	names = slices.Compact(names) // several snapshots may have the same
	if len(names) > 0 && len(text) > 3 {
		return "did you mean " + strings.Join(names[:min(3, len(names))], " or ") + "?"
	}
	return "granary attrs lists the attributes; granary eval --sets enters more package sets"
}

// noMatchError means that what was named matches nothing.
type noMatchError struct{ text, hint string }

func (e *noMatchError) Error() string { return e.text }
