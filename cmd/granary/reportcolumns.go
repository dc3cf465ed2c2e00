package main

import (
	"slices"

	"granary/catalog"
	"granary/closure"
)

// reportColumns is the data of the page's script: a list for each field, since that
// is short, and texts that come often by their numbers.
type reportColumns struct {
	Texts      []string         `json:"texts"` // the first is ""
	Snapshots  []string         `json:"snapshots"`
	Sets       []string         `json:"sets"` // package sets
	Attributes attributeColumns `json:"attributes"`
	Sources    sourceColumns    `json:"sources"` // that are missing, by rank
	Graph      graphColumns     `json:"graph"`
}

type attributeColumns struct {
	Path     []string `json:"path"`
	Set      []int32  `json:"set"`
	Snapshot []int32  `json:"snapshot"`
	Error    []int32  `json:"error"` // a text; 0 if it evaluated
	Needs    []int32  `json:"needs"`
	Missing  []int32  `json:"missing"`
	Node     []int32  `json:"node"` // of the graph, -1: none
}

type sourceColumns struct {
	Path    []string   `json:"path"` // of the output, without the folder
	URLs    [][]string `json:"urls"`
	Kind    []int32    `json:"kind"` // texts, as the next four
	Why     []int32    `json:"why"`
	Host    []int32    `json:"host"`
	Detail  []int32    `json:"detail"`
	Message []int32    `json:"message"`
	Failed  []int32    `json:"failed"` // 1: it was tried
	Bytes   []int64    `json:"bytes"`  // -1: not known
	Users   []int32    `json:"users"`
	Unlocks []int32    `json:"unlocks"`
}

// graphColumns has the derivations from which a missing source is reached. Inputs have
// smaller numbers than what needs them.
type graphColumns struct {
	Name   []string `json:"name"`
	Source []int32  `json:"source"` // that it gives; -1: none that is missing
	Count  []int32  `json:"count"`  // of its inputs
	Input  []int32  `json:"input"`  // of the first, of the second, …
}

// A numbering gives numbers to texts, from 0.
type numbering struct {
	texts   []string
	numbers map[string]int32
}

func newNumbering(texts ...string) *numbering {
	n := &numbering{texts: []string{}, numbers: map[string]int32{}}
	for _, text := range texts {
		n.of(text)
	}
	return n
}

func (n *numbering) of(text string) int32 {
	number, ok := n.numbers[text]
	if !ok {
		number = int32(len(n.texts))
		n.numbers[text] = number
		n.texts = append(n.texts, plain(text))
	}
	return number
}

// columns returns the data for the script.
func (r *report) columns() *reportColumns {
	texts, snapshots, sets := newNumbering(""), newNumbering(), newNumbering()
	for _, s := range r.snapshots {
		snapshots.of(s.Name)
	}
	c := &reportColumns{Sources: r.sourceColumns(texts), Graph: r.graphColumns()}
	for i := range r.attributes {
		c.Attributes.add(&r.attributes[i], &r.tallies[i], texts, snapshots, sets)
		c.Attributes.Node = append(c.Attributes.Node, r.leading.of(r.graph.Roots[i]))
	}
	c.Texts, c.Snapshots, c.Sets = texts.texts, snapshots.texts, sets.texts
	return c
}

func (c *attributeColumns) add(
	at *catalog.Attribute, t *closure.Tally, texts, snapshots, sets *numbering,
) {
	reason := ""
	if at.Kind != "" {
		reason = string(at.Kind) + ": " + at.Error
	}
	c.Path = append(c.Path, plain(at.Path))
	c.Set = append(c.Set, sets.of(packageSet(at.Path)))
	c.Snapshot = append(c.Snapshot, snapshots.of(at.Snapshot))
	c.Error = append(c.Error, texts.of(reason))
	c.Needs = append(c.Needs, int32(t.Needs))
	c.Missing = append(c.Missing, int32(t.Missing))
}

func (r *report) sourceColumns(texts *numbering) sourceColumns {
	var c sourceColumns
	for i := range r.lacks {
		m := &r.lacks[i]
		urls := make([]string, len(m.URLs))
		for i, text := range m.URLs {
			urls[i] = plain(text)
		}
		c.Path = append(c.Path, plain(m.OutPath.Base()))
		c.URLs = append(c.URLs, urls)
		c.Kind = append(c.Kind, texts.of(string(m.Kind)))
		c.Why = append(c.Why, texts.of(m.why()))
		c.Host = append(c.Host, texts.of(r.host(m.Source)))
		c.Detail = append(c.Detail, texts.of(m.Detail))
		c.Message = append(c.Message, texts.of(m.Message))
		failed := int32(0)
		if m.State == catalog.Failed {
			failed = 1
		}
		c.Failed = append(c.Failed, failed)
		c.Bytes = append(c.Bytes, max(m.bytes, -1))
		c.Users, c.Unlocks = append(c.Users, int32(m.users)), append(c.Unlocks, int32(m.unlocks))
	}
	return c
}

// A leadingNodes has the graph's nodes that are reached and lead to a missing source.
type leadingNodes struct {
	nodes   []int32 // in the graph's order
	numbers []int32 // by node of the graph: its place in nodes; closure.None: it is not
	missing []int32 // by source of the graph: its place in report.lacks, or closure.None
}

// of returns the place of a node in n.nodes, or closure.None.
func (n *leadingNodes) of(node int32) int32 {
	if node == closure.None {
		return closure.None
	}
	return n.numbers[node]
}

// source returns the place in report.lacks of what a node gives, or closure.None.
func (n *leadingNodes) source(g *catalog.Graph, node int32) int32 {
	source := g.Source(node)
	if source == closure.None {
		return closure.None
	}
	return n.missing[source]
}

// findLeading finds them by one pass down the graph, and one up.
func (r *report) findLeading() *leadingNodes {
	n := &leadingNodes{
		numbers: slices.Repeat([]int32{closure.None}, r.graph.Len()),
		missing: slices.Repeat([]int32{closure.None}, r.graph.NumSources()),
	}
	for i := range r.lacks {
		if number := int(r.lacks[i].number); number < len(n.missing) {
			n.missing[number] = int32(i)
		}
	}
	reached := r.reached()
	for node := range int32(r.graph.Len()) {
		if reached[node] && n.leads(r.graph, node) {
			n.numbers[node] = int32(len(n.nodes))
			n.nodes = append(n.nodes, node)
		}
	}
	return n
}

// leads tells whether a node gives a missing source, or needs one that leads to one.
func (n *leadingNodes) leads(g *catalog.Graph, node int32) bool {
	return n.source(g, node) != closure.None ||
		slices.ContainsFunc(g.Inputs(node), func(in int32) bool { return n.of(in) != closure.None })
}

// reached tells which nodes the attributes need.
func (r *report) reached() []bool {
	reached := make([]bool, r.graph.Len())
	for _, root := range r.graph.Roots {
		if root != closure.None {
			reached[root] = true
		}
	}
	for node := int32(len(reached)) - 1; node >= 0; node-- {
		for _, input := range r.graph.Inputs(node) {
			reached[input] = reached[input] || reached[node]
		}
	}
	return reached
}

func (r *report) graphColumns() graphColumns {
	n := len(r.leading.nodes)
	c := graphColumns{make([]string, 0, n), make([]int32, 0, n), make([]int32, 0, n), []int32{}}
	for _, node := range r.leading.nodes {
		begin := len(c.Input)
		for _, input := range r.graph.Inputs(node) {
			if number := r.leading.of(input); number != closure.None {
				c.Input = append(c.Input, number)
			}
		}
		c.Name = append(c.Name, plain(r.names[r.graph.Derivations[node]]))
		c.Source = append(c.Source, r.leading.source(r.graph, node))
		c.Count = append(c.Count, int32(len(c.Input)-begin))
	}
	return c
}
