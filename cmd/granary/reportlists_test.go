package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/go-cmp/cmp"
)

// missingPaths returns what the list of missing sources has on all its pages, sorted.
func (p *tab) missingPaths() []string {
	p.t.Helper()
	return evaluate[[]string](p, "missing.pages.items.map((i) => sources.path[i]).sort()")
}

// missingOf returns the paths of the model's missing sources for which keep is true.
func (m *model) missingOf(keep func(*modelSource) bool) []string {
	paths := []string{}
	for _, s := range m.wanted() {
		if !m.holds(s) && keep(s) {
			paths = append(paths, s.OutPath.Base())
		}
	}
	slices.Sort(paths)
	return paths
}

// neededBy tells whether one of the attributes for which keep is true needs s.
func (m *model) neededBy(s *modelSource, keep func(*modelAttribute) bool) bool {
	return slices.ContainsFunc(m.attributes(keep), func(a *modelAttribute) bool {
		return slices.Contains(a.needs(false), s)
	})
}

// testChosenSet clicks on a package set, which both lists then keep to.
func testChosenSet(t *testing.T, m *model, p *tab) {
	inSet := func(a *modelAttribute) bool { return packageSet(a.Path) == "python3Packages" }
	p.click("#treemap [data-set=python3Packages]")
	want := m.missingOf(func(s *modelSource) bool { return m.neededBy(s, inSet) })
	if diff := cmp.Diff(want, p.missingPaths()); diff != "" || len(want) == 0 {
		t.Errorf("missing sources of the set (-want +got):\n%s", diff)
	}
	const listed = "attributeList.pages.items.length"
	if got := evaluate[int](p, listed); got != len(m.attributes(inSet)) {
		t.Errorf("%d attributes are listed, want %d", got, len(m.attributes(inSet)))
	}
	p.click("#set-chosen button")
	if got := evaluate[int](p, listed); got != len(m.attributes(nil)) {
		t.Errorf("of all sets: %d attributes are listed, want %d", got, len(m.attributes(nil)))
	}
	p.click("#sets [data-set=sets] button")
	if got := p.texts("#set-chosen b"); !strings.HasPrefix(got[0], "sets: ") {
		t.Errorf("chosen in the table: %q", got)
	}
}

// testReportSearch writes into the fields of the list of missing sources.
func testReportSearch(t *testing.T, m *model, p *tab) {
	for _, test := range []struct {
		name, field, text string
		keep              func(*modelSource) bool
	}{
		{"name", "text", "LIB-1", func(s *modelSource) bool { return strings.Contains(s.Name, "lib-1") }},
		{"host and reason", "text", "host1.test  wrong", func(s *modelSource) bool {
			return s.reason == "wrong hash" &&
				strings.Contains(strings.ToLower(strings.Join(s.URLs, " ")), "host1.test")
		}},
		{"nothing", "text", "no such source", func(*modelSource) bool { return false }},
		{"a set's users", "user", "python3Packages.*", func(s *modelSource) bool {
			return m.neededBy(s, func(a *modelAttribute) bool {
				return strings.HasPrefix(a.Path, "python3Packages.")
			})
		}},
		{"some users", "user", "a?", func(s *modelSource) bool {
			return m.neededBy(s, func(a *modelAttribute) bool { return len(a.Path) == 2 && a.Path[0] == 'a' })
		}},
	} {
		p.write("#missing-"+test.field, test.text)
		if diff := cmp.Diff(m.missingOf(test.keep), p.missingPaths()); diff != "" {
			t.Errorf("%s: sources found (-want +got):\n%s", test.name, diff)
		}
		p.checkRows("#missing-list .opens", "missing.pages.items.slice(0, 50).map(sourceName)")
		p.click("#missing-controls button[type=reset]")
		p.do(chromedp.WaitVisible(chromedp.CSS("#missing-list .opens")))
	}
}

// checkRows compares what is on the page with what the script means to show.
func (p *tab) checkRows(selector, expression string) {
	p.t.Helper()
	if diff := cmp.Diff(evaluate[[]string](p, expression), p.texts(selector)); diff != "" {
		p.t.Errorf("rows on the page (-want +got):\n%s", diff)
	}
}

// testReportDetails turns a page, and opens and closes a row.
func testReportDetails(t *testing.T, m *model, p *tab) {
	p.click("#missing-pages-above button:last-of-type")
	p.checkRows("#missing-list .opens", "missing.pages.items.slice(50, 100).map(sourceName)")
	p.click("#missing-pages-above button:first-of-type")
	name := p.texts("#missing-list .opens")[0]
	p.click("#missing-list .opens")
	details := strings.Join(p.texts("#missing-list .detail *"), "\n")
	first := evaluate[string](p, "'/nix/store/' + sources.path[0]")
	for _, want := range append(evaluate[[]string](p, "sources.urls[0]"), first, "Needed by", "more") {
		if !strings.Contains(details, want) {
			t.Errorf("details of %s lack %q:\n%s", name, want, details)
		}
	}
	way := p.texts("#missing-list .way")
	if len(way) != 1 || !strings.HasSuffix(way[0], " → "+name) {
		t.Errorf("way to %s: %q", name, way)
	}
	p.click("#missing-list .detail .names button")
	p.checkRows("#attributes-list .opens", "[attributeLabel(usersOf(0).users[0])]")
	p.click("#missing-list .opens")
	if got := p.texts("#missing-list .detail"); len(got) > 0 {
		t.Errorf("after another click: %q", got)
	}
}

// testFailureMatrix clicks on a number in the matrix, which is that of the list then.
func testFailureMatrix(t *testing.T, m *model, p *tab) {
	number := p.texts("#matrix tbody tr:nth-child(2) td:nth-of-type(1)")[0]
	host, reason := p.texts("#matrix tbody tr:nth-child(2) th")[0], p.texts("#matrix thead th")[1]
	p.click("#matrix tbody tr:nth-child(2) td:nth-of-type(1) button")
	got := evaluate[[][]string](p,
		"missing.pages.items.map((i) => [sourceText('host', i), sourceText('why', i)])")
	if thousands(len(got)) != number {
		t.Errorf("%d sources are listed, want %s", len(got), number)
	}
	for _, row := range got {
		if row[0] != strings.TrimSuffix(host, noHost) || row[1] != reason {
			t.Errorf("got %q, want %s and %s", row, host, reason)
		}
	}
}

// testReportAttributes looks for an attribute, and for what it lacks.
func testReportAttributes(t *testing.T, m *model, p *tab) {
	var a *modelAttribute
	for _, a = range m.attributes(func(a *modelAttribute) bool { return a.Kind == "" }) {
		if len(m.missing(a, false)) > 1 {
			break
		}
	}
	p.write("#attributes-text", strings.ToUpper(a.Path))
	p.do(chromedp.SetValue(chromedp.CSS("#attributes-verdict"), "no"))
	p.do(chromedp.SendKeys(chromedp.CSS("#attributes-text"), " "))
	if got := p.texts("#attributes-list .opens"); !slices.Contains(got, a.Path+" ("+a.snapshot.name+")") {
		t.Fatalf("%s (%s) is not among %q", a.Path, a.snapshot.name, got)
	}
	p.click("#attributes-list .opens")
	p.click("#attributes-list .detail .names button")
	path := evaluate[string](p, "attributes.path[attributeList.pages.items[0]]")
	name := evaluate[string](p, "data.snapshots[attributes.snapshot[attributeList.pages.items[0]]]")
	want := m.missingOf(func(s *modelSource) bool {
		return m.neededBy(s, func(a *modelAttribute) bool { return a.Path == path && a.snapshot.name == name })
	})
	if diff := cmp.Diff(want, p.missingPaths()); diff != "" {
		t.Errorf("what %s in %s lacks (-want +got):\n%s", path, name, diff)
	}
}
