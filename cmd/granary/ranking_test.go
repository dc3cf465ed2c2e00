package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/hashes"
)

// testInquiry asks for attributes, each "SYSTEM PATH: SOURCE..." of a snapshot. A source is
// held if it ends with +, and it is gone from the disk if it ends with -.
func testInquiry(t *testing.T, lines ...string) (*inquiry, []catalog.Source) {
	t.Helper()
	q := &inquiry{graph: new(catalog.Graph)}
	nodes := map[string]int32{}
	var all []catalog.Source
	for _, line := range lines {
		head, needs, _ := strings.Cut(line, ":")
		system, path, _ := strings.Cut(head, " ")
		var inputs []int32
		for name := range strings.FieldsSeq(needs) {
			if _, ok := nodes[name]; !ok {
				s := catalog.Source{ID: int64(len(all) + 1)}
				s.Name = strings.TrimRight(name, "+-")
				var h catalog.Holding
				if s.Name != name {
					s.State = catalog.Held
					h.Object = hashes.Sum(hashes.SHA1, []byte(name))
				}
				q.holdings = append(q.holdings, h)
				nodes[name] = q.graph.Add(nil, int32(len(all)))
				q.graph.Sources = append(q.graph.Sources, s.ID)
				q.sources = append(q.sources, closure.Source{
					Missing: !strings.HasSuffix(name, "+"), Bytes: int64(len(all)) - 1,
				})
				all = append(all, s)
			}
			inputs = append(inputs, nodes[name])
		}
		root := closure.None
		if len(inputs) > 0 {
			root = q.graph.Add(inputs, closure.None)
		}
		q.graph.Roots = append(q.graph.Roots, root)
		q.attributes = append(q.attributes, catalog.Attribute{
			Attribute: granary.Attribute{Path: path}, System: system,
		})
	}
	return q, all
}

// told returns "NAME USERS UNLOCKS EXAMPLE,..." for each missing source.
func (r *ranking) told() (lines []string) {
	for i := range r.lacks {
		l := &r.lacks[i]
		lines = append(lines, fmt.Sprint(l.Name, " ", l.users, " ", l.unlocks, " ",
			strings.Join(r.examples(l), ",")))
	}
	return lines
}

func TestRanking(t *testing.T) {
	for _, test := range []struct {
		name       string
		attributes []string
		want       []string
		sum        string // attributes known, held back
	}{
		{"nothing", nil, nil, "0 0"},
		{"all is held", []string{"x a: s+"}, nil, "1 0"},
		{"most users first", []string{"x a: s t", "x b: t"},
			[]string{"t 2 1 a,b", "s 1 0 a"}, "2 2"},
		{"then what unlocks more", []string{"x a: s t", "x b: t", "x c: s u"},
			[]string{"t 2 1 a,b", "s 2 0 a,c", "u 1 0 c"}, "3 3"},
		{"then the name", []string{"x a: t", "x b: s"}, []string{"s 1 1 b", "t 1 1 a"}, "2 2"},
		{"what is held unlocks nothing", []string{"x a: s+ t"}, []string{"t 1 1 a"}, "1 1"},
		{"what is gone is missing", []string{"x a: s- t+"}, []string{"s 1 1 a"}, "1 1"},
		{"once for each path", []string{"x a: s", "x a: s"}, []string{"s 1 1 a"}, "1 1"},
		{"what it needs in any snapshot", []string{"x a: s", "x a: t"},
			[]string{"s 1 0 a", "t 1 0 a"}, "1 1"},
		{"once for each system", []string{"x a: s", "y a: s"}, []string{"s 2 2 a"}, "2 2"},
		{"not evaluated", []string{"x a:", "x b: s"}, []string{"s 1 1 b"}, "1 1"},
		{"evaluated in one snapshot", []string{"x a:", "x a: s"}, []string{"s 1 1 a"}, "1 1"},
		{"a few of many", []string{"x a: s", "x b: s", "x c: s", "x d: s"},
			[]string{"s 4 4 a,b,c"}, "4 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q, sources := testInquiry(t, test.attributes...)
			r := &ranking{inquiry: q}
			r.find()
			r.describe(sources)
			r.sort()
			r.findExamples()
			if diff := cmp.Diff(test.want, r.told()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got := fmt.Sprint(r.known, " ", r.heldBack); got != test.sum {
				t.Errorf("got %s, want %s", got, test.sum)
			}
		})
	}
}

// TestRankingSums has one source whose size is not known, and one that none needs.
func TestRankingSums(t *testing.T) {
	q, sources := testInquiry(t, "x a: unknown one- held+ three")
	sources = append(sources, catalog.Source{ID: 5})
	sources[4].Name = "called"
	q.addUnneeded(sources)
	q.sources = append(q.sources, closure.Source{Missing: true, Bytes: 100})
	q.holdings = append(q.holdings, catalog.Holding{})
	r := &ranking{inquiry: q}
	r.find()
	r.describe(sources)
	r.sort()
	r.findExamples()
	want := []string{"one 1 0 a", "three 1 0 a", "unknown 1 0 a", "called 0 0 "}
	if got := r.told(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := sizeOfMissing(&r.total); got != "102 B and 1 of unknown size" || r.unneeded != 1 {
		t.Errorf("got %s, %d unneeded", got, r.unneeded)
	}
	l := r.lacks[0]
	if !l.lost || l.State != catalog.Missing || l.reason() != "gone from the disk" {
		t.Errorf("got %+v", l)
	}
}

func TestWrapWay(t *testing.T) {
	long := strings.Repeat("x", 60)
	for _, test := range []struct {
		names, want []string
	}{
		{[]string{"a", "b.tar"}, []string{"a -> b.tar"}},
		{[]string{"hello", long, "c.tar"}, []string{"hello -> " + long, "  -> c.tar"}},
		{[]string{long, long, long}, []string{long, "  -> " + long, "  -> " + long}},
		{[]string{strings.Repeat("x", 200)}, []string{strings.Repeat("x", 200)}},
	} {
		if got := wrapWay(test.names); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.names, got, test.want)
		}
	}
}
