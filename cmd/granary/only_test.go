package main

import (
	"testing"
	"unicode/utf8"

	"granary"
	"granary/catalog"
	"granary/eval"
)

func TestPattern(t *testing.T) {
	for _, row := range []struct {
		pattern, path string
		want          bool
	}{
		{"hello", "hello", true},
		{"hello", "helloAlias", false},
		{"hello", "gnu.hello", false},
		{"hello*", "helloAlias", true},
		{"*hello", "hello", true},
		{"h?llo", "hello", true},
		{"h?llo", "hllo", false},
		{"*", "hello", true},
		{"*", "gnu.hello", false},
		{"*.*", "gnu.hello", true},
		{"gnu.*", "gnu.hello", true},
		{"gnu.*", "gnu.a.b", false},
		{"gnu.*", `gnu."a.b"`, true},
		{"gnu", "gnu.hello", false},
		{`gnu."a.b"`, `gnu."a.b"`, true},
		{"gnu.a.b", `gnu."a.b"`, false},
		{`"a b"`, `"a b"`, true},
		{"a b", `"a b"`, true},
		{"line*", `"line\nbreak"`, true},
		{"c++", `"c++"`, true},
		{"a[bc]", "ab", false},
		{"a..b", "a.b", false},
		{"Hello", "hello", false},
	} {
		c := choice{patterns: []*pattern{parsePattern(row.pattern)}}
		if got := c.hasPath(row.path); got != row.want {
			t.Errorf("%s, %s: got %v, want %v", row.pattern, row.path, got, row.want)
		}
	}
}

// TestChoice has names count for what no snapshot wants alone.
func TestChoice(t *testing.T) {
	named := func(name string, systems ...string) catalog.Source {
		return catalog.Source{Source: granary.Source{Name: name}, Systems: systems}
	}
	c := &choice{patterns: []*pattern{parsePattern("a-*")}, users: map[int64]int{7: 1}}
	needed := named("b", "x86_64-linux")
	needed.ID = 7
	for _, row := range []struct {
		name   string
		source catalog.Source
		want   bool
	}{
		{"listed", named("a-1.0.tar.gz"), true},
		{"listed, of another name", named("b"), false},
		{"in a snapshot", named("a-1.0.tar.gz", "x86_64-linux"), false},
		{"needed", needed, true},
	} {
		if got := c.has(&row.source); got != row.want {
			t.Errorf("%s: got %v, want %v", row.name, got, row.want)
		}
	}
	if c.patterns[0].hits != 1 {
		t.Errorf("got %d hits, want 1", c.patterns[0].hits)
	}
}

// FuzzGlob compares glob with the obvious way to match, and has every path match
// itself.
func FuzzGlob(f *testing.F) {
	for _, row := range [][2]string{
		{"hello", "hello"}, {"h*l?o", "hello"}, {"**a", "ba"}, {"*ab", "aab"}, {"a*b*c", "abbc"},
		{`a."b.c"`, `a."b.c"`}, {"?", "ü"}, {"?", "\xff"}, {"", ""}, {"*", ""},
	} {
		f.Add(row[0], row[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if len(pattern)+len(name) > 40 || !utf8.ValidString(name) {
			return
		}
		if got, want := glob(pattern, name), slowGlob(pattern, name); got != want {
			t.Errorf("%q, %q: got %v, want %v", pattern, name, got, want)
		}
		if path, ok := eval.ParseAttrPath(name); ok && !parsePattern(name).matches(path) {
			t.Errorf("%q does not match itself", name)
		}
	})
}

func slowGlob(pattern, name string) bool {
	switch {
	case pattern == "":
		return name == ""
	case pattern[0] == '*':
		return slowGlob(pattern[1:], name) || name != "" && slowGlob(pattern, name[1:])
	case name == "":
		return false
	case pattern[0] == '?':
		_, size := utf8.DecodeRuneInString(name)
		return slowGlob(pattern[1:], name[size:])
	}
	return pattern[0] == name[0] && slowGlob(pattern[1:], name[1:])
}
