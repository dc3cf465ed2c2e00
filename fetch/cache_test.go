package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"granary/hashes"
	"granary/internal/badweb"
)

// pathOf returns a store path with a digest of its own.
func pathOf(name string) hashes.StorePath {
	digest := hashes.Sum(hashes.SHA256, []byte(name)).NixBase32()[:32]
	return hashes.StorePath("/nix/store/" + digest + "-" + name)
}

// infoOf returns a narinfo of pathOf(name).
func infoOf(name string, references ...string) string {
	for i, reference := range references {
		references[i] = pathOf(reference).Base()
	}
	return fmt.Sprintf("StorePath: %s\nURL: nar/x\nNarHash: sha256:x\nNarSize: 5\nReferences: %s\n",
		pathOf(name), strings.Join(references, " "))
}

// lookup opens the caches and looks for the paths with these names. It returns the names
// of those found and of what they refer to.
func (b *rig) lookup(t *testing.T, names ...string) (map[string][]string, error) {
	t.Helper()
	c, err := b.fetcher.OpenCaches(t.Context())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	var paths []hashes.StorePath
	for _, name := range names {
		paths = append(paths, pathOf(name))
	}
	found, err := c.Lookup(t.Context(), paths)
	got := map[string][]string{}
	for path, references := range found {
		got[path.Name()] = []string{}
		for _, reference := range references {
			got[path.Name()] = append(got[path.Name()], reference.Name())
		}
	}
	return got, err
}

// TestLookup asks two caches and a folder.
func TestLookup(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	dir := t.TempDir()
	file := filepath.Join(dir, pathOf("c").Digest()+".narinfo")
	for path, text := range map[string]string{
		file: infoOf("c"), filepath.Join(dir, "nix-cache-info"): "StoreDir: /nix/store\n",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b.fetcher.Substituters = []string{goodCache, badCache, "file://" + dir}
	for cache, infos := range map[string]map[string]string{
		goodCache: {"a": infoOf("a", "a", "c", "d", "c")},
		badCache:  {"a": infoOf("a"), "b": infoOf("b", "a"), "e": infoOf("x")},
	} {
		host := strings.TrimPrefix(cache, "http://")
		b.Handle(host+"nix-cache-info", badweb.Body([]byte("StoreDir: /nix/store\nPriority: 30\n")))
		for name, text := range infos {
			b.Handle(host+pathOf(name).Digest()+".narinfo", badweb.Body([]byte(text)))
		}
		for _, miss := range []struct {
			name   string
			status int
		}{{"b", 403}, {"c", 404}, {"e", 410}, {"f", 404}} {
			if infos[miss.name] == "" {
				b.Handle(host+pathOf(miss.name).Digest()+".narinfo", badweb.Status(miss.status))
			}
		}
	}
	got, err := b.lookup(t, "a", "b", "c", "e", "f")
	want := map[string][]string{"a": {"c", "d"}, "b": {"a"}, "c": {}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got:\n%s", err, diff)
	}
	if n := b.Total("bad.invalid"); n != 5 { // not for a, which the first has
		t.Errorf("got %d requests at the second cache, want 5", n)
	}
}

// A cache that does not answer as one is not one that does not have a path.
func TestLookupFails(t *testing.T) {
	info := badweb.Body([]byte("StoreDir: /nix/store\n"))
	good := badweb.Body([]byte(infoOf("a")))
	tests := []struct {
		name     string
		greeting http.HandlerFunc
		answers  []http.HandlerFunc
		want     Reason // "": it is there
		asked    int
	}{
		{"good", info, []http.HandlerFunc{good}, "", 1},
		{"busy", info, []http.HandlerFunc{badweb.Status(503), badweb.Status(429), good}, "", 3},
		{"down", info, []http.HandlerFunc{badweb.Status(500)}, ReasonServerError, 4},
		{"password", info, []http.HandlerFunc{badweb.Status(401)}, ReasonUnauthorized, 1},
		{"not a narinfo", info, []http.HandlerFunc{badweb.Body([]byte("x"))}, ReasonBadNARInfo, 1},
		{"web page", info, []http.HandlerFunc{badweb.HTML()}, ReasonHTML, 1},
		{"corrupt", info, []http.HandlerFunc{
			badweb.Body([]byte(strings.ReplaceAll(infoOf("a"), "NarHash", "Nix"))),
		}, ReasonBadNARInfo, 1},
		{"hostile reference", info, []http.HandlerFunc{
			badweb.Body([]byte(infoOf("a") + "References: ../../etc\n")),
		}, ReasonBadNARInfo, 1},
		{"no cache", badweb.Status(404), nil, ReasonNotFound, 0},
		{"another store", badweb.Body([]byte("StoreDir: /gnu/store\n")), nil, ReasonBadNARInfo, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newRig(t, badweb.InMemory(t))
				b.fetcher.Substituters = []string{badCache}
				path := "bad.invalid/" + pathOf("a").Digest() + ".narinfo"
				b.Handle("bad.invalid/nix-cache-info", test.greeting)
				b.Handle(path, test.answers...)
				got, err := b.lookup(t, "a")
				var wrong *CacheError
				if errors.As(err, &wrong) && wrong.Reason != test.want ||
					(err == nil) != (test.want == "") || err == nil && len(got) != 1 {
					t.Errorf("got %v, %v, want %q", got, err, test.want)
				}
				if asked := len(b.Requests(path)); asked != test.asked {
					t.Errorf("asked %d times, want %d", asked, test.asked)
				}
			})
		})
	}
}

// TestLookupMany asks for more paths than there are slots, level by level.
func TestLookupMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newRig(t, badweb.InMemory(t))
		b.fetcher.Substituters = []string{badCache}
		b.Handle("bad.invalid/nix-cache-info", badweb.Body(nil))
		var paths []hashes.StorePath
		for i := range 200 {
			name := fmt.Sprint("p", i)
			paths = append(paths, pathOf(name))
			b.Handle("bad.invalid/"+pathOf(name).Digest()+".narinfo", badweb.Body([]byte(infoOf(name))))
		}
		c, err := b.fetcher.OpenCaches(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for level := range slices.Chunk(paths, 70) {
			found, err := c.Lookup(t.Context(), level)
			if err != nil || len(found) != len(level) {
				t.Fatalf("got %d of %d, %v", len(found), len(level), err)
			}
		}
		if got := b.Peak("bad.invalid"); got > 16 {
			t.Errorf("got %d requests at a time, want 16 at the most", got)
		}
	})
}

// TestLookupNoFolder names a folder that is not there.
func TestLookupNoFolder(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Substituters = []string{"file:///nowhere/at/all"}
	_, err := b.lookup(t, "a")
	want := "ask binary cache: file:///nowhere/at/all/nix-cache-info: unreachable " +
		"(stat /nowhere/at/all/: no such file or directory)"
	if fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
