package fetch

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// A shed is a folder with repositories, and a rig for checkouts of them.
type shed struct {
	*rig
	dir string
}

func newShed(t testing.TB) *shed {
	t.Helper()
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Retries = -1
	return &shed{rig: b, dir: t.TempDir()}
}

// sh runs a script in the shed's folder, and returns what it writes.
func (s *shed) sh(t testing.TB, script string) string {
	t.Helper()
	cmd := exec.Command("bash", "-eu", "-c", script)
	cmd.Dir = s.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LC_ALL=C.UTF-8", "TZ=UTC",
		"GIT_CONFIG_NOSYSTEM=1", "GIT_ALLOW_PROTOCOL=file:http:git", "HGRCPATH=", "HGPLAIN=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_AUTHOR_DATE=1500000000 +0000",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b", "GIT_COMMITTER_DATE=1500000000 +0000",
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// hash returns the hash that Nix gives for a file or folder of the shed.
func (s *shed) hash(t testing.TB, name string) hashes.Hash {
	t.Helper()
	out, err := exec.Command("nix-hash", "--type", "sha256", filepath.Join(s.dir, name)).Output()
	if err != nil {
		t.Fatal(err)
	}
	h, err := hashes.ParseDigest(hashes.SHA256, strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// source returns a checkout whose hash is that of a folder of the shed.
func (s *shed) source(t testing.TB, kind granary.Kind, rev, url, want string) granary.Source {
	t.Helper()
	source := newSource(t, granary.RecipeCheckout, s.hash(t, want), url)
	source.Kind, source.Rev = kind, rev
	return source
}

// mustHold fetches the source and fails unless it is held, as a NAR that Nix
// makes the wanted tree of.
func (s *shed) mustHold(t *testing.T, source granary.Source) Event {
	t.Helper()
	if err := s.fetch(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	last, _ := s.last(t)
	if last.Kind != Held || last.Recipe != granary.RecipeNAR {
		t.Fatalf("got %s, recipe %q, %q: %s", last.Kind, last.Recipe, last.Reason, last.Detail)
	}
	if last.Duration == 0 || last.Bytes == 0 || last.Reason != "" {
		t.Errorf("got attempt %+v", last.Attempt)
	}
	s.sh(t, "rm -rf restored; zstd -dc "+s.fetcher.Disk.Path(last.Object.Hash)+
		" | nix-store --restore restored")
	if got := s.hash(t, "restored"); got != source.CA.Hash {
		t.Errorf("got %s, want %s", got, source.CA.Hash)
	}
	s.mustBeClean(t)
	return last
}

// mustFail fetches the source and fails unless that ends with the reason.
func (s *shed) mustFail(t *testing.T, source granary.Source, want Reason) Event {
	t.Helper()
	if err := s.fetch(t.Context(), source); err != nil {
		t.Fatal(err)
	}
	last, _ := s.last(t)
	if last.Kind != Failed || last.Reason != want {
		t.Errorf("got %s, %q: %s, want %q", last.Kind, last.Reason, last.Detail, want)
	}
	if got := s.objects(t); got != nil {
		t.Errorf("got objects %s", got)
	}
	s.mustBeClean(t)
	return last
}

func (s *shed) mustBeClean(t *testing.T) {
	t.Helper()
	if got := s.tmp(t); got != nil {
		t.Errorf("got %q in tmp", got)
	}
}

// serve returns the URL of a server for h on loopback.
func serve(t testing.TB, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// gitHTTP serves the shed's repositories by git http-backend.
func (s *shed) gitHTTP(t testing.TB) http.Handler {
	t.Helper()
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	return &cgi.Handler{
		Stderr: io.Discard,
		Path:   filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env: []string{
			"GIT_PROJECT_ROOT=" + s.dir, "GIT_HTTP_EXPORT_ALL=1", "HOME=" + s.dir,
			"GIT_CONFIG_NOSYSTEM=1",
		},
	}
}

// start runs a server program in the shed's folder until the test ends, and
// waits until it takes connections at address.
func (s *shed) start(t testing.TB, address string, args ...string) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HGRCPATH=", "HOME="+s.dir)
	cmd.WaitDelay = time.Second
	ownSession(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		kill(cmd)
		cmd.Wait()
	})
	awaitServer(t, address)
}
