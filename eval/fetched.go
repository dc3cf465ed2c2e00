package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"

	"granary"
	"granary/hashes"
)

// fetchCall is what fetchers.nix tells of a fetch during evaluation.
type fetchCall struct {
	Builtin string
	Args    fetchArgs
}

// fetchArgs are the arguments of the fetchers of the Nix language, and the
// attributes of a locked input of a flake, which have the same names.
type fetchArgs struct {
	Type, URL, Name         string
	SHA256, NarHash         string
	Rev, Ref                string
	Owner, Repo, Host, Path string
	Dir                     string
	LastModified, RevCount  int64
	Submodules, LFS         truth
	ExportIgnore            *truth
}

func parseFetch(value []byte) (fetchCall, error) {
	var c fetchCall
	if err := json.Unmarshal(value, &c); err != nil {
		return c, fmt.Errorf("read a fetch: %w", err)
	}
	if c.Builtin == "fetchTree" && c.Args.Type == "" {
		c.Args.parseURL()
	}
	return c, nil
}

var errNoHash = errors.New("the expression names no hash")

// fetch returns the fetch as it is recorded with an attribute that it blocks.
func (c fetchCall) fetch() (granary.Fetch, granary.Source) {
	f := granary.Fetch{Kind: c.kind(), URL: c.Args.URL, Rev: c.Args.Rev}
	s, err := c.source()
	if f.URL == "" && len(s.URLs) > 0 {
		f.URL = s.URLs[0]
	}
	if err == nil {
		f.OutPath = s.OutPath
	}
	return f, s
}

func (c fetchCall) kind() granary.Kind {
	if c.Builtin == string(granary.KindFlakeInput) {
		return granary.KindFlakeInput
	}
	return granary.Kind("builtins." + c.Builtin)
}

// source returns the source that is fetched. What is set of it after an error
// is its URLs.
func (c fetchCall) source() (s granary.Source, err error) {
	switch c.Builtin {
	case "fetchurl":
		s, err = c.Args.file()
	case "fetchTarball":
		s, err = c.Args.tarball()
	case "fetchGit":
		c.Args.Type = "git"
		s, err = c.Args.tree()
		if err == nil {
			archive := !bool(c.Args.Submodules)
			if c.Args.ExportIgnore != nil {
				archive = bool(*c.Args.ExportIgnore)
			}
			s.Checkout.Archive = archive
		}
	case "fetchMercurial":
		c.Args.Type = "hg"
		s, err = c.Args.tree()
	default:
		s, err = c.Args.tree()
	}
	s.Kind = c.kind()
	return s, err
}

// file is what builtins.fetchurl gives: src/libexpr/primops/fetchTree.cc.
func (a *fetchArgs) file() (granary.Source, error) {
	name := a.Name
	if name == "" {
		name = path.Base(a.URL)
	}
	s, err := newFetched(name, hashes.Flat, a.SHA256)
	s.URLs, s.Recipe = []string{a.URL}, granary.RecipeFlat
	return s, err
}

func (a *fetchArgs) tarball() (granary.Source, error) {
	name := a.Name
	if name == "" {
		name = sourceName
	}
	s, err := newFetched(name, hashes.Recursive, a.SHA256)
	s.URLs, s.Recipe = []string{a.URL}, granary.RecipeUnpack
	return s, err
}

// sourceName is what Nix calls what it fetches.
const sourceName = "source"

func newFetched(name string, mode hashes.Mode, hash string) (granary.Source, error) {
	if hash == "" {
		return granary.Source{}, errNoHash
	}
	h, err := hashes.ParseDigest(hashes.SHA256, hash)
	if err != nil {
		return granary.Source{}, err
	}
	return granary.NewSource(name, hashes.ContentAddress{Mode: mode, Hash: h})
}

// tree is what builtins.fetchTree gives, and a flake's input: the types are
// those of src/libfetchers.
func (a *fetchArgs) tree() (granary.Source, error) {
	recipe, urls, err := a.origin()
	if err != nil {
		return granary.Source{}, err
	}
	s, err := newFetched(sourceName, hashes.Recursive, a.NarHash)
	s.Recipe, s.URLs, s.Rev = recipe, urls, a.Rev
	if recipe == granary.RecipeCheckout {
		s.Checkout.Submodules, s.Checkout.LFS = bool(a.Submodules), bool(a.LFS)
		if s.Rev == "" {
			s.Recipe = "" // a name of a branch leads elsewhere every day
		}
	}
	return s, err
}

// origin returns where a locked tree is fetched, and the recipe for it. For
// what granary has no recipe of its own, that is "".
func (a *fetchArgs) origin() (granary.Recipe, []string, error) {
	owner, repo, rev := url.PathEscape(a.Owner), url.PathEscape(a.Repo), url.PathEscape(a.Rev)
	switch a.Type {
	case "github":
		return granary.RecipeUnpack, []string{fmt.Sprintf("https://%s/%s/%s/archive/%s.tar.gz",
			a.host("github.com"), owner, repo, rev)}, nil
	case "gitlab":
		return granary.RecipeUnpack, []string{fmt.Sprintf(
			"https://%s/api/v4/projects/%s%%2F%s/repository/archive.tar.gz?sha=%s",
			a.host("gitlab.com"), owner, repo, rev)}, nil
	case "sourcehut":
		return granary.RecipeUnpack, []string{fmt.Sprintf("https://%s/%s/%s/archive/%s.tar.gz",
			a.host("git.sr.ht"), owner, repo, rev)}, nil
	case "tarball":
		return granary.RecipeUnpack, []string{a.URL}, nil
	case "git":
		return granary.RecipeCheckout, []string{a.URL}, nil
	case "file", "hg":
		return "", []string{a.URL}, nil
	case "path":
		return "", nil, nil
	}
	return "", nil, fmt.Errorf("unknown type %q", a.Type)
}

func (a *fetchArgs) host(usual string) string {
	if a.Host != "" {
		return a.Host
	}
	return usual
}

// parseURL reads a flake reference in the form of a URL, as far as it can be
// locked: https://…, git+https://…, github:OWNER/REPO/REV, each with ?narHash=….
func (a *fetchArgs) parseURL() {
	u, err := url.Parse(a.URL)
	if err != nil {
		return
	}
	q := u.Query()
	a.NarHash, a.Rev, a.Ref, a.Host = q.Get("narHash"), q.Get("rev"), q.Get("ref"), q.Get("host")
	a.Submodules = truth(q.Get("submodules") == "1")
	u.RawQuery = withoutLock(q).Encode()
	switch kind, transport, ok := strings.Cut(u.Scheme, "+"); {
	case u.Scheme == "github", u.Scheme == "gitlab", u.Scheme == "sourcehut":
		a.Type = u.Scheme
		parts := strings.SplitN(u.Opaque+"//", "/", 4)
		a.Owner, a.Repo = parts[0], parts[1]
		if parts[2] != "" {
			a.Rev = parts[2]
		}
		return
	case ok:
		a.Type, u.Scheme = kind, transport
	case u.Scheme == "git":
		a.Type = "git"
	case u.Scheme == "http", u.Scheme == "https":
		a.Type = "tarball"
	}
	a.URL = u.String()
}

// withoutLock drops what is about the tree and not a part of the URL.
func withoutLock(q url.Values) url.Values {
	for _, name := range []string{"narHash", "rev", "ref", "dir", "submodules", "host",
		"lastModified", "revCount", "shallow", "allRefs"} {
		q.Del(name)
	}
	return q
}
