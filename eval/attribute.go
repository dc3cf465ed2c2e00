package eval

import (
	"regexp"
	"strings"
)

var identifier = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_'-]*$`)

// String returns the path in Nix's notation: names joined by dots, those that
// are no identifiers in quotes.
func (p AttrPath) String() string {
	names := make([]string, len(p))
	for i, name := range p {
		names[i] = name
		if !identifier.MatchString(name) {
			names[i] = nixString(name)
		}
	}
	return strings.Join(names, ".")
}

// ParseAttrPath reads what String writes.
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

func unquote(s string) (name, rest string, ok bool) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return out.String(), s[i+1:], true
		case c == '\\' && i+1 < len(s):
			i++
			out.WriteByte(unescapedNix(s[i]))
		default:
			out.WriteByte(c)
		}
	}
	return "", "", false
}

func unescapedNix(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
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
