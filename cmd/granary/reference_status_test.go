package main

import (
	"math/rand/v2"
	"net/url"
	"testing"

	"granary"
	"granary/hashes"
)

// wantStatus is what `granary status --json` should say.
type wantStatus struct {
	Sources, Held, Missing, Failed, ByHand, Lost int
	Bytes                                        int64
	WantSize
	Kinds, Reasons, Hosts map[string]int
	Snapshots             []wantStanding
}

// WantSize is how large what is missing is.
type WantSize struct {
	MissingBytes      *int64
	MissingKnownBytes int64
	MissingUnknown    int
}

// A wantStanding is how a snapshot stands.
type wantStanding struct {
	Snapshot, System                        string
	Attrs, Errors, Sources, Buildable, Held int
	WantSize
}

func (m *model) status() wantStatus {
	wanted := m.wanted()
	w := wantStatus{
		Sources: len(wanted), Kinds: map[string]int{}, Reasons: map[string]int{},
		Hosts: map[string]int{}, WantSize: m.amount(wanted).size(),
	}
	objects := map[hashes.Hash]bool{}
	for _, s := range wanted {
		w.Kinds[string(s.Kind)]++
		if m.holds(s) {
			w.Held++
			if !objects[s.object] {
				objects[s.object] = true
				w.Bytes += s.size
			}
			continue
		}
		if s.Kind == granary.KindRequireFile || s.Message != "" {
			w.ByHand++
		}
		w.addUnheld(s)
	}
	for _, s := range m.snapshots {
		w.Snapshots = append(w.Snapshots, m.standing(s))
	}
	return w
}

func (w *wantStatus) addUnheld(s *modelSource) {
	switch {
	case !s.object.IsZero():
		w.Missing++
		w.Lost++
	case s.reason == "":
		w.Missing++
	default:
		w.Failed++
		w.Reasons[s.reason]++
		if n := len(s.URLs); n > 0 { // the last one was asked last
			if u, err := url.Parse(s.URLs[n-1]); err == nil {
				w.Hosts[u.Host]++
			}
		}
	}
}

func (a *wantAmount) size() WantSize {
	return WantSize{a.MissingBytes, a.MissingKnownBytes, a.MissingUnknown}
}

func (m *model) standing(s *modelSnapshot) wantStanding {
	wanted := s.wanted()
	amount := m.amount(wanted)
	w := wantStanding{
		Snapshot: s.name, System: s.system, Attrs: len(s.attributes), Sources: len(wanted),
		Held: amount.Number - amount.Missing, WantSize: amount.size(),
	}
	for _, a := range s.attributes {
		if a.Kind != "" {
			w.Errors++
		} else if len(m.missing(a, false)) == 0 {
			w.Buildable++
		}
	}
	return w
}

func checkStatus(t *testing.T, m *model, _ *rand.Rand) {
	want := m.status()
	got, status := jsonLines[wantStatus](t, m, "status")
	if len(got) != 1 {
		t.Fatalf("status: %d lines", len(got))
	}
	if m.attempted {
		want.Hosts = got[0].Hosts // they are those of attempts, of which the model knows nothing
	}
	compare(t, "status", want, got[0])
	compare(t, "status: exit status", 0, status)
}
