package catalog

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"
)

// A Host is what became of the sources that one host was asked for. Of the
// attempts at each of its URLs the last one counts.
type Host struct {
	Name string // in lower case, with its port if the URL names one; see hostOf

	// Sources that it was asked for; Held are those that it gave, Failed the others.
	Sources, Held, Failed int
	Good, Bad             int // the same, of URLs

	Bytes             int64         // received in all
	Duration          time.Duration // of the attempts that brought bytes
	Reason            string        // the most frequent one of those that failed, or ""
	LastGood, LastBad time.Time     // to the second; zero: never
}

// Rate is how many bytes a second came in one request, on average; 0: not known.
func (h *Host) Rate() float64 {
	if h.Duration <= 0 {
		return 0
	}
	return float64(h.Bytes) / h.Duration.Seconds()
}

// Hosts returns what became of URLs whose last attempt was not before since, by
// host, those with most failures first. 300,000 URLs take 0.7 s.
func (c *Catalog) Hosts(ctx context.Context, since time.Time) ([]Host, error) {
	tallies := map[string]*hostTally{}
	err := c.past(ctx, func(p *Past) {
		name := hostOf(p.URL)
		if name == "" || p.Last().Before(since) {
			return
		}
		t := tallies[name]
		if t == nil {
			t = &hostTally{Host: Host{Name: strings.Clone(name)}, reasons: map[string]int{}}
			tallies[t.Name] = t
		}
		t.add(p)
	})
	if err != nil {
		return nil, err
	}
	hosts := make([]Host, 0, len(tallies))
	for _, t := range tallies {
		hosts = append(hosts, t.host())
	}
	slices.SortFunc(hosts, func(a, b Host) int {
		return cmp.Or(b.Failed-a.Failed, b.Sources-a.Sources, strings.Compare(a.Name, b.Name))
	})
	return hosts, nil
}

// A hostTally is a Host that is being added up.
type hostTally struct {
	Host
	reasons map[string]int
	source  int64 // the last one that was added
	held    bool  // by one of its URLs
}

// add adds a URL. Those of one source come one after the other.
func (t *hostTally) add(p *Past) {
	if p.Source != t.source {
		t.source, t.held = p.Source, false
		t.Sources++
	}
	if p.Failures > 0 {
		t.Bad++
		t.reasons[p.Reason]++
	} else {
		t.Good++
		if !t.held {
			t.held = true
			t.Held++
		}
	}
	t.Bytes += p.Bytes
	t.Duration += p.Duration
	t.LastGood, t.LastBad = later(t.LastGood, p.LastGood), later(t.LastBad, p.LastBad)
}

func (t *hostTally) host() Host {
	h := t.Host
	h.Failed = h.Sources - h.Held
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		if h.Reason == "" || t.reasons[reason] > t.reasons[h.Reason] {
			h.Reason = reason
		}
	}
	return h
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// hostOf returns the host of a URL without a password, "" if it has none; sites of
// mirror:// are kept apart from hosts.
func hostOf(url string) string {
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return ""
	}
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	rest = strings.ToLower(rest[strings.LastIndexByte(rest, '@')+1:])
	if strings.EqualFold(scheme, "mirror") && rest != "" {
		return "mirror://" + rest
	}
	return rest
}
