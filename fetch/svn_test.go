package fetch

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"granary"
)

// svnRepository makes the repository in folder svn, which is served at URL: what
// a second revision changes, keywords, ends of lines and an external.
const svnRepository = `
svnadmin create svn; printf '[general]\nanon-access = read\n' > svn/conf/svnserve.conf
cp -a svn/. root; svn -q mkdir -m dirs file://$PWD/svn/{trunk,other}
svn -q co file://$PWD/svn/trunk work; cd work
echo one > plain; echo tool > tool; echo '$Id$ $Revision$ $Date$' > keyword; printf 'a\nb\n' > dos
echo empty > nothing; mkdir empty sub; ln -s plain link; echo odd > 'a odd é'; echo s > sub/s
svn -q add *; svn -q propset svn:executable on tool; svn -q propset svn:eol-style CRLF dos
svn -q propset svn:keywords 'Id Revision Date' keyword; svn -q ci -m one
svn -q rm nothing; svn -q propset svn:externals 'URL/other ext' sub; svn -q ci -m two
cd ..; svn -q co file://$PWD/svn/other o; echo external > o/e; svn -q add o/e; svn -q ci -m e o`

func newSvnShed(t testing.TB) (*shed, string) {
	t.Helper()
	s := newShed(t)
	address := freeAddress(t)
	host, port, _ := strings.Cut(address, ":")
	s.sh(t, "mkdir root\n"+strings.ReplaceAll(svnRepository, "URL", "svn://"+address+"/svn"))
	s.start(t, address, "svnserve", "--daemon", "--foreground", "--root", s.dir,
		"--listen-host", host, "--listen-port", port)
	return s, "svn://" + address + "/svn/trunk"
}

func TestSvn(t *testing.T) {
	t.Parallel()
	s, url := newSvnShed(t)
	tests := []struct {
		name, rev, flags string
		checkout         granary.Checkout
	}{
		{"head", "", "", granary.Checkout{}},
		{"named head", "HEAD", "", granary.Checkout{}},
		{"old", "2", "", granary.Checkout{}},
		{"no externals", "4", "--ignore-externals", granary.Checkout{IgnoreExternals: true}},
		{"no keywords", "4", "--ignore-keywords", granary.Checkout{IgnoreKeywords: true}},
	}
	seen := map[string]string{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rev := test.rev
			if rev == "" {
				rev = "HEAD"
			}
			s.sh(t, "rm -rf want; svn -q export "+test.flags+" -r "+rev+" "+url+" want")
			source := s.source(t, granary.KindFetchsvn, test.rev, url, "want")
			source.Checkout = test.checkout
			s.mustHold(t, source)
			seen[source.CA.Hash.SRI()] = test.name
		})
	}
	if len(seen) != 4 { // the first two are the same
		t.Errorf("got %d trees that differ, want 4: %v", len(seen), seen)
	}
}

func TestSvnFails(t *testing.T) {
	t.Parallel()
	s, url := newSvnShed(t)
	s.sh(t, "mkdir want")
	closed := "svn://" + freeAddress(t)
	tests := []struct {
		name, rev, url string
		want           Reason
	}{
		{"no such revision", "99", url, ReasonNotFound},
		{"no such folder", "2", url + "/none", ReasonNotFound},
		{"no repository", "2", strings.TrimSuffix(url, "/svn/trunk") + "/none", ReasonNotFound},
		{"wrong hash", "2", url, ReasonWrongHash},
		{"bad revision", "--x", url, ReasonNotFound},
		{"closed", "2", closed, ReasonRefused},
		{"no host", "2", "svn://nowhere.invalid/x", ReasonDNS},
		{"missing", "2", serve(t, http.NotFoundHandler()), ReasonNotFound},
		{"file", "2", "file://" + s.dir + "/svn", ReasonUnsupportedScheme},
		{"tunnel", "2", "svn+x://host/svn", ReasonUnsupportedScheme},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			last := s.mustFail(t, s.source(t, granary.KindFetchsvn, test.rev, test.url, "want"),
				test.want)
			if last.Detail == "" || last.URL != test.url {
				t.Errorf("got %+v", last.Attempt)
			}
		})
	}
}

func TestSvnServers(t *testing.T) {
	proxy, err := url.Parse("http://user:word@proxy.invalid:3128")
	if err != nil {
		t.Fatal(err)
	}
	want := "http-proxy-host = proxy.invalid\nhttp-proxy-port = 3128\n" +
		"http-proxy-username = user\nhttp-proxy-password = word\n"
	if got := svnServers(proxy); !strings.HasSuffix(got, want) {
		t.Errorf("got %s", got)
	}
	if got := svnServers(nil); strings.Contains(got, "proxy") {
		t.Errorf("got %s", got)
	}
}
