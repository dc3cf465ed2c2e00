package faultweb

import (
	"net/http"
	"strconv"
	"time"

	"granary/internal/badweb"
)

// A fault is a way in which files go wrong.
type fault struct {
	name, reason string
	// urls has the site answer for a file, and returns where to ask.
	urls func(s *site, name string, body []byte) []string
}

// A site is the base URLs that a fault may use.
type site struct {
	web     *badweb.Server
	bad     string // of the fault's own host
	good    string // of a host that all faults share
	secure  string // of https, with a certificate that nobody knows
	refused string // nobody listens there
	pause   time.Duration
}

// unknown is a host that there is not.
const unknown = "http://nxdomain.invalid/"

type replies []http.HandlerFunc

// answer has a base's host answer so, and returns the URL. The path says which of the
// two hosts it is: wget2 does not name the port.
func (s *site) answer(base, name string, script ...http.HandlerFunc) string {
	if base == s.good {
		name = "mirror/" + name
	}
	s.web.Handle("/"+name, script...)
	return base + name
}

// at returns a fault of a file that is at one URL.
func at(script func(body []byte) replies) func(*site, string, []byte) []string {
	return func(s *site, name string, body []byte) []string {
		return []string{s.answer(s.bad, name, script(body)...)}
	}
}

// first returns a fault of a file that is right at the second of two URLs.
func first(script func(body []byte) replies) func(*site, string, []byte) []string {
	return func(s *site, name string, body []byte) []string {
		return []string{
			s.answer(s.bad, name, script(body)...), s.answer(s.good, name, badweb.File(body, "e")),
		}
	}
}

// firstAt returns one whose first URL leads elsewhere.
func firstAt(base func(s *site) string) func(*site, string, []byte) []string {
	return func(s *site, name string, body []byte) []string {
		return []string{base(s) + name, s.answer(s.good, name, badweb.File(body, "e"))}
	}
}

// always returns the script that has but one reply.
func always(reply http.HandlerFunc) func([]byte) replies {
	return func([]byte) replies { return replies{reply} }
}

// then returns the script of these replies, and then of the file.
func then(before ...http.HandlerFunc) func([]byte) replies {
	return func(body []byte) replies {
		return append(append(replies{}, before...), badweb.File(body, "e"))
	}
}

// other returns bytes that are as many, but not the same.
func other(body []byte) []byte {
	wrong := append([]byte{}, body...)
	for i := range wrong[10:] {
		wrong[10+i] ^= 1
	}
	return wrong
}

const part = bodySize / 2 // bytes of a body that breaks off

// faults are those of the files that can be had.
var faults = []fault{
	{"none", "", at(then())},
	{"503 twice", "", at(then(badweb.Status(503), badweb.Status(503)))},
	{"503 with Retry-After", "", at(then(badweb.Status(503, "Retry-After", "1")))},
	{"429 twice with Retry-After", "", at(then(
		badweb.Status(429, "Retry-After", "1"), badweb.Status(429, "Retry-After", "1")))},
	{"429 once", "", at(then(badweb.Status(429)))},
	{"502 once", "", at(then(badweb.Status(502)))},
	{"closed without an answer, once", "", at(then(badweb.Raw("")))},
	{"reset within the body, once", "", at(func(body []byte) replies {
		return replies{badweb.Reset(body, "e", part), badweb.File(body, "e")}
	})},
	{"reset within the body, three times", "", at(func(body []byte) replies {
		r := badweb.Reset(body, "e", part/3)
		return replies{r, r, r, badweb.File(body, "e")}
	})},
	{"cut off, once", "", at(func(body []byte) replies {
		return replies{badweb.Cut(body, "e", part), badweb.File(body, "e")}
	})},
	{"chunked and cut off, once", "", at(func(body []byte) replies {
		return replies{badweb.ChunkedCut(body, part), badweb.File(body, "e")}
	})},
	{"silent before the header, once", "", at(then(badweb.Stall(nil, "", -1)))},
	{"silent within the body, once", "", at(func(body []byte) replies {
		return replies{badweb.Stall(body, "e", part), badweb.File(body, "e")}
	})},
	{"a trickle", "", trickle},
	{"cut off, and ranges ignored", "", at(func(body []byte) replies {
		return replies{badweb.Cut(body, "e", part), badweb.Body(body)}
	})},
	{"cut off, and another range than asked for", "", at(func(body []byte) replies {
		return replies{
			badweb.Cut(body, "e", part), badweb.WrongRange(body, part+7), badweb.File(body, "e"),
		}
	})},
	{"cut off, and changed meanwhile", "", at(func(body []byte) replies {
		return replies{badweb.Cut(other(body), "old", part), badweb.File(body, "new")}
	})},
	{"cut off, and changed without an ETag", "", at(func(body []byte) replies {
		return replies{badweb.Cut(other(body), "", part), badweb.File(body, "")}
	})},
	{"cut off, and shorter now", "", at(func(body []byte) replies {
		long := append(other(body), body...)
		return replies{badweb.Cut(long, "", len(body)+part), badweb.File(body, "")}
	})},
	{"ten redirects to another host", "", redirects},
	{"a redirect that wants its cookie", "", at(func(body []byte) replies {
		return replies{wantCookie(badweb.File(body, "e"))}
	})},
	{"gzip on top, declared", "", at(func(body []byte) replies {
		return replies{badweb.Gzip(body, true)}
	})},
	{"gzip on top, not declared", "", at(func(body []byte) replies {
		return replies{badweb.Gzip(body, false)}
	})},
	{"called a web page", "", at(func(body []byte) replies {
		return replies{badweb.Body(body, "Content-Type", "text/html")}
	})},
	{"wrong bytes at the first of two", "", first(func(body []byte) replies {
		return replies{badweb.File(other(body), "e")}
	})},
	{"web page at the first of two", "", first(always(badweb.HTML()))},
	{"empty at the first of two", "", first(always(badweb.Body(nil)))},
	{"shorter than the file, with its length, at the first of two", "",
		first(func(body []byte) replies { return replies{badweb.Length(body, part)} })},
	{"404 at the first of two", "", first(always(badweb.Status(404)))},
	{"403 at the first of two", "", first(always(badweb.Status(403)))},
	{"500 at the first of two", "", first(always(badweb.Status(500)))},
	{"a loop of redirects at the first of two", "", first(always(loop))},
	{"refused at the first of two", "", firstAt(func(s *site) string { return s.refused })},
	{"no such host at the first of two", "", firstAt(func(*site) string { return unknown })},
	{"unknown certificate at the first of two", "", firstAt(func(s *site) string { return s.secure })},
}

// losses are those of the files that cannot be had.
var losses = []fault{
	{"404", "not found", at(always(badweb.Status(404)))},
	{"410", "not found", at(always(badweb.Status(410)))},
	{"403", "forbidden", at(always(badweb.Status(403)))},
	{"401", "unauthorized", at(always(badweb.Status(401, "WWW-Authenticate", "Basic")))},
	{"500", "server error", at(always(badweb.Status(500)))},
	{"429", "rate limited", at(always(badweb.Status(429)))},
	{"wrong bytes", "wrong hash", at(func(body []byte) replies {
		return replies{badweb.File(other(body), "e")}
	})},
	{"web page", "html instead of an archive", at(always(badweb.HTML()))},
	{"redirect to a login page", "login page", toLogin},
	{"cut off", "truncated", at(func(body []byte) replies {
		return replies{whole(badweb.Cut(body, "e", part))}
	})},
	{"reset", "reset", at(func(body []byte) replies {
		return replies{whole(badweb.Reset(body, "e", part))}
	})},
	{"silent", "timeout", at(always(badweb.Stall(nil, "", -1)))},
	{"a loop of redirects", "redirect", at(always(loop))},
	{"a redirect to nowhere", "redirect", at(always(badweb.Status(302)))},
	{"a redirect to gopher", "unsupported scheme", at(always(badweb.Redirect("gopher://h/x")))},
	{"refused", "refused", elsewhere(func(s *site) string { return s.refused })},
	{"no such host", "dns", elsewhere(func(*site) string { return unknown })},
	{"unknown certificate", "tls", elsewhere(func(s *site) string { return s.secure })},
	{"unknown mirror site", "unknown mirror site",
		elsewhere(func(*site) string { return "mirror://nobody/" })},
	{"404 and wrong bytes", "wrong hash", func(s *site, name string, body []byte) []string {
		return []string{s.bad + name, s.answer(s.good, name, badweb.File(other(body), "e"))}
	}},
	{"no URL", "no URL", func(*site, string, []byte) []string { return nil }},
}

// elsewhere returns a fault of a file whose only URL is below base.
func elsewhere(base func(s *site) string) func(*site, string, []byte) []string {
	return func(s *site, name string, _ []byte) []string { return []string{base(s) + name} }
}

// redirects has ten of them lead to the file.
func redirects(s *site, name string, body []byte) []string {
	next := s.answer(s.good, name, badweb.File(body, "e"))
	for i := range 10 {
		next = s.answer(s.bad, strconv.Itoa(i)+"/"+name, badweb.Redirect(next))
	}
	return []string{next}
}

// trickle sends the body in seven parts.
func trickle(s *site, name string, body []byte) []string {
	return []string{s.answer(s.bad, name, badweb.Trickle(body, len(body)/6, s.pause))}
}

// loop redirects to where the request went.
func loop(w http.ResponseWriter, r *http.Request) {
	http.Redirect(w, r, r.URL.Path, http.StatusFound)
}

// whole answers a request for a part as one for the whole.
func whole(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range")
		next(w, r)
	}
}

func toLogin(s *site, name string, _ []byte) []string {
	login := s.answer(s.good, "login/"+name, badweb.Login())
	return []string{s.answer(s.bad, name, badweb.Redirect(login))}
}

// wantCookie gives a cookie, and redirects until it comes back.
func wantCookie(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, err := r.Cookie("granted"); err == nil {
			next(w, r)
			return
		}
		http.SetCookie(w, &http.Cookie{Name: "granted", Value: "yes", Path: "/"})
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}
}
