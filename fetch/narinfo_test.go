package fetch

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goodNARInfo = `StorePath: /nix/store/4hhs96d7npsnr65mx2fhplhvllzmrhxc-ex
URL: nar/1b5438aibj90mjjzxk3yidd3nk8x37dw20grqfcddjgbicx097dd.nar.xz
Compression: xz
FileHash: sha256:1b5438aibj90mjjzxk3yidd3nk8x37dw20grqfcddjgbicx097dd
FileSize: 5204
NarHash: sha256:0pl0ayg5c31x8wv7hd3j6439a6818zin11jx10gkj8gbk5m8v4sg
NarSize: 5144
References: 
CA: fixed:r:sha256:0pl0ayg5c31x8wv7hd3j6439a6818zin11jx10gkj8gbk5m8v4sg
`

func TestParseNARInfo(t *testing.T) {
	good := narinfo{
		storePath:   "/nix/store/4hhs96d7npsnr65mx2fhplhvllzmrhxc-ex",
		url:         "nar/1b5438aibj90mjjzxk3yidd3nk8x37dw20grqfcddjgbicx097dd.nar.xz",
		compression: "xz", fileSize: 5204, narSize: 5144,
		narHash: "sha256:0pl0ayg5c31x8wv7hd3j6439a6818zin11jx10gkj8gbk5m8v4sg",
	}
	short := narinfo{storePath: "/p", url: "u", compression: "bzip2"}
	tests := []struct {
		name, text string
		want       narinfo
		wantErr    string
	}{
		{"nix copy", goodNARInfo, good, ""},
		{"carriage returns", strings.ReplaceAll(goodNARInfo, "\n", "\r\n"), good, ""},
		{"unknown keys", goodNARInfo + "\nSig: junk\nX: y: z\nDeriver:\n", good, ""},
		{"little", "StorePath: /p\nURL: u", short, ""},
		{"last counts", "StorePath: /q\nStorePath: /p\nURL: u", short, ""},
		{"empty", "", narinfo{}, "no StorePath"},
		{"no URL", "StorePath: /p", narinfo{}, "no URL"},
		{"no colon", "StorePath /p", narinfo{}, "no key"},
		{"html", "<!DOCTYPE html>\n", narinfo{}, "no key"},
		{"size below zero", goodNARInfo + "NarSize: -1", narinfo{}, "NarSize"},
		{"size too large", goodNARInfo + "FileSize: 9223372036854775808", narinfo{}, "FileSize"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseNARInfo(test.text)
			if !cmp.Equal(got, test.want, cmp.AllowUnexported(narinfo{})) {
				t.Errorf("got %+v, want %+v", got, test.want)
			}
			if (err != nil) != (test.wantErr != "") ||
				err != nil && !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("got error %v, want %q", err, test.wantErr)
			}
		})
	}
}

func FuzzNARInfo(f *testing.F) {
	f.Add(goodNARInfo)
	f.Add("StorePath: /p\nURL: ../../x\nCompression:\nNarSize: 1")
	f.Add("URL: //h/x\r\nStorePath:\x00\n\n:")
	f.Add("StorePath: /p\nURL: http://x/%2e%2e/y?z#f")
	c := &substituter{run: &run{Fetcher: &Fetcher{}}, base: "http://c/d/"}
	local := &substituter{run: c.run, base: "file:///c/d/"}
	local.openFolder(f.TempDir())
	f.Fuzz(func(t *testing.T, text string) {
		n, err := parseNARInfo(text)
		if err != nil {
			return
		}
		if n.storePath == "" || n.url == "" || n.compression == "" || min(n.fileSize, n.narSize) < 0 {
			t.Errorf("%q: %+v", text, n)
		}
		for _, c := range []*substituter{c, local} {
			if next, f := c.locate(n.url); f == nil && !located(n.url, next, c.base) {
				t.Errorf("%q: %+v", n.url, next)
			}
		}
	})
}

// located tells whether next is a place that a narinfo's URL may name: below
// base, or, if that is on the web, elsewhere on the web.
func located(ref string, next candidate, base string) bool {
	u, err := url.Parse(next.url)
	if err != nil || next.host == "" {
		return false
	}
	if from, err := url.Parse(ref); err == nil && from.IsAbs() {
		return isHTTP(u.Scheme) && strings.HasPrefix(base, "http")
	}
	return strings.HasPrefix(next.url, base) && !slices.Contains(strings.Split(u.Path, "/"), "..")
}
