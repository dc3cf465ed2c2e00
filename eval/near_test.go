package eval

import (
	"slices"
	"testing"
)

func TestEditDistance(t *testing.T) {
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"helo", "hello", 1},
		{"hello", "help", 2},
		{"kitten", "sitting", 3},
		{"flaw", "lawn", 2},
		{"ab", "ba", 2},
		{"aaaa", "b", 4},
	} {
		if got := editDistance(row.a, row.b); got != row.want {
			t.Errorf("%q to %q: got %d, want %d", row.a, row.b, got, row.want)
		}
		if got := editDistance(row.b, row.a); got != row.want {
			t.Errorf("%q to %q: got %d, want %d", row.b, row.a, got, row.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, row := range []struct {
		name        string
		names, want []string
	}{
		{"helo", []string{"zebra", "help", "hello", "held"}, []string{"help", "hello", "held"}},
		{
			"python", []string{"python312", "pyhton", "ython", "python3", "pythonx"},
			[]string{"ython", "python3", "pythonx"},
		},
		{"x", []string{"y", "yy"}, []string{"y"}},
		{"x", nil, nil},
		{"gcc", []string{"clang"}, nil},
	} {
		if got := nearest(row.name, row.names); !slices.Equal(got, row.want) {
			t.Errorf("near %s in %q: got %q, want %q", row.name, row.names, got, row.want)
		}
	}
}
