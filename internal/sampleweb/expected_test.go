package sampleweb

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const sampleDir = "../../testdata/sample"

// expectation is what testdata/sample/expected.json holds: what a harvest with
// --sets haskellPackages and no fetcher's builder finds. The fields of its sources
// are those of `granary sources --json`, where a kind or reason of null is not
// promised, nor is the object of a checkout, which is compressed; and two more: neededBy has the attributes that are not buildable
// offline without the source, and builds tells whether the derivation's own
// builder gives it with the server for a proxy.
type expectation struct {
	Attrs   map[string]string `json:"attrs"` // "drv" or the kind of error
	Sources []struct {
		Name, OutPath string
	} `json:"sources"`
}

func readExpectation(t *testing.T) expectation {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(sampleDir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e expectation
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

// TestExpectedAttrs asks Nix itself for each attribute.
func TestExpectedAttrs(t *testing.T) {
	nix := newNix(t)
	got := map[string]string{}
	want := readExpectation(t).Attrs
	for path := range want {
		got[path] = nix.outcome(path)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("attributes of the sample (-want +got):\n%s", diff)
	}
}

// TestExpectedSources instantiates every attribute that evaluates and compares
// the fixed outputs in the .drv files.
func TestExpectedSources(t *testing.T) {
	nix := newNix(t)
	e := readExpectation(t)
	// In no attribute's closure, and needed to evaluate another one.
	instantiated := []string{"withHandbook.handbook"}
	for path, outcome := range e.Attrs {
		if outcome == "drv" {
			instantiated = append(instantiated, path)
		}
	}
	slices.Sort(instantiated)
	if _, stderr, err := nix.run("[ pkgs." + strings.Join(instantiated, " pkgs.") + " ]"); err != nil {
		t.Fatalf("instantiate: %v\n%s", err, stderr)
	}
	nix.outcome("importsDerivation")

	var want []string
	for _, source := range e.Sources {
		want = append(want, source.OutPath)
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, nix.fixedOutputs()); diff != "" {
		t.Errorf("sources of the sample (-want +got):\n%s", diff)
	}
}

// A nixRunner evaluates the sample with the Nix of this machine, with a store
// and a home of its own.
type nixRunner struct {
	t    *testing.T
	root string
	env  []string
}

func newNix(t *testing.T) *nixRunner {
	if _, err := exec.LookPath("nix-instantiate"); err != nil {
		t.Fatalf("the sample's tests need Nix (scripts/test installs it): %v", err)
	}
	root := t.TempDir()
	return &nixRunner{t: t, root: root, env: append(os.Environ(),
		"NIX_CONFIG=build-users-group =\nsubstituters =\nallow-import-from-derivation = false",
		"HOME="+root, "XDG_CACHE_HOME="+filepath.Join(root, "cache"), "NIX_PATH=")}
}

// run instantiates an expression in which pkgs is the sample.
func (n *nixRunner) run(expr string, args ...string) (stdout, stderr string, err error) {
	tree, err := filepath.Abs(sampleDir)
	if err != nil {
		n.t.Fatal(err)
	}
	args = append(args, "--store", n.root, "--expr",
		`let pkgs = import (/. + `+nixString(tree)+`) { }; in `+expr)
	cmd := exec.CommandContext(n.t.Context(), "nix-instantiate", args...)
	cmd.Env = n.env
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	return strings.TrimSpace(out.String()), problems.String(), err
}

// outcome returns "drv" or the kind of error that an attribute ends with.
func (n *nixRunner) outcome(path string) string {
	caught := `let t = builtins.tryEval pkgs.` + path + `.drvPath; in if t.success then "drv" else "throw"`
	stdout, stderr, err := n.run(caught, "--eval", "--read-write-mode")
	switch {
	case err == nil:
		return strings.Trim(stdout, `"`)
	case strings.Contains(stderr, "allow-import-from-derivation"):
		return "ifd"
	default:
		return "crash"
	}
}

var fixedOutput = regexp.MustCompile(`^Derive\(\[\("out","([^"]+)","[^"]+","[0-9a-f]+"\)\]`)

// fixedOutputs returns the paths of all fixed outputs in the store's .drv files.
func (n *nixRunner) fixedOutputs() []string {
	files, err := filepath.Glob(filepath.Join(n.root, "nix/store/*.drv"))
	if err != nil {
		n.t.Fatal(err)
	}
	found := map[string]bool{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			n.t.Fatal(err)
		}
		if match := fixedOutput.FindSubmatch(data); match != nil {
			found[string(match[1])] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// nixString returns s as a string in the Nix language.
func nixString(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`).Replace(s) + `"`
}
