package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A nixStore is a Nix store in a folder of its own, whose programs run in mounts of
// their own, in which the folder nix in it is /nix, and with no network at all.
type nixStore struct{ root string }

func newNixStore(t *testing.T) nixStore {
	t.Helper()
	s := nixStore{t.TempDir()}
	checkTest(t, os.Mkdir(filepath.Join(s.root, "nix"), 0o755))
	t.Cleanup(func() { // what is in a store is read-only
		_ = exec.Command("chmod", "-R", "u+w", s.root).Run()
	})
	return s
}

// file returns where a store path is.
func (s nixStore) file(path string) string { return filepath.Join(s.root, path) }

// offline keeps Nix within the test.
func offline(t *testing.T) {
	t.Helper()
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CACHE_HOME": filepath.Join(home, "cache"), "NIX_REMOTE": "", "NIX_PATH": "",
		"NIX_CONFIG": "build-users-group =\nsandbox = false\nsubstitute = false\n" +
			"substituters =\ndownload-attempts = 1\nfsync-metadata = false\nmax-jobs = 2",
	} {
		t.Setenv(name, value)
	}
}

// clone returns a store with the same in it.
func (s nixStore) clone(t *testing.T) nixStore {
	t.Helper()
	other := newNixStore(t)
	if out, err := exec.Command("cp", "-a", s.root+"/.", other.root).CombinedOutput(); err != nil {
		t.Fatalf("copy a store: %v\n%s", err, out)
	}
	return other
}

// try runs a program of Nix.
func (s nixStore) try(
	t *testing.T, program string, args ...string,
) (stdout, stderr string, err error) {
	t.Helper()
	flags := append(strings.Fields(unshare()), "--net", "sh", "-c",
		`mount --bind "$0" /nix && exec "$@"`, s.file("nix"), program)
	cmd := exec.CommandContext(t.Context(), "unshare", append(flags, args...)...)
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	return strings.TrimSpace(out.String()), problems.String(), err
}

// run runs a program of Nix that must do what it is told.
func (s nixStore) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, problems, err := s.try(t, program, args...)
	if err != nil {
		t.Fatalf("%s %.300q: %v\n%s", program, args, err, problems)
	}
	return out
}

// invalid returns those of the paths that are not valid.
func (s nixStore) invalid(t *testing.T, paths []string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	args := append([]string{"--check-validity", "--print-invalid"}, paths...)
	for path := range strings.FieldsSeq(s.run(t, "nix-store", args...)) {
		found[path] = true
	}
	return found
}

// A nixGraph is what the .drv files in a store say, as Nix and a look at them tell it.
type nixGraph struct {
	inputs  map[string][]string // derivations, by derivation
	outputs map[string][]string // paths, by derivation
	out     map[string]string   // the path of the output out, by derivation
	fixed   map[string]string   // the one output of each fixed-output derivation
}

var (
	graphEdge = regexp.MustCompile(`(?m)^"([^"]+\.drv)" -> "([^"]+\.drv)"`)
	drvHead   = regexp.MustCompile(`^Derive\(\[(.*?\))\],\[`)
	drvOutput = regexp.MustCompile(`\("([^"]*)","([^"]*)","([^"]*)","([^"]*)"\)`)
)

// readGraph reads what derivations need.
func (s nixStore) readGraph(t *testing.T, drvs []string) nixGraph {
	t.Helper()
	g := nixGraph{
		map[string][]string{}, map[string][]string{}, map[string]string{}, map[string]string{},
	}
	text := s.run(t, "nix-store", append([]string{"--query", "--graph"}, drvs...)...)
	for _, edge := range graphEdge.FindAllStringSubmatch(text, -1) {
		input, user := "/nix/store/"+edge[1], "/nix/store/"+edge[2]
		g.inputs[user] = append(g.inputs[user], input)
	}
	files, err := filepath.Glob(s.file("nix/store/*.drv"))
	checkTest(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		checkTest(t, err)
		drv := "/nix/store/" + filepath.Base(file)
		for _, output := range drvOutput.FindAllStringSubmatch(drvHead.FindString(string(text)), -1) {
			g.outputs[drv] = append(g.outputs[drv], output[2])
			if output[1] == "out" {
				g.out[drv] = output[2]
			}
			if output[4] != "" {
				g.fixed[drv] = output[2]
			}
		}
	}
	return g
}

// requisites returns the derivations that drv is built with, itself among them.
func (g *nixGraph) requisites(drv string) []string {
	all, seen := []string{drv}, map[string]bool{drv: true}
	for i := 0; i < len(all); i++ {
		for _, input := range g.inputs[all[i]] {
			if !seen[input] {
				seen[input] = true
				all = append(all, input)
			}
		}
	}
	return all
}
