package main

import (
	"cmp"
	"context"
	"slices"

	"github.com/spf13/cobra"

	"granary/catalog"
	"granary/closure"
	"granary/eval"
)

// onlyFlags say which sources a command is about.
type onlyFlags struct {
	patterns  []string
	arguments bool // the patterns are arguments, not values of the flag
}

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

// A choice is what --only chooses.
type choice struct {
	patterns   []*pattern
	flag       string              // that stands before a pattern
	attributes []catalog.Attribute // that match
	users      map[int64]int       // of these that need a source, by its ID
	paths      []string            // of all attributes
}

// choose looks for attributes that match. It returns nil if every source is wanted.
func (a *app) choose(ctx context.Context, flags *onlyFlags) (*choice, error) {
	if len(flags.patterns) == 0 {
		return nil, nil
	}
	attributes, err := a.catalog.Attributes(ctx, "")
	if err != nil {
		return nil, err
	}
	c := flags.among(attributes)
	g, err := a.catalog.Graph(ctx, c.attributes, false)
	if err != nil {
		return nil, err
	}
	c.users = users(g)
	a.tellMatching(c)
	return c, nil
}

// among chooses those of the attributes that match.
func (f *onlyFlags) among(attributes []catalog.Attribute) *choice {
	c := &choice{flag: "--only "}
	if f.arguments {
		c.flag = ""
	}
	for _, text := range f.patterns {
		c.patterns = append(c.patterns, parsePattern(text))
	}
	c.attributes = c.matching(attributes)
	return c
}

// users returns how many of the graph's roots need each source, by Source.ID.
func users(g *catalog.Graph) map[int64]int {
	n := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
	users := make(map[int64]int, len(g.Sources))
	for i, id := range g.Sources {
		if n.Users[i] > 0 {
			users[id] = int(n.Users[i])
		}
	}
	return users
}

// tellMatching says what matches, and warns of attributes of which the needs are
// not, or not all, known.
func (a *app) tellMatching(c *choice) {
	if len(c.attributes) > 0 {
		a.notef("--only: %s, in need of %s", count(len(c.attributes), "attribute"),
			count(len(c.users), "source"))
	}
	failed := 0
	for i := range c.attributes {
		if c.attributes[i].Kind != "" {
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
			return c.noMatch(p.text)
		}
	}
	return nil
}

func (c *choice) noMatch(text string) error {
	if len(c.paths) == 0 {
		return &noMatchError{c.flag + text + ": no source has such a name",
			"nothing was evaluated here: " + cmp.Or(c.flag, "ATTR ") + "takes names of sources, as granary sources lists them"}
	}
	return &noMatchError{c.flag + text + ": no attribute matches", nearestPaths(text, c.paths, c.flag)}
}
