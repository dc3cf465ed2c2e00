package fetch

import (
	"bytes"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"granary"
	"granary/disk"
)

const (
	// maxPage is how much of a web page is looked at, in bytes.
	maxPage = 32 << 10
	// portalSites is how many unrelated sites must give one web page for it to be
	// that of a captive portal.
	portalSites = 3
)

// unlessPage gives f a better reason if the first bytes are those of a web page.
func unlessPage(first []byte, f *failure) *failure {
	if isPage(first) {
		f.reason, f.page = ReasonHTML, string(first)
	}
	return f
}

// isPage tells whether the first bytes are those of HTML or XHTML, before which a
// byte order mark may stand.
func isPage(first []byte) bool {
	first = bytes.TrimPrefix(first, []byte("\ufeff"))
	if strings.HasPrefix(http.DetectContentType(first), "text/html") {
		return true
	}
	start := bytes.ToLower(first[:min(len(first), 1024)])
	return bytes.HasPrefix(start, []byte("<?xml")) && bytes.Contains(start, []byte("<html"))
}

// sharper gives bad, unless it is nil, a reason that says more of the bytes that came
// for s.
func sharper(bad *failure, s *granary.Source, t *disk.Temp) *failure {
	switch {
	case bad == nil:
	case t.Size() == 0:
		bad.reason = ReasonEmpty
	case bad.reason == ReasonHTML && pageName.MatchString(s.Name):
		bad.reason, bad.page = ReasonWrongHash, "" // a page is what was wanted
	}
	return bad
}

var pageName = regexp.MustCompile(`(?i)\.x?html?$`)

// explain says which web page it is that came, if it is one that made f. Of
// answers that are none, the run learns that there is no captive portal.
func (d *download) explain(f *failure) *failure {
	asked, landed := d.asked(), d.landed
	switch {
	case landed == nil || landed.Scheme == "file":
		return f
	case f == nil || f.page == "" || asked.Scheme == "https": // which a portal cannot forge
		d.run.portal.answered()
	case d.run.portal.saw(pageKey(f.page, asked, landed), site(asked)):
		f.reason = ReasonPortal
		f.detail = "unrelated sites all give the same web page"
	}
	if f == nil || f.page == "" || landed.Host == asked.Host && landed.Path == asked.Path {
		return f
	}
	if f.reason == ReasonHTML && isLogin(f.page, landed) {
		f.reason = ReasonLogin
	}
	f.detail += "; redirected to " + landed.Redacted()
	return f
}

// asked is the URL of the download, which is known to be one.
func (d *download) asked() *url.URL {
	u, err := url.Parse(d.url)
	if err != nil {
		return new(url.URL)
	}
	return u
}

// isLogin tells whether the page at u asks who is there.
func isLogin(page string, u *url.URL) bool {
	return loginURL.MatchString(u.Host+u.Path) || passwordField.MatchString(page)
}

var (
	loginURL = regexp.MustCompile(
		`(?i)(^|[./_-])(log-?_?[io]n|sign-?_?in|auth|oauth2?|sso|saml)([./_-]|$)`)
	passwordField = regexp.MustCompile(`(?i)<input[^>]*\stype\s*=\s*["']?password`)
)

// pageKey is what two answers with the same page have in common: the other site
// that a redirect led to, or else its bytes.
func pageKey(page string, asked, landed *url.URL) string {
	if site(asked) != site(landed) {
		return landed.Host
	}
	return page
}

// site returns the last two parts of u's host name, or the whole of an address:
// hosts that differ in it are unrelated. Some that are the same may be, too.
func site(u *url.URL) string {
	host := strings.ToLower(u.Hostname())
	if net.ParseIP(host) != nil {
		return host
	}
	labels := strings.Split(strings.TrimSuffix(host, "."), ".")
	return strings.Join(labels[max(0, len(labels)-2):], ".")
}

// A portal sees whether a network answers itself what others are asked for over
// HTTP, as that of a hotel does until somebody logs in: with one web page, or a
// redirect to one host, for all. Parked domains do that as well, so no other answer
// may come in between.
type portal struct {
	mu    sync.Mutex
	page  string          // what came last
	sites map[string]bool // that gave it, one after the other
}

// saw notes a page, known by key, that came instead of what a site was asked for,
// and tells whether a captive portal is behind it.
func (p *portal) saw(key, site string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if key != p.page {
		p.page, p.sites = key, map[string]bool{}
	}
	p.sites[site] = true
	return len(p.sites) >= portalSites
}

// answered notes that a site answered for itself.
func (p *portal) answered() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.page, p.sites = "", nil
}
