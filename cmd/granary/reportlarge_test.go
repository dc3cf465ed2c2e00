package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/catalog"
	"granary/closure"
)

// largeReport is of a disk without a byte: 25,000 sources that 12,000 attributes need.
func largeReport() *report {
	const attributes = 12_000
	r := &report{
		ranking:   &ranking{inquiry: &inquiry{graph: new(catalog.Graph)}},
		snapshots: []catalog.Snapshot{{Name: "large", System: "x86_64-linux"}},
	}
	var nodes []int32
	for i := range 25_000 {
		r.addLargeSource(i)
		nodes = append(nodes, r.graph.Add(nil, int32(i)))
		if i%2 == 1 { // a package needs two sources of its own, and some packages
			needs := []int32{nodes[len(nodes)-2], nodes[len(nodes)-1]}
			for n := len(nodes) / 3; n > 0; n /= 5 {
				needs = append(needs, nodes[n])
			}
			nodes = append(nodes, r.graph.Add(needs, closure.None))
		}
	}
	for i := range attributes {
		at := catalog.Attribute{Snapshot: "large", System: "x86_64-linux"}
		at.Path = fmt.Sprintf("set%dPackages.package%d", i%97*(i%89)/50, i)
		r.attributes = append(r.attributes, at)
		r.graph.Roots = append(r.graph.Roots, nodes[len(nodes)-1-i*3])
	}
	r.graph.Derivations = make([]int64, r.graph.Len())
	r.reckon()
	return r
}

func (r *report) addLargeSource(i int) {
	s := catalog.Source{ID: int64(i + 1), State: catalog.Missing}
	s.Name = fmt.Sprintf("source-%d.tar.gz", i)
	s.OutPath = inventedPath(s.Name, i)
	s.Kind = granary.KindFetchurl
	s.URLs = []string{fmt.Sprintf("https://host%d.test/some/folder/%d/%s", i%500, i, s.Name)}
	if i%3 == 0 {
		s.State, s.Reason = catalog.Failed, "not found"
	}
	r.wanted = append(r.wanted, s)
	r.holdings = append(r.holdings, catalog.Holding{Bytes: int64(i)})
	r.sources = append(r.sources, closure.Source{Missing: true, Bytes: int64(i)})
	r.graph.Sources = append(r.graph.Sources, s.ID)
}

// TestReportLarge opens a report of the size of a real one, most of which is missing,
// and looks for a source and its users. It takes 0.5 s on a quiet machine.
func TestReportLarge(t *testing.T) {
	var page strings.Builder
	checkTest(t, largeReport().render(&page))
	file := filepath.Join(t.TempDir(), "large.html")
	checkTest(t, os.WriteFile(file, []byte(page.String()), 0o666))
	p := newTab(t, newBrowser(t), 1280)
	begin := time.Now()
	p.open(file)
	if got := evaluate[string](p, "document.documentElement.dataset.ready"); got != "yes" {
		t.Fatal("the page did not become ready")
	}
	opened := time.Since(begin)
	p.write("#missing-user", "set1Packages.*")
	if got := evaluate[int](p, "missing.pages.items.length"); got < 100 || got > 24_000 {
		t.Errorf("a package set lacks %d sources", got)
	}
	p.click("#missing-controls button[type=reset]")
	p.write("#missing-text", "source-24680")
	p.click("#missing-list .opens")
	if got := p.texts("#missing-list .opens"); len(got) != 1 || got[0] != "source-24680.tar.gz" {
		t.Errorf("found %q", got)
	}
	if rows := evaluate[int](p, "document.querySelectorAll('tr').length"); rows > 1000 {
		t.Errorf("%d rows are on the page at once", rows)
	}
	searched := time.Since(begin) - opened
	t.Logf("opened in %v, searched in %v", opened, searched)
	if most := 10 * time.Second; opened > most || searched > most {
		t.Errorf("it took %v to open, and %v to search", opened, searched)
	}
}
