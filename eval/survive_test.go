package eval

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What takes longer than the universe has time for, and next to no memory.
const endless = `
  endless =
    let
      loop = n: x:
        if n == 0 then x + 1
        else builtins.foldl' (x: _: loop (n - 1) x) x (builtins.genList (i: i) 1000);
    in
    package (toString (loop 9 0));`

// What takes some 3 GiB.
const hungry = `
  hungry = package (toString (builtins.length (builtins.genList (x: x) 100000000)));`

func TestSyntaxErrorThatBreaksOff(t *testing.T) {
	tree := packageSet(t, `
  a = package "a";
  broken = import ./ends.nix;
  c = package "c";
  d = { recurseForDerivations = true; inner = import ./ends.nix; other = package "other"; };
  e = package "e";`)
	check(t, os.WriteFile(filepath.Join(tree, "ends.nix"), []byte("{ x = "), 0o600))
	f := evaluate(t, &Evaluator{Tree: tree}).ok(t)
	want := map[string]string{
		"a": "drv", "broken": "crash", "c": "drv", "d.inner": "crash", "d.other": "drv", "e": "drv",
	}
	if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	for _, path := range []string{"broken", "d.inner"} {
		const message = "syntax error, unexpected end of file"
		if got := f.attribute(t, path).Error; got != message {
			t.Errorf("%s: got error %q, want %q", path, got, message)
		}
	}
}

func TestStackOverflow(t *testing.T) {
	f := evaluate(t, &Evaluator{Tree: packageSet(t, `
  a = package "a";
  b = let deeper = n: 1 + deeper (n + 1); in package (toString (deeper 0));
  c = package "c";`)}).ok(t)
	want := map[string]string{"a": "drv", "b": "crash", "c": "drv"}
	if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if got := f.attribute(t, "b").Error; !strings.Contains(got, "stack overflow") {
		t.Errorf("got error %q, want one of a stack overflow", got)
	}
}

func TestWorkerMemory(t *testing.T) {
	for _, workers := range []int{1, 2} {
		f := evaluate(t, &Evaluator{
			Tree: packageSet(t, `
  a = package "a";`+hungry+`
  i = { recurseForDerivations = true;`+hungry+` };
  j = package "j";`),
			Workers:      workers,
			WorkerMemory: 200 << 20,
		}).ok(t)
		want := map[string]string{"a": "drv", "hungry": "memory", "i.hungry": "memory", "j": "drv"}
		if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
			t.Errorf("attributes (-want +got):\n%s", diff)
		}
		const message = "evaluation took more memory than a worker may have"
		if got := f.attribute(t, "hungry").Error; got != message {
			t.Errorf("got error %q, want %q", got, message)
		}
	}
}

// TestWorkerMemoryOfMany fills a worker with attributes of which each alone
// has room enough, and does not give it back.
func TestWorkerMemoryOfMany(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system, config, overlays }:
builtins.listToAttrs (builtins.genList (n: {
  name = "p${toString n}";
  value =
    let
      kept = builtins.genList (x: x + n) 2000000;
      name = "p${toString n}-${toString (builtins.length kept)}";
    in
    derivation { inherit name system; builder = "/bin/sh"; } // { inherit kept; };
}) 8)`})
	f := evaluate(t, &Evaluator{Tree: tree, WorkerMemory: 250 << 20}).ok(t)
	for path, outcome := range f.outcomes(t) {
		if outcome != "drv" {
			t.Errorf("%s: %s", path, outcome)
		}
	}
	if len(f.Attributes) != 8 || f.PeakMemory < 250<<20 {
		t.Errorf("got %d attributes and a peak of %d bytes", len(f.Attributes), f.PeakMemory)
	}
}

func TestAttrTimeout(t *testing.T) {
	begin := time.Now()
	f := evaluate(t, &Evaluator{
		Tree:        packageSet(t, `a = package "a";`+endless+` z = package "z";`),
		AttrTimeout: 1500 * time.Millisecond,
	}).ok(t)
	want := map[string]string{"a": "drv", "endless": "timeout", "z": "drv"}
	if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	const message = "evaluation took longer than an attribute may take"
	if got := f.attribute(t, "endless").Error; got != message {
		t.Errorf("got error %q, want %q", got, message)
	}
	if took := time.Since(begin); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestManyDeaths evaluates 1,000 attributes, of which 100 end in an error that
// Nix cannot catch.
func TestManyDeaths(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system, config, overlays }:
builtins.listToAttrs (builtins.genList (n: {
  name = "p${toString n}";
  value = derivation {
    name = if builtins.match ".*7" (toString n) != null then { }.missing else "p${toString n}";
    inherit system;
    builder = "/bin/sh";
  };
}) 1000)`})
	f := evaluate(t, &Evaluator{Tree: tree, Workers: 2}).ok(t)
	got := f.outcomes(t)
	if len(got) != 1000 || f.Errors != 100 || len(f.Derivations) != 900 {
		t.Errorf("got %d attributes, %d errors, %d derivations", len(got), f.Errors,
			len(f.Derivations))
	}
	for n := range 1000 {
		want := "drv"
		if n%10 == 7 {
			want = "crash"
		}
		if path := fmt.Sprintf("p%d", n); got[path] != want {
			t.Errorf("%s: got %s, want %s", path, got[path], want)
		}
	}
}

// TestProcessDeaths evaluates attributes of which every fifth takes its
// process with it, and some do so while their licence is looked at.
func TestProcessDeaths(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system, config, overlays }:
let
  deeper = n: 1 + deeper (n + 1);
  package = n: derivation {
    name = "p${toString (if n == 2 || n == 7 then deeper 0 else n)}";
    inherit system;
    builder = "/bin/sh";
  };
in
builtins.listToAttrs (builtins.genList (n: {
  name = "p${toString n}";
  value = package n // { meta.license = if n == 4 then deeper 0 else [ ]; };
}) 10)`})
	f := evaluate(t, &Evaluator{Tree: tree, Workers: 2}).ok(t)
	for path, got := range f.outcomes(t) {
		want := "drv"
		if path == "p2" || path == "p7" {
			want = "crash"
		}
		if got != want {
			t.Errorf("%s: got %s, want %s", path, got, want)
		}
	}
	if len(f.Attributes) != 10 {
		t.Errorf("got %d attributes", len(f.Attributes))
	}
}
