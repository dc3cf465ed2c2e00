package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// A syntheticRecorder records a synthetic package set as an evaluation would.
type syntheticRecorder struct {
	*synthetic
	r           *catalog.Recorder
	drvs        []hashes.StorePath // by package
	fetchers    []hashes.StorePath // by source; "" as long as there is none
	needed      []bool             // by package: another needs it
	rooted      float64            // share of these that have attributes
	derivations []*granary.Derivation
	attributes  []granary.Attribute
	calls       []granary.Source
}

const syntheticSystem = "x86_64-linux"

// recordSynthetic makes a disk with a catalog of one snapshot in dir.
func recordSynthetic(ctx context.Context, dir string, scale float64) error {
	if err := os.MkdirAll(filepath.Join(dir, "tmp"), 0o755); err != nil {
		return err
	}
	c, err := catalog.Open(ctx, filepath.Join(dir, "granary.db"))
	if err != nil {
		return err
	}
	defer c.Close()
	s := newSynthetic(scale)
	w := &syntheticRecorder{synthetic: s, fetchers: make([]hashes.StorePath, s.sources)}
	if w.r, err = c.Record(ctx); err != nil {
		return err
	}
	if err := w.record(ctx); err != nil {
		return err
	}
	_, err = w.r.Finish(ctx, catalog.Snapshot{
		Name: "base", Tree: "synthetic", Revision: fmt.Sprint(scale), System: syntheticSystem,
		Nix: "2.8.0", Evaluated: time.Unix(1_526_000_000, 0),
	})
	return err
}

func (w *syntheticRecorder) record(ctx context.Context) error {
	if err := w.r.AddMirrors(ctx, syntheticMirrors()); err != nil {
		return err
	}
	w.findNeeded()
	for i := range w.packages {
		w.addPackage(int32(i))
		if len(w.derivations) >= 500 {
			if err := w.flush(ctx); err != nil {
				return err
			}
		}
	}
	for i := range int(realCalls * w.scale) {
		w.calls = append(w.calls, newSource(w.sources+i))
	}
	for i := range int(realErrors * w.scale) {
		w.attributes = append(w.attributes, granary.Attribute{
			Path: fmt.Sprintf("broken%d", i), Kind: granary.ErrorThrow,
			Error: fmt.Sprintf("broken%d-1.0 is not supported on this system at all", i),
		})
	}
	return w.flush(ctx)
}

// findNeeded tells which packages others need, and how many of them are attributes, too.
func (w *syntheticRecorder) findNeeded() {
	w.needed = make([]bool, len(w.packages))
	n := 0
	for _, p := range w.packages {
		for _, input := range p.inputs {
			if !w.needed[input] {
				w.needed[input] = true
				n++
			}
		}
	}
	w.rooted = (realRoots*w.scale - float64(len(w.packages)-n)) / float64(n)
}

func (w *syntheticRecorder) flush(ctx context.Context) error {
	err := w.r.Add(ctx, w.derivations, w.attributes, w.calls)
	w.derivations, w.attributes, w.calls = w.derivations[:0], w.attributes[:0], w.calls[:0]
	return err
}

// addPackage adds a package after what fetches its sources, and its attributes.
func (w *syntheticRecorder) addPackage(i int32) {
	p := &w.packages[i]
	d := &granary.Derivation{System: syntheticSystem, Sources: w.inputSources()}
	for _, input := range p.inputs {
		d.Inputs = append(d.Inputs, needs(w.drvs[input]))
	}
	for _, source := range p.sources {
		if w.fetchers[source] == "" {
			w.addFetcher(i, source)
		}
		d.Inputs = append(d.Inputs, needs(w.fetchers[source]))
	}
	name := fmt.Sprintf("package%d-%d.%d", i, i%7, i%10)
	d.Path, d.Text = storePathOf(name+".drv"), w.text()
	for _, output := range []string{"dev", "out"}[w.random.IntN(2):] {
		d.Outputs = append(d.Outputs, granary.Output{
			Name: output, Path: string(storePathOf(name + "-" + output)),
		})
	}
	w.drvs = append(w.drvs, d.Path)
	w.derivations = append(w.derivations, d)
	w.addAttributes(i, name)
}

func needs(drv hashes.StorePath) granary.Input {
	return granary.Input{Path: drv, Outputs: []string{"out"}}
}

// addAttributes makes attributes of all packages that no other needs, and of some others.
func (w *syntheticRecorder) addAttributes(i int32, name string) {
	const attributesOfRoot = (realAttributes - realErrors) / float64(realRoots)
	if w.needed[i] && w.random.Float64() > w.rooted {
		return
	}
	path := fmt.Sprintf("package%d", i)
	if family := w.packages[i].family; family >= 0 {
		path = fmt.Sprintf("family%dPackages.package%d", family, i)
	}
	a := granary.Attribute{
		Path: path, DrvPath: w.drvs[i], Name: name, Unfree: w.random.IntN(40) == 0,
	}
	w.attributes = append(w.attributes, a)
	if w.random.Float64() < attributesOfRoot-1 {
		a.Path += "_again"
		w.attributes = append(w.attributes, a)
	}
}

// addFetcher adds the derivation that gives a source, and sometimes a second one.
func (w *syntheticRecorder) addFetcher(user, source int32) {
	s := newSource(int(source))
	w.calls = append(w.calls, s)
	n := 1
	if w.random.IntN(realSources) < realDerivers-realSources {
		n = 2
	}
	for i := range n {
		d := &granary.Derivation{
			Path:   storePathOf(fmt.Sprintf("%s-%d.drv", s.Name, i)),
			System: syntheticSystem, Source: &s, Text: w.text(),
			Outputs: []granary.Output{{
				Name: "out", Path: string(s.OutPath), HashAlgo: "sha256", Hash: s.CA.Hash.Base16(),
			}},
		}
		const curl, mirrorsList = core, core + 1
		if user > mirrorsList {
			for _, tool := range []int{core - 2, core - 1, curl, mirrorsList} {
				d.Inputs = append(d.Inputs, needs(w.drvs[tool]))
			}
		}
		w.fetchers[source] = d.Path
		w.derivations = append(w.derivations, d)
	}
}

// inputSources are builders' scripts and patches.
func (w *syntheticRecorder) inputSources() (all []string) {
	for range 1 + w.geometric(0.3) {
		n := w.early(int32(2180*w.scale)+1, 3)
		all = append(all, string(storePathOf(fmt.Sprintf("builder%d.sh", n))))
	}
	return all
}

// text stands for that of a derivation: it takes as much when it is packed.
func (w *syntheticRecorder) text() string {
	const letters = "0123456789abcdfghijklmnpqrsvwxyz"
	text := make([]byte, 480)
	for i := range text {
		text[i] = letters[w.random.IntN(len(letters))]
	}
	return string(text)
}

func storePathOf(name string) hashes.StorePath {
	sum := hashes.Sum(hashes.SHA256, []byte(name))
	return hashes.StorePath(string(hashes.DefaultStoreDir) + "/" + sum.NixBase32()[:32] + "-" + name)
}

// syntheticKinds are fetchers with the share of sources that they fetch, in percent.
var syntheticKinds = []struct {
	kind   granary.Kind
	share  int
	mode   hashes.Mode
	recipe granary.Recipe
}{
	{granary.KindFetchurl, 53, hashes.Flat, granary.RecipeFlat},
	{granary.KindTeXLive, 26, hashes.Recursive, granary.RecipeUnpack},
	{granary.KindFetchzip, 12, hashes.Recursive, granary.RecipeUnpack},
	{granary.KindFetchgit, 6, hashes.Recursive, granary.RecipeCheckout},
	{granary.KindFetchpatch, 2, hashes.Recursive, ""},
	{granary.KindOther, 1, hashes.Recursive, ""},
}

// newSource makes source number n.
func newSource(n int) granary.Source {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	at, share := 0, r.IntN(100)
	for share >= syntheticKinds[at].share {
		share -= syntheticKinds[at].share
		at++
	}
	kind := syntheticKinds[at]
	name := fmt.Sprintf("package%d-%d.%d.tar.gz", n, n%7, n%10)
	s, err := granary.NewSource(name, hashes.ContentAddress{
		Mode: kind.mode, Hash: hashes.Sum(hashes.SHA256, []byte(name)),
	})
	if err != nil {
		panic(err) // the name is a good one
	}
	s.Kind, s.Recipe, s.URLs = kind.kind, kind.recipe, syntheticURLs(r, name)
	if kind.recipe == granary.RecipeCheckout {
		s.Rev = s.CA.Hash.Base16()[:40]
	}
	return s
}

const (
	mirrorSites = 20
	hosts       = 4000
)

// syntheticURLs are up to four, at hosts some of which have much more than others.
func syntheticURLs(r *rand.Rand, name string) (urls []string) {
	for len(urls) == 0 || len(urls) < 4 && r.IntN(5) == 0 {
		n := hosts * r.Float64() * r.Float64() * r.Float64()
		host := fmt.Sprintf("https://host%d.example", int(n))
		if r.IntN(6) == 0 {
			host = fmt.Sprintf("mirror://site%d", r.IntN(mirrorSites))
		}
		urls = append(urls, fmt.Sprintf("%s/pub/%d/releases/download/%s", host, r.IntN(1000), name))
	}
	return urls
}

func syntheticMirrors() map[string][]string {
	all := map[string][]string{}
	for site := range mirrorSites {
		for i := range 6 {
			all[fmt.Sprintf("site%d", site)] = append(all[fmt.Sprintf("site%d", site)],
				fmt.Sprintf("https://mirror%d-%d.example/pub/", site, i))
		}
	}
	return all
}
