package eval

import (
	"regexp"
	"strings"

	"granary"
)

// The rules are those of ID and of the keywords in Nix's src/libexpr/lexer.l.
var (
	identifier = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_'-]*$`)
	keyword    = regexp.MustCompile(`^(if|then|else|assert|with|let|in|rec|inherit)$`)
)

// String returns the path in Nix's notation: names joined by dots, those that
// are no identifiers in quotes.
func (p AttrPath) String() string {
	names := make([]string, len(p))
	for i, name := range p {
		names[i] = name
		if !identifier.MatchString(name) || keyword.MatchString(name) {
			names[i] = nixString(name)
		}
	}
	return strings.Join(names, ".")
}

// ParseAttrPath reads what String writes; names that hold neither dots nor
// quotes may do without quotes.
func ParseAttrPath(s string) (path AttrPath, ok bool) {
	for {
		var name string
		if strings.HasPrefix(s, `"`) {
			name, s, ok = unquote(s[1:])
		} else {
			i := strings.IndexByte(s+".", '.')
			name, s, ok = s[:i], s[i:], i > 0
		}
		if !ok {
			return nil, false
		}
		path = append(path, name)
		if s == "" {
			return path, true
		}
		if s[0] != '.' {
			return nil, false
		}
		s = s[1:]
	}
}

// unquote reads a name as far as its closing quote. The escapes of the Nix
// language are those of .drv files.
func unquote(s string) (name, rest string, ok bool) {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return granary.Unescape(s[:i]), s[i+1:], true
		case '\\':
			i++
		}
	}
	return "", "", false
}

var nixEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `$`, `\$`,
	"\n", `\n`, "\r", `\r`, "\t", `\t`)

// nixString returns s as a string in the Nix language.
func nixString(s string) string { return `"` + nixEscapes.Replace(s) + `"` }

func nixList(items []string) string { return "[ " + strings.Join(items, " ") + " ]" }

// nixPaths returns the paths as a list of lists of strings in the Nix
// language, on one line.
func nixPaths(paths []AttrPath) string {
	lists := make([]string, len(paths))
	for i, path := range paths {
		names := make([]string, len(path))
		for j, name := range path {
			names[j] = nixString(name)
		}
		lists[i] = nixList(names)
	}
	return nixList(lists)
}
