package main

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// wantMissing is what `granary query missing --json` should say of a source.
type wantMissing struct {
	Name, OutPath, State string
	Reason               *string
	Users, Unlocks       int
	Bytes                *int64
}

// gotMissing is what it says. Of a few things there are several right answers.
type gotMissing struct {
	wantMissing
	Attrs, Path []string
	DrvPaths    []string
}

// lacking returns, for each attribute of each system, what it lacks: in whichever
// snapshots it is. Those that lack nothing are there, too.
func (m *model) lacking(q *question) map[string][]*modelSource {
	all := map[string]map[*modelSource]bool{}
	for _, a := range m.attributes(q.keep) {
		key := a.snapshot.system + " " + a.Path
		if all[key] == nil {
			all[key] = map[*modelSource]bool{}
		}
		for _, s := range m.missing(a, q.full) {
			all[key][s] = true
		}
	}
	lacking := map[string][]*modelSource{}
	for key, set := range all {
		lacking[key] = sortedSources(set)
	}
	return lacking
}

func (m *model) missingSources(q *question) []wantMissing {
	users, unlocks := map[*modelSource]int{}, map[*modelSource]int{}
	listed := map[*modelSource]bool{}
	for _, sources := range m.lacking(q) {
		for _, s := range sources {
			users[s]++
			listed[s] = true
			if len(sources) == 1 {
				unlocks[s]++
			}
		}
	}
	wanted := m.wanted()
	if q.of != nil {
		wanted = wantedBy(q.of)
	}
	for _, s := range wanted {
		listed[s] = listed[s] || !q.named && !m.holds(s)
	}
	var all []wantMissing
	for s, yes := range listed {
		if yes {
			all = append(all, s.wantMissing(users[s], unlocks[s]))
		}
	}
	slices.SortFunc(all, func(a, b wantMissing) int {
		return cmp.Or(b.Users-a.Users, b.Unlocks-a.Unlocks,
			strings.Compare(a.Name, b.Name), strings.Compare(a.OutPath, b.OutPath))
	})
	return all
}

func (s *modelSource) wantMissing(users, unlocks int) wantMissing {
	w := wantMissing{
		Name: s.Name, OutPath: string(s.OutPath), State: "missing", Users: users, Unlocks: unlocks,
	}
	if s.object.IsZero() && s.reason != "" {
		w.State, w.Reason = "failed", &s.reason
	}
	if bytes := s.missingBytes(); bytes >= 0 {
		w.Bytes = &bytes
	}
	return w
}

func checkMissing(t *testing.T, m *model, rng *rand.Rand) {
	for _, q := range m.questions(rng) {
		want := m.missingSources(&q)
		args := append([]string{"query", "missing"}, q.args...)
		lines, status := jsonLines[gotMissing](t, m, args...)
		var got []wantMissing
		for i := range lines {
			got = append(got, lines[i].wantMissing)
		}
		compare(t, fmt.Sprint("missing ", &q), want, got)
		compare(t, fmt.Sprint("missing ", &q, ": exit status"), yesNo(len(want) == 0), status)
		users := m.users(&q)
		for i := range lines {
			checkExamples(t, &q, users[lines[i].OutPath], &lines[i])
		}
		if asked := m.attributes(q.keep); q.named && len(asked) < 100 {
			checkWays(t, &q, asked, lines)
		}
	}
}

// users returns the paths of those that lack a source, by its output path.
func (m *model) users(q *question) map[string]map[string]bool {
	users := map[string]map[string]bool{}
	for key, sources := range m.lacking(q) {
		_, path, _ := strings.Cut(key, " ")
		for _, s := range sources {
			if users[string(s.OutPath)] == nil {
				users[string(s.OutPath)] = map[string]bool{}
			}
			users[string(s.OutPath)][path] = true
		}
	}
	return users
}

// checkExamples checks that those few who need the source do, and are three if so many do.
func checkExamples(t *testing.T, q *question, users map[string]bool, got *gotMissing) {
	t.Helper()
	named := map[string]bool{}
	for _, path := range got.Attrs {
		if named[path] || !users[path] {
			t.Errorf("missing %v: %s does not need %s, or is named twice", q, path, got.Name)
		}
		named[path] = true
	}
	if len(named) != min(3, len(users)) {
		t.Errorf("missing %v: %d attributes need %s, and %q are named", q, len(users), got.Name,
			got.Attrs)
	}
}

// checkWays checks that each way is there, and that there is no shorter one.
func checkWays(t *testing.T, q *question, asked []*modelAttribute, lines []gotMissing) {
	t.Helper()
	shortest := map[string]int{}
	for _, a := range asked {
		for path, n := range a.distances(q.full) {
			if old, ok := shortest[path]; !ok || n < old {
				shortest[path] = n
			}
		}
	}
	for i := range lines {
		got := &lines[i]
		leads := func(a *modelAttribute) bool { return a.leads(got, q.full) }
		if !slices.ContainsFunc(asked, leads) || max(1, len(got.DrvPaths)) != shortest[got.OutPath] {
			t.Errorf("missing %v: no shortest way, of %d derivations, to %s: %q, %q", q,
				shortest[got.OutPath], got.OutPath, got.Path, got.DrvPaths)
		}
	}
}

// distances returns, for each source that a needs, by output path, of how many derivations
// a shortest way to it is; what evaluation stopped at counts as one.
func (a *modelAttribute) distances(full bool) map[string]int {
	known := &a.steps[0]
	if full {
		known = &a.steps[1]
	}
	if *known == nil {
		*known = a.measure(full)
	}
	return *known
}

func (a *modelAttribute) measure(full bool) map[string]int {
	found := map[string]int{}
	if a.root == nil {
		if a.fetch != nil {
			found[string(a.fetch.OutPath)] = 1
		}
		return found
	}
	seen := map[*modelDerivation]bool{a.root: true}
	level := []*modelDerivation{a.root}
	for n := 1; len(level) > 0; n++ {
		var next []*modelDerivation
		for _, d := range level {
			if d.source != nil {
				if _, ok := found[string(d.source.OutPath)]; !ok {
					found[string(d.source.OutPath)] = n
				}
			}
			for _, input := range d.followed(full) {
				if !seen[input] {
					seen[input] = true
					next = append(next, input)
				}
			}
		}
		level = next
	}
	return found
}

// followed returns the inputs that count.
func (d *modelDerivation) followed(full bool) []*modelDerivation {
	if d.source != nil && !full {
		return nil
	}
	return d.inputs
}

// leads tells whether what was said is a way from a to the source.
func (a *modelAttribute) leads(got *gotMissing, full bool) bool {
	names := []string{a.Path}
	at := a.root
	for i, path := range got.DrvPaths {
		if i > 0 {
			at = at.input(path, full)
		}
		if at == nil || string(at.Path) != path {
			return false
		}
		if last := i == len(got.DrvPaths)-1; !last && (i > 0 || a.Kind != "") {
			names = append(names, at.Derivation.Name())
		}
	}
	source := a.fetch
	if at != nil {
		source = at.source
	}
	return source != nil && string(source.OutPath) == got.OutPath &&
		(at == nil) == (len(got.DrvPaths) == 0) && slices.Equal(got.Path, append(names, source.Name))
}

// input returns the input with that path.
func (d *modelDerivation) input(path string, full bool) *modelDerivation {
	for _, input := range d.followed(full) {
		if string(input.Path) == path {
			return input
		}
	}
	return nil
}
