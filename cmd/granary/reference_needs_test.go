package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"granary/hashes"
)

// wantNeed is what `granary query needs --json` should say of a source. The attributes
// are sorted here.
type wantNeed struct {
	Name, OutPath, State string
	Reason               *string
	Bytes                *int64
	Attrs                []string
}

func (m *model) needed(q *question) []wantNeed {
	attrs := map[*modelSource][]string{}
	for _, a := range m.attributes(q.keep) {
		for _, s := range a.needs(q.full) {
			attrs[s] = append(attrs[s], a.Path)
		}
	}
	var all []wantNeed
	for s, paths := range attrs {
		slices.Sort(paths)
		missing := s.wantMissing(0, 0)
		w := wantNeed{missing.Name, missing.OutPath, missing.State, missing.Reason, missing.Bytes,
			slices.Compact(paths)}
		if m.holds(s) {
			w.State, w.Bytes = "held", &s.size
		}
		all = append(all, w)
	}
	slices.SortFunc(all, func(a, b wantNeed) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.OutPath, b.OutPath))
	})
	return all
}

func checkNeeds(t *testing.T, m *model, rng *rand.Rand) {
	for _, q := range m.questions(rng) {
		if !q.named {
			continue // it is to be told of what
		}
		got, status := jsonLines[wantNeed](t, m, append([]string{"query", "needs"}, q.args...)...)
		for i := range got {
			slices.Sort(got[i].Attrs)
		}
		compare(t, fmt.Sprint("needs ", &q), m.needed(&q), got)
		compare(t, fmt.Sprint("needs ", &q, ": exit status"), 0, status)
	}
}

// wantUser is what `granary query users --json` should say.
type wantUser struct {
	OutPath, Name, Snapshot, System, AttrPath string
	DrvPath                                   *string
}

type gotUser struct {
	wantUser
	Path []string
}

// A reference names sources, in one of the ways there are.
type reference struct {
	text  string
	means func(*modelSource) bool
}

// referencesTo names a source in all ways there are.
func referencesTo(s *modelSource) []reference {
	is := func(other *modelSource) bool { return other == s }
	has := func(h hashes.Hash) func(*modelSource) bool {
		return func(s *modelSource) bool { return s.CA.Hash == h || s.object == h }
	}
	like := func(pattern string) reference {
		return reference{pattern, func(s *modelSource) bool {
			yes, err := path.Match(pattern, s.Name)
			return yes && err == nil
		}}
	}
	all := []reference{
		{string(s.OutPath), is}, {s.OutPath.Base(), is},
		like(s.Name), like(s.Name[:3] + "*"), like("*" + s.Name[len(s.Name)-3:]),
	}
	promised := s.CA.Hash
	all = append(all, reference{promised.SRI(), has(promised)},
		reference{promised.Base16(), has(promised)}, reference{promised.NixBase32(), has(promised)},
		reference{"sha256:" + promised.NixBase32(), has(promised)})
	if !s.object.IsZero() {
		all = append(all, reference{s.object.SRI(), has(s.object)},
			reference{"sha256/" + s.object.Base16()[:2] + "/" + s.object.Base16(), has(s.object)})
	}
	for _, url := range s.URLs {
		from := func(s *modelSource) bool { return slices.Contains(s.URLs, url) }
		all = append(all, reference{url, from})
	}
	return all
}

func checkUsers(t *testing.T, m *model, rng *rand.Rand) {
	wanted := m.wanted()
	if len(wanted) == 0 {
		return
	}
	for _, r := range referencesTo(wanted[rng.IntN(len(wanted))]) {
		full, direct := rng.IntN(2) == 0, rng.IntN(3) == 0
		args := []string{"query", "users", r.text}
		if full {
			args = append(args, "--full")
		}
		if direct {
			args = append(args, "--direct")
		}
		m.checkUsersOf(t, args, r.means, full, direct)
	}
}

func (m *model) checkUsersOf(
	t *testing.T, args []string, means func(*modelSource) bool, full, direct bool,
) {
	t.Helper()
	var sources []*modelSource
	for _, s := range m.wanted() {
		if means(s) {
			sources = append(sources, s)
		}
	}
	if len(sources) > 30 {
		return // they would be as many lines for each attribute
	}
	slices.SortStableFunc(sources, func(a, b *modelSource) int {
		return cmp.Compare(a.Name, b.Name)
	})
	var want []wantUser
	var ways []func(got []string) bool
	for _, s := range sources {
		for _, a := range m.attributes(nil) {
			steps, needed := a.distances(full)[string(s.OutPath)]
			if !needed || direct && steps > 2 {
				continue
			}
			want = append(want, a.wantUser(s))
			ways = append(ways, func(got []string) bool { return a.isWay(got, s, full, steps) })
		}
	}
	lines, status := jsonLines[gotUser](t, m, args...)
	var got []wantUser
	for i := range lines {
		got = append(got, lines[i].wantUser)
		if i < len(ways) && !ways[i](lines[i].Path) {
			t.Errorf("%q: %q is no shortest way", args, lines[i].Path)
		}
	}
	compare(t, args, want, got)
	compare(t, fmt.Sprint(args, ": exit status"), 0, status)
}

func (a *modelAttribute) wantUser(s *modelSource) wantUser {
	w := wantUser{OutPath: string(s.OutPath), Name: s.Name, Snapshot: a.snapshot.name,
		System: a.snapshot.system, AttrPath: a.Path}
	if a.Kind == "" {
		w.DrvPath = new(string(a.DrvPath))
	}
	return w
}

// isWay tells whether names are those on a way from a to s, of so many derivations.
func (a *modelAttribute) isWay(names []string, s *modelSource, full bool, steps int) bool {
	if len(names) < 2 || names[0] != a.Path || names[len(names)-1] != s.Name {
		return false
	}
	if a.root == nil {
		return len(names) == 2
	}
	names = names[1 : len(names)-1]
	at := []*modelDerivation{a.root} // where the way may be
	if a.Kind != "" && steps > 1 {   // the derivation is named, too
		if len(names) == 0 || names[0] != a.root.Derivation.Name() {
			return false
		}
		names = names[1:]
	}
	if len(names) != max(0, steps-2) {
		return false
	}
	for i := range steps - 1 {
		var next []*modelDerivation
		for _, d := range at {
			for _, input := range d.followed(full) {
				if i == steps-2 || input.Derivation.Name() == names[i] {
					next = append(next, input)
				}
			}
		}
		at = next
	}
	return slices.ContainsFunc(at, func(d *modelDerivation) bool { return d.source == s })
}
