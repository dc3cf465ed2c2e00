package main

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"granary"
	"granary/eval"
	"granary/fetch"
	"granary/hashes"
)

// A wantPart is what `granary plan --json` should say of some sources.
type wantPart struct {
	Part, Name                         string
	Sources, Known, Estimated, Unknown int
	KnownBytes, EstimatedBytes         int64
	ByHand, NeedBuilder, NoURL, Held   int
}

// gotPart is what it says.
type gotPart struct {
	wantPart
	Free    *int64
	Reserve int64
	Fits    *bool
}

// planned returns the sources that a question's plan is about, held or not.
func (m *model) planned(q *question) (planned []*modelSource) {
	wanted := m.wanted()
	if q.of != nil {
		wanted = wantedBy(q.of)
	}
	if !q.named {
		return wanted
	}
	needed := map[*modelSource]bool{}
	for _, a := range m.attributes(q.keep) {
		for _, s := range a.needs(false) {
			needed[s] = true
		}
	}
	inSnapshots := wantedBy(m.snapshots)
	for _, s := range wanted {
		like, err := path.Match(q.args[len(q.args)-1], s.Name)
		if needed[s] || err == nil && like && !slices.Contains(inSnapshots, s) {
			planned = append(planned, s)
		}
	}
	return planned
}

// plan returns the parts by their names.
func (m *model) plan(q *question) map[string]*wantPart {
	parts := map[string]*wantPart{"total ": {Part: "total"}}
	estimate := m.newEstimate()
	sets := map[*modelSource]map[string]bool{}
	for _, a := range m.attributes(q.keep) {
		for _, s := range a.needs(false) {
			if sets[s] == nil {
				sets[s] = map[string]bool{}
			}
			sets[s][setOf(a.Path)] = true
		}
	}
	add := func(part, name string, s *modelSource) {
		key := part + " " + name
		if parts[key] == nil {
			parts[key] = &wantPart{Part: part, Name: name}
		}
		parts[key].add(estimate, s)
	}
	for _, s := range m.planned(q) {
		if m.holds(s) {
			parts["total "].Held++
			continue
		}
		add("total", "", s)
		parts["total "].count(s)
		add("host", hostName(s), s)
		add("kind", string(s.Kind), s)
		for set := range sets[s] {
			add("packageSet", set, s)
		}
		if len(sets[s]) == 0 {
			add("packageSet", "(no attribute)", s)
		}
	}
	return parts
}

func setOf(attrPath string) string {
	if names, ok := eval.ParseAttrPath(attrPath); ok && len(names) > 1 {
		return names[:1].String()
	}
	return "(top level)"
}

func hostName(s *modelSource) string {
	if len(s.URLs) == 0 {
		return "(no URL)"
	}
	u, err := url.Parse(s.URLs[0])
	if err != nil {
		panic(err) // the tests' URLs can be parsed
	}
	if u.Scheme == "mirror" {
		return "mirror://" + u.Host
	}
	return strings.ToLower(u.Host)
}

func (p *wantPart) count(s *modelSource) {
	switch {
	case s.Kind == granary.KindRequireFile || s.Message != "":
		p.ByHand++
	case s.Recipe == "":
		p.NeedBuilder++
	case len(s.URLs) == 0:
		p.NoURL++
	}
}

func (p *wantPart) add(e *modelEstimate, s *modelSource) {
	p.Sources++
	switch bytes, known := e.of(s); {
	case known:
		p.Known++
		p.KnownBytes += bytes
	case bytes >= 0:
		p.Estimated++
		p.EstimatedBytes += bytes
	default:
		p.Unknown++
	}
}

// A modelEstimate has what sizes are estimated by.
type modelEstimate struct {
	objects map[hashes.Hash]bool // of held sources
	sizes   map[string][]int64   // known, by what sources have in common
}

func (m *model) newEstimate() *modelEstimate {
	e := &modelEstimate{map[hashes.Hash]bool{}, map[string][]int64{}}
	for _, s := range m.wanted() {
		bytes := s.missingBytes()
		if m.holds(s) {
			e.objects[s.object] = true
			bytes = s.size
		}
		if bytes < 0 {
			continue
		}
		for _, group := range s.alike() {
			e.sizes[group] = append(e.sizes[group], bytes)
		}
	}
	return e
}

var (
	thingName = regexp.MustCompile(`^(.+?)-[0-9]`)
	extName   = regexp.MustCompile(`(\.tar)?\.[a-z]+$`)
)

// alike returns the groups whose other sources tell most of s, the best first: other
// versions of it, the same kind and extension, the same kind.
func (s *modelSource) alike() (groups []string) {
	ext := extName.FindString(s.Name)
	if ext == "" && len(s.URLs) > 0 {
		ext = extName.FindString(s.URLs[0])
	}
	if m := thingName.FindStringSubmatch(s.Name); m != nil {
		groups = append(groups, "thing "+m[1]+ext)
	}
	return append(groups, "form "+string(s.Kind)+" "+ext, "kind "+string(s.Kind))
}

// of returns how many bytes the download of s has, less than 0 if there is nothing to
// estimate that by, and whether that is known.
func (e *modelEstimate) of(s *modelSource) (bytes int64, known bool) {
	if s.CA.Mode == hashes.Flat && e.objects[s.CA.Hash] {
		return 0, true
	}
	if bytes := s.missingBytes(); bytes >= 0 {
		return bytes, true
	}
	if s.told > 0 {
		return s.told, false
	}
	for _, group := range s.alike() {
		sizes := e.sizes[group]
		if len(sizes) >= 20 || len(sizes) > 0 && strings.HasPrefix(group, "thing ") {
			var sum int64
			for _, size := range sizes {
				sum += size
			}
			return sum / int64(len(sizes)), false
		}
	}
	return -1, false
}

func checkPlan(t *testing.T, m *model, rng *rand.Rand) {
	for _, q := range m.questions(rng) {
		if q.full {
			continue // a fetch brings the fetchers' tools, too
		}
		got := map[string]*wantPart{}
		lines, status := jsonLines[gotPart](t, m, append([]string{"plan"}, q.args...)...)
		for i := range lines {
			got[lines[i].Part+" "+lines[i].Name] = &lines[i].wantPart
		}
		compare(t, fmt.Sprint("plan ", &q), m.plan(&q), got)
		compare(t, fmt.Sprint("plan ", &q, ": exit status"), 0, status)
		checkRoom(t, &lines[0])
	}
}

// checkRoom checks the verdict on the disk's free space.
func checkRoom(t *testing.T, total *gotPart) {
	t.Helper()
	if total.Free == nil || total.Reserve != fetch.DefaultReserve {
		t.Fatalf("plan: free %v, reserve %d", total.Free, total.Reserve)
	}
	var want *bool
	room := total.KnownBytes+total.EstimatedBytes+total.Reserve <= *total.Free
	if total.Unknown == 0 || !room {
		want = &room
	}
	compare(t, "plan: fits", want, total.Fits)
}
