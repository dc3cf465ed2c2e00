package main

import (
	"testing"
	"time"
)

func TestFetchResults(t *testing.T) {
	runs := func(seconds ...int) (all []usage) {
		for _, s := range seconds {
			all = append(all, usage{wall: time.Duration(s) * time.Second})
		}
		return all
	}
	r := fetchResults{"granary": runs(1, 6, 4), "curl": runs(2, 3, 4), "aria2c": runs(1, 9, 9)}
	if got := r.fastest(); got != "curl" {
		t.Errorf("got %s, want curl", got)
	}
	if got := r.ratio("granary", "curl"); got != 1 {
		t.Errorf("got %v, want 1, the median of 1/2, 2 and 1", got)
	}
	if !r.has("curl") || r.has("curl", "wget2") {
		t.Error("curl is there, wget2 is not")
	}
	if got := (fetchResults{"granary": runs(1)}).fastest(); got != "" {
		t.Errorf("got %s, want none", got)
	}
}
