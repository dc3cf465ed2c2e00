package fetch

import (
	"net"
	"net/http"
	"strings"
	"testing"

	"granary"
)

// hgRepositories makes the repository hg/main with two revisions, and hg/sub in
// it.
const hgRepositories = `
mkdir hg; hg init hg/sub; cd hg/sub; echo sub > s; hg -q ci -u a -d '0 0' -Am sub; cd ../..
hg init hg/main; cd hg/main
echo one > plain; echo tool > tool; chmod +x tool; ln -s plain link
mkdir -p deep/er; echo d > deep/er/d
echo odd > $'odd \xff\x01"'; hg -q ci -u a -d '0 0' -Am one; hg tag -u a -d '0 0' v1.0
echo 'sub = ../sub' > .hgsub; hg -q clone ../sub sub; hg -q ci -u a -d '0 0' -Am two
hg branch -q side; echo side > side; hg -q ci -u a -d '0 0' -Am side; hg -q up default`

func newHgShed(t testing.TB) (*shed, string) {
	t.Helper()
	s := newShed(t)
	s.sh(t, hgRepositories)
	s.sh(t, "printf '[paths]\n/ = '$PWD'/hg/**\n' > hgweb")
	address := freeAddress(t)
	_, port, _ := net.SplitHostPort(address)
	s.start(t, address, "hg", "serve", "--address", "127.0.0.1", "--port", port,
		"--web-conf", "hgweb")
	return s, "http://" + address + "/main"
}

func TestHg(t *testing.T) {
	t.Parallel()
	s, url := newHgShed(t)
	first := s.sh(t, "hg -R hg/main log -r 0 -T '{node}'")
	tests := []struct {
		name, rev string
		subrepos  bool
	}{
		{"default", "", false}, {"short", first[:12], false}, {"tag", "v1.0", false},
		{"branch", "side", false}, {"subrepos", "default", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			flags := "-q"
			if test.subrepos {
				flags = "-qS"
			}
			if test.rev != "" {
				flags += " -r " + test.rev
			}
			s.sh(t, "rm -rf want; [ -e clone ] || hg -q clone "+url+" clone; hg archive -y "+flags+
				" --cwd clone ../want; rm -f want/.hg_archival.txt")
			source := s.source(t, granary.KindFetchhg, test.rev, url, "want")
			source.Checkout.Submodules = test.subrepos
			s.mustHold(t, source)
		})
	}
}

func TestHgFails(t *testing.T) {
	t.Parallel()
	s, url := newHgShed(t)
	s.sh(t, "mkdir want")
	tests := []struct {
		name, rev, url string
		want           Reason
	}{
		{"no such revision", "none", url, ReasonNotFound},
		{"wrong hash", "v1.0", url, ReasonWrongHash},
		{"option", "--config=x.y=z", url, ReasonNotFound},
		{"no repository", "v1.0", strings.TrimSuffix(url, "main") + "none", ReasonNotFound},
		{"not hg", "v1.0", serve(t, http.FileServer(http.Dir(s.dir))), ReasonNotFound},
		{"closed", "v1.0", "http://" + freeAddress(t), ReasonRefused},
		{"no host", "v1.0", "http://nowhere.invalid/x", ReasonDNS},
		{"file", "v1.0", "file://" + s.dir + "/hg/main", ReasonUnsupportedScheme},
		{"no scheme", "v1.0", "bitbucket.invalid/a/b", ReasonUnsupportedScheme},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			last := s.mustFail(t, s.source(t, granary.KindFetchhg, test.rev, test.url, "want"),
				test.want)
			if last.URL != test.url {
				t.Errorf("got %+v", last.Attempt)
			}
		})
	}
}
