package fetch

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"testing"
	"testing/synctest"
	"time"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// A vaultScript is what Software Heritage says of a tree.
type vaultScript struct {
	name   string
	rev    string
	lookup http.HandlerFunc
	vault  []http.HandlerFunc
	bundle http.HandlerFunc

	want  Reason // of the last attempt, "" if the source is held
	posts int
	polls int
	least time.Duration
}

const (
	vaultTree = "swh:1:dir:d198bc9d7a6bcf6db04f476d29314f157507d505"
	vaultPath = "swh.invalid/api/1/vault/flat/" + vaultTree + "/"
	vaultRev  = "aafb16d69fd30ff58afdd69036a26047213add10"
)

func vaultSays(status string) http.HandlerFunc {
	return badweb.Body(fmt.Appendf(nil, `{"id":42,"fetch_url":"https://elsewhere.invalid/",`+
		`"swhid":"%s","progress_message":"working","status":"%s"}`, vaultTree, status),
		"Content-Type", "application/json")
}

// TestVault gets a tree that is looked up by the hash of its NAR, or by its commit.
func TestVault(t *testing.T) {
	tar := tarball(t)
	bundle := badweb.Body(tar)
	byNAR := badweb.Body([]byte(`{"extid_type":"nar-sha256","target":"` + vaultTree + `"}`))
	byRev := badweb.Body([]byte(`{"id":"` + vaultRev + `","directory":"` + vaultTree[10:] + `"}`))
	pending := vaultSays("pending")
	scripts := []vaultScript{
		{"ready", "", byNAR, []http.HandlerFunc{vaultSays("done")}, bundle, "", 1, 0, 0},
		{"made", "", byNAR, []http.HandlerFunc{vaultSays("new"), pending, pending, vaultSays("done")},
			bundle, "", 1, 3, 70 * time.Second},
		{"by commit", vaultRev, byRev, []http.HandlerFunc{vaultSays("done")}, bundle, "", 1, 0, 0},
		{"busy", "", byNAR, []http.HandlerFunc{badweb.Status(503), vaultSays("done")}, bundle,
			"", 2, 0, time.Second},
		{"never made", "", byNAR, []http.HandlerFunc{pending}, bundle, ReasonNotFound, 1, vaultPolls,
			13 * time.Minute},
		{"failed", "", byNAR, []http.HandlerFunc{vaultSays("failed")}, bundle, ReasonStatus, 1, 0, 0},
		{"no JSON", "", byNAR, []http.HandlerFunc{badweb.HTML()}, bundle, ReasonHTML, 1, 0, 0},
		{"not cooked, and gone", "", byNAR, []http.HandlerFunc{badweb.Status(404)}, bundle,
			ReasonNotFound, 1, 0, 0},
		{"a file", "", badweb.Body([]byte(`{"target":"swh:1:cnt:` + vaultTree[10:] + `"}`)),
			nil, bundle, ReasonNotFound, 0, 0, 0},
		{"no place", "", badweb.Body([]byte(`{"target":"swh:1:dir:../../../etc/passwd"}`)),
			nil, bundle, ReasonNotFound, 0, 0, 0},
		{"another tree", "", byNAR, []http.HandlerFunc{vaultSays("done")},
			badweb.Body(otherTarball(t)), ReasonWrongHash, 1, 0, 0},
		{"no tarball", "", byNAR, []http.HandlerFunc{vaultSays("done")}, badweb.HTML(),
			ReasonHTML, 1, 0, 0},
	}
	for _, script := range scripts {
		t.Run(script.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { script.run(t, unpacked(t, tar, false)) })
		})
	}
}

func (v *vaultScript) run(t *testing.T, want hashes.Hash) {
	b := newArchiveRig(t, SoftwareHeritage)
	s := upstream(t, granary.RecipeUnpack, want)
	s.KeepRoot = true // the recipe is for upstream's archive
	lookup := "swh.invalid/api/1/extid/nar-sha256/hex:" + want.Base16() + "/"
	if v.rev != "" {
		s.URLs = []string{"http://upstream.invalid/archive/" + v.rev + ".tar.gz"}
		b.Handle(lookup, badweb.Status(404))
		lookup = "swh.invalid/api/1/revision/" + v.rev + "/"
	}
	b.Handle(lookup, v.lookup)
	b.Handle(vaultPath, v.vault...)
	b.Handle(vaultPath+"raw/", v.bundle)
	begin := time.Now()
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if v.want == "" {
		if last.Kind != Held || last.Recipe != granary.RecipeNAR || len(b.objects(t)) != 1 {
			t.Errorf("got %+v", last)
		}
	} else if got := last.Attempts[len(last.Attempts)-1].Reason; got != v.want ||
		last.Reason != ReasonNotFound || last.URL != s.URLs[0] || len(b.objects(t)) != 0 {
		t.Errorf("got %s, of the archive %s", last.Reason, got)
	}
	posts, polls := 0, 0
	for _, r := range b.Requests(vaultPath) {
		if r.Method == http.MethodPost {
			posts++
		} else {
			polls++
		}
	}
	if took := time.Since(begin); posts != v.posts || polls != v.polls || took < v.least {
		t.Errorf("got %d requests to make it, %d whether it is made, in %s; want %d, %d, %s",
			posts, polls, took, v.posts, v.polls, v.least)
	}
	if b.tmp(t) != nil {
		t.Errorf("got %q in tmp", b.tmp(t))
	}
}

// A checkout that no program makes here is there by its commit.
func TestVaultForCheckout(t *testing.T) {
	tar := tarball(t)
	b := newArchiveRig(t, SoftwareHeritage)
	s := upstream(t, granary.RecipeCheckout, unpacked(t, tar, false))
	s.Rev = vaultRev
	b.Handle("swh.invalid/api/1/revision/"+vaultRev+"/",
		badweb.Body([]byte(`{"directory":"`+vaultTree[10:]+`"}`)))
	b.Handle(vaultPath, vaultSays("done"))
	b.Handle(vaultPath+"raw/", badweb.Body(tar))
	if err := b.fetch(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	last, _ := b.last(t)
	if last.Kind != Held || last.Recipe != granary.RecipeNAR || b.tmp(t) != nil {
		t.Errorf("got %s, %v, %q in tmp", last.Kind, last.Attempts, b.tmp(t))
	}
	if got := b.objects(t); len(got) != 1 || got[0] != last.Object.Hash {
		t.Errorf("got objects %v", got)
	}
}

// otherTarball returns a tar archive, not compressed, of another tree.
func otherTarball(t *testing.T) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(tarball(t)))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(plain, []byte("#!/bin/sh\n"), []byte("#!/bin/zs\n"))
}

// While a tarball is made, its source takes no slot from others.
func TestVaultTakesNoSlot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newArchiveRig(t, SoftwareHeritage)
		b.fetcher.Jobs = 1
		s := upstream(t, granary.RecipeUnpack, hashes.Sum(hashes.SHA256, nil))
		b.Handle("swh.invalid/api/1/extid/nar-sha256/hex:"+s.CA.Hash.Base16()+"/",
			badweb.Body([]byte(`{"target":"`+vaultTree+`"}`)))
		b.Handle(vaultPath, vaultSays("pending"))
		sources, bodies := numbered(t, 1, "http://slow.invalid/%d")
		b.Handle("slow.invalid/0", badweb.Status(503, "Retry-After", "60"), badweb.File(bodies[0], ""))
		begin := time.Now()
		held := time.Duration(0)
		err := b.fetcher.Fetch(t.Context(), []granary.Source{s, sources[0]}, func(e Event) {
			if e.Kind == Held {
				held = time.Since(begin)
			}
		})
		if err != nil || held == 0 || held > 62*time.Second {
			t.Errorf("got %v, held after %s", err, held)
		}
	})
}

// Software Heritage says when its limit of requests is reset.
func TestHeritageRateLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newArchiveRig(t, SoftwareHeritage)
		body := []byte("hello")
		s := upstream(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, body))
		path := "swh.invalid/api/1/content/sha256:" + s.CA.Hash.Base16() + "/raw/"
		reset := fmt.Sprint(time.Now().Add(90 * time.Second).Unix())
		b.Handle(path, badweb.Status(429, "X-RateLimit-Limit", "120", "X-RateLimit-Remaining", "0",
			"X-RateLimit-Reset", reset), badweb.Body(body))
		begin := time.Now()
		if err := b.fetch(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		last, _ := b.last(t)
		took := time.Since(begin)
		if last.Kind != Held || took < 89*time.Second || took > 92*time.Second ||
			len(b.Requests(path)) != 2 {
			t.Errorf("got %s after %s, %d requests", last.Kind, took, len(b.Requests(path)))
		}
	})
}

func TestCommitOf(t *testing.T) {
	const rev = vaultRev
	tests := []struct {
		name   string
		recipe granary.Recipe
		rev    string
		what   granary.Checkout
		url    string
		want   string
	}{
		{"checkout", granary.RecipeCheckout, rev, granary.Checkout{}, "http://x/", rev},
		{"a tag", granary.RecipeCheckout, "v1", granary.Checkout{}, "http://x/", ""},
		{"half a commit", granary.RecipeCheckout, rev[:20], granary.Checkout{}, "http://x/", ""},
		{"submodules", granary.RecipeCheckout, rev, granary.Checkout{Submodules: true}, "http://x/", ""},
		{"a folder", granary.RecipeCheckout, rev, granary.Checkout{RootDir: "x"}, "http://x/", ""},
		{"sparse", granary.RecipeCheckout, rev, granary.Checkout{Sparse: "x"}, "http://x/", ""},
		{"LFS", granary.RecipeCheckout, rev, granary.Checkout{LFS: true}, "http://x/", ""},
		{"a forge's archive", granary.RecipeUnpack, "", granary.Checkout{},
			"https://github.com/o/r/archive/" + rev + ".tar.gz", rev},
		{"of a tag", granary.RecipeUnpack, "", granary.Checkout{},
			"https://github.com/o/r/archive/v1.tar.gz", ""},
		{"of cgit", granary.RecipeUnpack, "", granary.Checkout{},
			"https://x/snapshot/y-" + rev + ".tar.xz", rev},
		{"by a query", granary.RecipeUnpack, "", granary.Checkout{},
			"https://gitlab.com/api/v4/projects/o%2Fr/repository/archive.tar.gz?sha=" + rev, rev},
		{"a longer hash", granary.RecipeUnpack, "", granary.Checkout{}, "https://x/0" + rev, ""},
		{"built", "", rev, granary.Checkout{}, "https://x/archive/" + rev + ".tar.gz", ""},
	}
	for _, test := range tests {
		s := granary.Source{
			Recipe: test.recipe, Rev: test.rev, Checkout: test.what, URLs: []string{test.url},
		}
		if got := commitOf(&s); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// FuzzHeritageAnswer reads answers: what is taken for a tree can stand in a URL.
func FuzzHeritageAnswer(f *testing.F) {
	for _, text := range []string{
		`{"target":"` + vaultTree + `"}`, `{"directory":"` + vaultTree[10:] + `"}`,
		`{"directory":"../x"}`, `{"target":7}`, `{"status":"done"}`, `[]`, ``,
	} {
		f.Add([]byte(text))
	}
	safe := regexp.MustCompile(`^(swh:1:dir:[0-9a-f]{40})?$`)
	f.Fuzz(func(t *testing.T, text []byte) {
		var answer heritageAnswer
		if json.Unmarshal(text, &answer) == nil && !safe.MatchString(answer.tree()) {
			t.Errorf("%q: got %q", text, answer.tree())
		}
	})
}
