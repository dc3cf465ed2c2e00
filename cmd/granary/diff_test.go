package main

import (
	"strings"
	"testing"

	"granary"
	"granary/catalog"
	"granary/hashes"
)

// TestSplitName has what builtins.parseDrvName of Nix 2.8 says.
func TestSplitName(t *testing.T) {
	tests := []struct{ full, name, version string }{
		{"firefox-59.0.2", "firefox", "59.0.2"}, {"hello", "hello", ""},
		{"foo-bar-1", "foo-bar", "1"}, {"foo-bar", "foo-bar", ""}, {"a-", "a-", ""},
		{"-1", "", "1"}, {"x--1", "x", "-1"}, {"python3.6-foo-1.0-rc2", "python3.6-foo", "1.0-rc2"},
		{"lib-2a-b", "lib", "2a-b"}, {"a-_1", "a", "_1"}, {"ünï-ö1", "ünï", "ö1"},
		{"a-1-", "a", "1-"}, {"1-2", "1", "2"}, {"", "", ""}, {"-", "-", ""},
	}
	for _, test := range tests {
		if name, version := splitName(test.full); name != test.name || version != test.version {
			t.Errorf("%q: got %q and %q, want %q and %q", test.full, name, version, test.name,
				test.version)
		}
	}
}

// attributesOf makes attributes of "path name" or "path !error".
func attributesOf(texts ...string) (all []catalog.Attribute) {
	for _, text := range texts {
		path, name, _ := strings.Cut(text, " ")
		at := catalog.Attribute{Attribute: granary.Attribute{Path: path}}
		if message, ok := strings.CutPrefix(name, "!"); ok {
			at.Error, at.Kind = message, granary.ErrorThrow
		} else {
			at.Name, at.DrvPath = name, hashes.StorePath(path+name)
		}
		all = append(all, at)
	}
	return all
}

func TestAttrChanges(t *testing.T) {
	tests := []struct {
		name          string
		before, after []catalog.Attribute
		want          []string
	}{
		{"nothing", nil, nil, nil},
		{"all new", nil, attributesOf("a a-1", "b !no"), []string{"added a", "added b"}},
		{"all gone", attributesOf("a a-1", "b !no"), nil, []string{"removed a", "removed b"}},
		{"the same", attributesOf("a a-1", "b !no"), attributesOf("a a-1", "b !never"), nil},
		{"some of each",
			attributesOf("a a-1", "b b-1", "c !no", "d d-1", "e e-1"),
			attributesOf("A A-1", "b b-2", "c c-1", "d !no", "e e-1", "f f-1"),
			[]string{"added A", "removed a", "changed b", "fixed c", "broken d", "added f"}},
	}
	for _, test := range tests {
		var got []string
		for _, c := range attrChanges(test.before, test.after) {
			got = append(got, string(c.change)+" "+c.attribute().Path)
		}
		compare(t, test.name, test.want, got)
	}
}

func TestChangedNames(t *testing.T) {
	tests := []struct{ from, to, want string }{
		{"firefox-59.0.2", "firefox-60.0", "59.0.2 -> 60.0"},
		{"firefox-59.0.2", "firefox-bin-60.0", "firefox-59.0.2 -> firefox-bin-60.0"},
		{"tool", "tool-1", "tool -> tool-1"},
	}
	for _, test := range tests {
		at := attributesOf("a "+test.from, "a "+test.to)
		c := attrChange{wasChanged, &at[0], &at[1]}
		compare(t, test.from, test.want, c.names())
	}
}
