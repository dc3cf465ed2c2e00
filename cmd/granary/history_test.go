package main

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"granary/catalog"
	"granary/fetch"
)

// TestURLHistory has two sources that were asked for at one URL.
func TestURLHistory(t *testing.T) {
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	at := func(hours int) time.Time { return noon.Add(time.Duration(hours) * time.Hour) }
	got := urlHistory([]catalog.Past{
		{Source: 1, URL: "http://a", FirstGood: at(0), LastGood: at(1)},
		{Source: 1, URL: "http://b", LastGood: at(3), LastBad: at(2), Reason: "dns"},
		{Source: 2, URL: "http://a", LastGood: at(1), LastBad: at(2), Reason: "x", Failures: 4},
		{Source: 2, URL: "http://b", LastBad: at(1), Reason: "y", Failures: 1},
	})
	want := map[string]fetch.Past{
		"http://a": {Good: at(1), Bad: at(2), Reason: "x", Failures: 4},
		"http://b": {Good: at(3), Bad: at(2), Reason: "dns"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHostHistory(t *testing.T) {
	got := hostHistory([]catalog.Host{{
		Name: "a:80", Sources: 3, Held: 2, Failed: 1, Good: 4, Bad: 2, Bytes: 3000,
		Duration: 2 * time.Second,
	}})
	want := map[string]fetch.HostPast{"a:80": {Good: 4, Bad: 2, Rate: 1500}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
