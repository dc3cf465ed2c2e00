package fetch

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/hashes"
)

// smallGit makes repo.git with one commit, and the folder "want" that it gives.
const smallGit = `git init -q -b master repo; cd repo; echo one > plain; git add .
git commit -qm one; cd ..; git clone -q --bare repo repo.git
mkdir -p want; cp repo/plain want`

// silent returns the address of a server that takes connections and says nothing.
func silent(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			defer conn.Close() // when the test ends
		}
	}()
	return l.Addr().String()
}

func TestCheckoutFails(t *testing.T) {
	t.Parallel()
	s := newShed(t)
	s.sh(t, smallGit)
	quiet := log.New(io.Discard, "", 0)
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = quiet
	tls.StartTLS()
	t.Cleanup(tls.Close)
	status := func(code int) string {
		return serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(code)
		}))
	}
	hangs, closed := silent(t), freeAddress(t)
	smart := serve(t, s.gitHTTP(t)) + "/repo.git"
	zeros := strings.Repeat("0", 39) + "1"
	const svn, hg, git = granary.KindFetchsvn, granary.KindFetchhg, granary.KindFetchgit
	tests := []struct {
		name string
		kind granary.Kind
		rev  string
		url  string
		want Reason
	}{
		{"revision gone", git, zeros, smart, ReasonNotFound},
		{"branch gone", git, "none", smart, ReasonNotFound},
		{"short gone", git, "0000001", smart, ReasonNotFound},
		{"wrong hash", git, "HEAD~1", smart, ReasonNotFound},
		{"repository gone", git, zeros, smart + "x", ReasonNotFound},
		{"git hangs", git, "HEAD", "http://" + hangs + "/x.git", ReasonTimeout},
		{"git daemon hangs", git, "HEAD", "git://" + hangs + "/x.git", ReasonTimeout},
		{"hg hangs", hg, "1", "http://" + hangs + "/x", ReasonTimeout},
		{"svn hangs", svn, "1", "svn://" + hangs + "/x", ReasonTimeout},
		{"svn http hangs", svn, "1", "http://" + hangs + "/x", ReasonTimeout},
		{"git closed", git, "HEAD", "http://" + closed + "/x.git", ReasonRefused},
		{"git ssh closed", git, "HEAD", "ssh://" + closed + "/x.git", ReasonRefused},
		{"git no host", git, "HEAD", "https://nowhere.invalid/x.git", ReasonDNS},
		{"git scp no host", git, "HEAD", "git@nowhere.invalid:x/y.git", ReasonDNS},
		{"git tls", git, "HEAD", tls.URL + "/x.git", ReasonTLS},
		{"hg tls", hg, "1", tls.URL + "/x", ReasonTLS},
		{"svn tls", svn, "1", tls.URL + "/x", ReasonTLS},
		{"git 401", git, "HEAD", status(401), ReasonUnauthorized},
		{"hg 401", hg, "1", status(401), ReasonUnauthorized},
		{"svn 401", svn, "1", status(401), ReasonUnauthorized},
		{"git 403", git, "HEAD", status(403), ReasonForbidden},
		{"hg 403", hg, "1", status(403), ReasonForbidden},
		{"svn 403", svn, "1", status(403), ReasonForbidden},
		{"git 500", git, "HEAD", status(500), ReasonServerError},
		{"hg 500", hg, "1", status(500), ReasonServerError},
		{"svn 500", svn, "1", status(500), ReasonServerError},
		{"git 429", git, "HEAD", status(429), ReasonRateLimited},
		{"file", git, "HEAD", "file://" + s.dir + "/repo.git", ReasonUnsupportedScheme},
		{"ext", git, "HEAD", "ext::touch", ReasonUnsupportedScheme},
		{"helper", git, "HEAD", "http::x", ReasonBadURL},
		{"option", git, "HEAD", "-u:x", ReasonBadURL},
		{"option host", git, "HEAD", "ssh://-oProxyCommand=x/y", ReasonBadURL},
		{"path", git, "HEAD", s.dir, ReasonUnsupportedScheme},
		{"cvs", granary.KindFetchcvs, "HEAD", "http://x/", ReasonNeedsBuilder},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s.fetcher.Timeout = 0
			if test.want == ReasonTimeout {
				s.fetcher.Timeout = 500 * time.Millisecond
			}
			last := s.mustFail(t, s.source(t, test.kind, test.rev, test.url, "want"), test.want)
			if last.Detail == "" || last.URL == "" {
				t.Errorf("got %+v", last.Attempt)
			}
			if took := last.Duration; test.want == ReasonTimeout && took > 10*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
}

func TestCheckoutWrongHash(t *testing.T) {
	s := newShed(t)
	s.sh(t, smallGit)
	good := s.source(t, granary.KindFetchgit, "HEAD", serve(t, s.gitHTTP(t))+"/repo.git", "want")
	bad := newSource(t, granary.RecipeCheckout, hashes.Sum(hashes.SHA512, nil), good.URLs...)
	bad.Kind = granary.KindFetchgit
	last := s.mustFail(t, bad, ReasonWrongHash)
	if !strings.Contains(last.Detail, bad.CA.Hash.SRI()) {
		t.Errorf("got detail %q", last.Detail)
	}
	// The next URL is asked then, and a mirror of it.
	s.fetcher.Mirrors = MirrorMap{"m": {strings.TrimSuffix(good.URLs[0], "repo.git")}}
	good.URLs = []string{"https://nowhere.invalid/x.git", "mirror://m/repo.git"}
	held := s.mustHold(t, good)
	if len(held.Attempts) != 2 || held.Attempts[0].Reason != ReasonDNS {
		t.Errorf("got %+v", held.Attempts)
	}
}

func TestCheckoutTooLarge(t *testing.T) {
	s := newShed(t)
	s.sh(t, smallGit+`
cd repo; head -c 3000000 /dev/urandom > noise; git add .; git commit -qm noise
git rm -q noise; head -c 2000000 /dev/zero > zero; git add .; git commit -qm zero
cd ..; git clone -q --bare repo large.git`)
	url := serve(t, s.gitHTTP(t)) + "/large.git"
	s.fetcher.MaxSize = 1_000_000
	for name, rev := range map[string]string{"download": "HEAD~1", "tree": "HEAD"} {
		t.Run(name, func(t *testing.T) {
			hash := s.sh(t, "git -C large.git rev-parse "+rev)
			s.mustFail(t, s.source(t, granary.KindFetchgit, hash, url, "want"), ReasonTooLarge)
		})
	}
}

// What may pass is tried again.
func TestCheckoutRetries(t *testing.T) {
	s := newShed(t)
	s.sh(t, smallGit)
	s.fetcher.Retries = 1
	next, broken := s.gitHTTP(t), true
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			broken = false
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		next.ServeHTTP(w, r)
	}))
	held := s.mustHold(t, s.source(t, granary.KindFetchgit, "HEAD", url+"/repo.git", "want"))
	if _, retries := s.last(t); retries != 1 || len(held.Attempts) != 2 {
		t.Errorf("got %d retries, %+v", retries, held.Attempts)
	}
}

func TestCheckoutIsCancelled(t *testing.T) {
	s := newShed(t)
	s.sh(t, "mkdir want")
	for kind, scheme := range map[granary.Kind]string{
		granary.KindFetchgit: "http://", granary.KindFetchsvn: "svn://",
		granary.KindFetchhg: "http://",
	} {
		t.Run(string(kind), func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			const wait = 500 * time.Millisecond
			time.AfterFunc(wait, cancel)
			start := time.Now()
			err := s.fetch(ctx, s.source(t, kind, "1", scheme+silent(t)+"/x", "want"))
			if !errors.Is(err, context.Canceled) || time.Since(start) > wait+2*time.Second {
				t.Errorf("got %v after %s", err, time.Since(start))
			}
			s.mustBeClean(t)
		})
	}
}

// What a killed run has left is removed, wherever it is.
func TestCheckoutLeftovers(t *testing.T) {
	s := newShed(t)
	t.Setenv("TMPDIR", t.TempDir())
	tmp := filepath.Join(s.fetcher.Disk.Dir(), "tmp")
	stray := filepath.Join(os.TempDir(), strayPrefix(tmp)+"1")
	foreign := filepath.Join(os.TempDir(), strayPrefix(tmp+"2")+"1")
	for _, dir := range []string{filepath.Join(tmp, "checkout-1/tree"), stray, foreign} {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.mustBeClean(t)
	left, err := filepath.Glob(os.TempDir() + "/*")
	if err != nil || !slices.Equal(left, []string{foreign}) {
		t.Errorf("got %q, %v", left, err)
	}
}

// Checkouts are made on the disk, or else among the temporary files.
func TestWorkplace(t *testing.T) {
	s := newShed(t)
	t.Setenv("TMPDIR", t.TempDir())
	tmp := filepath.Join(s.fetcher.Disk.Dir(), "tmp")
	for _, test := range []struct{ dir, prefix string }{
		{tmp, checkoutPrefix}, {os.TempDir(), strayPrefix(tmp)},
	} {
		r := &run{Fetcher: s.fetcher}
		if err := r.workplace.find(r); err != nil {
			t.Fatal(err)
		}
		if p := &r.workplace; p.dir != test.dir || p.prefix != test.prefix ||
			p.stray != (test.dir != tmp) {
			t.Errorf("got %q, %q, %t, want %q", p.dir, p.prefix, p.stray, test)
		}
		if err := os.RemoveAll(tmp); err != nil { // the next cannot be there
			t.Fatal(err)
		}
	}
}

// A password in ~/.netrc, and the proxy that the environment names.
func TestCheckoutThroughProxy(t *testing.T) {
	s := newShed(t)
	s.sh(t, smallGit+"\n"+hgRepositories+`
cd ../..; cp hg/main/plain hgwant; cd hg/main; hg archive -q -r 0 ../../hgwant2
rm ../../hgwant2/.hg_archival.txt`)
	if err := os.WriteFile(s.fetcher.Netrc,
		[]byte("machine far.invalid login me password word\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	s.start(t, address, "hg", "serve", "-R", "hg/main", "--address", "127.0.0.1", "--port", port)
	toGit, toHg := s.gitHTTP(t), proxyTo("http://"+address)
	proxy := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case r.Host != "far.invalid":
			w.WriteHeader(http.StatusBadGateway)
		case user != "me" || password != "word":
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		case strings.HasPrefix(r.URL.Path, "/repo.git"):
			toGit.ServeHTTP(w, r)
		default:
			toHg.ServeHTTP(w, r)
		}
	}))
	t.Setenv("http_proxy", proxy)
	t.Setenv("no_proxy", "")
	s.mustHold(t, s.source(t, granary.KindFetchgit, "HEAD", "http://far.invalid/repo.git", "want"))
	s.mustHold(t, s.source(t, granary.KindFetchhg, "0", "http://far.invalid/", "hgwant2"))
}

// proxyTo hands requests on to a server.
func proxyTo(base string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := http.NewRequestWithContext(r.Context(), r.Method, base+r.URL.Path+"?"+
			r.URL.RawQuery, r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		out.Header = r.Header.Clone()
		out.Header.Del("Authorization")
		resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(out)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer resp.Body.Close()
		w.Header().Set("Content-Type", resp.Header.Get("Content-Type"))
		w.WriteHeader(resp.StatusCode)
		io.Copy(w, resp.Body)
	})
}

func TestMissingProgram(t *testing.T) {
	s := newShed(t)
	s.sh(t, "mkdir want bin; ln -s $(command -v git) bin/git")
	git := s.source(t, granary.KindFetchgit, "HEAD", "http://x/", "want")
	git.Checkout.LFS = true
	t.Setenv("PATH", filepath.Join(s.dir, "bin"))
	for want, source := range map[string]granary.Source{
		"git-lfs": git, "hg": kinded(git, granary.KindFetchhg), "svn": kinded(git, granary.KindFetchsvn),
	} {
		if err := s.fetch(t.Context(), source); err != nil {
			t.Fatal(err)
		}
		if last, _ := s.last(t); last.Reason != ReasonNoProgram || last.Detail != want {
			t.Errorf("got %q, %q, want %s", last.Reason, last.Detail, want)
		}
	}
}

func kinded(s granary.Source, kind granary.Kind) granary.Source {
	s.Kind, s.Checkout = kind, granary.Checkout{}
	return s
}

func TestRepositoryHosts(t *testing.T) {
	r := &run{Fetcher: &Fetcher{Rewrites: []Rewrite{{"https://a/", "file:///mirror/"}}}}
	tests := []struct {
		kind granary.Kind
		url  string
		host string
		want Reason
	}{
		{granary.KindFetchgit, "https://User@Host.invalid:8080/x", "host.invalid:8080", ""},
		{granary.KindFetchgit, "git+ssh://git@host/x", "host", ""},
		{granary.KindFetchgit, "git@Host.invalid:a/b.git", "host.invalid", ""},
		{granary.KindFetchgit, "host:b.git", "host", ""},
		{granary.KindFetchgit, "file:///mirror/x", "", ""},
		{granary.KindFetchgit, "file:///other/x", "", ReasonUnsupportedScheme},
		{granary.KindFetchgit, "svn://host/x", "", ReasonUnsupportedScheme},
		{granary.KindFetchgit, "https:///x", "", ReasonBadURL},
		{granary.KindFlakeInput, "hg+https://host/x", "host", ""},
		{granary.KindFetchsvn, "svn+ssh://host/x", "host", ""},
		{granary.KindFetchhg, "git://host/x", "", ReasonUnsupportedScheme},
	}
	for _, test := range tests {
		c := r.repository(&granary.Source{Kind: test.kind}, test.url)
		got := Reason("")
		if c.failure != nil {
			got = c.failure.reason
		}
		if c.host != test.host || got != test.want {
			t.Errorf("%s: got %q, %q, want %q, %q", test.url, c.host, got, test.host, test.want)
		}
	}
	// A git:// URL has another, unless it is rewritten.
	r.mirrors = MirrorMap{}
	r.Rewrites = []Rewrite{{"git://b/", "https://c/"}}
	for url, want := range map[string]string{
		"git://a/x": "https://a/x git://a/x", "git://b/x": "https://c/x",
	} {
		s := newSource(t, granary.RecipeCheckout, hashes.Sum(hashes.SHA256, nil), url)
		s.Kind = granary.KindFetchgit
		var got []string
		for _, c := range r.origins(&s) {
			got = append(got, c.url)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}
