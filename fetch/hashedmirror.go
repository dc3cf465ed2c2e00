package fetch

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"granary"
	"granary/hashes"
)

// mirrorForms are the forms in which hashed mirrors are asked for a file, behind
// the mirror's URL, and in which order as long as nothing is known.
var mirrorForms = []string{
	"{algo}/{base16}",                // nixpkgs' copy-tarballs.pl, and Nix's hashed-mirrors
	"{algo}/{nixbase32}",             // nixpkgs' fetchurl, where a hash is so written
	"/{sri}",                         // and for an SRI hash, with an empty algorithm
	"{sri}",                          // the same at servers that make one slash of two
	"file/{name}/{algo}/{nixbase32}", // guix publish
}

// formPatience is how often a form may miss without ever a hit before it is not
// asked any more.
const formPatience = 16

// A hashedMirror has files by their hash. It learns in which form it is to be
// asked:
//
//  1. The forms are asked in turn until one hits, those that hit most so far
//     first.
//  2. A form that missed sixteen times and never hit is not asked any more,
//  3. but for the first one, as long as no form has hit: a mirror may have few of
//     the files.
//
// An outage is no miss, and ends the turn.
type hashedMirror struct {
	run *run
	ask asker // whoever has the file at a URL

	mu    sync.Mutex
	forms []*mirrorForm
}

// A mirrorForm is a URL with placeholders, and what became of it in this run.
type mirrorForm struct {
	template     string
	hits, misses int
}

// CheckHashedMirror returns an error unless raw can be a hashed mirror's URL, https:,
// http: or ftp:. It is a base, behind which the mirror is asked in all forms
// that are known, or the one form itself, with placeholders: {algo}, {base16},
// {nixbase32} and {sri} for the file's hash, and {name} for its name.
func CheckHashedMirror(raw string) error {
	c := urlCandidate(mirrorPlaceholder.ReplaceAllString(raw, "x"))
	cause := ""
	switch unknown := unknownPlaceholder(raw); {
	case unknown != "":
		cause = "no placeholder is called " + unknown
	case strings.Contains(raw, "{") && !hashPlaceholder.MatchString(raw):
		cause = "none of {base16}, {nixbase32} and {sri} is in it"
	case c.failure == nil:
		return nil
	case c.failure.reason == ReasonUnsupportedScheme:
		cause = "neither https:// nor http:// nor ftp://"
	default:
		cause = "not a URL"
	}
	return fmt.Errorf("hashed mirror %q: %s", raw, cause)
}

var (
	mirrorPlaceholder = regexp.MustCompile(`\{[^{}]*\}`)
	hashPlaceholder   = regexp.MustCompile(`\{(base16|nixbase32|sri)\}`)
)

func unknownPlaceholder(raw string) string {
	for _, found := range mirrorPlaceholder.FindAllString(raw, -1) {
		switch found {
		case "{algo}", "{base16}", "{nixbase32}", "{sri}", "{name}":
		default:
			return found
		}
	}
	return ""
}

func newHashedMirror(r *run, raw string) (*hashedMirror, error) {
	if err := CheckHashedMirror(raw); err != nil {
		return nil, err
	}
	m := &hashedMirror{run: r, ask: r.askFile}
	if strings.Contains(raw, "{") {
		m.forms = []*mirrorForm{{template: raw}}
		return m, nil
	}
	for _, form := range mirrorForms {
		m.forms = append(m.forms, &mirrorForm{template: withSlash(raw) + form})
	}
	return m, nil
}

// A file is what is known of the one file that makes a source.
type file struct {
	name string
	hash hashes.Hash
}

// fileOf returns the file that s is, or that it is unpacked from, if that one's
// hash is known.
func fileOf(s *granary.Source) (file, bool) {
	switch {
	case isFile(s.CA):
		return file{s.Name, s.CA.Hash}, true
	case !s.FromHash.IsZero():
		return file{s.From.Name(), s.FromHash}, true
	}
	return file{}, false
}

// url returns where the form has f.
func (m *mirrorForm) url(f file) string {
	return strings.NewReplacer(
		"{algo}", f.hash.Algorithm().String(),
		"{base16}", f.hash.Base16(),
		"{nixbase32}", f.hash.NixBase32(),
		"{sri}", f.hash.SRI(),
		"{name}", url.PathEscape(f.name),
	).Replace(m.template)
}

// candidate returns the mirror as a place to ask for f. In which forms, is decided
// when it is its turn.
func (m *hashedMirror) candidate(f file) candidate {
	c := m.inForm(f, m.forms)
	if len(m.forms) == 1 {
		return c
	}
	c.ask = func(_ context.Context, j *job, _ string) (bool, error) {
		j.insert(m.inForm(f, m.order()))
		return false, nil
	}
	return c
}

// inForm returns the candidate that asks for f in forms, which are one or more, in
// turn.
func (m *hashedMirror) inForm(f file, forms []*mirrorForm) candidate {
	c := urlCandidate(m.run.rewrite(forms[0].url(f)))
	c.ask = func(ctx context.Context, j *job, url string) (bool, error) {
		held, err := m.ask(ctx, j, url)
		if err != nil || j.again {
			return held, err
		}
		missed := !held && j.missed()
		m.learn(forms[0], held, missed)
		if missed && len(forms) > 1 {
			j.insert(m.inForm(f, forms[1:]))
		}
		return held, nil
	}
	return c
}

// order returns the forms in which the mirror is to be asked now.
func (m *hashedMirror) order() []*mirrorForm {
	m.mu.Lock()
	defer m.mu.Unlock()
	var forms []*mirrorForm
	for _, form := range m.forms {
		if form.hits > 0 || form.misses < formPatience {
			forms = append(forms, form)
		}
	}
	if !slices.ContainsFunc(m.forms, (*mirrorForm).works) && !slices.Contains(forms, m.forms[0]) {
		forms = append(forms, m.forms[0])
	}
	slices.SortStableFunc(forms, func(a, b *mirrorForm) int { return b.hits - a.hits })
	return forms
}

func (m *mirrorForm) works() bool { return m.hits > 0 }

func (m *hashedMirror) learn(form *mirrorForm, hit, missed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case hit:
		form.hits++
	case missed:
		form.misses++
	}
}

// askFile is the asker for places that have the file of a source by its hash:
// whatever makes the source elsewhere, they have that file as it is. That one of
// them does not have it tells least.
func (r *run) askFile(ctx context.Context, j *job, url string) (held bool, err error) {
	if isFile(j.source.CA) {
		file := *j.source
		file.Recipe = granary.RecipeFlat
		held, err = r.bring(ctx, j, url, &file)
	} else {
		held, err = r.askFrom(ctx, j, url)
	}
	for i := j.try.first; !held && i < len(j.attempts); i++ {
		if a := &j.attempts[i]; a.Reason == ReasonNotFound || a.Reason == ReasonForbidden {
			a.ranks = reasonMiss
		}
	}
	return held, err
}

// missed tells whether the last attempt got an answer that says, or shows, that
// what is wanted is not there.
func (j *job) missed() bool {
	return len(j.attempts) > j.try.first && j.attempts[len(j.attempts)-1].Reason.isFinal()
}

// insert makes c the next candidate to ask, soon.
func (j *job) insert(c candidate) {
	if c.failure != nil {
		j.refuse(c.url, c.failure)
		return
	}
	j.candidates = slices.Insert(j.candidates, 0, c)
	j.urgent = true
}

// isFinal tells whether asking the same URL once more soon is of no use.
func (r Reason) isFinal() bool {
	switch r {
	case ReasonNotFound, ReasonForbidden, ReasonUnauthorized, ReasonRedirect, ReasonStatus,
		ReasonWrongHash, ReasonHTML, ReasonLogin, ReasonEmpty, ReasonBadArchive,
		ReasonUnknownArchive, ReasonUnsupportedScheme, ReasonBadURL:
		return true
	}
	return false
}
