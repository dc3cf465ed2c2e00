package fetch

import (
	"fmt"
	"maps"
	"regexp"
	"strings"
)

// ParseMirrors reads a mirror list, whose name is for errors, and returns known as
// the list changes it; known stays as it is. Each line says the base URLs of a
// site:
//
//	gnu=https://a.example/gnu/ https://b.example/pub/gnu
//	+cpan=https://c.example/CPAN/
//
// They take the place of those that are known, or with a plus sign are added to
// them. Lines that are empty or begin with # say nothing. Quotes around the URLs,
// and parentheses, which may hold several lines, are those of the shell: so are
// written the mirrorsFile of nixpkgs' fetchurl (write-mirror-list.sh) and its
// mirrorsListFile, which has _mirror_ before each site's name.
//
// The error is of the form "read mirrors NAME:LINE: cause".
func ParseMirrors(name, text string, known MirrorMap) (MirrorMap, error) {
	p := newMirrorParser(known)
	for line := range strings.Lines(text) {
		p.line++
		if err := p.add(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("read mirrors %s:%d: %w", name, p.line, err)
		}
	}
	if p.open {
		return nil, fmt.Errorf("read mirrors %s:%d: no closing parenthesis", name, p.began)
	}
	return p.mirrors, nil
}

// A mirrorParser is somewhere in a mirror list.
type mirrorParser struct {
	mirrors MirrorMap
	line    int

	// Of the site of which not all URLs are known yet.
	open  bool // there was a parenthesis
	began int  // the line
	site  string
	plus  bool
	urls  []string
}

func newMirrorParser(known MirrorMap) *mirrorParser {
	p := &mirrorParser{mirrors: MirrorMap{}}
	maps.Copy(p.mirrors, known)
	return p
}

// mirrorLine matches the beginning of a site's URLs.
var mirrorLine = regexp.MustCompile(`^(?:declare -\w+ )?(\+?)(?:_mirror_)?(\w[\w.-]*)=(.*)$`)

func (p *mirrorParser) add(line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	if !p.open {
		m := mirrorLine.FindStringSubmatch(line)
		if m == nil {
			return fmt.Errorf("%.60q is not of the form SITE=URL", line)
		}
		p.began, p.plus, p.site, p.urls = p.line, m[1] != "", m[2], nil
		line, p.open = strings.CutPrefix(m[3], "(")
	}
	closed := false
	if p.open {
		line, closed = strings.CutSuffix(line, ")")
	}
	if err := p.addURLs(line); err != nil {
		return err
	}
	if p.open && !closed {
		return nil
	}
	p.open = false
	return p.end()
}

func (p *mirrorParser) addURLs(text string) error {
	for _, url := range strings.Fields(strings.NewReplacer(`'`, " ", `"`, " ").Replace(text)) {
		if strings.ContainsAny(url, "()") {
			return fmt.Errorf("a parenthesis in %.60q", url)
		}
		if c := urlCandidate(url); c.failure != nil {
			return fmt.Errorf("%.60q is not the URL of a mirror: %s", url, c.failure.reason)
		}
		p.urls = append(p.urls, url)
	}
	return nil
}

func (p *mirrorParser) end() error {
	switch {
	case len(p.urls) == 0:
		return fmt.Errorf("site %s has no URL", p.site)
	case p.plus:
		p.urls = append(p.urls, p.mirrors[p.site]...)
	}
	p.mirrors[p.site] = p.urls
	return nil
}

// mirrorVariable begins the names of the variables with which nixpkgs' fetchurl
// is told of other mirrors (its builder.sh).
const mirrorVariable = "NIX_MIRRORS_"

// MirrorsFrom returns known as the environment changes it, which is a list of
// NAME=VALUE: the URLs in NIX_MIRRORS_<site> take the place of those that are known,
// unless there is none in it. An error names the variable.
func MirrorsFrom(environment []string, known MirrorMap) (MirrorMap, error) {
	p := newMirrorParser(known)
	for _, variable := range environment {
		name, value, _ := strings.Cut(variable, "=")
		site, ok := strings.CutPrefix(name, mirrorVariable)
		if !ok || site == "" || strings.TrimSpace(value) == "" {
			continue
		}
		p.site, p.urls = site, nil
		if err := p.addURLs(value); err != nil {
			return nil, fmt.Errorf("read $%s: %w", name, err)
		}
		p.mirrors[site] = p.urls
	}
	return p.mirrors, nil
}
