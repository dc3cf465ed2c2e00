package main

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/eval"
)

// onlyFlags say which sources a command is about.
type onlyFlags struct{ patterns []string }

func (f *onlyFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&f.patterns, "only", nil,
		"only the sources that attributes matching `PATTERN` need, such as hello or\n"+
			"'python3Packages.*' (repeatable); or, from want-lists, sources of such a name")
}

func (f *onlyFlags) check() error {
	if slices.Contains(f.patterns, "") {
		return usagef("--only: an empty pattern matches nothing")
	}
	return nil
}

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

// A choice is what --only chooses.
type choice struct {
	patterns []*pattern
	users    map[int64]int // matching attributes that need a source, by its ID
	paths    []string      // of all attributes
}

// choose looks for attributes that match. It returns nil if every source is wanted.
func (a *app) choose(ctx context.Context, flags *onlyFlags) (*choice, error) {
	if len(flags.patterns) == 0 {
		return nil, nil
	}
	c := new(choice)
	for _, text := range flags.patterns {
		c.patterns = append(c.patterns, parsePattern(text))
	}
	attributes, err := a.catalog.Attributes(ctx, "")
	if err != nil {
		return nil, err
	}
	matching := c.matching(attributes)
	needs, err := a.catalog.Needs(ctx, matching)
	if err != nil {
		return nil, err
	}
	c.users = needs.Users
	a.tellMatching(matching, len(c.users))
	return c, nil
}

// tellMatching says what matches, and warns of attributes of which the needs are
// not, or not all, known.
func (a *app) tellMatching(matching []catalog.Attribute, sources int) {
	if len(matching) > 0 {
		a.notef("--only: %s, in need of %s", count(len(matching), "attribute"),
			count(sources, "source"))
	}
	failed := 0
	for i := range matching {
		if matching[i].Kind != "" {
			failed++
		}
	}
	if failed > 0 {
		a.notef("warning: %s of these did not evaluate: granary attrs --errors", thousands(failed))
	}
}

// matching returns the attributes that match.
func (c *choice) matching(attributes []catalog.Attribute) (matching []catalog.Attribute) {
	for i := range attributes {
		c.paths = append(c.paths, attributes[i].Path)
		if c.hasPath(attributes[i].Path) {
			matching = append(matching, attributes[i])
		}
	}
	return matching
}

func (c *choice) hasPath(path string) bool {
	names, ok := eval.ParseAttrPath(path)
	return ok && c.match(func(p *pattern) bool { return p.matches(names) })
}

// match tells whether a pattern matches, and counts it for each that does.
func (c *choice) match(matches func(*pattern) bool) bool {
	hit := false
	for _, p := range c.patterns {
		if matches(p) {
			p.hits++
			hit = true
		}
	}
	return hit
}

// has tells whether s is chosen. What no snapshot wants is in a want-list, and has
// nothing but its name.
func (c *choice) has(s *catalog.Source) bool {
	if c == nil || c.users[s.ID] > 0 {
		return true
	}
	return len(s.Systems) == 0 &&
		c.match(func(p *pattern) bool { return glob(p.text, s.Name) })
}

// sort puts those first that most of the matching attributes need.
func (c *choice) sort(all []catalog.Source) {
	if c == nil {
		return
	}
	slices.SortStableFunc(all, func(a, b catalog.Source) int {
		return cmp.Compare(c.users[b.ID], c.users[a.ID])
	})
}

// check is to be called when has was asked for every source. It returns a
// *noMatchError if a pattern matches nothing.
func (c *choice) check() error {
	if c == nil {
		return nil
	}
	for _, p := range c.patterns {
		if p.hits == 0 {
			return &noMatchError{p.text, len(c.paths) > 0, c.hint(p.text)}
		}
	}
	return nil
}

// hint says what may have been meant by a pattern that matches nothing.
func (c *choice) hint(text string) string {
	inSet := func(path string) bool { return strings.HasPrefix(path, text+".") }
	switch {
	case len(c.paths) == 0:
		return "nothing was evaluated here: --only takes names of sources, as granary sources lists them"
	case slices.ContainsFunc(c.paths, inSet):
		return text + " is a set: --only '" + text + ".*' takes the attributes in it"
	}
	if names := near(text, c.paths); len(names) > 0 && len(text) > 3 {
		return "did you mean " + strings.Join(names[:min(3, len(names))], " or ") + "?"
	}
	return "granary attrs lists the attributes; granary eval --sets enters more package sets"
}

// noMatchError means that a pattern of --only matches nothing.
type noMatchError struct {
	pattern    string
	attributes bool // there are some
	hint       string
}

func (e *noMatchError) Error() string {
	if !e.attributes {
		return "--only " + e.pattern + ": no source has such a name"
	}
	return "--only " + e.pattern + ": no attribute matches"
}
