package main

import (
	"context"
	"fmt"
	"slices"

	"granary/catalog"
	"granary/closure"
)

// A shape describes the graph of a catalog, for a reader who judges whether one is like
// another. Numbers are of all snapshots together.
type shape struct {
	derivations, attributes, sources int

	fixed        float64 // share of the derivations that give a source
	inputs       spread  // of a derivation that is none of these
	inputsFixed  spread  // of one that is, not followed by questions
	users        spread  // of a derivation: those that have it as an input
	depth        spread  // of an attribute: steps to what is farthest away
	needs        spread  // of an attribute: sources
	sourceUsers  spread  // attributes that need a source
	upToTen      float64 // share of the sources that up to ten attributes need
	nearlyAll    int     // sources that nine in ten attributes need
	reachedEdges int     // edges that questions follow
}

// A spread is what many numbers are like.
type spread struct {
	mean                   float64
	median, p95, p99, most int
}

func spreadOf(values []int) spread {
	if len(values) == 0 {
		return spread{}
	}
	slices.Sort(values)
	at := func(share float64) int { return values[int(share*float64(len(values)-1))] }
	sum := 0
	for _, v := range values {
		sum += v
	}
	return spread{float64(sum) / float64(len(values)), at(0.5), at(0.95), at(0.99), at(1)}
}

func (s spread) String() string {
	return fmt.Sprintf("%.1f, %d, %d, %d, %d", s.mean, s.median, s.p95, s.p99, s.most)
}

// describe reads the shape of the catalog at path.
func describe(ctx context.Context, path, snapshot string) (*shape, error) {
	c, err := catalog.OpenReadOnly(ctx, path)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	attrs, err := c.Attributes(ctx, snapshot)
	if err != nil {
		return nil, err
	}
	full, err := c.Graph(ctx, attrs, true)
	if err != nil {
		return nil, err
	}
	g, err := c.Graph(ctx, attrs, false)
	if err != nil {
		return nil, err
	}
	s := &shape{derivations: g.Len(), attributes: len(attrs)}
	s.addEdges(full)
	s.addDepth(g)
	s.addNeeds(g)
	return s, nil
}

func (s *shape) addEdges(g *catalog.Graph) {
	var inputs, fixed []int
	users := make([]int, g.Len())
	for node := range int32(g.Len()) {
		n := len(g.Inputs(node))
		if g.Source(node) == closure.None {
			inputs = append(inputs, n)
			s.reachedEdges += n
		} else {
			fixed = append(fixed, n)
		}
		for _, input := range g.Inputs(node) {
			users[input]++
		}
	}
	s.fixed = float64(len(fixed)) / float64(g.Len())
	s.inputs, s.inputsFixed, s.users = spreadOf(inputs), spreadOf(fixed), spreadOf(users)
}

// addDepth follows the longest ways.
func (s *shape) addDepth(g *catalog.Graph) {
	depth := make([]int, g.Len())
	for node := range int32(g.Len()) {
		for _, input := range g.Inputs(node) {
			depth[node] = max(depth[node], depth[input]+1)
		}
	}
	var depths []int
	for _, root := range g.Roots {
		if root != closure.None {
			depths = append(depths, depth[root])
		}
	}
	s.depth = spreadOf(depths)
}

func (s *shape) addNeeds(g *catalog.Graph) {
	count := g.Count(g.Roots, make([]closure.Source, g.NumSources()))
	var needs, users []int
	for i, root := range g.Roots {
		if root != closure.None {
			needs = append(needs, count.Roots[i].Needs)
		}
	}
	few := 0
	for _, n := range count.Users {
		if n == 0 {
			continue
		}
		users = append(users, int(n))
		if n <= 10 {
			few++
		}
		if int(n) >= len(needs)*9/10 {
			s.nearlyAll++
		}
	}
	s.sources, s.needs, s.sourceUsers = len(users), spreadOf(needs), spreadOf(users)
	s.upToTen = float64(few) / float64(len(users))
}
