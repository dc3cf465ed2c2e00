package fetch

import (
	"testing"

	"granary/internal/badweb"
)

var redirectFaults = []fault{
	{name: "redirects in a chain",
		replies: script{badweb.Redirect("/f?2"), badweb.Redirect("f?3"), good}, requests: 3},
	{name: "redirect after a cookie", replies: script{
		badweb.Status(302, "Location", "/f", "Set-Cookie", "seen=1"), good}, requests: 2},
	{name: "redirect to another host",
		prepare:  withNetrc("machine badweb.invalid login me password secret"),
		replies:  script{badweb.Redirect("http://b.invalid/f"), good},
		requests: 2, check: lastHasNoPassword},
	{name: "redirect from https to http", urls: []string{"https://badweb.invalid/f"},
		prepare:  withNetrc("machine badweb.invalid login me password secret"),
		replies:  script{badweb.Redirect(faultURL), badweb.Redirect("/f?3"), good},
		requests: 3, check: lastHasNoPassword},
	{name: "redirect from http to https",
		prepare:  withNetrc("machine badweb.invalid login me password secret"),
		replies:  script{badweb.Redirect("https://badweb.invalid/f"), private},
		requests: 2},
	{name: "redirect in a loop", replies: script{badweb.Redirect("/f")},
		want: "redirect", requests: 3},
	{name: "redirects without end", prepare: everFurther, want: "redirect", requests: 21},
	{name: "redirect without Location", replies: script{badweb.Status(302)},
		want: "redirect", requests: 1},
	{name: "redirect to a bad URL", replies: script{badweb.Redirect("http://%zz/\x9b2J")},
		want: "redirect", requests: 1},
	{name: "redirect without a host", replies: script{badweb.Redirect("http:///f")},
		want: "redirect", requests: 1},
	{name: "redirect to an unsupported scheme",
		replies: script{badweb.Redirect("file:///etc/passwd")},
		want:    "unsupported scheme", requests: 1},
	{name: "redirect to a host that is not there",
		replies: script{badweb.Redirect("http://nxdomain.invalid/f")}, want: "dns", requests: 1},
	{name: "redirect to a file that is not there",
		replies: script{badweb.Redirect("/f?2"), badweb.Status(404)},
		want:    "not found", requests: 2},
}

// everFurther has each path redirect to the next.
func everFurther(_ *testing.T, b *rig) {
	path := "/f"
	for range 2 * maxRedirects {
		next := path + "f"
		b.Handle(path, badweb.Redirect(next))
		path = next
	}
}

func lastHasNoPassword(t *testing.T, b *rig) {
	requests := b.Requests("/f")
	if _, _, ok := requests[0].BasicAuth(); !ok {
		t.Error("got no password for the first host")
	}
	for _, r := range requests[1:] {
		if login, _, ok := r.BasicAuth(); ok {
			t.Errorf("got a password of %s for %s", login, r.URL)
		}
	}
}
