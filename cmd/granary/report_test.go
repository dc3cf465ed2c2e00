package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

// call calls a command of Chromium's protocol.
func call[P, R any](p *tab, command cdp.Command[P, R], params P) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, command, params)
	checkTest(p.t, err)
}

// evaluate returns the value of an expression in the page.
func evaluate[T any](p *tab, expression string) T {
	p.t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		p.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// texts returns what stands in the elements that match a selector.
func (p *tab) texts(selector string) []string {
	p.t.Helper()
	return evaluate[[]string](p, "[...document.querySelectorAll(`"+selector+"`)].map((e) => e.textContent)")
}

// report writes a report, and returns its file.
func (m *model) report(t *testing.T, args ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.html")
	if r := m.granary(t, append([]string{"report", file}, args...)...); r.status != 0 {
		t.Fatalf("exit status %d: %s", r.status, r.stderr)
	}
	return file
}

// objects returns the objects that a command prints.
func objects[T any](t *testing.T, stdout string) (all []T) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var object T
		checkTest(t, json.Unmarshal([]byte(line), &object))
		all = append(all, object)
	}
	return all
}

// TestReport opens reports of made-up disks in a browser.
func TestReport(t *testing.T) {
	browser := newBrowser(t)
	m := reportModel(t)
	m.record(t)
	file := m.report(t)
	open := func(t *testing.T) *tab {
		p := newTab(t, browser, 1280)
		p.open(file)
		return p
	}
	t.Run("numbers", func(t *testing.T) { testReportNumbers(t, m, open(t)) })
	t.Run("graph", func(t *testing.T) { testReportGraph(t, m, open(t)) })
	t.Run("treemap", func(t *testing.T) { testTreemap(t, open(t)) })
	t.Run("keys", func(t *testing.T) { testTreemapKeys(t, open(t)) })
	t.Run("package set", func(t *testing.T) { testChosenSet(t, m, open(t)) })
	t.Run("search", func(t *testing.T) { testReportSearch(t, m, open(t)) })
	t.Run("details", func(t *testing.T) { testReportDetails(t, m, open(t)) })
	t.Run("failures", func(t *testing.T) { testFailureMatrix(t, m, open(t)) })
	t.Run("attributes", func(t *testing.T) { testReportAttributes(t, m, open(t)) })
	t.Run("without a script", func(t *testing.T) {
		p := newTab(t, browser, 1280)
		call(p, emulation.SetScriptExecutionDisabled,
			emulation.SetScriptExecutionDisabledParams{Value: true})
		p.open(file)
		testWithoutScript(t, m, p)
	})
	t.Run("one source, which is held", func(t *testing.T) {
		ca := hashes.ContentAddress{Hash: hashes.Sum(hashes.SHA256, []byte("file"))}
		plain, err := granary.NewSource("file", ca)
		checkTest(t, err)
		s := &modelSource{Source: plain, imported: true, object: ca.Hash, size: 4}
		one := &model{
			dir: t.TempDir(), sources: []*modelSource{s}, objects: map[hashes.Hash]bool{ca.Hash: true},
		}
		one.record(t)
		p := newTab(t, browser, 1280)
		p.open(one.report(t))
		if got := p.texts("#missing-summary"); got[0] != "None: every source is held." {
			t.Errorf("missing sources: %q", got)
		}
	})
	for _, width := range []int64{360, 1280} {
		t.Run(fmt.Sprint(width, " pixels"), func(t *testing.T) {
			p := newTab(t, browser, width)
			p.open(file)
			testOverflow(t, p)
		})
	}
}

// reportModel makes up a disk of which there is something in each part of the page, and
// more than is shown without a script in the list of what is missing.
func reportModel(t *testing.T) *model {
	t.Helper()
	dir := t.TempDir()
	for seed := range uint64(200) {
		m := randomModel(dir, seed, modelSize{sources: 1200, derivations: 1500, attributes: 300})
		if len(m.snapshots) < 2 || m.notHeld() < 400 {
			continue // it takes no time to see that
		}
		lost := slices.ContainsFunc(m.wanted(), func(s *modelSource) bool {
			return !s.object.IsZero() && !m.holds(s)
		})
		if lost && len(m.missingOf(func(*modelSource) bool { return true })) > 200 {
			return m
		}
	}
	t.Fatal("no made-up disk has all of it")
	return nil
}

// notHeld counts the sources that are not on the disk, wanted or not.
func (m *model) notHeld() (n int) {
	for _, s := range m.sources {
		if !m.holds(s) {
			n++
		}
	}
	return n
}

// testReportNumbers compares the page's numbers with those of other commands.
func testReportNumbers(t *testing.T, m *model, p *tab) {
	st := objects[struct{ Sources, Held, Missing, Failed, Lost int }](t,
		m.granary(t, "status", "--json").stdout)[0]
	var v verdicts
	for _, line := range objects[buildableLine](t, m.granary(t, "query", "buildable", "--json").stdout) {
		switch {
		case line.ErrorKind != nil:
			v.Failed++
		case line.Buildable:
			v.Yes++
		default:
			v.No++
		}
	}
	want := []string{
		thousands(v.Yes), thousands(v.No), thousands(v.Failed),
		thousands(st.Held), thousands(st.Missing), thousands(st.Failed),
		thousands(st.Sources), thousands(st.Failed),
	}
	got := p.texts(`#yes, #no, #unevaluated, #held, #untried, #failed,
		#sources tfoot td:nth-of-type(2), #matrix tfoot td:last-of-type`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
	if got, want := evaluate[int](p, "sourceCount"), st.Missing+st.Failed; got != want || st.Lost == 0 {
		t.Errorf("%d sources are missing, want %d, with %d lost", got, want, st.Lost)
	}
	ranked := objects[missingLine](t, m.granary(t, "query", "missing", "--json").stdout)
	wantRows := make([][]string, len(ranked))
	for i, line := range ranked {
		size := "?"
		if line.Bytes != nil {
			size = bytes(*line.Bytes)
		}
		wantRows[i] = []string{line.Name, thousands(line.Users), thousands(line.Unlocks), size}
	}
	gotRows := evaluate[[][]string](p, `sources.path.map((path, i) => [sourceName(i),
		thousands(sources.users[i]), thousands(sources.unlocks[i]), formatBytes(sources.bytes[i])])`)
	if diff := cmp.Diff(wantRows, gotRows); diff != "" {
		t.Errorf("query missing and the page (-want +got):\n%s", diff)
	}
}

// testReportGraph has the script follow each source to the attributes that need it,
// each of these to what it lacks, and looks at the ways between.
func testReportGraph(t *testing.T, m *model, p *tab) {
	want := map[string][]string{}
	for _, s := range m.wanted() {
		if !m.holds(s) {
			want[s.OutPath.Base()] = []string{}
		}
	}
	for _, a := range m.attributes(nil) {
		for _, s := range m.missing(a, false) {
			path := s.OutPath.Base()
			want[path] = append(want[path], a.Path+" ("+a.snapshot.name+")")
		}
	}
	for _, users := range want {
		slices.Sort(users)
	}
	got := evaluate[map[string][]string](p, `Object.fromEntries(sources.path.map((path, i) =>
		[path, usersOf(i).users.map(attributeLabel).sort()]))`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("users of missing sources (-want +got):\n%s", diff)
	}
	if wrong := evaluate[[]string](p, wrongWays); len(wrong) > 0 {
		t.Errorf("ways that do not begin with the attribute or do not end with the source: %q", wrong)
	}
	counted := evaluate[[]int](p, `attributes.path.map((path, i) => sourcesOf([i]).reduce((a, b) => a + b, 0))`)
	if diff := cmp.Diff(evaluate[[]int](p, "attributes.missing"), counted); diff != "" {
		t.Errorf("missing sources of attributes (-want +got):\n%s", diff)
	}
}

const wrongWays = `sources.path.flatMap((path, i) => {
	const { users, way } = usersOf(i);
	return users.map((user) => [user, way(user)]).filter(([user, names]) =>
		names[0] !== attributes.path[user] || names.includes('') ||
		names.length > 1 && names.at(-1) !== sourceName(i)).map(([user, names]) => names.join(' '));
})`

// An area is one of the treemap's, in pixels.
type area struct {
	Set, Class          string
	Size, Pressed       int
	X, Y, Width, Height float64
}

const treemapAreas = `[...treemap.children].map((e) => {
	const r = e.getBoundingClientRect();
	return { set: e.dataset.set, class: e.className, size: Number(e.dataset.size),
		x: r.x, y: r.y, width: r.width, height: r.height };
})`

// testTreemap compares the areas with the table of package sets.
func testTreemap(t *testing.T, p *tab) {
	areas := evaluate[[]area](p, treemapAreas)
	whole := evaluate[area](p, `(() => { const r = treemap.getBoundingClientRect();
		return { x: r.x, y: r.y, width: r.width, height: r.height }; })()`)
	all := evaluate[float64](p, "attributeCount")
	rows := p.texts("#sets tbody th")
	sum := 0.0
	for i, a := range areas {
		sum += a.Width * a.Height
		share := a.Width * a.Height / (whole.Width * whole.Height)
		if math.Abs(share-float64(a.Size)/all) > 0.002 {
			t.Errorf("%s: %.4f of the area for %d of %.0f attributes", a.Set, share, a.Size, all)
		}
		if a.X < whole.X-1 || a.X+a.Width > whole.X+whole.Width+1 ||
			a.Y < whole.Y-1 || a.Y+a.Height > whole.Y+whole.Height+1 {
			t.Errorf("%s is not within the treemap: %+v", a.Set, a)
		}
		for _, b := range areas[:i] {
			if math.Min(a.X+a.Width, b.X+b.Width)-math.Max(a.X, b.X) > 1 &&
				math.Min(a.Y+a.Height, b.Y+b.Height)-math.Max(a.Y, b.Y) > 1 {
				t.Errorf("%s covers %s", a.Set, b.Set)
			}
		}
		if !slices.Contains(rows, a.Set) {
			t.Errorf("%s is not in the table", a.Set)
		}
	}
	if len(areas) != len(rows) || len(areas) < 3 {
		t.Errorf("%d areas for %d package sets", len(areas), len(rows))
	}
	if whole := whole.Width * whole.Height; math.Abs(sum-whole) > whole/100 {
		t.Errorf("the areas cover %.0f of %.0f", sum, whole)
	}
	classes := evaluate[[]string](p, `[[0, 5], [1, 9], [5, 15], [10, 10], [3, 1], [99, 1], [7, 0], [0, 0]]
		.map(([yes, no]) => shareClass({ yes, no }))`)
	want := []string{"share-0", "share-1", "share-2", "share-3", "share-4", "share-4", "share-5", "share-none"}
	if diff := cmp.Diff(want, classes); diff != "" {
		t.Errorf("colours (-want +got):\n%s", diff)
	}
}

// testTreemapKeys goes through the treemap with the keyboard alone.
func testTreemapKeys(t *testing.T, p *tab) {
	sets := evaluate[[]string](p, "[...treemap.children].map((e) => e.dataset.set)")
	p.do(chromedp.Focus(chromedp.CSS("#treemap button[tabindex='0']")))
	for _, step := range []struct{ key, want string }{
		{kb.ArrowRight, sets[1]}, {kb.ArrowDown, sets[2]}, {kb.ArrowLeft, sets[1]},
		{kb.End, sets[len(sets)-1]}, {kb.ArrowRight, sets[len(sets)-1]}, {kb.Home, sets[0]},
		{kb.ArrowUp, sets[0]}, {kb.ArrowRight, sets[1]},
	} {
		p.do(chromedp.KeyEvent(step.key))
		if got := evaluate[string](p, "document.activeElement.dataset.set"); got != step.want {
			t.Errorf("after %q: got %s, want %s", step.key, got, step.want)
		}
	}
	p.do(chromedp.KeyEvent(kb.Enter))
	pressed := p.texts("#treemap button[aria-pressed='true']:focus + *")
	if chosen := p.texts("#set-chosen b"); len(pressed) != 1 || !strings.HasPrefix(chosen[0], sets[1]) {
		t.Errorf("chosen: got %q, want %s, which keeps the focus", chosen, sets[1])
	}
	if got := evaluate[int](p, "treemap.querySelectorAll('[tabindex=\"0\"]').length"); got != 1 {
		t.Errorf("%d areas are reached with the Tab key, want 1", got)
	}
}

// testWithoutScript reads what the page has to say without its script.
func testWithoutScript(t *testing.T, m *model, p *tab) {
	var html string
	html, err := chromedp.Run(p.ctx, chromedp.Text(chromedp.CSS("body")))
	checkTest(t, err)
	for _, want := range []string{
		"Buildable offline", "python3Packages", "fetchurl", "not found", "Host1.test",
		"The first 200 of", "granary query missing", "export GRANARY_DISK=" + m.dir,
	} {
		if !strings.Contains(strings.ToLower(html), strings.ToLower(want)) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(html, "Search") {
		t.Error("the page has a search that does nothing")
	}
}

// testOverflow opens what there is to open, and looks whether the page is then wider
// than the window.
func testOverflow(t *testing.T, p *tab) {
	p.click("#missing-list .opens")
	p.click("#attributes-list .opens")
	p.click("#treemap button")
	widths := evaluate[[]int](p, "[document.documentElement.scrollWidth, innerWidth]")
	if widths[0] > widths[1] {
		wide := evaluate[[]string](p, "[...document.querySelectorAll('main *')].filter((e) => "+
			"e.getBoundingClientRect().right > innerWidth).map((e) => e.outerHTML.slice(0, 80))")
		t.Errorf("the page is %d wide in a window of %d: %.5q", widths[0], widths[1], wide)
	}
}
