package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary"
)

// always wants every source.
func always(int64) bool { return true }

// asked is an outcome of the source named name for these attempts, the last of
// which decides.
func asked(name string, attempts ...Attempt) Outcome {
	s := source(name)
	last := attempts[len(attempts)-1]
	o := Outcome{OutPath: s.OutPath, Reason: last.Reason, Attempts: attempts}
	if last.Reason == "" {
		o.Object, o.Recipe, o.Size = s.CA.Hash, granary.RecipeFlat, 1
	}
	return o
}

// attempt is one at noon and so many hours.
func attempt(hours int, url, reason string) Attempt {
	a := Attempt{URL: url, At: noon.Add(time.Duration(hours) * time.Hour), Reason: reason}
	if reason == "" {
		a.Bytes, a.Duration = 1000, 2*time.Second
	}
	return a
}

func TestLedger(t *testing.T) {
	const a, b = "http://a/hello.tar", "http://b/hello.tar"
	at := func(hours int) time.Time {
		return noon.Add(time.Duration(hours) * time.Hour).Truncate(time.Second)
	}
	for _, row := range []struct {
		name string
		runs [][]Attempt
		want []Past
	}{
		{"good", [][]Attempt{{attempt(0, a, "")}}, []Past{
			{URL: a, FirstGood: at(0), LastGood: at(0), Bytes: 1000, Duration: 2 * time.Second},
		}},
		{"bad", [][]Attempt{{attempt(0, a, "dns")}, {attempt(1, a, "not found")}}, []Past{
			{URL: a, LastBad: at(1), Reason: "not found", Failures: 2},
		}},
		{"rotten", [][]Attempt{
			{attempt(0, a, "")}, {attempt(1, a, "")}, {attempt(2, a, "x")}, {attempt(3, a, "y")},
		}, []Past{
			{URL: a, FirstGood: at(0), LastGood: at(1), LastBad: at(3), Reason: "y", Failures: 2,
				Bytes: 2000, Duration: 4 * time.Second},
		}},
		{"recovered", [][]Attempt{{attempt(0, a, "x"), attempt(1, a, "")}}, []Past{
			{URL: a, FirstGood: at(1), LastGood: at(1), LastBad: at(0), Reason: "x",
				Bytes: 1000, Duration: 2 * time.Second},
		}},
		{"two URLs", [][]Attempt{{attempt(0, b, "x"), attempt(1, a, "")}}, []Past{
			{URL: a, FirstGood: at(1), LastGood: at(1), Bytes: 1000, Duration: 2 * time.Second},
			{URL: b, LastBad: at(0), Reason: "x", Failures: 1},
		}},
		{"nobody was asked", [][]Attempt{{attempt(0, "", "no URL")}}, nil},
	} {
		for _, step := range []int64{1, 2, 1000} {
			t.Run(fmt.Sprint(row.name, " in steps of ", step), func(t *testing.T) {
				c := newCatalog(t)
				c.rule.step = step
				record(t, c, small("a", "x86_64-linux"))
				for _, attempts := range row.runs {
					check(t, c.RecordOutcomes(t.Context(), []Outcome{asked("hello.tar", attempts...)}))
				}
				got, err := c.Ledger(t.Context(), always)
				check(t, err)
				for i := range got {
					got[i].Source = 0
				}
				if diff := cmp.Diff(row.want, got); diff != "" {
					t.Errorf("-want +got:\n%s", diff)
				}
			})
		}
	}
}

// TestLedgerOfSome asks for the past of one source alone.
func TestLedgerOfSome(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		asked("hello.tar", attempt(0, "http://a", "")), asked("gcc.tar", attempt(0, "http://a", "x")),
	}))
	sources, err := c.Sources(t.Context())
	check(t, err)
	for _, s := range sources {
		got, err := c.Ledger(t.Context(), func(id int64) bool { return id == s.ID })
		check(t, err)
		if s.Name == "doc.pdf" {
			if len(got) != 0 {
				t.Errorf("%s: got %v", s.Name, got)
			}
		} else if len(got) != 1 || got[0].Source != s.ID || (got[0].Failures == 0) != (s.State == Held) {
			t.Errorf("%s: got %v", s.Name, got)
		}
	}
}

// TestLedgerRandom compares the ledger, whatever its steps, with the adding up of
// all attempts, most of which are dropped.
func TestLedgerRandom(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 0))
		c := newCatalog(t)
		c.rule = ledgerRule{step: 1 + r.Int64N(20), kept: 5}
		record(t, c, small("a", "x86_64-linux"))
		var all []Past
		for run := range 30 {
			var outcomes []Outcome
			for _, name := range []string{"doc.pdf", "gcc.tar", "hello.tar"} {
				attempts := randomAttempts(r, run)
				outcomes = append(outcomes, asked(name, attempts...))
				all = addUp(t, c, all, name, attempts)
			}
			check(t, c.RecordOutcomes(t.Context(), outcomes))
		}
		got, err := c.Ledger(t.Context(), always)
		check(t, err)
		if diff := cmp.Diff(all, got); diff != "" {
			t.Fatalf("seed %d: -want +got:\n%s", seed, diff)
		}
		if n := rows(t, c)["attempt"]; int64(n) > c.rule.kept+c.rule.step+30 {
			t.Errorf("seed %d: %d attempts are left", seed, n)
		}
	}
}

func randomAttempts(r *rand.Rand, hours int) (attempts []Attempt) {
	for range 1 + r.IntN(4) {
		reason := []string{"", "", "dns", "not found"}[r.IntN(4)]
		url := fmt.Sprintf("http://h%d/%d", r.IntN(2), r.IntN(3))
		attempts = append(attempts, attempt(hours, url, reason))
	}
	return attempts
}

// addUp is the slow way: it looks through the list for each attempt.
func addUp(t *testing.T, c *Catalog, all []Past, name string, attempts []Attempt) []Past {
	t.Helper()
	s, _, err := c.Source(t.Context(), source(name).OutPath)
	check(t, err)
	for _, a := range attempts {
		i := slices.IndexFunc(all, func(p Past) bool { return p.Source == s.ID && p.URL == a.URL })
		if i < 0 {
			i, all = len(all), append(all, Past{Source: s.ID, URL: a.URL})
		}
		p, at := &all[i], a.At.Truncate(time.Second)
		if a.Reason != "" {
			p.LastBad, p.Reason, p.Failures = at, a.Reason, p.Failures+1
			continue
		}
		if p.FirstGood.IsZero() {
			p.FirstGood = at
		}
		p.LastGood, p.Failures = at, 0
		p.Bytes, p.Duration = p.Bytes+a.Bytes, p.Duration+a.Duration
	}
	slices.SortFunc(all, func(a, b Past) int {
		return strings.Compare(fmt.Sprint(a.Source, a.URL), fmt.Sprint(b.Source, b.URL))
	})
	return all
}

func TestHosts(t *testing.T) {
	c := newCatalog(t)
	record(t, c, small("a", "x86_64-linux"))
	check(t, c.RecordOutcomes(t.Context(), []Outcome{
		asked("doc.pdf", attempt(-100, "http://old/doc", "dns")),
		asked("hello.tar", attempt(0, "http://A.org:80/1", "dns"), attempt(1, "http://b/1", "x"),
			attempt(2, "http://user:secret@b/2", "")),
		asked("gcc.tar", attempt(3, "mirror://gnu/gcc", "y"), attempt(3, "http://b/3", "timeout"),
			attempt(4, "http://b/4", "x")),
	}))
	hosts, err := c.Hosts(t.Context(), noon.Add(-time.Hour))
	check(t, err)
	var got []string
	for _, h := range hosts {
		got = append(got, fmt.Sprint(h.Name, " ", h.Sources, " ", h.Held, " ", h.Failed, " ", h.Good,
			" ", h.Bad, " ", h.Bytes, " ", h.Rate(), " ", h.Reason, " ", h.LastGood.Hour(), " ",
			h.LastBad.Hour()))
	}
	want := []string{
		"b 2 1 1 1 3 1000 500 x 14 16",
		"a.org:80 1 0 1 0 1 0 0 dns 0 12",
		"mirror://gnu 1 0 1 0 1 0 0 y 0 15",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	all, err := c.Hosts(t.Context(), time.Time{})
	check(t, err)
	if len(all) != 4 || all[3].Name != "old" {
		t.Errorf("of all times: got %v", all)
	}
}

func TestHostOf(t *testing.T) {
	for url, want := range map[string]string{
		"https://github.com/a/b":       "github.com",
		"http://GitHub.com:8080":       "github.com:8080",
		"ftp://me:pass@word@ftp.org/x": "ftp.org",
		"https://a.org?u=http://b/":    "a.org",
		"https://a.org#@b":             "a.org",
		"http://[::1]:80/x":            "[::1]:80",
		"mirror://gnu/hello":           "mirror://gnu",
		"mirror://":                    "",
		"file:///x":                    "",
		"/nix/store/x.drv":             "",
		"":                             "",
	} {
		if got := hostOf(url); got != want {
			t.Errorf("%s: got %q, want %q", url, got, want)
		}
	}
}

// BenchmarkLedger reads the past of 150,000 sources, of which a million attempts
// were made at 300,000 URLs.
func BenchmarkLedger(b *testing.B) {
	c := newCatalog(b)
	outcomes := harvested(b, c, 150_000)
	for round := range 7 {
		for i := range outcomes {
			a := &outcomes[i].Attempts[0]
			if round == 0 {
				a.URL = strings.Replace(a.URL, "github.com", fmt.Sprintf("host%d.org", i%2000), 1)
			} else if round == 1 {
				a.URL += "/second"
			}
		}
		for some := range slices.Chunk(outcomes, 4096) {
			check(b, c.RecordOutcomes(b.Context(), some))
		}
	}
	b.Run("URLs", func(b *testing.B) {
		for b.Loop() {
			all, err := c.Ledger(b.Context(), always)
			if err != nil || len(all) != 300_000 {
				b.Fatal(len(all), err)
			}
		}
	})
	b.Run("Hosts", func(b *testing.B) {
		for b.Loop() {
			all, err := c.Hosts(b.Context(), time.Time{})
			if err != nil || len(all) != 2000 {
				b.Fatal(len(all), err)
			}
		}
	})
}
