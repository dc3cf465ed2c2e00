package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"granary"
	"granary/eval"
	"granary/hashes"
	"granary/internal/sampleweb"
)

// checkAnswers checks every query on the sample's disk as it is now, and the verdict on
// hello.
func (s *sampleSet) checkAnswers(t *testing.T, when string, buildable bool) {
	t.Helper()
	m := &model{dir: s.dir}
	if got := m.granary(t, "query", "buildable", "hello"); got.status != yesNo(buildable) {
		t.Fatalf("%s: query buildable hello: exit status %d: %s", when, got.status, got.stdout)
	}
	s.describe(t, m)
	checkReferences(t, m, rand.New(rand.NewPCG(1, 17)))
	if t.Failed() {
		t.Fatalf("that was %s", when)
	}
}

// program runs granary in a process of its own, whose proxy is at url.
func program(t *testing.T, url, dir string, want int, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "granary", append(args, "--disk", dir)...)
	cmd.Env = append(os.Environ(), "http_proxy="+url, "https_proxy="+url, substitutersVar+"=")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != want {
		t.Fatalf("granary %q: %v, want exit status %d\n%s", args, err, want, out)
	}
}

// TestAnswersAreNeverStale changes a disk in each way there is, and asks again.
func TestAnswersAreNeverStale(t *testing.T) {
	offline(t)
	var gone atomic.Bool
	sample := sampleweb.Handler(filepath.Join(sampleDir, "files"))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if gone.Load() {
			http.NotFound(w, r)
			return
		}
		sample.ServeHTTP(w, r)
	}))
	defer server.Close()
	s := &sampleSet{dir: t.TempDir(), store: newNixStore(t)}
	granary := func(want int, args ...string) {
		t.Helper()
		program(t, server.URL, s.dir, want, args...)
	}
	const name = "hello-2.10.tar.gz"

	granary(0, "eval", sampleDir, "--sets", "haskellPackages")
	s.instantiate(t)
	s.checkAnswers(t, "after an evaluation", false)
	granary(0, "fetch", "--only", "hello")
	s.checkAnswers(t, "after a fetch", true)
	s.removeObject(t, name)
	s.checkAnswers(t, "after an object was removed by hand", false)
	gone.Store(true)
	granary(exitIncomplete, "fetch", "--only", "hello")
	s.checkAnswers(t, "after a fetch that failed", false)
	granary(0, "add", filepath.Join(sampleDir, "files/sample", name))
	s.checkAnswers(t, "after a file was added", true)
	gone.Store(false)
	granary(exitIncomplete, "fetch")
	s.checkAnswers(t, "after a fetch of all", true)
	granary(0, "eval", sampleDir, "--sets", "haskellPackages", "--attr", "hello", "--snapshot", "one")
	got := (&model{dir: s.dir}).granary(t, "query", "buildable", "hello")
	if strings.Count(got.stdout, "yes") != 2 {
		t.Errorf("hello of two snapshots: %s", got.stdout)
	}
}

// removeObject removes the object of the source of that name.
func (s *sampleSet) removeObject(t *testing.T, name string) {
	t.Helper()
	m := &model{dir: s.dir}
	c := m.open(t)
	defer c.Close()
	for _, source := range m.describeSources(t, c) {
		if source.Name == name {
			checkTest(t, os.Remove(m.objectPath(source.object)))
		}
	}
}

// A gate lets through as many requests as it was given leave for.
type gate chan struct{}

func (g gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-g:
		fmt.Fprint(w, filepath.Base(r.URL.Path))
	case <-r.Context().Done():
	}
}

// TestReadersBesideAWriter asks while another granary fetches: counts only ever grow.
func TestReadersBesideAWriter(t *testing.T) {
	const sources = 200
	leave := make(gate, sources)
	server := httptest.NewServer(leave)
	defer server.Close()
	m := flatModel(t, sources)
	fetch := exec.CommandContext(t.Context(), "granary", "fetch", "--disk", m.dir, "--jobs", "20",
		"--jobs-per-host", "20", "--no-substituters", "--rewrite", "http://host.test/="+server.URL+"/")
	var problems strings.Builder
	fetch.Stderr = &problems
	checkTest(t, fetch.Start())
	ended := make(chan error, 1)
	go func() { ended <- fetch.Wait() }()
	for range sources / 2 {
		leave <- struct{}{}
	}
	held := 0
	for held == 0 && len(ended) == 0 { // it is recorded some time after it was fetched
		held = m.heldNow(t, held)
	}
	for range sources / 2 {
		leave <- struct{}{}
		held = m.heldNow(t, held)
	}
	if err := <-ended; err != nil {
		t.Fatalf("granary fetch: %v\n%s", err, &problems)
	}
	if held = m.heldNow(t, held); held != sources {
		t.Errorf("%d sources are held in the end, want %d", held, sources)
	}
}

// flatModel records a disk with so many sources, each that of one attribute, whose
// bytes are their names.
func flatModel(t *testing.T, n int) *model {
	t.Helper()
	m := &model{dir: t.TempDir()}
	snapshot := &modelSnapshot{name: "flat", system: "x86_64-linux"}
	m.snapshots = []*modelSnapshot{snapshot}
	r := &modelMaker{m: m}
	for i := range n {
		name := fmt.Sprintf("file-%03d", i)
		plain, err := granary.NewSource(name, hashes.ContentAddress{
			Mode: hashes.Flat, Hash: hashes.Sum(hashes.SHA256, []byte(name))})
		checkTest(t, err)
		plain.URLs, plain.Kind = []string{"http://host.test/" + name}, granary.KindFetchurl
		plain.Recipe = granary.RecipeFlat
		d := &modelDerivation{source: &modelSource{Source: plain}}
		d.Derivation = r.derivation(d, name, i)
		a := &modelAttribute{snapshot: snapshot, root: d}
		a.Path, a.DrvPath, a.Name = eval.AttrPath{name}.String(), d.Path, name
		snapshot.attributes = append(snapshot.attributes, a)
	}
	m.record(t)
	return m
}

// heldNow returns how many sources are held, by each query that says it, and checks that
// these are not fewer than before. The one that is asked later may know of more.
func (m *model) heldNow(t *testing.T, before int) int {
	t.Helper()
	last := before
	lines, _ := jsonLines[wantBuildable](t, m, "query", "buildable")
	held := 0
	for i := range lines {
		held += lines[i].Needs - lines[i].Missing
	}
	status, _ := jsonLines[struct{ Held, Missing, Failed int }](t, m, "status")
	for _, n := range []int{held, status[0].Held} {
		if n < last {
			t.Fatalf("%d sources are held, and were %d before", n, last)
		}
		last = n
	}
	return last
}
