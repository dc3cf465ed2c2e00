package fetch

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"granary"
	"granary/hashes"
	"granary/internal/badweb"
)

// numbered returns n sources that differ, each with the url, in which %d is its
// number, and what is there.
func numbered(t testing.TB, n int, url string) (sources []granary.Source, bodies [][]byte) {
	t.Helper()
	for i := range n {
		body := fmt.Appendf(nil, "body %d", i)
		s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, body),
			strings.ReplaceAll(url, "%d", fmt.Sprint(i)))
		sources, bodies = append(sources, s), append(bodies, body)
	}
	return sources, bodies
}

func hostsOf(all []candidate) (hosts []string) {
	for _, c := range all {
		hosts = append(hosts, c.host)
	}
	return hosts
}

func newTestRun(t testing.TB, f *Fetcher) *run {
	t.Helper()
	r := &run{Fetcher: f, mirrors: f.Mirrors}
	if err := r.openPlaces(); err != nil {
		t.Fatal(err)
	}
	return r
}

// TestOrderMirrors asks which mirror comes first for 800 sources: a share of them,
// in tenths, at least and at most.
func TestOrderMirrors(t *testing.T) {
	good := func(rate float64) HostPast { return HostPast{Good: 9, Bad: 1, Rate: rate} }
	tests := []struct {
		name  string
		bases string
		past  map[string]HostPast
		first string // a host for each mirror, in order: tenths at least-at most
	}{
		{"nothing known", "https://a https://b https://c https://d", nil,
			"a 2-3 b 2-3 c 2-3 d 2-3"},
		{"https first", "ftp://f http://h https://s", nil, "f 0-0 h 0-0 s 10-10"},
		{"the best first", "https://a https://b https://c", map[string]HostPast{
			"b": good(1000), "c": {Good: 5, Bad: 3, Rate: 9000},
		}, "a 1-2 b 8-9 c 0-0"},
		{"the rate decides", "https://a https://b", map[string]HostPast{
			"a": good(1000), "b": good(2001),
		}, "a 0-0 b 10-10"},
		{"peers take turns", "https://a https://b https://c", map[string]HostPast{
			"a": good(1000), "b": good(2000), "c": good(900),
		}, "a 4-6 b 4-6 c 0-0"},
		{"failing last", "https://a http://b ftp://c", map[string]HostPast{
			"a": {Bad: 1}, "b": {Good: 3, Bad: 7}, "c": {Good: 1, Bad: 1},
		}, "a 0-0 b 0-0 c 10-10"},
		{"the best by http", "https://a http://b", map[string]HostPast{"b": good(1)}, "a 1-2 b 8-9"},
	}
	sources, _ := numbered(t, 800, "mirror://m/%d")
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := newTestRun(t, &Fetcher{
				Mirrors: MirrorMap{"m": strings.Fields(test.bases)},
				History: &History{Hosts: test.past},
			})
			first := map[string]int{}
			for i := range sources {
				hosts := hostsOf(r.candidates(&sources[i]))
				if len(hosts) != len(strings.Fields(test.bases)) {
					t.Fatalf("got %q", hosts)
				}
				first[hosts[0]]++
			}
			words := strings.Fields(test.first)
			for pair := range slices.Chunk(words, 2) {
				var least, most int
				fmt.Sscanf(pair[1], "%d-%d", &least, &most)
				if got := float64(first[pair[0]]) / 80; got < float64(least) || got > float64(most) {
					t.Errorf("%s first in %.1f tenths, want %s", pair[0], got, pair[1])
				}
			}
		})
	}
}

// The order is the same in each run, and all of it differs from source to source.
func TestOrderIsOfSource(t *testing.T) {
	f := &Fetcher{Mirrors: MirrorMap{"m": {"https://a", "https://b", "https://c", "https://d"}}}
	sources, _ := numbered(t, 200, "mirror://m/x")
	orders := map[string]int{}
	for i := range sources {
		got := hostsOf(newTestRun(t, f).candidates(&sources[i]))
		if again := hostsOf(newTestRun(t, f).candidates(&sources[i])); !slices.Equal(got, again) {
			t.Fatalf("got %q, then %q", got, again)
		}
		orders[strings.Join(got, "")]++
	}
	if len(orders) != 24 {
		t.Errorf("got %d orders of 4 mirrors, want 24: %v", len(orders), orders)
	}
}

// TestMirrorsLearn fetches 60 sources from a site of which one mirror has nothing,
// one answers with a page, and two work. The first two are asked a few times only.
func TestMirrorsLearn(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Jobs = 1
	b.fetcher.Mirrors = MirrorMap{"m": {
		"http://none.invalid/", "http://page.invalid", "http://one.invalid/x/", "http://two.invalid/y/",
	}}
	sources, bodies := numbered(t, 60, "mirror://m/%d")
	for i, body := range bodies {
		b.Handle(fmt.Sprintf("page.invalid/%d", i), badweb.HTML())
		b.Handle(fmt.Sprintf("one.invalid/x/%d", i), badweb.File(body, ""))
		b.Handle(fmt.Sprintf("two.invalid/y/%d", i), badweb.File(body, ""))
	}
	if err := b.fetch(t.Context(), sources...); err != nil {
		t.Fatal(err)
	}
	asked := map[string]int{}
	for _, e := range b.events {
		if e.Kind != Held {
			t.Errorf("got %s of %s: %s", e.Kind, e.Source.URLs, e.Reason)
		}
		for _, a := range e.Attempts {
			asked[strings.Split(a.URL, "/")[2]]++
		}
	}
	if asked["none.invalid"] > 2 || asked["page.invalid"] > 2 {
		t.Errorf("mirrors that fail were asked too often: %v", asked)
	}
	if asked["one.invalid"] < 10 || asked["two.invalid"] < 10 ||
		asked["one.invalid"]+asked["two.invalid"] != 60 {
		t.Errorf("mirrors that work do not share the sources: %v", asked)
	}
}

// A mirror that failed once too often gets better when it works again, and all of
// a site's mirrors are asked if it must be.
func TestMirrorsAreAllAsked(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	b.fetcher.Jobs = 1
	b.fetcher.Mirrors = MirrorMap{"m": {"http://a.invalid", "http://b.invalid", "http://c.invalid"}}
	b.fetcher.History = &History{Hosts: map[string]HostPast{
		"a.invalid": {Bad: 1000}, "b.invalid": {Good: 1000}, "c.invalid": {Bad: 3},
	}}
	sources, bodies := numbered(t, 20, "mirror://m/%d")
	for i, body := range bodies {
		b.Handle(fmt.Sprintf("a.invalid/%d", i), badweb.File(body, ""))
	}
	if err := b.fetch(t.Context(), sources...); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, e := range b.events {
		if e.Kind != Held {
			t.Errorf("got %s, %v", e.Kind, e.Attempts)
		}
		asked += len(e.Attempts)
	}
	// b loses its good name after nine failures; by then a has worked nine times.
	if asked < 30 || asked > 45 {
		t.Errorf("got %d requests for 20 sources", asked)
	}
}

func TestOrderByPast(t *testing.T) {
	now := time.Now()
	days := func(n int) time.Time { return now.Add(-time.Duration(n) * 24 * time.Hour) }
	r := newTestRun(t, &Fetcher{
		Mirrors:       MirrorMap{"m": {"http://m/"}},
		HashedMirrors: []string{"http://hashed/{sri}"},
		Rewrites:      []Rewrite{{"http://asked-at/", "http://good/"}},
		History: &History{URLs: map[string]Past{
			"http://good/1":    {Good: days(30), Bad: days(40), Reason: ReasonNotFound},
			"http://gone/1":    {Bad: days(6), Failures: 1, Reason: ReasonNotFound},
			"http://wrong/1":   {Good: days(3), Bad: days(2), Failures: 1, Reason: ReasonWrongHash},
			"http://once/1":    {Bad: days(8), Failures: 9, Reason: ReasonNotFound},
			"http://timeout/1": {Bad: days(1), Failures: 1, Reason: ReasonTimeout},
			"http://was/1":     {Good: days(9), Bad: days(8), Failures: 2, Reason: ReasonNotFound},
		}},
	})
	tests := []struct{ name, urls, want string }{
		{"as they come", "http://a/1 http://once/1 http://timeout/1 http://b/1",
			"a once timeout b"},
		{"the good one first", "http://a/1 http://b/1 http://good/1", "good a b"},
		{"as it was asked", "http://a/1 http://asked-at/1", "good a"},
		{"failed after it was good", "http://wrong/1 http://a/1", "a wrong"},
		{"good long ago, failed long ago", "http://a/1 http://was/1", "was a"},
		{"failed lately", "http://gone/1 http://a/1 http://wrong/1 mirror://m/1", "a m gone wrong"},
		{"never dropped", "http://gone/1", "gone"},
		{"sites stay", "mirror://m/1 http://a/1", "m a"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSource(t, granary.RecipeFlat, hashes.Sum(hashes.SHA256, nil),
				strings.Fields(test.urls)...)
			want := strings.Fields(test.want + " hashed")
			if got := hostsOf(r.candidates(&s)); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func BenchmarkOrderMirrors(b *testing.B) {
	f := &Fetcher{Mirrors: BuiltinMirrors()}
	r := newTestRun(b, f)
	sources, _ := numbered(b, 1, "mirror://sourceforge/x")
	for b.Loop() {
		r.candidates(&sources[0])
	}
}
