package eval

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"granary"
	"granary/hashes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const system = "x86_64-linux"

// findings are all that an evaluation handed to record, and how it ended.
type findings struct {
	Batch
	Summary
	err error
}

// evaluate runs e with scratch folders of its own, and checks that it leaves
// neither them nor processes behind.
func evaluate(t *testing.T, e *Evaluator) *findings {
	t.Helper()
	f := new(findings)
	f.run(t.Context(), t, e, func(b Batch) error {
		f.Derivations = append(f.Derivations, b.Derivations...)
		f.Attributes = append(f.Attributes, b.Attributes...)
		f.Calls = append(f.Calls, b.Calls...)
		f.Fetches = append(f.Fetches, b.Fetches...)
		if b.Mirrors != nil {
			f.Mirrors = b.Mirrors
		}
		return nil
	})
	return f
}

func (f *findings) run(ctx context.Context, t *testing.T, e *Evaluator, record func(Batch) error) {
	t.Helper()
	e.Scratch = t.TempDir()
	if e.System == "" {
		e.System = system
	}
	if e.Workers == 0 {
		e.Workers = 1
	}
	e.Log = slog.New(slog.DiscardHandler)
	f.Summary, f.err = e.Run(ctx, record)
	left, err := os.ReadDir(e.Scratch)
	check(t, err)
	if len(left) > 0 {
		t.Errorf("evaluation left %v in its scratch folder", left)
	}
	if pids := children(t); len(pids) > 0 {
		t.Errorf("evaluation left processes: %v", pids)
	}
}

// children returns the processes that this one started and that still are.
func children(t *testing.T) (found []string) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	check(t, err)
	for _, name := range stats {
		text, _ := os.ReadFile(name)
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) > 1 && fields[1] == strconv.Itoa(os.Getpid()) {
			found = append(found, string(text))
		}
	}
	return found
}

// ok fails the test if the evaluation ended with an error.
func (f *findings) ok(t *testing.T) *findings {
	t.Helper()
	check(t, f.err)
	f.checkOrder(t)
	return f
}

// checkOrder checks what Batch promises: derivations come once, after their
// inputs.
func (f *findings) checkOrder(t *testing.T) {
	t.Helper()
	seen := map[hashes.StorePath]bool{}
	for _, d := range f.Derivations {
		if seen[d.Path] {
			t.Errorf("%s came twice", d.Path)
		}
		seen[d.Path] = true
		for _, in := range d.Inputs {
			if !seen[in.Path] {
				t.Errorf("%s came before its input %s", d.Path, in.Path)
			}
		}
	}
}

// outcomes returns "drv" or the kind of error for each attribute.
func (f *findings) outcomes(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, a := range f.Attributes {
		if _, ok := all[a.Path]; ok {
			t.Errorf("attribute %s came twice", a.Path)
		}
		all[a.Path] = string(a.Kind)
		if a.Kind == "" {
			all[a.Path] = "drv"
		}
		if (a.Kind == "") != (a.DrvPath != "") || a.Kind == "" && a.Error != "" {
			t.Errorf("attribute %s is neither error nor derivation, or both: %+v", a.Path, a)
		}
	}
	return all
}

// attribute returns the attribute at path.
func (f *findings) attribute(t *testing.T, path string) granary.Attribute {
	t.Helper()
	i := slices.IndexFunc(f.Attributes, func(a granary.Attribute) bool { return a.Path == path })
	if i < 0 {
		t.Fatalf("attribute %s was not found", path)
	}
	return f.Attributes[i]
}

// drvPaths returns the derivation of each attribute.
func (f *findings) drvPaths() map[string]string {
	all := map[string]string{}
	for _, a := range f.Attributes {
		all[a.Path] = string(a.DrvPath)
	}
	return all
}

// writeTree writes files into a folder and returns it.
func writeTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		check(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	return dir
}

// packageSet returns a tree of one file: a package set of attributes, in
// which `package NAME` is a derivation.
func packageSet(t *testing.T, attributes string) string {
	t.Helper()
	return writeTree(t, map[string]string{"default.nix": `{ system, config, overlays }:
let
  package = name: derivation { inherit name system; builder = "/bin/sh"; };
in
{
` + attributes + "\n}\n"})
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
