package main

import (
	"context"
	"strings"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// A certainty says how well the size of a download is known.
type certainty int

const (
	sizeUnknown certainty = iota
	sizeEstimated
	sizeKnown
)

// A sizing tells how large the downloads of sources are.
type sizing struct {
	said    map[int64]catalog.Size
	objects map[hashes.Hash]bool // that the disk holds
	things  map[string]mean      // by name but for the version, and extension
	forms   map[string]mean      // by kind and extension
	kinds   map[string]mean
	all     mean
}

// sizingRule is for people.
const sizingRule = "The size of a download is known where a server, a want-list or an earlier\n" +
	"attempt said it; nothing is to download for an object that the disk has. It is\n" +
	"estimated where only the size of a substituter's NAR is known, and by other\n" +
	"versions of the same thing, or else by the mean of at least 20 known sizes of\n" +
	"the same kind and extension, or of the same kind. What is left is of unknown\n" +
	"size."

// newSizing learns from sources, held and missing.
func (a *app) newSizing(ctx context.Context, sources []catalog.Source) (*sizing, error) {
	said, err := a.catalog.Sizes(ctx)
	if err != nil {
		return nil, err
	}
	z := &sizing{
		said: said, objects: map[hashes.Hash]bool{}, things: map[string]mean{},
		forms: map[string]mean{}, kinds: map[string]mean{},
	}
	for i := range sources {
		s := &sources[i]
		if s.State == catalog.Held {
			z.objects[s.Object] = true
			z.learn(s, s.Size)
		} else if bytes, ok := z.told(s); ok {
			z.learn(s, bytes)
		}
	}
	return z, nil
}

// A mean is what some sizes add up to.
type mean struct {
	n   int64
	sum float64
}

func (m mean) with(bytes int64) mean { return mean{m.n + 1, m.sum + float64(bytes)} }
func (m mean) bytes() int64          { return int64(m.sum / float64(m.n)) }

// enough is how many sizes make a mean that other sources are estimated by.
const enough = 20

// learn takes a known size of a source.
func (z *sizing) learn(s *catalog.Source, bytes int64) {
	z.all = z.all.with(bytes)
	if thing := thingOf(s); thing != "" {
		z.things[thing] = z.things[thing].with(bytes)
	}
	form, kind := formOf(s), string(s.Kind)
	z.forms[form] = z.forms[form].with(bytes)
	z.kinds[kind] = z.kinds[kind].with(bytes)
}

// maxBytes is the largest size that is believed; a million of them can be added up.
const maxBytes = 1 << 42

// told returns a size that somebody knew: that of an object that was here comes first.
func (z *sizing) told(s *catalog.Source) (int64, bool) {
	said := z.said[s.ID]
	switch {
	case s.Size > 0 || s.HeldBy != "":
		return s.Size, true
	case s.Download > 0:
		return min(s.Download, maxBytes), true
	case said.Exact && said.Bytes >= 0:
		return min(said.Bytes, maxBytes), true
	}
	return 0, false
}

// of returns how large the download of a missing source is.
func (z *sizing) of(s *catalog.Source) download {
	if z.objects[s.FromHash] || s.CA.Mode == hashes.Flat && z.objects[s.CA.Hash] {
		return download{0, sizeKnown}
	}
	if bytes, ok := z.told(s); ok {
		return download{bytes, sizeKnown}
	}
	if said, ok := z.said[s.ID]; ok && said.Bytes >= 0 {
		return download{min(said.Bytes, maxBytes), sizeEstimated}
	}
	if m := z.things[thingOf(s)]; m.n > 0 {
		return download{m.bytes(), sizeEstimated}
	}
	for _, m := range []mean{z.forms[formOf(s)], z.kinds[string(s.Kind)]} {
		if m.n >= enough {
			return download{m.bytes(), sizeEstimated}
		}
	}
	return download{}
}

// thingOf returns what all versions of a source have in common, "" if it has none. The
// version begins as in Nix's parseDrvName: after the first dash that no letter follows.
func thingOf(s *catalog.Source) string {
	for i := 1; i+1 < len(s.Name); i++ {
		if s.Name[i] == '-' && isDigit(s.Name[i+1]) {
			return s.Name[:i] + " " + extension(&s.Source)
		}
	}
	return ""
}

func formOf(s *catalog.Source) string { return string(s.Kind) + " " + extension(&s.Source) }

// extension returns what the name of a source ends with, such as .tar.gz, or else its
// first URL; or "".
func extension(s *granary.Source) string {
	ending := endingOf(s.Name)
	if ending == "" && len(s.URLs) > 0 {
		path, _, _ := strings.Cut(s.URLs[0], "?")
		ending = endingOf(path)
	}
	return strings.ToLower(ending)
}

// endingOf returns what a path ends with: a dot, a letter, and up to eight letters and
// digits, with .tar before them; or "".
func endingOf(path string) string {
	const most = 9
	dot := strings.LastIndexByte(path, '.')
	rest := path[dot+1:]
	if dot < 0 || rest == "" || len(rest) > most || isDigit(rest[0]) {
		return ""
	}
	for i := range len(rest) {
		if letter := rest[i] | 0x20; (letter < 'a' || letter > 'z') && !isDigit(rest[i]) {
			return ""
		}
	}
	const tar = ".tar"
	if begin := dot - len(tar); begin >= 0 && strings.EqualFold(path[begin:dot], tar) {
		return path[begin:]
	}
	return path[dot:]
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
