package eval

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

// library is what the expressions of these tests fetch.
const library = `{ name = "from-library"; }`

// nixHash returns the hash that Nix gives a file or folder, in SRI.
func nixHash(t *testing.T, file string, args ...string) string {
	t.Helper()
	program := exec.CommandContext(t.Context(), "nix-hash",
		slices.Concat(args, []string{"--type", "sha256", file})...)
	out, err := program.Output()
	check(t, err)
	h, err := hashes.ParseDigest(hashes.SHA256, strings.TrimSpace(string(out)))
	check(t, err)
	return h.SRI()
}

// shelf holds sources as a disk does: folders and files by their store paths.
type shelf struct {
	held  map[hashes.StorePath]string
	asked []string
}

func (s *shelf) make(_ context.Context, source granary.Source, path string) (bool, error) {
	s.asked = append(s.asked, source.Name)
	from, ok := s.held[source.OutPath]
	if !ok {
		return false, nil
	}
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		return true, os.CopyFS(path, os.DirFS(from))
	}
	text, err := os.ReadFile(from)
	if err != nil {
		return false, err
	}
	return true, os.WriteFile(path, text, 0o600)
}

// hold puts on the shelf whatever of f is in from, by the name of the source.
func (s *shelf) hold(f *findings, from map[string]string) {
	s.held = map[hashes.StorePath]string{}
	for _, source := range f.Fetches {
		if path, ok := from[source.Name]; ok {
			s.held[source.OutPath] = path
		}
	}
}

// fetchSet is a package set whose attributes fetch in every way, each the same
// library, as a file and as a folder. HASH and TREE stand for their hashes.
const fetchSet = `
  plain = package "plain";
  file = package (import (builtins.fetchurl { url = "http://x/lib.nix"; sha256 = "HASH"; })).name;
  underscored = package (import (__fetchurl {
    url = "http://x/a?b=1"; sha256 = "HASH"; name = "lib.nix";
  })).name;
  tarball = package (import (fetchTarball { url = "http://x/lib.tar.gz"; sha256 = "TREE"; })).name;
  named = package (import (builtins.fetchTarball {
    url = "http://x/n.tar.gz"; sha256 = "TREE"; name = "named";
  } + "/default.nix")).name;
  git = let g = builtins.fetchGit {
      url = "https://x/lib.git"; narHash = "TREE";
      rev = "0123456789012345678901234567890123456789";
    }; in package "${(import g).name}-${g.shortRev}";
  tree = let g = builtins.fetchTree {
      type = "github"; owner = "o"; repo = "r"; narHash = "TREE";
      rev = "0123456789012345678901234567890123456789";
    }; in derivation { name = "tree"; inherit system; builder = "/bin/sh"; src = g; };
  nested = { recurseForDerivations = true; inner = import ./nested.nix; other = package "other"; };
  caught = package (toString
    (builtins.tryEval (import (fetchTarball "http://x/none.tar.gz"))).success);
  loose = package (builtins.readFile (builtins.fetchurl "http://x/loose"));
  hg = package "${builtins.fetchMercurial "https://x/hg"}";
  here = package (import (builtins.fetchTarball "file:///nowhere/x.tar.gz"));`

func fetchTree(t *testing.T) (tree string, from map[string]string) {
	t.Helper()
	folder := writeTree(t, map[string]string{"default.nix": library})
	file := filepath.Join(folder, "default.nix")
	flat := nixHash(t, file, "--flat")
	recursive := nixHash(t, folder)
	tree = packageSet(t, strings.NewReplacer("HASH", flat, "TREE", recursive).Replace(fetchSet))
	check(t, os.WriteFile(filepath.Join(tree, "nested.nix"), []byte(
		`derivation { name = "inner"; builder = "/bin/sh"; system = "x";
		src = builtins.fetchurl { url = "http://x/lib.nix"; sha256 = "`+flat+`"; }; }`), 0o600))
	return tree, map[string]string{"lib.nix": file, "source": folder, "named": folder}
}

func TestFetches(t *testing.T) {
	tree, from := fetchTree(t)
	shelf := new(shelf)
	e := &Evaluator{Tree: tree, Held: shelf.make}
	f := evaluate(t, e).ok(t)
	want := map[string]string{
		"plain": "drv", "file": "crash", "underscored": "crash", "tarball": "crash",
		"named": "crash", "git": "crash", "tree": "crash", "nested.inner": "crash",
		"nested.other": "drv", "caught": "crash", "loose": "crash", "hg": "crash", "here": "crash",
	}
	if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
		t.Errorf("nothing held: attributes (-want +got):\n%s", diff)
	}
	checkFetches(t, f)
	shelf.hold(f, from)
	for _, path := range []string{"file", "underscored", "tarball", "named", "git", "tree",
		"nested.inner"} {
		want[path] = "drv"
	}
	for _, workers := range []int{1, 2} {
		e.Workers = workers
		f = evaluate(t, e).ok(t)
		if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
			t.Errorf("all held: attributes (-want +got):\n%s", diff)
			for _, a := range f.Attributes {
				t.Logf("%s: %s", a.Path, a.Error)
			}
		}
		for path, name := range map[string]string{
			"file": "from-library", "tarball": "from-library", "git": "from-library-0123456",
		} {
			if got := f.attribute(t, path).Name; got != name {
				t.Errorf("%s: got %s, want %s", path, got, name)
			}
		}
	}
}

func checkFetches(t *testing.T, f *findings) {
	t.Helper()
	var got []string
	for _, s := range f.Fetches {
		got = append(got, fmt.Sprint(s.Kind, " ", s.Name, " ", s.CA.Mode, " ", s.Recipe, " ",
			strings.Join(s.URLs, " "), " ", s.Rev))
	}
	slices.Sort(got)
	const rev = "0123456789012345678901234567890123456789"
	want := []string{
		"builtins.fetchGit source recursive checkout https://x/lib.git " + rev,
		"builtins.fetchTarball named recursive unpack http://x/n.tar.gz ",
		"builtins.fetchTarball source recursive unpack http://x/lib.tar.gz ",
		"builtins.fetchTree source recursive unpack https://github.com/o/r/archive/" + rev +
			".tar.gz " + rev,
		"builtins.fetchurl lib.nix flat flat http://x/a?b=1 ",
		"builtins.fetchurl lib.nix flat flat http://x/lib.nix ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("fetches (-want +got):\n%s", diff)
	}
	for path, want := range map[string]granary.Fetch{
		"file": {Kind: granary.KindEvalFetchurl, URL: "http://x/lib.nix"},
		"git":  {Kind: granary.KindEvalFetchGit, URL: "https://x/lib.git", Rev: rev},
		"tree": {
			Kind: granary.KindEvalFetchTree, Rev: rev,
			URL: "https://github.com/o/r/archive/" + rev + ".tar.gz",
		},
		"loose": {Kind: granary.KindEvalFetchurl, URL: "http://x/loose"},
		"hg":    {Kind: "builtins.fetchMercurial", URL: "https://x/hg"},
	} {
		a := f.attribute(t, path)
		if (a.Fetch.OutPath == "") != (path == "loose" || path == "hg") {
			t.Errorf("%s: got the output path %q", path, a.Fetch.OutPath)
		}
		a.Fetch.OutPath = ""
		if a.Fetch != want {
			t.Errorf("%s: got %+v, want %+v", path, a.Fetch, want)
		}
		text := "needs to download " + want.URL + " while it is evaluated"
		if path == "loose" || path == "hg" {
			text += ", and the expression names no hash"
		}
		if a.Error != text {
			t.Errorf("%s: got error %q, want %q", path, a.Error, text)
		}
	}
	if a := f.attribute(t, "here"); a.Fetch != (granary.Fetch{}) {
		t.Errorf("a file that is not there: got %+v", a)
	}
}

// TestFetchTheTree evaluates what must be fetched before anything is known.
func TestFetchTheTree(t *testing.T) {
	inner := packageSet(t, `a = package "a"; b = throw "b";
		c = package ("c" + builtins.readFile ./word);`)
	check(t, os.WriteFile(filepath.Join(inner, "word"), []byte("!"), 0o600))
	hash := nixHash(t, inner)
	git := `(builtins.fetchGit { url = "https://x/r"; narHash = "` + hash + `"; rev = "` +
		strings.Repeat("a", 40) + `"; })`
	tarball := `(fetchTarball { url = "http://x/t.tar.gz"; sha256 = "` + hash + `"; })`
	for _, row := range []struct {
		name, text string
		fetches    int
	}{
		{"a tarball", tarball, 1},
		{"a checkout", git, 1},
		{"both", `(builtins.seq (import ` + git + `) ` + tarball + `)`, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			expr := `import ` + row.text + ` {
				system = "` + system + `"; config = { }; overlays = [ ];
			}`
			e := &Evaluator{Subject: Subject{Expr: expr}, Workers: 2}
			f := evaluate(t, e)
			var blocked *BlockedError
			if !errors.As(f.err, &blocked) || blocked.Fetch.OutPath == "" || len(f.Fetches) != 1 {
				t.Fatalf("nothing held: got %v and %d fetches", f.err, len(f.Fetches))
			}
			shelf := new(shelf)
			shelf.hold(f, map[string]string{"source": inner})
			e.Held = shelf.make
			f = evaluate(t, e).ok(t)
			want := map[string]string{"a": "drv", "b": "throw", "c": "crash"}
			if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			if len(f.Fetches) != row.fetches {
				t.Errorf("got the fetches %v, want %d", f.Fetches, row.fetches)
			}
		})
	}
}
