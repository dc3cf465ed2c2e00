package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"granary"
	"granary/catalog"
	"granary/closure"
	"granary/disk"
)

// gotStatus has fields of `granary status --json`.
type gotStatus struct {
	Sources, Held, Missing, Failed, MissingUnknown int
	Bytes, MissingKnownBytes                       int64
	MissingBytes                                   *int64
	Reasons                                        map[string]int
	Snapshots                                      []struct {
		Snapshot                          string
		Attrs, Errors, Buildable, Sources int
		Held, MissingUnknown              int
		MissingKnownBytes                 int64
		MissingBytes                      *int64
	}
}

// TestStatusAgrees compares the numbers of granary status with what other commands list.
func TestStatusAgrees(t *testing.T) {
	onModels(t, func(t *testing.T, m *model, _ *rand.Rand) {
		all, _ := jsonLines[gotStatus](t, m, "status")
		st := all[0]
		attrs, _ := jsonLines[attrLine](t, m, "attrs")
		answers, _ := jsonLines[buildableLine](t, m, "query", "buildable")
		for _, s := range st.Snapshots {
			attributes, failed, buildable := 0, 0, 0
			for i := range attrs {
				if attrs[i].Snapshot == s.Snapshot {
					attributes++
					failed += oneIf(attrs[i].DrvPath == nil)
				}
			}
			for i := range answers {
				buildable += oneIf(answers[i].Snapshot == s.Snapshot && answers[i].Buildable)
			}
			compare(t, s.Snapshot, []int{attributes, failed, buildable},
				[]int{s.Attrs, s.Errors, s.Buildable})
			compare(t, s.Snapshot+": sources", m.amount(m.snapshotNamed(s.Snapshot).wanted()), &wantAmount{
				Number: s.Sources, Missing: s.Sources - s.Held, MissingUnknown: s.MissingUnknown,
				MissingBytes: s.MissingBytes, MissingKnownBytes: s.MissingKnownBytes,
			})
		}
		checkStatusSources(t, m, &st)
	})
}

func checkStatusSources(t *testing.T, m *model, st *gotStatus) {
	t.Helper()
	sources, _ := jsonLines[sourceLine](t, m, "sources")
	states := map[catalog.State]int{}
	objects := map[string]int64{}
	reasons := map[string]int{}
	for i := range sources {
		s := &sources[i]
		states[s.State]++
		if s.State == catalog.Held {
			objects[*s.Object] = *s.Size
		}
		if s.State == catalog.Failed {
			reasons[*s.Reason]++
		}
	}
	var held int64
	for _, size := range objects {
		held += size
	}
	compare(t, "sources", []int{len(sources), states[catalog.Held], states[catalog.Missing],
		states[catalog.Failed]}, []int{st.Sources, st.Held, st.Missing, st.Failed})
	compare(t, "bytes", held, st.Bytes)
	compare(t, "reasons", reasons, st.Reasons)
	amount := m.amount(m.wanted())
	compare(t, "what is not held", amount, &wantAmount{
		Number: st.Sources, Missing: st.Missing + st.Failed, MissingUnknown: st.MissingUnknown,
		MissingBytes: st.MissingBytes, MissingKnownBytes: st.MissingKnownBytes,
	})
}

func (m *model) snapshotNamed(name string) *modelSnapshot {
	i := slices.IndexFunc(m.snapshots, func(s *modelSnapshot) bool { return s.name == name })
	return m.snapshots[i]
}

func oneIf(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// fullStatus is that of a disk of which there is much to say.
func fullStatus(snapshots int) *statusLine {
	st := &statusLine{
		Sources: 28_880, Held: 26_800, Missing: 1000, Failed: 1080, ByHand: 49, Bytes: 1 << 37,
		Free: new(int64(1 << 41)), Reasons: map[string]int{}, Hosts: map[string]int{},
		tallies: map[catalog.State]closure.Tally{
			catalog.Missing: {Missing: 1000, Unknown: 300, Bytes: 1 << 33},
			catalog.Failed:  {Missing: 1080, Unknown: 1080},
		},
	}
	for i := range 15 {
		st.Reasons[fmt.Sprintf("for reason %d", i)] = 100 - i
		st.Hosts[fmt.Sprintf("mirror-number-%d.in.a.long.domain.example.org", i)] = 100 - i
	}
	for i := range snapshots {
		st.Snapshots = append(st.Snapshots, snapshotLine{
			Snapshot: fmt.Sprintf("nixpkgs-18.0%d-b9973ce6-x86_64-linux", i), Attrs: 18_439, Errors: 614,
			snapshotHeld: &snapshotHeld{Buildable: 17_000 + i},
		})
	}
	return st
}

// TestStatusFits looks whether there is room on the screen, with two lines below on what
// to do next and one for the shell.
func TestStatusFits(t *testing.T) {
	tests := []struct {
		name      string
		snapshots int
		on        screen
		hosts     int  // that are shown
		bars      bool // are drawn
	}{
		{"one snapshot, 80x24", 1, screen{80, 24, true}, 9, true},
		{"two snapshots, 80x24", 2, screen{80, 24, true}, 7, true},
		{"many snapshots, 120x40", 9, screen{120, 40, true}, 10, true},
		{"no snapshot, 80x24", 0, screen{80, 24, false}, 10, true},
		{"a low terminal", 2, screen{80, 10, false}, 3, true},
		{"a narrow terminal", 2, screen{40, 80, false}, 10, false},
		{"a pipe", 2, screen{}, 10, false},
	}
	for _, test := range tests {
		text := fullStatus(test.snapshots).text("/mnt/usb", test.on)
		compare(t, test.name+": hosts", test.hosts, strings.Count(text, "mirror-number"))
		compare(t, test.name+": bars", test.bars, strings.ContainsAny(text, "#█"))
		if rows := strings.Count(text, "\n") + 3; test.on.rows >= 24 && rows > test.on.rows {
			t.Errorf("%s: %d rows:\n%s", test.name, rows, text)
		}
		for line := range strings.Lines(text) {
			if n := utf8.RuneCountInString(line); test.on.columns >= 80 && n > test.on.columns {
				t.Errorf("%s: %d columns: %s", test.name, n, line)
			}
		}
	}
}

// TestStatusOfUnfinished looks at disks on which an evaluation did not come to its end.
func TestStatusOfUnfinished(t *testing.T) {
	m := &model{dir: t.TempDir()}
	_, err := disk.Open(m.dir)
	checkTest(t, err)
	c, err := catalog.Open(t.Context(), filepath.Join(m.dir, "granary.db"))
	checkTest(t, err)
	defer c.Close()
	says := func(name, want string) {
		t.Helper()
		if got := m.granary(t, "status"); got.status != 0 || !strings.Contains(got.stderr, want) {
			t.Errorf("%s: got %+v, want %q", name, got, want)
		}
	}
	begin := func(path string) *catalog.Recorder {
		t.Helper()
		r, err := c.Record(t.Context())
		checkTest(t, err)
		failed := []granary.Attribute{{Path: path, Kind: granary.ErrorThrow}}
		checkTest(t, r.Add(t.Context(), nil, failed, nil))
		return r
	}
	says("nothing", "nothing was evaluated yet: granary harvest TREE")
	r := begin("first")
	says("an evaluation", "no evaluation came to its end here: granary harvest TREE")
	_, err = r.Finish(t.Context(), catalog.Snapshot{Name: "first", Evaluated: modelTime})
	checkTest(t, err)
	compare(t, "after its end", "", m.granary(t, "status").stderr)
	begin("second")
	says("another one", "the latest evaluation has not come to its end")
}
