package main

import (
	"context"
	"fmt"
	"slices"

	"granary/catalog"
)

// pastLine is what `granary sources --json` says of a URL that was asked for.
type pastLine struct {
	URL       string   `json:"url"`
	FirstGood *rfcTime `json:"firstGood"`
	LastGood  *rfcTime `json:"lastGood"`
	LastBad   *rfcTime `json:"lastBad"`
	Reason    *string  `json:"reason"`   // of the last failure
	Failures  int      `json:"failures"` // in a row
}

func pastJSON(past []catalog.Past) []pastLine {
	lines := make([]pastLine, len(past))
	for i := range past {
		p := &past[i]
		lines[i] = pastLine{
			URL: p.URL, FirstGood: orNever(p.FirstGood), LastGood: orNever(p.LastGood),
			LastBad: orNever(p.LastBad), Reason: orNull(p.Reason), Failures: p.Failures,
		}
	}
	return lines
}

// pasts returns the ledger of the sources that are to be shown, by Source.ID.
func (a *app) pasts(
	ctx context.Context, sources []catalog.Source,
) (map[int64][]catalog.Past, error) {
	shown := make(map[int64]bool, len(sources))
	for i := range sources {
		shown[sources[i].ID] = a.json || sources[i].State == catalog.Failed
	}
	all, err := a.catalog.Ledger(ctx, func(source int64) bool { return shown[source] })
	past := map[int64][]catalog.Past{}
	for i := range all {
		past[all[i].Source] = append(past[all[i].Source], all[i])
	}
	return past, err
}

// rot tells of each URL of a failed source what became of it, below the URL; then of
// the other places that were asked.
func rot(urls []string, past []catalog.Past) (lines []string) {
	for _, url := range urls {
		lines = append(lines, url)
		i := slices.IndexFunc(past, func(p catalog.Past) bool { return p.URL == url })
		if i >= 0 {
			lines = append(lines, "  "+rotOf(&past[i]))
		}
	}
	for i := range past {
		if p := &past[i]; !slices.Contains(urls, p.URL) {
			lines = append(lines, "asked: "+p.URL, "  "+rotOf(p))
		}
	}
	return lines
}

// rotOf says in a line when a URL worked and how it failed.
func rotOf(p *catalog.Past) string {
	text := "never worked"
	switch {
	case p.FirstGood.Equal(p.LastGood) && !p.FirstGood.IsZero():
		text = "worked " + date(p.LastGood)
	case !p.FirstGood.IsZero():
		text = fmt.Sprintf("worked from %s to %s", date(p.FirstGood), date(p.LastGood))
	}
	switch {
	case p.Failures == 1:
		text += fmt.Sprintf("; failed %s: %s", date(p.LastBad), p.Reason)
	case p.Failures > 1:
		text += fmt.Sprintf("; failed %s times in a row, last %s: %s", thousands(p.Failures),
			date(p.LastBad), p.Reason)
	}
	return text
}
