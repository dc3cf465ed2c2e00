package fetch

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"granary"
	"granary/hashes"
)

// A nixStore is a store of its own for the real Nix, with some fixed outputs.
type nixStore struct {
	dir     string
	sources []granary.Source
}

func (n *nixStore) run(t *testing.T, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HOME="+n.dir, "XDG_CACHE_HOME="+n.dir,
		"NIX_CONFIG=build-users-group =\nsubstituters =\nexperimental-features = nix-command")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v: %s", program, args, err, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// newNixStore makes a store with a file, an executable file in both modes, a
// tree and a text, as Nix adds them.
func newNixStore(t *testing.T) *nixStore {
	t.Helper()
	n := &nixStore{dir: t.TempDir()}
	tree := filepath.Join(n.dir, "tree")
	write := func(name string, content []byte, mode os.FileMode) string {
		if err := os.WriteFile(filepath.Join(n.dir, name), content, mode); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(n.dir, name)
	}
	if err := os.Mkdir(tree, 0o777); err != nil {
		t.Fatal(err)
	}
	write("tree/x", noise(3000), 0o777)
	if err := os.Symlink("x", filepath.Join(tree, "link")); err != nil {
		t.Fatal(err)
	}
	flat := write("flat", noise(200_000), 0o666)
	zeros := write("zeros", make([]byte, 3<<20), 0o666) // compresses a thousand times
	executable := write("executable", noise(100), 0o777)
	empty := write("empty", nil, 0o666)
	n.add(t, hashes.Flat, hashes.SHA256, flat)
	n.add(t, hashes.Flat, hashes.SHA512, zeros)
	n.add(t, hashes.Flat, hashes.SHA1, executable)
	n.add(t, hashes.Flat, hashes.MD5, empty)
	n.add(t, hashes.Recursive, hashes.SHA256, tree)
	n.add(t, hashes.Recursive, hashes.SHA512, executable)
	n.add(t, hashes.Recursive, hashes.SHA1, zeros)
	text := n.run(t, "nix-instantiate", "--store", n.dir, "--eval",
		"--read-write-mode", "-E",
		`builtins.toFile "text" "some text\n"`)
	path, err := hashes.DefaultStoreDir.ParseStorePath(strings.Trim(text, `"`))
	if err != nil {
		t.Fatal(err)
	}
	sum := hashes.Sum(hashes.SHA256, []byte("some text\n"))
	n.sources = append(n.sources, granary.Source{
		Name: "text", OutPath: path, CA: hashes.ContentAddress{Mode: hashes.Text, Hash: sum},
	})
	return n
}

// add adds file, and the source that it is the output of, by Nix's own hash.
func (n *nixStore) add(t *testing.T, mode hashes.Mode, algo hashes.Algorithm, file string) {
	t.Helper()
	add := []string{"--store", n.dir, "--add-fixed", algo.String(), file}
	sum := []string{"--type", algo.String(), "--flat", file}
	if mode == hashes.Recursive {
		add = append([]string{"--recursive"}, add...)
		sum = []string{"--type", algo.String(), file}
	}
	path := n.run(t, "nix-store", add...)
	h, err := hashes.ParseDigest(algo, n.run(t, "nix-hash", sum...))
	if err != nil {
		t.Fatal(err)
	}
	s, err := granary.NewSource(filepath.Base(file), hashes.ContentAddress{Mode: mode, Hash: h})
	if err != nil || string(s.OutPath) != path {
		t.Fatalf("got %s, %v, want %s", s.OutPath, err, path)
	}
	n.sources = append(n.sources, s)
}

// copyTo makes a binary cache and returns its folder.
func (n *nixStore) copyTo(t *testing.T, compression string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a cache") // with a space in its name
	args := []string{"copy", "--from", n.dir, "--to",
		"file://" + strings.ReplaceAll(dir, " ", "%20") + "?compression=" + compression}
	for _, s := range n.sources {
		args = append(args, string(s.OutPath))
	}
	n.run(t, "nix", args...)
	if _, err := os.Stat(dir); err != nil { // Nix 2.8 does not undo %20
		dir = strings.ReplaceAll(dir, " ", "%20")
	}
	return dir
}

// Every kind of output comes from a cache that nix copy made, unsigned, in a
// folder and on the web.
func TestSubstituteFromNix(t *testing.T) {
	n := newNixStore(t)
	for _, compression := range []string{"xz", "zstd", "bzip2", "gzip", "none"} {
		dir := n.copyTo(t, compression)
		server := httptest.NewServer(http.FileServer(http.Dir(dir)))
		defer server.Close()
		folder := "file://" + strings.NewReplacer("%", "%25", " ", "%20").Replace(dir)
		for kind, url := range map[string]string{"file": folder, "http": server.URL} {
			t.Run(compression+"/"+kind, func(t *testing.T) { n.fetchFrom(t, url) })
		}
	}
}

func (n *nixStore) fetchFrom(t *testing.T, url string) {
	b := newRig(t, loopback(t))
	b.fetcher.Substituters = []string{url}
	if err := b.fetch(t.Context(), n.sources...); err != nil {
		t.Fatal(err)
	}
	if len(b.events) != len(n.sources) {
		t.Errorf("got %d events, want %d", len(b.events), len(n.sources))
	}
	for _, e := range b.events {
		if e.Kind != Held {
			t.Errorf("%s: got %+v", e.Source.OutPath, e)
			continue
		}
		n.checkHeld(t, b, e)
	}
	b.objects(t)
	if got := b.tmp(t); got != nil {
		t.Errorf("got %q in tmp", got)
	}
}

// checkHeld compares an object, by its recipe, with what Nix says.
func (n *nixStore) checkHeld(t *testing.T, b *rig, e Event) {
	t.Helper()
	object := b.fetcher.Disk.Path(e.Object.Hash)
	inStore := filepath.Join(n.dir, string(e.Source.OutPath))
	if isFile(e.Source.CA) {
		want, err := os.ReadFile(inStore)
		got, _ := os.ReadFile(object)
		if err != nil || !bytes.Equal(got, want) || e.Recipe != granary.RecipeFlat ||
			e.Object.Hash != e.Source.CA.Hash {
			t.Errorf("%s: got %d bytes, %v, by %s", e.Source.OutPath, len(got), err, e.Recipe)
		}
		return
	}
	restored := filepath.Join(t.TempDir(), "restored")
	cmd := exec.Command("sh", "-c",
		`case $(head -c 4 "$0" | od -An -tx1) in
			" fd 37 7a 58") xz -dc <"$0";; " 28 b5 2f fd") zstd -dc <"$0";;
			" 42 5a 68 "*) bzip2 -dc <"$0";; " 1f 8b "*) gzip -dc <"$0";; *) cat "$0"
		esac | nix-store --restore "$1"`, object, restored)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", e.Source.OutPath, err, out)
	}
	algo := e.Source.CA.Hash.Algorithm().String()
	got, want := n.run(t, "nix-hash", "--type", algo, restored), e.Source.CA.Hash.Base16()
	if got != want || e.Recipe != granary.RecipeNAR {
		t.Errorf("%s: got %s by %s, want %s", e.Source.OutPath, got, e.Recipe, want)
	}
}
