package fetch

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const (
	// maxRedirects is that of curl in nixpkgs' fetchurl.
	maxRedirects = 20
	// maxVisits is how often one chain of redirects may ask one URL. The second
	// visit is that with the cookie which the first one set.
	maxVisits = 3
)

var (
	errRedirects = errors.New("too many redirects")
	errLoop      = errors.New("redirects in a loop")
	errNowhere   = errors.New("redirect to a URL without a host")
	errScheme    = errors.New("redirect to an unsupported scheme")
)

// checkRedirect follows a redirect wherever it leads, also from https to http: the
// hash decides about the bytes, and no password goes along (see authorizer).
func checkRedirect(req *http.Request, via []*http.Request) error {
	switch {
	case !supported(req.URL.Scheme):
		return fmt.Errorf("%w: %s", errScheme, req.URL.Scheme)
	case req.URL.Host == "":
		return errNowhere
	case visits(via, req.URL) >= maxVisits:
		return errLoop
	case len(via) > maxRedirects:
		return errRedirects
	}
	return nil
}

// visits returns how many of the requests were for u.
func visits(requests []*http.Request, u *url.URL) (n int) {
	for _, r := range requests {
		if *r.URL == *u {
			n++
		}
	}
	return n
}

// downgraded tells whether a redirect led req from https to something that
// everybody on the way can read.
func downgraded(req *http.Request) bool {
	if req.URL.Scheme == "https" {
		return false
	}
	for from := req.Response; from != nil; from = from.Request.Response {
		if from.Request.URL.Scheme == "https" {
			return true
		}
	}
	return false
}
