package fetch

import (
	"bytes"
	"compress/gzip"

	"granary/internal/badweb"
)

const (
	portalURL = "http://portal.invalid/welcome"
	xhtml     = "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Strict//EN\" " +
		"\"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd\">\n<HTML xmlns='x'>\n"
)

// packed is a .tar.gz, as far as a server sees.
var packed = gzipped(body)

func gzipped(data []byte) []byte {
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	z.Write(data)
	z.Close()
	return buf.Bytes()
}

// unrelated are URLs of three sites.
var unrelated = []string{"http://a.invalid/f", "http://www.b.test/f", "http://192.0.2.7/f"}

var contentFaults = []fault{
	{name: "wrong bytes", replies: script{badweb.File(other, "e")},
		want: "wrong hash", requests: 1},
	{name: "wrong bytes, another URL", urls: []string{faultURL, faultURL + "?2"},
		replies: script{badweb.File(other, "e"), good}, requests: 2},
	{name: "wrong Content-Type", replies: script{badweb.Body(body, "Content-Type", "text/html")},
		requests: 1},
	{name: "empty file", replies: script{badweb.Body(nil)}, want: "empty file", requests: 1},
	{name: "empty file that is wanted", body: []byte{},
		replies: script{badweb.Body(nil)}, requests: 1},
	{name: "page", replies: script{badweb.HTML()},
		want: "html instead of an archive", requests: 1},
	{name: "page in XHTML", replies: script{badweb.Body([]byte("\ufeff" + xhtml))},
		want: "html instead of an archive", requests: 1},
	{name: "page where another one is wanted", file: "a.html",
		replies: script{badweb.HTML()}, want: "wrong hash", requests: 1},
	{name: "page after a redirect", replies: script{badweb.Redirect("/f?gone"), badweb.HTML()},
		want: "html instead of an archive", requests: 2},
	{name: "login page after a redirect",
		urls:    []string{"http://a.invalid/f"},
		hosts:   map[string]script{"a.invalid": {badweb.Redirect("https://sso.invalid/f")}},
		replies: script{badweb.HTML()}, want: "login page", requests: 2},
	{name: "form for a password after a redirect",
		urls:    []string{"http://a.invalid/f"},
		hosts:   map[string]script{"a.invalid": {badweb.Redirect(faultURL)}},
		replies: script{badweb.Login()}, want: "login page", requests: 2},
	{name: "captive portal, redirects", urls: unrelated,
		hosts:   map[string]script{"portal.invalid": {badweb.HTML()}},
		replies: script{badweb.Redirect("http://portal.invalid/f")},
		want:    "captive portal", requests: 6},
	{name: "captive portal, the same page", urls: unrelated,
		replies: script{badweb.HTML()}, want: "captive portal", requests: 3},
	{name: "captive portal, status 511", replies: script{badweb.Status(511)},
		want: "captive portal", requests: 1},
	{name: "parked domains, and one that works", urls: unrelated,
		hosts:   map[string]script{"www.b.test": {badweb.Status(404)}},
		replies: script{badweb.HTML()}, want: "html instead of an archive", requests: 3},
	{name: "gzip declared", replies: script{badweb.Gzip(body, true)}, requests: 1},
	{name: "gzip on top of a .tar.gz", body: packed,
		replies: script{badweb.Gzip(packed, false)}, requests: 1},
	{name: "gzip of other bytes", replies: script{badweb.Gzip(other, true)},
		want: "wrong hash", requests: 1},
	{name: "gzip not declared", replies: script{badweb.Gzip(body, false)},
		want: "wrong hash", requests: 1},
	{name: "file name with control characters",
		replies: script{badweb.Raw("HTTP/1.1 200 OK\r\nContent-Disposition: attachment; " +
			"filename=\"../\x1b[2J\"\r\n\r\n" + string(body))},
		want: "malformed answer", requests: 1},
	{name: "file name with encoded control characters",
		replies: script{badweb.Body(body, "Content-Disposition", "attachment; "+
			"filename=\"..%2f\t\x9b2J\"; filename*=UTF-8''..%2F%1B%5B2J")}, requests: 1},
	{name: "URL with control characters", urls: []string{"http://badweb.invalid/\x1b[2J"},
		want: "bad URL"},
	{name: "URL with encoded control characters", urls: []string{faultURL + "?%1b%00"},
		replies: script{good}, requests: 1},
}
