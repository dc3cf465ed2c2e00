package main

import (
	"testing"

	"granary/eval"
)

// FuzzPattern: what is no pattern matches itself alone, however it is written, and what
// matches has as many names.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"hello", "hello"}, {"python3Packages.*", "python3Packages.a"}, {`"a.b".c`, `"a.b".c`},
		{"*.*", "a"}, {`"*"`, `"*"`}, {"a..b", "a"}, {`"`, "a"}, {`a."b`, "a"}, {"", ""}, {".", "."},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		p := parsePattern(text)
		names, ok := eval.ParseAttrPath(path)
		if !ok {
			return
		}
		got := p.matches(names)
		if got && len(p.path) != len(names) {
			t.Errorf("%q matches %q, which has other names", text, path)
		}
		same := p.path.String() == names.String()
		if !isPattern(text) && got != (same && p.path != nil) {
			t.Errorf("%q matches %q: %v", text, path, got)
		}
		if !parsePattern(names.String()).matches(names) {
			t.Errorf("%q does not match itself", names)
		}
	})
}
