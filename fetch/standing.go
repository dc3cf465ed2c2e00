package fetch

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"granary"
)

const (
	// pastWeight is how many attempts at a host the earlier runs count for at the
	// most, so that this run soon weighs more.
	pastWeight = 8
	// unknownTurn is that one source in so many asks mirrors that nothing is known
	// of first: one of them may be better than those that are known.
	unknownTurn = 8
	// peerRate is the share of the best mirror's rate that makes another one as good.
	peerRate = 0.5
	// ratedBytes are so many that the rate of this run says something.
	ratedBytes = 1 << 20
)

// standings keeps how the mirrors of sites did, in earlier runs and in this one. It
// may be used by several goroutines at a time. The zero value knows nothing.
type standings struct {
	past map[string]HostPast // by host

	mu  sync.Mutex
	now map[string]*doing // by host
}

// doing is what became of the attempts at a host in this run.
type doing struct {
	good, bad int
	bytes     int64 // of the good ones
	took      time.Duration
}

// A standing is how well a host did.
type standing struct {
	known bool
	share float64 // of attempts that were good, 0.5 if not known
	rate  float64 // bytes a second, 0 if not known
}

// learn adds an attempt at host. That a file is too large for the user is not the
// mirror's fault.
func (s *standings) learn(host string, a *Attempt) {
	if a.Reason == ReasonTooLarge {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.now == nil {
		s.now = map[string]*doing{}
	}
	d := s.now[host]
	if d == nil {
		d = new(doing)
		s.now[host] = d
	}
	if a.Reason != "" {
		d.bad++
		return
	}
	d.good++
	d.bytes += a.Bytes
	d.took += a.Duration
}

// of returns the standing of host.
func (s *standings) of(host string) standing {
	past := s.past[host]
	good, bad, rate := float64(past.Good), float64(past.Bad), past.Rate
	if n := good + bad; n > pastWeight {
		good, bad = good*pastWeight/n, bad*pastWeight/n
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.now[host]; d != nil {
		good, bad = good+float64(d.good), bad+float64(d.bad)
		if d.bytes >= ratedBytes && d.took > 0 {
			rate = float64(d.bytes) / d.took.Seconds()
		}
	}
	if good+bad == 0 {
		return standing{share: 0.5}
	}
	return standing{true, good / (good + bad), rate}
}

// failing tells whether more attempts than not were bad.
func (s standing) failing() bool { return s.share < 0.5 }

// tenths is the share of good attempts as it is compared: what differs by less is
// told apart by the rate.
func (s standing) tenths() int { return int(10 * s.share) }

// better tells whether s goes before other.
func (s standing) better(other standing) bool {
	if s.tenths() != other.tenths() {
		return s.tenths() > other.tenths()
	}
	return s.rate > other.rate
}

// group says where s goes among the mirrors of a site of which best is the
// standing of the best: 0 as good as that, 1 working, 2 not known, 3 failing.
func (s standing) group(best standing) int {
	switch {
	case s.failing():
		return 3
	case !s.known || s.share == 0.5:
		return 2
	case s.tenths() == best.tenths() && (s.rate == 0 || s.rate >= peerRate*best.rate):
		return 0
	}
	return 1
}

// orderMirrors puts the mirrors of a site in the order in which s asks them:
//
//  1. the one that did best, and those that did as well;
//  2. the others that work, those of which nothing is known, those that fail; but
//     one source in eight begins with those of which nothing is known;
//  3. among equals https before http before ftp;
//  4. and then in an order that is shuffled for each source, so that no mirror
//     gets everything.
//
// The output path gives that order, which is thus the same in each run.
func (r *run) orderMirrors(s *granary.Source, mirrors []candidate) {
	if len(mirrors) < 2 {
		return
	}
	var seed [32]byte
	copy(seed[:], s.OutPath.Digest())
	shuffled := rand.New(rand.NewChaCha8(seed))
	explores := shuffled.IntN(unknownTurn) == 0
	shuffled.Shuffle(len(mirrors), func(i, j int) {
		mirrors[i], mirrors[j] = mirrors[j], mirrors[i]
	})
	rank := r.rankMirrors(mirrors, explores)
	slices.SortStableFunc(mirrors, func(a, b candidate) int { return rank[a.url] - rank[b.url] })
}

// rankMirrors returns what goes first, by URL: less is sooner.
func (r *run) rankMirrors(mirrors []candidate, explores bool) map[string]int {
	var best standing
	all := make([]standing, len(mirrors))
	for i, c := range mirrors {
		all[i] = r.places.standings.of(c.host)
		if all[i].known && all[i].better(best) {
			best = all[i]
		}
	}
	rank := make(map[string]int, len(mirrors))
	for i, c := range mirrors {
		group := all[i].group(best)
		if explores && group == 2 {
			group = -1
		}
		rank[c.url] = 4*group + schemeRank(c.url)
	}
	return rank
}

// schemeRank is less for the scheme that is to be asked first.
func schemeRank(url string) int {
	switch scheme, _, _ := strings.Cut(url, ":"); strings.ToLower(scheme) {
	case "https":
		return 0
	case "http":
		return 1
	case "ftp":
		return 2
	}
	return 3
}

// learning has the standing of c's host learn from what becomes of c, one of the
// mirrors that site stands for. If the host is failing when it is c's turn, then
// c gives it to those mirrors that are not.
func (r *run) learning(c candidate, site string) candidate {
	ask := c.ask
	c.site = site
	c.ask = func(ctx context.Context, j *job, url string) (bool, error) {
		first := len(j.attempts)
		if first == j.try.first && r.giveWay(j, c) {
			return false, nil
		}
		held, err := ask(ctx, j, url)
		for i := first; i < len(j.attempts); i++ {
			r.places.standings.learn(c.host, &j.attempts[i])
		}
		return held, err
	}
	return c
}

// giveWay puts c, which was the next candidate of j, behind the other mirrors of
// its site, if its host is failing and one of theirs is not.
func (r *run) giveWay(j *job, c candidate) bool {
	if !r.places.standings.of(c.host).failing() {
		return false
	}
	n, better := 0, false
	for n < len(j.candidates) && j.candidates[n].site == c.site {
		better = better || !r.places.standings.of(j.candidates[n].host).failing()
		n++
	}
	if better {
		j.candidates = slices.Insert(j.candidates, n, c)
	}
	return better
}
