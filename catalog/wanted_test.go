package catalog

import (
	"slices"
	"strings"
	"testing"
)

// TestWanted has two snapshots, for two systems, and a want-list.
func TestWanted(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	b := small("b", "aarch64-linux")
	b.derivations, b.calls, b.attributes = b.derivations[:2], nil, b.attributes[1:2]
	record(t, c, b)
	_, err := c.Import(t.Context(), []Wanted{{Source: source("listed.tar", "http://a/l")}})
	check(t, err)
	check(t, c.RecordOutcomes(t.Context(), []Outcome{{
		OutPath: source("gcc.tar").OutPath, Reason: "not found",
	}}))
	for _, test := range []struct {
		name     string
		snapshot string
		systems  []string
		want     []string
	}{
		{"all", "", nil, []string{"doc.pdf", "gcc.tar not found", "hello.tar", "listed.tar"}},
		{"a snapshot", "a", nil, []string{"doc.pdf", "gcc.tar not found", "hello.tar"}},
		{"a system", "", []string{"aarch64-linux"}, []string{"gcc.tar not found"}},
		{"both systems", "", []string{"aarch64-linux", "x86_64-linux"},
			[]string{"doc.pdf", "gcc.tar not found", "hello.tar"}},
		{"a snapshot for another system", "a", []string{"aarch64-linux"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			all, err := c.Wanted(t.Context(), test.snapshot, test.systems)
			check(t, err)
			var got []string
			for _, b := range all {
				got = append(got, strings.TrimSpace(b.Name+" "+b.Reason))
				s, err := c.SourcesAt(t.Context(), []int64{b.ID})
				check(t, err)
				if s[0].Name != b.Name || s[0].OutPath != b.OutPath || s[0].Reason != b.Reason {
					t.Errorf("got %+v, want %+v", b, s[0])
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
	if _, err := c.Wanted(t.Context(), "none", nil); err == nil {
		t.Error("a snapshot that is not there: got no error")
	}
}
