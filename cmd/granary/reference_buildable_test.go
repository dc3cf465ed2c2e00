package main

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"testing"

	"granary/eval"
)

// wantBuildable is what `granary query buildable --json` should say of an attribute.
type wantBuildable struct {
	Snapshot, System, AttrPath string
	DrvPath                    *string
	Buildable                  bool
	Needs, Missing             int
	MissingBytes               *int64
	MissingUnknown             int
	Error, ErrorKind           *string
}

func (m *model) buildable(a *modelAttribute, full bool) wantBuildable {
	missing := m.missing(a, full)
	w := wantBuildable{
		Snapshot: a.snapshot.name, System: a.snapshot.system, AttrPath: a.Path,
		Buildable: a.Kind == "" && len(missing) == 0,
		Needs:     len(a.needs(full)), Missing: len(missing),
	}
	var sum int64
	for _, s := range missing {
		if bytes := s.missingBytes(); bytes < 0 {
			w.MissingUnknown++
		} else {
			sum += bytes
		}
	}
	if w.MissingUnknown == 0 {
		w.MissingBytes = &sum
	}
	if a.Kind == "" {
		w.DrvPath = new(string(a.DrvPath))
	} else {
		w.Error, w.ErrorKind = new(a.Error), new(string(a.Kind))
	}
	return w
}

// A question is which attributes a command is asked for.
type question struct {
	args  []string
	keep  func(*modelAttribute) bool
	named bool             // by paths or patterns
	of    []*modelSnapshot // that flags leave; nil: all
	full  bool
	// firm tells whether a no to the attribute makes the exit status 3.
	firm func(*modelAttribute) bool
}

func (q *question) String() string { return strings.Join(q.args, " ") }

// questions returns some of each kind, about attributes that are there.
func (m *model) questions(rng *rand.Rand) []question {
	all := m.attributes(nil)
	var asked []question
	add := func(q question) {
		full := q
		full.args, full.full = append([]string{"--full"}, q.args...), true
		asked = append(asked, q, full)
	}
	never := func(*modelAttribute) bool { return false }
	add(question{keep: func(*modelAttribute) bool { return true }, firm: never})
	for range 3 {
		path := all[rng.IntN(len(all))].Path
		named := func(a *modelAttribute) bool { return a.Path == path }
		add(question{args: []string{path}, keep: named, named: true, firm: named})
	}
	s := m.snapshots[rng.IntN(len(m.snapshots))]
	add(question{args: []string{"--snapshot", s.name}, firm: never, of: []*modelSnapshot{s},
		keep: func(a *modelAttribute) bool { return a.snapshot == s }})
	of := slices.DeleteFunc(slices.Clone(m.snapshots), func(other *modelSnapshot) bool {
		return other.system != s.system
	})
	add(question{args: []string{"--system", s.system}, firm: never, of: of,
		keep: func(a *modelAttribute) bool { return a.snapshot.system == s.system }})
	return append(asked, m.patternQuestions(all)...)
}

// patternQuestions returns those of some patterns that match anything.
func (m *model) patternQuestions(all []*modelAttribute) (asked []question) {
	evaluated := func(a *modelAttribute) bool { return a.Kind == "" }
	for _, pattern := range []string{"*", "a*", "python3Packages.*", "?1?", "sets.*.c*", "*.*"} {
		keep := func(a *modelAttribute) bool { return likePath(pattern, a.Path) }
		for _, a := range all {
			if keep(a) {
				asked = append(asked, question{
					args: []string{pattern}, keep: keep, named: true, firm: evaluated,
				})
				break
			}
		}
	}
	return asked
}

// likePath tells whether each name of an attribute's path is like that of a pattern. The
// patterns of these tests mean the same to path.Match.
func likePath(pattern, text string) bool {
	names, ok := eval.ParseAttrPath(text)
	parts := strings.Split(pattern, ".")
	if !ok || len(names) != len(parts) {
		return false
	}
	for i, part := range parts {
		like, err := path.Match(part, strings.ReplaceAll(names[i], "/", "-"))
		if err != nil || !like {
			return false
		}
	}
	return true
}

func checkBuildable(t *testing.T, m *model, rng *rand.Rand) {
	for _, q := range m.questions(rng) {
		var want []wantBuildable
		yes := true
		for _, a := range m.attributes(q.keep) {
			w := m.buildable(a, q.full)
			want = append(want, w)
			yes = yes && (w.Buildable || !q.firm(a))
		}
		args := append([]string{"query", "buildable"}, q.args...)
		got, status := jsonLines[wantBuildable](t, m, args...)
		compare(t, &q, want, got)
		compare(t, fmt.Sprint(&q, ": exit status"), yesNo(yes), status)
	}
}
