package eval

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/hashes"
)

// expectation is what testdata/sample/expected.json promises of the sample;
// see internal/sampleweb.
type expectation struct {
	Attrs   map[string]string
	Sources []expectedSource
}

type expectedSource struct {
	Name, OutPath, Mode, Hash string
	Kind                      *string
	URLs                      []string
	InClosure                 bool
}

func readExpectation(t *testing.T) (e expectation) {
	t.Helper()
	text, err := os.ReadFile("../testdata/sample/expected.json")
	check(t, err)
	check(t, json.Unmarshal(text, &e))
	return e
}

func sampleTree(t *testing.T) string {
	t.Helper()
	tree, err := filepath.Abs("../testdata/sample")
	check(t, err)
	return tree
}

// evaluateSample harvests the sample as expected.json was made.
func evaluateSample(t *testing.T, workers int) *findings {
	t.Helper()
	return evaluate(t, &Evaluator{
		Tree:    sampleTree(t),
		Sets:    []AttrPath{{"haskellPackages"}},
		Workers: workers,
	}).ok(t)
}

// sources returns the sources found, each once, as expected.json has them:
// URLs of all derivations and calls together.
func (f *findings) sources() []expectedSource {
	found := map[hashes.StorePath]*expectedSource{}
	add := func(s granary.Source, inClosure bool) {
		source, ok := found[s.OutPath]
		if !ok {
			kind := string(s.Kind)
			source = &expectedSource{
				Name: s.Name, OutPath: string(s.OutPath), Mode: s.CA.Mode.String(),
				Hash: s.CA.Hash.SRI(),
				Kind: &kind,
			}
			found[s.OutPath] = source
		}
		source.InClosure = source.InClosure || inClosure
		source.URLs = append(source.URLs, s.URLs...)
		slices.Sort(source.URLs)
		source.URLs = slices.Compact(source.URLs)
	}
	for _, d := range f.Derivations {
		if d.Source != nil {
			add(*d.Source, true)
		}
	}
	for _, call := range f.Calls {
		add(call, false)
	}
	var all []expectedSource
	for _, path := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[path])
	}
	return all
}

// compareSources ignores the kinds that expected.json does not promise.
func compareSources(want, got []expectedSource) string {
	want = slices.SortedFunc(slices.Values(want), func(a, b expectedSource) int {
		return strings.Compare(a.OutPath, b.OutPath)
	})
	kind := cmp.Comparer(func(a, b *string) bool { return a == nil || b == nil || *a == *b })
	urls := cmpopts.SortSlices(strings.Compare)
	return cmp.Diff(want, got, kind, urls, cmpopts.EquateEmpty())
}

// TestSample evaluates the sample with one, two and four workers.
func TestSample(t *testing.T) {
	want := readExpectation(t)
	var first map[string]string
	for _, workers := range []int{1, 2, 4} {
		f := evaluateSample(t, workers)
		if diff := cmp.Diff(want.Attrs, f.outcomes(t)); diff != "" {
			t.Errorf("%d workers: attributes (-want +got):\n%s", workers, diff)
		}
		if diff := compareSources(want.Sources, f.sources()); diff != "" {
			t.Errorf("%d workers: sources (-want +got):\n%s", workers, diff)
		}
		if first == nil {
			first = f.drvPaths()
		}
		if diff := cmp.Diff(first, f.drvPaths()); diff != "" {
			t.Errorf("%d workers: derivations (-one worker +got):\n%s", workers, diff)
		}
		checkSummary(t, f)
	}
}

// checkSummary compares what an evaluation of the sample says of itself with
// what it recorded.
func checkSummary(t *testing.T, f *findings) {
	t.Helper()
	errors := 0
	for _, a := range f.Attributes {
		if a.Kind != "" {
			errors++
		}
	}
	got := f.Summary.Progress
	want := Progress{Attributes: len(f.Attributes), Errors: errors, Derivations: len(f.Derivations)}
	got.Current = ""
	if got != want {
		t.Errorf("summary: got %+v, want %+v", got, want)
	}
	if f.PeakMemory < 1<<20 {
		t.Errorf("the workers took %d bytes", f.PeakMemory)
	}
	mirrors := map[string][]string{
		"hashedMirrors": {"http://second.granary.test/hashed"},
		"sample": {"http://sample.granary.test/mirror/",
			"http://second.granary.test/mirror/"},
		"slashless": {"http://second.granary.test/slashless"},
	}
	if diff := cmp.Diff(mirrors, f.Mirrors); diff != "" {
		t.Errorf("mirrors (-want +got):\n%s", diff)
	}
}

// plainNix instantiates attributes of the sample with nix-instantiate and
// nothing of ours, and returns the .drv file of each and the store.
func plainNix(t *testing.T, attrs []string) (drvs map[string]string, store string) {
	t.Helper()
	store = t.TempDir()
	t.Cleanup(func() { removeAll(store) })
	expr := "let pkgs = import " + nixPath(sampleTree(t)) + " { system = " + nixString(system) +
		"; }; in {\n"
	for _, attr := range attrs {
		expr += nixString(attr) + " = pkgs." + attr + ".drvPath;\n"
	}
	cmd := exec.CommandContext(t.Context(), "nix-instantiate", "--store", store,
		"--eval", "--strict", "--json", "--read-write-mode", "--expr", expr+"}")
	cmd.Env = (&run{Evaluator: new(Evaluator)}).environment(t.TempDir())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("nix-instantiate: %v\n%s", err, &stderr)
	}
	check(t, json.Unmarshal(out, &drvs))
	return drvs, store
}

// TestPlainNix compares derivations with those that Nix gives without our
// overlay, and parses each .drv file that it writes.
func TestPlainNix(t *testing.T) {
	var attrs []string
	want := readExpectation(t)
	for path, outcome := range want.Attrs {
		if outcome == "drv" {
			attrs = append(attrs, path)
		}
	}
	drvs, store := plainNix(t, attrs)
	got := evaluateSample(t, 2).drvPaths()
	maps.DeleteFunc(got, func(_, drv string) bool { return drv == "" })
	if diff := cmp.Diff(drvs, got); diff != "" {
		t.Errorf("derivations (-plain Nix +got):\n%s", diff)
	}
	for _, drv := range storedDerivations(t, filepath.Join(store, "nix/store")) {
		d, err := ParseDerivation(drv.path, drv.text)
		check(t, err)
		if got := unparse(d); got != drv.text {
			t.Errorf("%s, printed again: got\n%s\nwant\n%s", drv.path, got, drv.text)
		}
		compareWithGoNix(t, d, drv.text)
	}
}

// TestKnown evaluates the sample again with all its derivations known, and
// with half of them.
func TestKnown(t *testing.T) {
	first := evaluateSample(t, 1)
	for _, known := range []int{len(first.Derivations), len(first.Derivations) / 2} {
		e := &Evaluator{Tree: sampleTree(t), Sets: []AttrPath{{"haskellPackages"}}, Workers: 2}
		for _, d := range first.Derivations[:known] {
			e.Known = append(e.Known, d.Path)
		}
		again := evaluate(t, e)
		check(t, again.err)
		if got, want := len(again.Derivations), len(first.Derivations)-known; got != want {
			t.Errorf("%d known: read %d derivations, want %d", known, got, want)
		}
		byPath := cmpopts.SortSlices(func(a, b granary.Attribute) bool { return a.Path < b.Path })
		if diff := cmp.Diff(first.Attributes, again.Attributes, byPath); diff != "" {
			t.Errorf("%d known: attributes (-first +again):\n%s", known, diff)
		}
	}
}
