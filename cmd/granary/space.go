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
	guessed bool   // it is an estimate
}

// space tells whether an amount fits the disk.
func (a *app) space(keep reserve, m *amount) (space, error) {
	s := space{guessed: m.Estimated > 0}
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
	if fits := m.bytes()+s.Reserve <= free; m.Unknown == 0 || !fits {
		s.Fits = &fits
	}
	return s, err
}

// text is for people: a line of a table.
func (s *space) text() string {
	if s.Free == nil {
		return ""
	}
	verdict := "enough"
	switch {
	case s.Fits == nil:
		verdict = "enough for those of known size"
	case !*s.Fits:
		verdict = "not enough"
	case s.guessed:
		verdict = "enough, by estimate"
	}
	return fmt.Sprintf("%21s  free on the disk, %s of it stay so: %s\n", bytes(*s.Free),
		bytes(s.Reserve), verdict)
}
