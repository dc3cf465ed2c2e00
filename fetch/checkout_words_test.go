package fetch

import (
	"strings"
	"testing"
)

// What git 2.39 with curl 7.88, svn 1.14 and hg 6.3 said to such failures, and
// what is known of other versions.
func TestClassifyWords(t *testing.T) {
	tests := []struct {
		text  string
		want  Reason
		again bool
	}{
		{"fatal: couldn't find remote ref v1", ReasonNotFound, false},
		{"fatal: remote error: upload-pack: not our ref 01", ReasonNotFound, false},
		{"error: Server does not allow request for unadvertised object 01", ReasonNotFound, false},
		{"fatal: repository 'https://x/ssl_certificate.git/' not found", ReasonNotFound, false},
		{"fatal: remote error: access denied or repository not exported: /x", ReasonNotFound, false},
		{"fatal: https://x/y/info/refs not valid: is this a git repository?", ReasonNotFound, false},
		{"fatal: unable to access 'https://x/': Could not resolve host: x", ReasonDNS, false},
		{"fatal: unable to access 'https://x/': Could not resolve proxy: x", ReasonDNS, false},
		{"fatal: Unable to look up x (port 9418) (Name or service not known)", ReasonDNS, false},
		{"ssh: Could not resolve hostname x: Temporary failure in name resolution", ReasonDNS, false},
		{"fatal: unable to access 'http://x/': Failed to connect to x port 80 after 0 ms: " +
			"Couldn't connect to server", ReasonRefused, false},
		{"fatal: unable to access 'http://x/': Failed to connect to x:80 after 0 ms: " +
			"Could not connect to server", ReasonRefused, false}, // git 2.47 and later
		{"fatal: unable to connect to x:\nx[0: 127.0.0.1]: errno=Connection refused",
			ReasonRefused, false},
		{"fatal: unable to connect to x:\nx[0: 1.2.3.4]: errno=Connection timed out",
			ReasonTimeout, true},
		{"fatal: unable to access 'https://timeout/': Failed to connect to x port 443: " +
			"No route to host", ReasonUnreachable, true},
		{"fatal: unable to access 'https://x/': SSL certificate problem: self signed certificate",
			ReasonTLS, false},
		{"fatal: unable to access 'https://x/': gnutls_handshake() failed: The TLS connection " +
			"was non-properly terminated.", ReasonTLS, false},
		{"Host key verification failed.\nfatal: Could not read from remote repository.",
			ReasonTLS, false},
		{"fatal: could not read Username for 'https://x': terminal prompts disabled",
			ReasonUnauthorized, false},
		{"remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://x/'",
			ReasonUnauthorized, false},
		{"git@x: Permission denied (publickey).\nfatal: Could not read from remote repository.",
			ReasonUnauthorized, false},
		{"fatal: unable to access 'https://x/': The requested URL returned error: 403",
			ReasonForbidden, false},
		{"fatal: unable to access 'https://x/': The requested URL returned error: 410",
			ReasonNotFound, false},
		{"fatal: unable to access 'https://x/': The requested URL returned error: 429",
			ReasonRateLimited, true},
		{"error: RPC failed; HTTP 502 curl 22 The requested URL returned error: 502",
			ReasonServerError, true},
		{"error: RPC failed; curl 56 Recv failure: Connection reset by peer\n" +
			"fatal: the remote end hung up unexpectedly\nfatal: early EOF", ReasonReset, true},
		{"error: RPC failed; curl 18 transfer closed with outstanding read data remaining",
			ReasonTruncated, true},
		{"fatal: the remote end hung up unexpectedly\nfatal: early EOF\nfatal: index-pack failed",
			ReasonTruncated, true},
		{"fatal: transport 'file' not allowed", ReasonUnsupportedScheme, false},
		{"svn: E170013: Unable to connect to a repository at URL 'svn://x/timeout'\n" +
			"svn: E000111: Can't connect to host 'x': Connection refused", ReasonRefused, false},
		{"svn: E670002: Unknown hostname 'x'", ReasonDNS, false},
		{"svn: E731001: Name or service not known", ReasonDNS, false},
		{"svn: E160006: No such revision 99", ReasonNotFound, false},
		{"svn: E160013: File not found: revision 4, path '/x'", ReasonNotFound, false},
		{"svn: E170000: URL 'svn://x/y' doesn't exist", ReasonNotFound, false},
		{"svn: E230001: Server SSL certificate verification failed: issuer is not trusted",
			ReasonTLS, false},
		{"svn: E175002: Unexpected server error 500 'Internal Server Error' on '/'",
			ReasonServerError, true},
		{"svn: E175002: Unexpected HTTP status 503 'Busy' on '/'", ReasonServerError, true},
		{"svn: E170011: Repository moved permanently to 'https://x/'", ReasonRedirect, false},
		{"svn: E120108: Error running context: The server unexpectedly closed the connection.",
			ReasonReset, true},
		{"abort: error: Connection refused", ReasonRefused, false},
		{"abort: error: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", ReasonTLS, false},
		{"abort: HTTP Error 404: Not Found", ReasonNotFound, false},
		{"abort: unknown revision 'x'", ReasonNotFound, false},
		{"abort: http authorization required for http://x/", ReasonUnauthorized, false},
		{"abort: 'http://x/' does not appear to be an hg repository:\n---%<---", ReasonNotFound, false},
		{"abort: stream ended unexpectedly (got 0 bytes, expected 4)", ReasonTruncated, true},
		{"abort: what nobody knows", "", false},
	}
	for _, test := range tests {
		got := classifyWords(strings.ToLower(test.text))
		if got == nil {
			got = &failure{}
		}
		got.busy = false
		if want := (failure{reason: test.want, again: test.again}); *got != want {
			t.Errorf("%s\ngot %+v, want %+v", test.text, *got, want)
		}
	}
}

func TestWords(t *testing.T) {
	const said = "Cloning into 'x'...\nremote: Counting objects: 10% (1/10)\rremote: Counting " +
		"objects: 100% (10/10), done.\nReceiving objects:   0% (1/200)\rerror: RPC failed; x\n" +
		"fatal: early EOF\nhint: try again\nsome advice\n"
	w := &words{}
	if w.news() {
		t.Error("news before any")
	}
	for _, c := range []byte(said) {
		w.Write([]byte{c})
	}
	if !w.news() || w.news() {
		t.Error("news are not told once")
	}
	if got, want := summary(w.lines()), "error: RPC failed; x; fatal: early EOF"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for range 100 {
		w.Write([]byte(strings.Repeat("x", 1000)))
	}
	if got := len(w.text); got > 2*maxWords {
		t.Errorf("%d bytes are kept", got)
	}
	if got := len(summary(w.lines())); got > maxLines*(maxLine+2) {
		t.Errorf("got %d bytes", got)
	}
}

func FuzzWords(f *testing.F) {
	f.Add([]byte("remote: x: 1% (1/2)\rfatal: 'a' http://b/ returned error: 404\n"), uint8(3))
	f.Add([]byte("svn: E1: can't\r\n\xff"), uint8(0))
	f.Fuzz(func(t *testing.T, text []byte, at uint8) {
		w := &words{}
		w.Write(text[:min(int(at), len(text))])
		w.Write(text[min(int(at), len(text)):])
		got := w.failure(ReasonNetwork)
		if got.reason == "" || len(got.detail) > maxLines*(maxLine+2) {
			t.Errorf("got %+v", got)
		}
		if strings.ContainsAny(got.detail, "\r\n") {
			t.Errorf("several lines: %q", got.detail)
		}
	})
}
