package fetch

import (
	"cmp"
	"time"

	"granary"
	"granary/disk"
)

// An EventKind says what an Event tells of.
type EventKind string

// The kinds of event.
const (
	Held   EventKind = "held"   // the source is on the disk
	Failed EventKind = "failed" // no candidate had it
	Retry  EventKind = "retry"  // a URL will be tried again
	Left   EventKind = "left"   // the run ends before a download of known Length does
)

// An Event is a piece of news about one source.
type Event struct {
	Kind   EventKind
	Source granary.Source

	// Object and Recipe are how a held source is held.
	Object disk.Object
	Recipe granary.Recipe

	// Attempt is the one that succeeded, that will be repeated, that is left, or, of a
	// failed source, the one that says most. It is zero for a source that was on the
	// disk already; its URL is "" for a source that has none to try.
	Attempt
	// Wait is how long a retry waits, at least.
	Wait time.Duration
	// Attempts are all requests for the source in this run, in order, and the
	// candidates that could not be asked at all. Retry and Left events have none.
	Attempts []Attempt
}

// An Attempt is one request, or a candidate that could not be asked.
type Attempt struct {
	URL      string
	Start    time.Time
	Duration time.Duration
	Status   int    // of HTTP, 0 if there was no answer
	Bytes    int64  // received
	Reason   Reason // "" if the bytes were right
	Detail   string // the server's words, or the hash that came and the one wanted
	// Length is how many bytes the download would have had, as the server said, if it
	// broke off or was not made because of its size; else, and if not known, 0.
	Length int64

	ranks Reason // what it counts as where reasons are compared, or ""
}

// A Reason is why an attempt failed, in stable words.
type Reason string

// The reasons.
const (
	ReasonWrongHash         Reason = "wrong hash"
	ReasonHTML              Reason = "html instead of an archive"
	ReasonLogin             Reason = "login page"     // a redirect led there
	ReasonPortal            Reason = "captive portal" // the network itself answers
	ReasonEmpty             Reason = "empty file"
	ReasonBadArchive        Reason = "bad archive"
	ReasonUnknownArchive    Reason = "unsupported archive"
	ReasonTooLarge          Reason = "too large"
	ReasonTruncated         Reason = "truncated"
	ReasonReset             Reason = "reset"
	ReasonTimeout           Reason = "timeout"
	ReasonTooSlow           Reason = "too slow"
	ReasonRateLimited       Reason = "rate limited"
	ReasonServerError       Reason = "server error"
	ReasonBadAnswer         Reason = "malformed answer"
	ReasonNetwork           Reason = "network error" // none of the others
	ReasonUnreachable       Reason = "unreachable"
	ReasonRefused           Reason = "refused"
	ReasonDNS               Reason = "dns"
	ReasonProxy             Reason = "proxy" // it is down, or wants a password
	ReasonTLS               Reason = "tls"
	ReasonUnauthorized      Reason = "unauthorized"
	ReasonForbidden         Reason = "forbidden"
	ReasonRedirect          Reason = "redirect" // too many, or to nowhere
	ReasonRange             Reason = "range refused"
	ReasonStatus            Reason = "unexpected status"
	ReasonNotFound          Reason = "not found"
	ReasonUnknownMirror     Reason = "unknown mirror site"
	ReasonUnsupportedScheme Reason = "unsupported scheme"
	ReasonBadURL            Reason = "bad URL"
	ReasonNoURL             Reason = "no URL"
	ReasonNeedsBuilder      Reason = "needs a builder"
	ReasonBuildFailed       Reason = "build failed"
	ReasonNoProgram         Reason = "program not installed"
	ReasonBadNARInfo        Reason = "bad narinfo"

	// What attempts at mirrors and substituters may rank as.
	reasonAway Reason = "a substituter does not work"
	reasonMiss Reason = "nothing is known to be there"
)

// telling orders reasons: of a source's failed attempts, that which comes
// first here says most about what could be done.
var telling = func() map[Reason]int {
	rank := map[Reason]int{}
	for i, r := range []Reason{
		ReasonBuildFailed, ReasonPortal, ReasonWrongHash, ReasonLogin, ReasonHTML, ReasonEmpty,
		ReasonBadArchive, ReasonUnknownArchive, ReasonNoProgram, ReasonTooLarge,
		ReasonTruncated, ReasonReset, ReasonTooSlow, ReasonTimeout, ReasonRateLimited,
		ReasonServerError, ReasonBadAnswer, ReasonNetwork, ReasonProxy, ReasonUnreachable, ReasonRefused, ReasonDNS, ReasonTLS,
		ReasonUnauthorized, ReasonForbidden, ReasonRedirect, ReasonStatus, ReasonRange,
		ReasonNotFound, reasonAway, ReasonUnknownMirror, ReasonUnsupportedScheme, ReasonBadURL,
		ReasonNoURL, ReasonNeedsBuilder, reasonMiss,
	} {
		rank[r] = i
	}
	return rank
}()

func (a *Attempt) rank() int { return telling[cmp.Or(a.ranks, a.Reason)] }

// mostTelling returns the attempt that says why a source failed; of equals,
// the first. attempts must not be empty.
func mostTelling(attempts []Attempt) Attempt {
	best := attempts[0]
	for _, a := range attempts[1:] {
		if a.rank() < best.rank() {
			best = a
		}
	}
	return best
}
