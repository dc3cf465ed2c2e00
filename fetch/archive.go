package fetch

import (
	"context"
	"fmt"

	"granary"
)

// An Archive keeps the bytes of others for good, and is asked when nobody else has
// them.
type Archive string

// The archives. What each is asked for, says its file here.
const (
	SoftwareHeritage Archive = "Software Heritage"
	Wayback          Archive = "the Wayback Machine"
	Distfiles        Archive = "the distfiles of other distributions"
)

// Hosts returns the hosts that are asked, for help texts; answers may lead further.
func (a Archive) Hosts() []string {
	switch a {
	case SoftwareHeritage:
		return []string{"archive.softwareheritage.org"}
	case Wayback:
		return []string{"web.archive.org"}
	case Distfiles:
		return distfileHosts()
	}
	return nil
}

func checkArchives(all []Archive) error {
	for _, a := range all {
		if a.Hosts() == nil {
			return fmt.Errorf("archive %q: not known", string(a))
		}
	}
	return nil
}

// archives returns a candidate that lists the archives that may have s, when all
// others were asked; most sources need none.
func (r *run) archives(s *granary.Source) []candidate {
	if len(r.Archives) == 0 || s.CA.Hash.IsZero() {
		return nil
	}
	return []candidate{{last: true, ask: func(_ context.Context, j *job, _ string) (bool, error) {
		j.add(r.archivesOf(s))
		return false, nil
	}}}
}

// archivesOf returns the archives that may have s.
func (r *run) archivesOf(s *granary.Source) (all []candidate) {
	for _, a := range r.Archives {
		switch a {
		case SoftwareHeritage:
			all = append(all, r.heritage(s)...)
		case Wayback:
			all = append(all, r.wayback(s)...)
		case Distfiles:
			all = append(all, r.distfiles(s)...)
		}
	}
	return all
}

// archived returns the candidate at raw, which ask asks: a last resort. Whatever it
// fails with tells least: what became of the source's own URLs tells more.
func (r *run) archived(raw string, ask asker) candidate {
	c := urlCandidate(r.rewrite(raw))
	c.last = true
	c.ask = func(ctx context.Context, j *job, url string) (bool, error) {
		held, err := ask(ctx, j, url)
		for i := j.try.first; !held && i < len(j.attempts); i++ {
			if j.attempts[i].Reason != "" {
				j.attempts[i].ranks = reasonMiss
			}
		}
		return held, err
	}
	return c
}
