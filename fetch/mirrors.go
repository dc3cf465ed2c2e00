package fetch

import (
	_ "embed"
	"maps"
	"strings"
	"sync"
)

// A MirrorMap has the base URLs of each site that a mirror:// URL may name, in
// the order in which they are to be tried.
type MirrorMap map[string][]string

//go:embed mirrors.txt
var builtinMirrors string

var parseBuiltin = sync.OnceValue(func() MirrorMap { return parseMirrors(builtinMirrors) })

// BuiltinMirrors returns the sites that nixpkgs knows, for want of a tree's own
// list. The caller may change the map, but not the slices in it.
func BuiltinMirrors() MirrorMap { return maps.Clone(parseBuiltin()) }

// parseMirrors reads the form of mirrors.txt.
func parseMirrors(text string) MirrorMap {
	m := MirrorMap{}
	site := ""
	for line := range strings.Lines(text) {
		word := strings.TrimSpace(line)
		switch {
		case word == "" || word[0] == '#':
		case line[0] == '\t':
			m[site] = append(m[site], word)
		default:
			site = word
		}
	}
	return m
}

// Expand returns the URLs that url stands for: itself, unless it is
// mirror://<site>/<rest>. It returns none when the site is unknown.
func (m MirrorMap) Expand(url string) []string {
	rest, ok := strings.CutPrefix(url, "mirror://")
	if !ok {
		return []string{url}
	}
	site, file, _ := strings.Cut(rest, "/")
	var urls []string
	for _, base := range m[site] {
		urls = append(urls, withSlash(base)+file)
	}
	return urls
}

// withSlash ends a base with a slash, which nixpkgs sometimes forgets. A base
// that ends within a query, "...?url=", is complete.
func withSlash(base string) string {
	if strings.HasSuffix(base, "/") || strings.Contains(base, "?") {
		return base
	}
	return base + "/"
}
