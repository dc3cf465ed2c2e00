package fetch

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"granary"
)

// A Rewrite asks for URLs that begin with From at To plus the rest.
type Rewrite struct{ From, To string }

// A candidate is a place that may have a source's bytes, or the failure that
// keeps it from being asked.
type candidate struct {
	url     string
	host    string
	ask     asker
	failure *failure
	site    string // of mirror://, if it is one of the mirrors
	last    bool   // a last resort: it comes after all others
}

// An asker asks the candidate at url for the source of j, and tells whether it
// is held now, or, in a run with another goal, that is reached. What it tried is then
// in j's attempts. The error is the machine's, or the cause of ctx's end.
type asker func(ctx context.Context, j *job, url string) (done bool, err error)

// candidates returns where to ask for s, in order and each place once.
func (r *run) candidates(s *granary.Source) []candidate {
	if r.SubstitutersFirst {
		return slices.Concat(r.substituters(s), r.origins(s), r.archives(s))
	}
	return slices.Concat(r.origins(s), r.substituters(s), r.archives(s))
}

// origins returns the places that s's derivation names, or why there is none, and
// the hashed mirrors.
func (r *run) origins(s *granary.Source) (all []candidate) {
	if why := needsBuilder(s); why != "" {
		all = append(all, candidate{failure: &failure{reason: ReasonNeedsBuilder, detail: why}})
	} else if all = r.urls(s); len(all) == 0 {
		all = append(all, candidate{failure: &failure{reason: ReasonNoURL, detail: s.Message}})
	}
	if file, ok := fileOf(s); ok {
		for _, m := range r.places.hashed {
			all = appendNew(all, m.candidate(file))
		}
	}
	return all
}

// urls returns the places that s's own URLs lead to: in nixpkgs' order, but what
// gave the right bytes before comes first, and what failed lately last.
func (r *run) urls(s *granary.Source) (all []candidate) {
	for _, one := range s.URLs {
		for url := range strings.FieldsSeq(one) {
			for _, c := range r.placesOf(s, url) {
				all = appendNew(all, c)
			}
		}
	}
	r.orderByPast(all)
	return all
}

// placesOf returns the places that one URL of s stands for.
func (r *run) placesOf(s *granary.Source, url string) (all []candidate) {
	expanded := r.mirrors.Expand(url)
	if len(expanded) == 0 {
		return []candidate{unknownMirror(url)}
	}
	for _, one := range expanded {
		all = r.appendCandidate(all, s, one)
	}
	if strings.HasPrefix(url, "mirror://") {
		for i := range all {
			all[i] = r.learning(all[i], url)
		}
		r.orderMirrors(s, all)
	}
	return all
}

func unknownMirror(url string) candidate {
	return candidate{url: url, failure: &failure{reason: ReasonUnknownMirror}}
}

func (r *run) appendCandidate(all []candidate, s *granary.Source, url string) []candidate {
	if other := secure(s, url); other != "" && r.rewrite(url) == url {
		all = r.appendCandidate(all, s, other)
	}
	return appendNew(all, r.newCandidate(s, r.rewrite(url)))
}

// appendNew appends c unless its place is there already.
func appendNew(all []candidate, c candidate) []candidate {
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

func (r *run) newCandidate(s *granary.Source, raw string) candidate {
	if s.Recipe == granary.RecipeCheckout {
		return r.repository(s, raw)
	}
	c := urlCandidate(raw)
	c.ask = r.askURL
	if !s.FromHash.IsZero() {
		c.ask = r.askFrom
	}
	return c
}

// urlCandidate returns the candidate at an http, https or ftp URL; one without a
// scheme is of http, as curl has it. Who asks it is left open.
func urlCandidate(raw string) candidate {
	if bareURL.MatchString(raw) {
		raw = "http://" + raw
	}
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

// bareURL matches a host with a dot in its name, and a path.
var bareURL = regexp.MustCompile(`^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:[0-9]+)?/`)

func supported(scheme string) bool { return isHTTP(scheme) || scheme == "ftp" }

func isHTTP(scheme string) bool { return scheme == "http" || scheme == "https" }
