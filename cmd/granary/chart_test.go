package main

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestChartBar(t *testing.T) {
	tests := []struct {
		name          string
		blocks        bool
		n, all, width int
		want          string
	}{
		{"nothing of nothing", false, 0, 0, 4, "...."},
		{"nothing", false, 0, 9, 4, "...."},
		{"a little shows", false, 1, 10_000, 4, "#..."},
		{"half", false, 5, 10, 4, "##.."},
		{"what is left shows", false, 9_999, 10_000, 4, "###."},
		{"all", false, 7, 7, 4, "####"},
		{"more than all", false, 9, 7, 4, "####"},
		{"blocks", true, 1, 4, 4, "█░░░"},
		{"no room", true, 1, 4, 0, ""},
		{"one column, a little", false, 1, 4, 1, "."},
		{"one column, all", false, 4, 4, 1, "#"},
	}
	for _, test := range tests {
		got := screen{blocks: test.blocks}.bar(test.n, test.all, test.width)
		if got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
		if n := utf8.RuneCountInString(got); n != test.width {
			t.Errorf("%s: %d columns, want %d", test.name, n, test.width)
		}
	}
}

func TestIsUTF8(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"no locale", nil, false},
		{"C", map[string]string{"LANG": "C"}, false},
		{"C.UTF-8", map[string]string{"LANG": "C.UTF-8"}, true},
		{"glibc's other spelling", map[string]string{"LANG": "de_DE.utf8@euro"}, true},
		{"LC_ALL wins", map[string]string{"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, false},
		{"LC_CTYPE wins", map[string]string{"LC_CTYPE": "en_US.UTF-8", "LANG": "C"}, true},
		{"an empty one is none", map[string]string{"LC_ALL": "", "LANG": "en_US.UTF-8"}, true},
	}
	for _, test := range tests {
		if got := isUTF8(func(name string) string { return test.env[name] }); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestBarRows(t *testing.T) {
	rows := []barRow{{"all ", 4, 4, "of it"}, {"part", 1, 1000, ""}, {"none", 0, 0, ""}}
	tests := []struct {
		name string
		on   screen
		want string
	}{
		{"no screen", screen{}, "all  100 %  of it\npart   1 %\nnone     –"},
		{"no room", screen{columns: 27}, "all  100 %  of it\npart   1 %\nnone     –"},
		{"bars", screen{columns: 28},
			"all  100 %  ########  of it\npart   1 %  #.......\nnone     –  ........"},
	}
	for _, test := range tests {
		compare(t, test.name, test.want, strings.Join(test.on.barRows(rows), "\n"))
	}
}
