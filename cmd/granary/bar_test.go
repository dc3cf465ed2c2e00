package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// fileBar returns a bar on a file, which has 80 columns as what is no terminal, and
// what was written to it since the last call.
func fileBar(t *testing.T, total int) (b *bar, written func() string) {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "screen"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	seen := 0
	return newBarOn(f, total), func() string {
		data, err := os.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		fresh := string(data[seen:])
		seen = len(data)
		return fresh
	}
}

func TestBar(t *testing.T) {
	b, written := fileBar(t, 10)
	long := strings.Repeat("x", 100)
	steps := []struct {
		name string
		do   func()
		want string
	}{
		{"first", func() { b.show(0, nil, "none") }, "0% [........]  none"},
		{"half", func() { b.show(5, nil, long, "half") }, "\r\x1b[J50% [===>....]  half"},
		{"nothing fits", func() { b.show(5, nil, long) },
			"\r\x1b[J50% [===>....]  " + long[:62] + "…"},
		{"lines above", func() { b.show(5, []string{"one", long}, "half") },
			"\r\x1b[Jone\n" + long[:78] + "…\n50% [===>....]  half"},
		{"a message", func() { b.insert("note\n") },
			"\x1b[2A\r\x1b[Jnote\none\n" + long[:78] + "…\n50% [===>....]  half"},
		{"cleared", func() { b.clear() }, "\x1b[2A\r\x1b[J"},
		{"restored", func() { b.restore([]string{"one", "bar"}) }, "one\nbar"},
		{"no more room for lines", func() { b.show(6, make([]string, 21), "more") },
			"\x1b[1A\r\x1b[J60% [===>....]  more"},
		{"all", func() { b.show(10, nil, "all") }, "\r\x1b[J100% [========]  all"},
	}
	for _, step := range steps {
		step.do()
		if got := written(); got != step.want {
			t.Errorf("%s:\ngot  %q\nwant %q", step.name, got, step.want)
		}
	}
}

// What a narrower terminal has wrapped takes more rows.
func TestErasure(t *testing.T) {
	tests := []struct {
		columns int
		want    string
	}{
		{80, "\x1b[1A\r\x1b[J"},
		{60, "\x1b[1A\r\x1b[J"},
		{59, "\x1b[2A\r\x1b[J"},
		{20, "\x1b[3A\r\x1b[J"},
	}
	for _, test := range tests {
		b := &bar{columns: test.columns, lines: []string{strings.Repeat("ä", 60), "bar"}}
		if got := b.erasure(); got != test.want {
			t.Errorf("%d columns: got %q, want %q", test.columns, got, test.want)
		}
	}
}

// Without a terminal there is a line every few seconds.
func TestProgressLines(t *testing.T) {
	tests := []struct {
		name  string
		quiet bool
		want  string
	}{
		{"lines", false, "granary: the longest\ngranary: at 5s\ngranary: the longest\ngranary: at 10s\n"},
		{"quiet", true, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr strings.Builder
				a := &app{stderr: &stderr, quiet: test.quiet}
				p := a.newProgress("at ", 100)
				for i := range 12 {
					p.showAll(i, []string{"the longest"}, about(time.Duration(i)*time.Second), "short")
					time.Sleep(time.Second)
				}
				p.end()
				if got := stderr.String(); got != test.want {
					t.Errorf("got %q, want %q", got, test.want)
				}
			})
		})
	}
}

func TestFacts(t *testing.T) {
	f := facts{
		done: "12,345 of 24,311", bytes: "123.4 GiB", rate: "12.3 MiB/s", left: "2h05m left",
		failed: "1,234 failed", wait: "1,234 waiting", host: "github.com",
	}
	texts := f.texts()
	want := "12,345 of 24,311, 123.4 GiB, 12.3 MiB/s, 2h05m left, 1,234 failed, " +
		"1,234 waiting for github.com"
	if texts[0] != want {
		t.Errorf("got %q, want %q", texts[0], want)
	}
	for i := range len(texts) - 1 {
		if len(texts[i]) <= len(texts[i+1]) {
			t.Errorf("%q is not longer than %q", texts[i], texts[i+1])
		}
	}
	if got, want := (facts{done: "0 of 1", host: "h"}).texts()[0], "0 of 1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
