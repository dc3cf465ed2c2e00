package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	tests := []struct {
		name, events, want string
		ok                 bool
	}{
		{
			name: "passed tests say nothing",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"quiet\n"}
{"Action":"pass","Package":"p","Test":"TestA","Elapsed":0.1}
{"Action":"output","Package":"p","Output":"ok p\n"}
{"Action":"pass","Package":"p","Elapsed":1.25}`,
			want: "ok   p 1.2s\n1 passed, 0 failed\n", ok: true,
		},
		{
			name: "a failed test says what it said",
			events: `{"Action":"output","Package":"p","Test":"TestA","Output":"got 1, want 2\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Elapsed":1}`,
			want: "fail p TestA\ngot 1, want 2\nFAIL p 1.0s\n0 passed, 1 failed\n",
		},
		{
			name: "a skipped test is no success",
			events: `{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"output","Package":"p","Test":"TestA","Output":"no Nix\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":1}`,
			want: "skip p TestA\nno Nix\nok   p 1.0s\n1 skipped, and none may be\n1 passed, 0 failed\n",
		},
		{
			name: "a package that does not build",
			events: `{"ImportPath":"p","Action":"build-output","Output":"x.go:1: no\n"}
{"ImportPath":"p","Action":"build-fail"}
{"Action":"output","Package":"p","Output":"FAIL p [build failed]\n"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p"}`,
			want: "x.go:1: no\nFAIL p 0.0s\nFAIL p [build failed]\n0 passed, 1 failed\n",
		},
		{
			name: "a process that died in a test",
			events: `{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA","Output":"killed\n"}
{"Action":"fail","Package":"p","Elapsed":0}`,
			want: "FAIL p 0.0s\nkilled\n0 passed, 1 failed\n",
		},
		{name: "no tests at all", events: "", want: "0 passed, 0 failed\n"},
		{name: "no event", events: "go: no such tool", want: "go: no such tool0 passed, 0 failed\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(&out)
			if err := r.read(strings.NewReader(test.events)); err != nil {
				t.Fatal(err)
			}
			if got := r.finish(); got != test.ok {
				t.Errorf("got ok %v, want %v", got, test.ok)
			}
			if got := out.String(); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}
