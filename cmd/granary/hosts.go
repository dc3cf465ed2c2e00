package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"granary/catalog"
)

// hostLine is a line of `granary status --hosts --json`.
type hostLine struct {
	Host     string   `json:"host"`
	Asked    int      `json:"asked"` // sources
	Held     int      `json:"held"`  // of them, from this host
	Failed   int      `json:"failed"`
	Share    float64  `json:"share"` // of those asked for that are held: 0 to 1
	Bytes    int64    `json:"bytes"` // received in all
	Rate     *int64   `json:"rate"`  // bytes a second in one request
	Reason   *string  `json:"reason"`
	LastGood *rfcTime `json:"lastGood"`
	LastBad  *rfcTime `json:"lastBad"`
}

func hostJSON(h *catalog.Host) hostLine {
	line := hostLine{
		Host: h.Name, Asked: h.Sources, Held: h.Held, Failed: h.Failed,
		Share: math.Round(1000*share(h)) / 1000, Bytes: h.Bytes, Reason: orNull(h.Reason),
		LastGood: orNever(h.LastGood), LastBad: orNever(h.LastBad),
	}
	if rate := int64(h.Rate()); rate > 0 {
		line.Rate = &rate
	}
	return line
}

// share returns how much of what a host was asked for came.
func share(h *catalog.Host) float64 { return float64(h.Held) / float64(h.Sources) }

// rfcTime is a time that JSON has as RFC 3339 says, in UTC, to the second.
type rfcTime struct{ time.Time }

func (t rfcTime) MarshalJSON() ([]byte, error) {
	return []byte(t.UTC().Format(`"` + time.RFC3339 + `"`)), nil
}

// orNever returns what JSON writes as null for the zero time.
func orNever(t time.Time) *rfcTime {
	if t.IsZero() {
		return nil
	}
	return &rfcTime{t}
}

// listHosts prints what became of the sources that each host was asked for.
func (a *app) listHosts(ctx context.Context) error {
	hosts, err := a.catalog.Hosts(ctx, time.Time{})
	if err != nil {
		return err
	}
	if a.json {
		for i := range hosts {
			if err := a.printJSON(hostJSON(&hosts[i])); err != nil {
				return err
			}
		}
		return nil
	}
	if len(hosts) == 0 {
		a.notef("no host was asked yet: granary fetch --disk %s", a.diskDir)
		return nil
	}
	return a.printf("%s", hostTable(hosts))
}

// hostTable is for people: a line for each host.
func hostTable(hosts []catalog.Host) string {
	width := len("host")
	for i := range hosts {
		width = max(width, len(printable(hosts[i].Name)))
	}
	width = min(width, 40)
	w := new(strings.Builder)
	fmt.Fprintf(w, "%-*s %8s %8s %8s %5s %11s %13s  %-16s  %-16s  %s\n", width, "host",
		"asked", "held", "failed", "share", "bytes", "rate", "last good", "last bad", "mostly")
	for i := range hosts {
		h := &hosts[i]
		line := fmt.Sprintf("%-*s %8s %8s %8s %4.0f%% %11s %13s  %-16s  %-16s  %s", width,
			printable(h.Name), thousands(h.Sources), thousands(h.Held), thousands(h.Failed),
			100*share(h), bytes(h.Bytes), rate(h), date(h.LastGood), date(h.LastBad), h.Reason)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
	return w.String()
}

func rate(h *catalog.Host) string {
	if h.Rate() < 1 {
		return ""
	}
	return bytes(int64(h.Rate())) + "/s"
}

// date returns a time for people, "never" for none.
func date(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Local().Format(dateFormat)
}
