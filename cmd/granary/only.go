package main

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

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

// A pattern matches paths of attributes, and names of sources. In it * is any part
// of a name, and ? any character.
type pattern struct {
	text       string
	path, name *regexp.Regexp // path is nil if nothing has such a path
	hits       int
}

func parsePattern(text string) *pattern {
	p := &pattern{text: text, name: glob(text)}
	if path, ok := eval.ParseAttrPath(text); ok {
		p.path = glob(strings.Join(path, separator))
	}
	return p
}

// separator stands between the names of a path while patterns are compared with it:
// names may have dots in them, but not this.
const separator = "\x00"

var wildcards = strings.NewReplacer(`\*`, `[^\x00]*`, `\?`, `[^\x00]`)

func glob(text string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + wildcards.Replace(regexp.QuoteMeta(text)) + `$`)
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
	var matching []catalog.Attribute
	errors := 0
	for i := range attributes {
		c.paths = append(c.paths, attributes[i].Path)
		if !c.hasPath(attributes[i].Path) {
			continue
		}
		matching = append(matching, attributes[i])
		if attributes[i].Kind != "" {
			errors++
		}
	}
	needs, err := a.catalog.Needs(ctx, matching)
	if err != nil {
		return nil, err
	}
	c.users = needs.Users
	if len(matching) > 0 {
		a.notef("--only: %s, in need of %s", count(len(matching), "attribute"),
			count(len(c.users), "source"))
	}
	if errors > 0 {
		a.notef("warning: %s of these did not evaluate: granary attrs --errors", thousands(errors))
	}
	return c, nil
}

func (c *choice) hasPath(path string) bool {
	names, ok := eval.ParseAttrPath(path)
	return ok && c.match(func(p *pattern) bool {
		return p.path != nil && p.path.MatchString(strings.Join(names, separator))
	})
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
		c.match(func(p *pattern) bool { return p.name.MatchString(s.Name) })
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
	if names := near(text, c.paths); len(names) > 0 {
		return "did you mean " + strings.Join(names[:min(3, len(names))], " or ") + "?"
	}
	return "granary attrs lists the attributes"
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
