package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"granary"
	"granary/eval"
	"granary/hashes"
)

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
