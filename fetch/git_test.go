package fetch

import (
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"granary"
)

// freeAddress returns an address on loopback at which nobody listens.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func awaitServer(t testing.TB, address string) {
	t.Helper()
	for range 1000 {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("no server at %s", address)
}

// gitRepositories makes repo.git, with submodules in it and in one of them. Its
// branch master has a commit after that which file "middle" names.
const gitRepositories = `
git init -q -b master nested; cd nested
echo nested > n; git add .; git commit -qm nested; cd ..
git clone -q --bare nested nested.git
git init -q -b master sub; cd sub
echo sub > s; ln -s s l; git add .; git commit -qm old; git rev-parse HEAD > ../old
git -c protocol.file.allow=always submodule -q add ../nested.git deep/nested
git commit -qam sub; cd ..
git clone -q --bare sub sub.git
git init -q -b master repo; cd repo
git remote add origin ../repo.git
printf 'one\ntwo\n' | tee plain windows.crlf > /dev/null
echo '$Id$' > some.id; echo '$Format:%H %s$' > some.subst; echo no > ignored
printf 'e\xc3\xa9' > latin; echo b > smudged
printf 'latin working-tree-encoding=iso-8859-1\nsmudged filter=none\n' > src.attributes
printf '*.crlf text eol=crlf\n*.id ident\n*.subst export-subst\nignored export-ignore\n' \
    | cat src.attributes - > .gitattributes; rm src.attributes
printf '#!/bin/sh\n' > tool; chmod +x tool
ln -s plain link; ln -s /etc/passwd absolute; ln -s ../../.. up; ln -s nowhere dangling
mkdir -p src/deep docs; echo s > src/s; echo d > src/deep/d; echo doc > docs/doc
echo odd > $'odd \xff\x01"\\name'; : > empty
echo long > $(printf 'l%.0s' $(seq 200)); mkdir -p $(printf 'd%.0s' $(seq 120))
echo x > $(printf 'd%.0s' $(seq 120))/$(printf 'f%.0s' $(seq 120))
git add .; git commit -qm first; git tag v1.0
git submodule -q add ../sub.git sub; git submodule -q add ../sub.git pinned
git -C pinned checkout -q $(cat ../old); git add pinned; git commit -qm submodule
git rev-parse HEAD > ../middle; echo 2 > plain; git commit -qam 2; git tag -a v2.0 -m annotated
git checkout -q -b feature; echo f > f; git add .; git commit -qm feature
git checkout -q master; git rm -q docs/doc; echo last > last; git add .; git commit -qm last
git rev-parse HEAD > ../tip; git rev-parse HEAD^{tree} > ../tree; cd ..
git clone -q --bare repo repo.git; git -C repo.git config uploadpack.allowFilter true`

// plainCheckout makes the folder "want" of the revision.
func (s *shed) plainCheckout(t testing.TB, rev string, submodules bool) {
	t.Helper()
	update := ""
	if submodules {
		update = "git -c protocol.file.allow=always submodule -q update --init --recursive"
	}
	s.sh(t, "rm -rf want; git clone -q -n repo.git want; cd want; git checkout -q "+rev+
		"\n"+update+"\ncd ..; find want -name .git -print0 | xargs -0 rm -rf")
}

func newGitShed(t testing.TB) *shed {
	t.Helper()
	s := newShed(t)
	s.sh(t, gitRepositories)
	return s
}

func TestGitRevisions(t *testing.T) {
	t.Parallel()
	s := newGitShed(t)
	middle := s.sh(t, "cat middle")
	servers := map[string]string{
		"smart":    serve(t, s.gitHTTP(t)),
		"refusing": serve(t, withoutVersion2(s.gitHTTP(t))),
		"dumb":     serve(t, http.FileServer(http.Dir(s.dir))),
		"daemon":   s.gitDaemon(t),
	}
	s.sh(t, "for r in *.git; do git -C $r update-server-info; git -C $r repack -qad; done")
	revisions := map[string]string{
		"hash": middle, "short": middle[:9], "tag": "v1.0", "annotated": "v2.0", "branch": "feature",
		"ref": "refs/heads/feature", "tag ref": "refs/tags/v2.0", "none": "",
		"tag object": s.sh(t, "git -C repo rev-parse v2.0"),
	}
	hard := []string{"hash", "short", "annotated", "tag object"}
	for name, rev := range revisions {
		local := rev
		if strings.HasSuffix(rev, "feature") {
			local = "origin/feature"
		}
		submodules := name == "hash"
		s.plainCheckout(t, local, submodules)
		for server, url := range servers {
			if server != "smart" && !slices.Contains(hard, name) {
				continue
			}
			t.Run(server+"/"+name, func(t *testing.T) {
				source := s.source(t, granary.KindFetchgit, rev, url+"/repo.git", "want")
				source.Checkout.Submodules = submodules
				held := s.mustHold(t, source)
				if len(held.Attempts) != 1 && !strings.HasPrefix(url, "git:") {
					t.Errorf("got %d attempts, want 1", len(held.Attempts))
				}
			})
		}
	}
}

// withoutVersion2 makes a git server one that gives only what a reference names.
func withoutVersion2(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Git-Protocol")
		next.ServeHTTP(w, r)
	})
}

func (s *shed) gitDaemon(t testing.TB) string {
	t.Helper()
	address := freeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	s.start(t, address, "git", "daemon", "--export-all", "--base-path=.", "--reuseaddr",
		"--listen="+host, "--port="+port)
	return "git://" + address
}

func TestGitTrees(t *testing.T) {
	t.Parallel()
	s := newGitShed(t)
	url := serve(t, s.gitHTTP(t)) + "/repo.git"
	tip := s.sh(t, "cat tip")
	tests := []struct {
		name     string
		want     string // makes the folder want from the work tree of a clone
		rev      string
		checkout granary.Checkout
	}{
		{"no submodules", "", tip, granary.Checkout{}},
		{"a tree", "", s.sh(t, "cat tree"), granary.Checkout{}},
		{"cone", "git sparse-checkout set --cone src/deep", tip,
			granary.Checkout{Sparse: "src/deep"}},
		{"no cone", "git sparse-checkout set --no-cone src plain", tip,
			granary.Checkout{Sparse: "src\nplain", NoCone: true}},
		{"root", "mv src .git; rm -rf ./* .gitmodules .gitattributes; mv .git/src/* .", tip,
			granary.Checkout{Sparse: "src", NoCone: true, RootDir: "src"}},
		{"root in submodule",
			"git -c protocol.file.allow=always submodule -q update --init --recursive\n" +
				"mkdir .git/x; cp -a sub/deep/. .git/x; " +
				"rm -rf ./* .gitmodules .gitattributes; mv .git/x/* .", tip,
			granary.Checkout{Submodules: true, RootDir: "/sub/deep/"}},
		{"archive", "", tip, granary.Checkout{Archive: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.sh(t, "rm -rf want; git clone -q repo.git want; cd want; "+test.want+
				"\nfind . -name .git -print0 | xargs -0 rm -rf")
			if test.checkout.Archive {
				s.sh(t, "rm -rf want; mkdir want; git -C repo.git archive "+tip+" | tar x -C want")
			}
			source := s.source(t, granary.KindFetchgit, test.rev, url, "want")
			source.Checkout = test.checkout
			s.mustHold(t, source)
		})
	}
}

// A root folder lies in the repository.
func TestGitRoots(t *testing.T) {
	t.Parallel()
	s := newGitShed(t)
	url := serve(t, s.gitHTTP(t)) + "/repo.git"
	s.sh(t, "mkdir want")
	for _, root := range []string{"none", "plain", "absolute", "up", "../home", "src/../../home"} {
		t.Run(root, func(t *testing.T) {
			source := s.source(t, granary.KindFetchgit, "HEAD", url, "want")
			source.Checkout.RootDir = root
			s.mustFail(t, source, ReasonNotFound)
		})
	}
}

// What Nix itself fetches during an evaluation, and what newer ones do, which
// take files as they are in the repository.
func TestGitAsNixFetches(t *testing.T) {
	t.Parallel()
	s := newGitShed(t)
	url := serve(t, s.gitHTTP(t)) + "/repo.git"
	tip := s.sh(t, "cat tip")
	s.sh(t, `export NIX_STORE_DIR=$PWD/n/store NIX_STATE_DIR=$PWD/n/var NIX_LOG_DIR=$PWD/n/log
export NIX_LOCALSTATE_DIR=$PWD/n/var XDG_CACHE_HOME=$PWD/cache NIX_CONFIG="build-users-group ="
fetch() {
    nix-instantiate --eval --json -E "(builtins.fetchGit {
        url = \"`+url+`\"; rev = \"`+tip+`\"; submodules = $1; }).outPath" 2> nix.log | tr -d '"'
}
cp -a $(fetch false) nix; cp -a $(fetch true) nixsub; chmod -R u+w nix nixsub`)
	s.plainCheckout(t, "master", true)
	s.sh(t, rawTrees)
	for _, want := range []string{"nix", "raw", "ignoring", "nixsub", "rawsub"} {
		for _, kind := range []granary.Kind{granary.KindEvalFetchGit, granary.KindFlakeInput} {
			submodules := strings.HasSuffix(want, "sub")
			if submodules && kind == granary.KindEvalFetchGit {
				continue // is as the other
			}
			t.Run(want+"/"+string(kind), func(t *testing.T) {
				source := s.source(t, kind, tip, "git+"+url, want)
				source.Checkout.Submodules = submodules
				s.mustHold(t, source)
			})
		}
	}
}

// rawTrees makes the folder "raw" of what is in the repository's commit, without
// what git does to files, "ignoring" without what is ignored in archives, and
// "rawsub" with submodules.
const rawTrees = `
mkdir raw; cd repo
git ls-files -z | while read -rd '' f; do
    mkdir -p ../raw/"$(dirname "$f")"
    if [ -L "$f" ]; then cp -P "$f" ../raw/"$f"; continue; fi
    if [ -d "$f" ]; then mkdir ../raw/"$f"; continue; fi
    git cat-file blob "HEAD:$f" > ../raw/"$f"
    if [ -x "$f" ]; then chmod +x ../raw/"$f"; fi
done
cd ..
cp -a raw ignoring; rm ignoring/ignored
cp -a raw rawsub; rm -r rawsub/sub rawsub/pinned; cp -a want/sub want/pinned rawsub`

// A submodule's URL is rewritten as others are; programs of this machine are
// never called by one.
func TestGitSubmoduleURLs(t *testing.T) {
	t.Parallel()
	const far = "https://far.invalid/nested.git"
	tests := []struct{ name, url, rewrite, reason string }{
		{"rewritten", far, "http", ""},
		{"to a file", far, "file", ""},
		{"not rewritten", far, "", "dns"},
		{"file", "file:///etc/x.git", "", "unsupported scheme"},
		{"path", "PWD/nested.git", "", "unsupported scheme"},
		{"ext", "ext::touch stolen", "", "unsupported scheme"},
		{"option", "--upload-pack=touch stolen", "", "bad URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newShed(t)
			s.sh(t, `git init -q nested; cd nested; echo n > n; git add .; git commit -qm n; cd ..
git clone -q --bare nested nested.git; git init -q repo; cd repo
git -c protocol.file.allow=always submodule -q add ../nested.git sub
git config -f .gitmodules submodule.sub.url \
'`+strings.Replace(test.url, "PWD", s.dir, 1)+`'; git add .; git commit -qm r
cd ..; git clone -q --bare repo repo.git
mkdir want; cp -r repo/.gitmodules want/; cp -r nested want/sub; rm -rf want/sub/.git`)
			url := serve(t, s.gitHTTP(t))
			switch test.rewrite {
			case "http":
				s.fetcher.Rewrites = []Rewrite{{"https://far.invalid/", url + "/"}}
			case "file":
				s.fetcher.Rewrites = []Rewrite{{"https://far.invalid/", "file://" + s.dir + "/"},
					{url, "file://" + s.dir}}
			}
			source := s.source(t, granary.KindFetchgit, "HEAD", url+"/repo.git", "want")
			source.Checkout.Submodules = true
			if test.reason == "" {
				s.mustHold(t, source)
				return
			}
			s.mustFail(t, source, Reason(test.reason))
			if got, _ := filepath.Glob("stolen"); got != nil {
				t.Error("a program was called")
			}
		})
	}
}

func TestGitLFS(t *testing.T) {
	t.Parallel()
	s := newShed(t)
	body := strings.Repeat("large ", 1000)
	s.sh(t, `git init -q repo; cd repo; git lfs install --local > /dev/null
git lfs track '*.bin' > /dev/null; printf '`+body+`' > large.bin; echo small > small
git add .; git commit -qm lfs; cd ..; git clone -q --bare repo repo.git
cp -r repo want; rm -rf want/.git
GIT_LFS_SKIP_SMUDGE=1 git clone -q repo.git pointers; rm -rf pointers/.git`)
	object := s.sh(t, "find repo/.git/lfs/objects -type f")
	mux := http.NewServeMux()
	mux.Handle("/", s.gitHTTP(t))
	mux.HandleFunc("/object", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, filepath.Join(s.dir, object))
	})
	url := serve(t, mux)
	batch := `{"transfer":"basic","objects":[{"oid":"` + filepath.Base(object) + `","size":6000,` +
		`"actions":{"download":{"href":"` + url + `/object"}}}]}`
	mux.HandleFunc("/repo.git/info/lfs/objects/batch", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.git-lfs+json")
		w.Write([]byte(batch))
	})
	source := s.source(t, granary.KindFetchgit, "HEAD", url+"/repo.git", "pointers")
	s.mustHold(t, source)
	source = s.source(t, granary.KindFetchgit, "HEAD", url+"/repo.git", "want")
	source.Checkout.LFS = true
	s.mustHold(t, source)
}

func TestGitRevisionNames(t *testing.T) {
	tests := []struct {
		rev  string
		good bool
	}{
		{"v1.0", true}, {"release/2.0+rc1", true}, {"@scope/pkg@1.0", true}, {"é#1", true},
		{"refs/pull/1/head", true}, {"", true},
		{"-x", false}, {"--upload-pack=x", false}, {"+a", false}, {"^a", false}, {"a:b", false},
		{"a b", false}, {"a\nb", false}, {"a..b", false}, {"a@{1}", false}, {"a*", false}, {"a~1", false},
	}
	for _, test := range tests {
		if _, err := gitRevision(test.rev); (err == nil) != test.good {
			t.Errorf("%q: got %v", test.rev, err)
		}
	}
}
