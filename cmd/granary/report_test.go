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
	"granary/eval"
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

// missingIDs returns what the list of missing sources shows: paths, sorted.
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

// nasty are texts as a stranger may choose them.
var nasty = []string{
	"<script>fail()</script>", "</script><script>fail()</script>", `"onmouseover="fail()`, "'; fail(); '",
	"<!--<script>", "<img src=x onerror=fail()>", "\u202eevil\u2066", "nul\x00nul", "line\u2028sep",
	"&lt;b&gt;", "${fail()}`", "{{.Disk}}", "\xff\xfe",
}

// TestReportNastyNames has every text on the page come from somebody who means harm.
func TestReportNastyNames(t *testing.T) {
	m := nastyModel(t)
	m.record(t)
	file := m.report(t)
	browser := newBrowser(t)
	p := newTab(t, browser, 1280)
	p.open(file)
	for _, text := range nasty {
		shown := plain(text)
		path := eval.AttrPath{"set", text}.String()
		p.do(chromedp.SetValue(chromedp.CSS("#missing-text"), shown),
			chromedp.SendKeys(chromedp.CSS("#missing-text"), " "))
		p.click("#missing-list .opens")
		details := strings.Join(p.texts("#missing-list tr *"), "\n")
		for _, want := range []string{shown, "http://host.test/" + shown, plain(path)} {
			if !strings.Contains(details, want) {
				t.Errorf("details for %q lack %q:\n%s", text, want, details)
			}
		}
	}
	found := evaluate[[]string](p, `[...document.querySelectorAll('a[href]')].map((e) => e.protocol)
		.filter((protocol) => !['file:', 'http:', 'https:', 'ftp:'].includes(protocol))`)
	found = append(found, evaluate[[]string](p, `[...document.querySelectorAll('script, img, b b, [onmouseover]')]
		.map((e) => e.outerHTML.slice(0, 60)).filter((html) => !html.startsWith('<script'))`)...)
	scripts := evaluate[int](p, "document.scripts.length")
	if len(found) > 0 || scripts != 2 {
		t.Errorf("%d scripts on the page, want 2, and %q", scripts, found)
	}
}

// nastyModel is a disk with nothing but nasty texts.
func nastyModel(t *testing.T) *model {
	t.Helper()
	m := &model{dir: filepath.Join(t.TempDir(), "<b>disk</b>"), objects: map[hashes.Hash]bool{}}
	snapshot := &modelSnapshot{name: "<script>fail()</script>", system: "<b>system</b>"}
	for i, text := range nasty {
		plain, err := granary.NewSource(fmt.Sprint("source-", i),
			hashes.ContentAddress{Hash: hashes.Sum(hashes.SHA256, []byte(text))})
		checkTest(t, err)
		plain.Kind, plain.Message = "<b>kind</b>", text
		plain.URLs = []string{"http://host.test/" + text, "javascript:" + text, "data:text/html," + text}
		s := &modelSource{Source: plain, reason: "reason " + text}
		d := &modelDerivation{source: s, Derivation: &granary.Derivation{
			Path: inventedPath("d.drv", i), System: "x86_64-linux", Text: "text", Source: &s.Source,
			Outputs: []granary.Output{{Name: "out", Path: string(s.OutPath)}},
		}}
		a := &modelAttribute{snapshot: snapshot, root: d}
		a.Path, a.DrvPath, a.Name = eval.AttrPath{"set", text}.String(), d.Path, text
		m.sources = append(m.sources, s)
		snapshot.attributes = append(snapshot.attributes, a)
	}
	m.snapshots = []*modelSnapshot{snapshot}
	return m
}
