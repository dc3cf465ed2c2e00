package eval

import (
	"fmt"
	"strings"
	"testing"
)

// TestFetchSources has what fetchers.nix tells, and the source that it is.
func TestFetchSources(t *testing.T) {
	const base32 = "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73" // of narHash
	const path = "recursive " + narHash
	for _, row := range []struct{ name, builtin, args, want string }{
		{"fetchurl", "fetchurl", `"url": "http://x/a.nix", "sha256": "` + base32 + `"`,
			"a.nix flat " + narHash + " flat http://x/a.nix"},
		{"fetchurl with a name", "fetchurl", `"url": "http://x/a?b", "name": "n", "sha256": "` + narHash + `"`,
			"n flat " + narHash + " flat http://x/a?b"},
		{"fetchurl without a hash", "fetchurl", `"url": "http://x/a"`, "the expression names no hash"},
		{"fetchurl with an empty hash", "fetchurl", `"url": "http://x/a", "sha256": ""`,
			"the expression names no hash"},
		{"fetchurl with a wrong hash", "fetchurl", `"url": "http://x/a", "sha256": "xyz"`,
			`hash "xyz": `},
		{"fetchurl of no name", "fetchurl", `"url": "http://x/a%20b", "sha256": "` + narHash + `"`,
			`name "a%20b": has a`},
		{"fetchTarball", "fetchTarball", `"url": "http://x/a.tar.gz", "sha256": "` + base32 + `"`,
			"source " + path + " unpack http://x/a.tar.gz"},
		{"fetchGit", "fetchGit", `"url": "http://x/a", "rev": "abc", "narHash": "` + narHash + `"`,
			"source " + path + " checkout http://x/a abc archive"},
		{"fetchGit with submodules", "fetchGit",
			`"url": "http://x/a", "rev": "abc", "submodules": true, "narHash": "` + narHash + `"`,
			"source " + path + " checkout http://x/a abc submodules"},
		{"fetchGit of all files", "fetchGit",
			`"url": "http://x/a", "rev": "abc", "exportIgnore": false, "narHash": "` + narHash + `"`,
			"source " + path + " checkout http://x/a abc"},
		{"fetchTree of a repository", "fetchTree",
			`"type": "git", "url": "http://x/a", "rev": "abc", "narHash": "` + narHash + `"`,
			"source " + path + " checkout http://x/a abc"},
		{"fetchTree of a reference", "fetchTree",
			`"url": "github:o/r/abc?narHash=` + strings.ReplaceAll(narHash, "+", "%2B") + `"`,
			"source " + path + " unpack https://github.com/o/r/archive/abc.tar.gz abc"},
		{"fetchTree of a git URL", "fetchTree",
			`"url": "git+https://x/a?rev=abc&submodules=1&narHash=` +
				strings.ReplaceAll(narHash, "+", "%2B") + `"`,
			"source " + path + " checkout https://x/a abc submodules"},
		{"fetchTree of a tarball's URL", "fetchTree",
			`"url": "https://x/a.tar.gz?q=1&narHash=` + strings.ReplaceAll(narHash, "+", "%2B") + `"`,
			"source " + path + " unpack https://x/a.tar.gz?q=1"},
		{"fetchTree of what is not known", "fetchTree", `"url": "carrier:x"`, `unknown type ""`},
	} {
		t.Run(row.name, func(t *testing.T) {
			call, err := parseFetch(fmt.Appendf(nil, `{"builtin": %q, "args": {%s}}`,
				row.builtin, row.args))
			check(t, err)
			s, err := call.source()
			got := fmt.Sprint(err)
			if err == nil {
				got = strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s %s", s.Name, s.CA.Mode,
					s.CA.Hash.SRI(), s.Recipe, strings.Join(s.URLs, " "), s.Rev))
				if s.Checkout.Archive {
					got += " archive"
				}
				if s.Checkout.Submodules {
					got += " submodules"
				}
			}
			if got != row.want && (err == nil || !strings.HasPrefix(got, row.want)) {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

func FuzzParseFetch(f *testing.F) {
	f.Add(`{"builtin":"fetchTree","args":{"url":"github:o/r/abc?narHash=` + narHash + `"}}`)
	f.Add(`{"builtin":"fetchurl","args":{"url":"http://x/a?b","sha256":"` + narHash + `"}}`)
	f.Add(`{"builtin":"fetchGit","args":{"url":"http://x","submodules":true,"exportIgnore":null}}`)
	f.Fuzz(func(t *testing.T, text string) {
		call, err := parseFetch([]byte(text))
		if err != nil {
			return
		}
		fetch, source := call.fetch()
		if (fetch.OutPath == "") != (source.OutPath == "") {
			t.Errorf("got the output path %q, of the source %q", fetch.OutPath, source.OutPath)
		}
	})
}
