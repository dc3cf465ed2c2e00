package main

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/catalog"
	"granary/hashes"
	"granary/internal/sampleweb"
)

// A sampleSet is the sample package set on a disk, with what Nix says of it.
type sampleSet struct {
	dir      string   // of the disk
	store    nixStore // with the .drv files of all attributes
	graph    nixGraph
	drvs     map[string]string // of the attributes that evaluate, by path
	held     []catalog.Source
	restored string // the folder with the outputs of those, see output

	generated string // the derivation that importsDerivation would have built
}

// newSampleSet harvests the sample and has Nix instantiate it.
func newSampleSet(t *testing.T) *sampleSet {
	t.Helper()
	offline(t)
	s := &sampleSet{dir: t.TempDir(), store: newNixStore(t), restored: t.TempDir()}
	s.harvest(t)
	s.instantiate(t)
	s.bundle(t)
	s.restore(t)
	return s
}

func (s *sampleSet) harvest(t *testing.T) {
	t.Helper()
	server := httptest.NewServer(sampleweb.Handler(filepath.Join(sampleDir, "files")))
	defer server.Close()
	cmd := exec.Command("granary", "harvest", sampleDir, "--sets", "haskellPackages",
		"--disk", s.dir)
	cmd.Env = append(os.Environ(), "http_proxy="+server.URL, "https_proxy="+server.URL,
		substitutersVar+"=")
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() != exitIncomplete {
		t.Fatalf("harvest the sample: %v\n%s", err, out)
	}
}

// bundle adds the bundle that a builder makes of a source, without a network.
func (s *sampleSet) bundle(t *testing.T) {
	t.Helper()
	s.restore(t)
	store := s.store.clone(t)
	s.seed(t, store, s.held)
	store.run(t, "nix-store", "--realise", s.drvs["stdenv"])
	for drv, path := range s.graph.fixed {
		if strings.HasSuffix(path, bundleName) {
			store.run(t, "nix-store", "--realise", drv)
			m := model{dir: s.dir}
			file := filepath.Join(t.TempDir(), bundleName)
			checkTest(t, exec.Command("cp", "-r", store.file(path), file).Run())
			if got := m.granary(t, "add", file); got.status != 0 {
				t.Fatalf("add %s: %s", bundleName, got.stderr)
			}
		}
	}
}

// The bundle is a source whose builder needs another one, and no network.
const (
	bundleName = "vendored-1.0-bundle"
	bundleFrom = "vendored-1.0.tar.gz"
)

// restore makes the outputs of all held sources.
func (s *sampleSet) restore(t *testing.T) {
	t.Helper()
	a := &app{diskDir: s.dir, stderr: t.Output(), stdout: t.Output()}
	checkTest(t, a.openForReading(t.Context()))
	defer a.close()
	all, err := a.catalog.Sources(t.Context())
	checkTest(t, err)
	s.held = slices.DeleteFunc(all, func(s catalog.Source) bool { return s.State != catalog.Held })
	for i := range s.held {
		path := s.output(&s.held[i])
		if _, err := os.Lstat(path); err == nil {
			continue
		}
		checkTest(t, os.Mkdir(filepath.Dir(path), 0o777))
		checkTest(t, a.makeOutput(t.Context(), &s.held[i], path))
	}
}

// makeOutput makes the output of a held source at path. Nix unpacks the NARs.
func (a *app) makeOutput(ctx context.Context, s *catalog.Source, path string) error {
	object, err := a.disk.OpenObject(s.Object)
	if err != nil {
		return err
	}
	defer object.Close()
	if s.HeldBy == granary.RecipeFlat || s.HeldBy == granary.RecipeExecutable {
		return writeFile(object, path, s.HeldBy == granary.RecipeExecutable)
	}
	var plain strings.Builder
	if err := writeNAR(ctx, &plain, s, object); err != nil {
		return err
	}
	restore := exec.CommandContext(ctx, "nix-store", "--restore", path)
	restore.Stdin = strings.NewReader(plain.String())
	return restore.Run()
}

// output is where a source's output is restored: alone in a folder, by its name.
func (s *sampleSet) output(source *catalog.Source) string {
	return filepath.Join(s.restored, source.OutPath.Base(), source.Name)
}

// seed brings sources into a store.
func (s *sampleSet) seed(t *testing.T, store nixStore, sources []catalog.Source) {
	t.Helper()
	groups := map[string][]string{} // by the arguments of nix-store
	want := map[string]bool{}
	for i := range sources {
		source := &sources[i]
		args := "--add-fixed " + source.CA.Hash.Algorithm().String()
		if source.CA.Mode == hashes.Recursive {
			args = "--add-fixed --recursive " + source.CA.Hash.Algorithm().String()
		}
		groups[args] = append(groups[args], s.output(source))
		want[string(source.OutPath)] = true
	}
	got := map[string]bool{}
	for args, files := range groups {
		out := store.run(t, "nix-store", slices.Concat(strings.Fields(args), files)...)
		for path := range strings.FieldsSeq(out) {
			got[path] = true
		}
	}
	compare(t, "what was seeded", want, got)
}

// keep returns a copy of the disk that holds these sources alone. Of the others, the
// catalog knows that some are not held, and the objects of some are gone.
func (s *sampleSet) keep(t *testing.T, keep func(*catalog.Source) bool) (*model, []catalog.Source) {
	t.Helper()
	m := &model{dir: filepath.Join(t.TempDir(), "disk")}
	checkTest(t, os.CopyFS(m.dir, os.DirFS(s.dir)))
	var kept []catalog.Source
	used := map[hashes.Hash]bool{}
	for i := range s.held {
		if keep(&s.held[i]) {
			kept = append(kept, s.held[i])
			used[s.held[i].Object] = true
		}
	}
	var failed []catalog.Outcome
	for i := range s.held {
		source := &s.held[i]
		switch {
		case keep(source):
		case used[source.Object] || i%2 == 0:
			failed = append(failed, catalog.Outcome{OutPath: source.OutPath, Reason: "not found"})
		default:
			_ = os.Remove(m.objectPath(source.Object)) // maybe it is gone already
		}
	}
	c := m.open(t)
	defer c.Close()
	checkTest(t, c.RecordOutcomes(t.Context(), failed))
	return m, kept
}
