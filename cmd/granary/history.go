package main

import (
	"context"
	"time"

	"granary/catalog"
	"granary/fetch"
)

// lately is how far back what a host did tells something about it.
const lately = 90 * 24 * time.Hour

// history returns what earlier runs saw at the places of wanted, and of every host.
func (a *app) history(ctx context.Context, wanted []catalog.Source) (*fetch.History, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	ids := make(map[int64]bool, len(wanted))
	for i := range wanted {
		ids[wanted[i].ID] = true
	}
	past, err := a.catalog.Ledger(ctx, func(source int64) bool { return ids[source] })
	if err != nil {
		return nil, err
	}
	hosts, err := a.catalog.Hosts(ctx, time.Now().Add(-lately))
	if err != nil {
		return nil, err
	}
	return &fetch.History{URLs: urlHistory(past), Hosts: hostHistory(hosts)}, nil
}

// urlHistory takes, of sources that are had from one URL, the one that was last
// asked for.
func urlHistory(past []catalog.Past) map[string]fetch.Past {
	urls := make(map[string]fetch.Past, len(past))
	for i := range past {
		p := &past[i]
		if other := urls[p.URL]; p.Last().Before(other.Good) || p.Last().Before(other.Bad) {
			continue
		}
		urls[p.URL] = fetch.Past{
			Good: p.LastGood, Bad: p.LastBad, Failures: p.Failures, Reason: fetch.Reason(p.Reason),
		}
	}
	return urls
}

func hostHistory(hosts []catalog.Host) map[string]fetch.HostPast {
	all := make(map[string]fetch.HostPast, len(hosts))
	for i := range hosts {
		h := &hosts[i]
		all[h.Name] = fetch.HostPast{Good: h.Good, Bad: h.Bad, Rate: h.Rate()}
	}
	return all
}
