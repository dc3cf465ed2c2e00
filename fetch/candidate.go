package fetch

import (
	"net/url"
	"slices"
	"strings"

	"granary"
	"granary/hashes"
)

// A Rewrite asks for URLs that begin with From at To plus the rest.
type Rewrite struct{ From, To string }

// A candidate is a URL that may have a source's bytes, or the failure that
// keeps it from being asked.
type candidate struct {
	url     string
	host    string
	failure *failure
}

// candidates returns where to ask for s, in order and each URL once.
func (r *run) candidates(s *granary.Source) []candidate {
	var all []candidate
	for _, one := range s.URLs {
		for url := range strings.FieldsSeq(one) {
			expanded := r.mirrors.expand(url)
			if len(expanded) == 0 {
				all = append(all, unknownMirror(url))
			}
			for _, url := range expanded {
				all = r.appendCandidate(all, url)
			}
		}
	}
	if s.Recipe == granary.RecipeFlat {
		for _, base := range r.HashedMirrors {
			all = r.appendCandidate(all, hashedMirrorURL(base, s.CA.Hash))
		}
	}
	return all
}

func unknownMirror(url string) candidate {
	return candidate{url: url, failure: &failure{reason: ReasonUnknownMirror}}
}

// hashedMirrorURL is what nixpkgs' fetchurl asks a hashed mirror for.
func hashedMirrorURL(base string, h hashes.Hash) string {
	return withSlash(base) + h.Algorithm().String() + "/" + h.Base16()
}

func (r *run) appendCandidate(all []candidate, url string) []candidate {
	c := newCandidate(r.rewrite(url))
	if slices.ContainsFunc(all, func(other candidate) bool { return other.url == c.url }) {
		return all
	}
	return append(all, c)
}

func (r *run) rewrite(url string) string {
	for _, w := range r.Rewrites {
		if rest, ok := strings.CutPrefix(url, w.From); ok {
			return w.To + rest
		}
	}
	return url
}

func newCandidate(raw string) candidate {
	c := candidate{url: raw}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		c.failure = &failure{reason: ReasonBadURL, detail: err.Error()}
	case !supported(u.Scheme):
		c.failure = &failure{reason: ReasonUnsupportedScheme, detail: u.Scheme}
	case u.Host == "":
		c.failure = &failure{reason: ReasonBadURL, detail: "no host"}
	default:
		c.host = strings.ToLower(u.Host)
	}
	return c
}

func supported(scheme string) bool { return scheme == "http" || scheme == "https" }
