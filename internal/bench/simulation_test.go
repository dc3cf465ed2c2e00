package main

import (
	"strings"
	"testing"

	"granary/internal/simweb"
)

func TestSimulate(t *testing.T) {
	all := map[string]source{
		"a": {Name: "a", URLs: []string{"https://h.example/a http://i.example/a"}},
		"b": {Name: "b", URLs: []string{"git://h.example/b"}, Rev: "1"},
		"c": {Name: "c", URLs: []string{"git://h.example/b"}, Rev: "2"},
		"d": {Name: "d", URLs: []string{"mirror://nobody/d"}},
		"e": {Name: "e", URLs: []string{"http://h.example/a"}}, // is that of a
		"f": {Name: "f"},
	}
	s, err := simulate(all)
	if err != nil {
		t.Fatal(err)
	}
	if s.sources != 4 || s.without != 2 {
		t.Errorf("got %d sources and %d without URL, want 4 and 2", s.sources, s.without)
	}
	for _, url := range []string{
		"https://h.example/a", "http://i.example/a", "http://h.example/b?rev=1",
		"http://h.example/b?rev=2", "http://nobody.mirror.invalid/d",
	} {
		if _, ok := s.web.Contents[simweb.Key(url)]; !ok {
			t.Errorf("nothing is at %s", url)
		}
	}
	if got := strings.Count(s.list.String(), "\n"); got != s.sources {
		t.Errorf("got %d lines, want %d", got, s.sources)
	}
}

func TestReadReasons(t *testing.T) {
	got, err := readReasons(strings.NewReader(`{"name":"a","state":"held","reason":null}
{"name":"b","state":"failed","reason":"not found"}
{"name":"c","state":"missing","reason":null}
`))
	if err != nil || got["a"] != "" || got["b"] != "not found" || got["c"] != "missing" {
		t.Errorf("got %q, %v", got, err)
	}
}
