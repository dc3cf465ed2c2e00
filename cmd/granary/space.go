package main

import (
	"errors"
	"fmt"

	"granary/fetch"
)

// space is what the disk has room for.
type space struct {
	Free    *int64 `json:"free"`    // bytes of the disk; nil: nobody knows
	Reserve int64  `json:"reserve"` // bytes of it that stay free
	Fits    *bool  `json:"fits"`    // nil: it depends on what is of unknown size
	verdict string // for people; "": there is none
}

// space tells whether an amount fits the disk.
func (a *app) space(keep reserve, m *amount) (space, error) {
	var s space
	switch {
	case keep > 0:
		s.Reserve = int64(keep)
	case keep == 0:
		s.Reserve = fetch.DefaultReserve
	}
	free, err := a.disk.Free()
	if errors.Is(err, errors.ErrUnsupported) {
		return s, nil
	}
	s.Free = &free
	fits := m.bytes()+s.Reserve <= free
	if m.Unknown == 0 || !fits {
		s.Fits = &fits
	}
	s.verdict = fitText(fits, m)
	return s, err
}

func fitText(fits bool, m *amount) string {
	switch {
	case !fits:
		return ": not enough"
	case m.Unknown == m.Sources:
		return ""
	case m.Unknown > 0:
		return ": enough for the others"
	case m.Estimated > 0:
		return ": enough, by estimate"
	}
	return ": enough"
}

// text is for people: a line of a table.
func (s *space) text() string {
	if s.Free == nil {
		return ""
	}
	return fmt.Sprintf("%21s  free on the disk, %s of it stay so%s\n", bytes(*s.Free),
		bytes(s.Reserve), s.verdict)
}
