package eval

import (
	"strings"
	"testing"
)

const (
	base32 = "0bcf9ycdlwld8iry4azxqlffs6p8ggs32r167a7j2khfyhbqdxba"
	sri    = "sha256-qRNbTQ0sySvzSe0cDOXkR2XLQsyWJhzjdaBvhQQdgOI="
)

var callTests = []struct{ name, call, want string }{
	{
		"flat", `{"name":"a","urls":["http://x/a"],"hash":"` + base32 +
			`","algo":"sha256","mode":"flat",` +
			`"unpack":false,"executable":false}`,
		"a flat fetchurl flat [http://x/a]",
	},
	{
		"SRI", `{"name":"a","urls":["http://x/a http://y/a"],"hash":"` + sri +
			`","algo":null,"mode":"flat"}`,
		"a flat fetchurl flat [http://x/a http://y/a]",
	},
	{
		"unpack", `{"name":"a","urls":["u"],"hash":"` + sri +
			`","algo":"","mode":"recursive","unpack":true}`,
		"a recursive fetchzip unpack [u]",
	},
	{
		"executable", `{"name":"a","urls":["u"],"hash":"` + sri +
			`","mode":"recursive","unpack":"","executable":1}`,
		"a recursive fetchurl executable [u]",
	},
	{
		"recursive", `{"name":"a","urls":["u"],"hash":"` + sri +
			`","mode":"recursive","unpack":0,"executable":""}`,
		"a recursive fetchurl  [u]",
	},
	{
		"flat, to a temporary file", `{"name":"a","urls":["u"],"hash":"` + sri +
			`","mode":"flat","unpack":true}`,
		"a flat fetchurl  [u]",
	},
	{
		"TeX Live", `{"name":"a","urls":["u"],"hash":"` + sri + `","mode":"recursive","unpack":1,` +
			`"postFetch":"mkdir \"$out\";tar -xf $downloadedFile '--strip-components=1' ` +
			`-C \"$out\" --anchored --exclude=tlpkg --keep-old-files"}`,
		"a recursive texlive unpack [u]",
	},
	{
		"no hash", `{"name":"a","urls":["u"],"hash":"","algo":"sha256","mode":"flat"}`,
		"call of fetchurl for u: ",
	},
	{"no JSON", `{`, "read a call of fetchurl: unexpected end of JSON input"},
	{
		"wrong mode", `{"name":"a","urls":["u"],"hash":"` + sri + `","mode":"x"}`,
		"call of fetchurl for u: ",
	},
	{
		"wrong name", `{"name":"a/b","urls":["u"],"hash":"` + sri + `","mode":"flat"}`,
		"call of fetchurl for u: ",
	},
	{"wrong algorithm", `{"name":"a","urls":["u"],"hash":"` + base32 +
		`","algo":"x","mode":"flat"}`,
		"call of fetchurl for u: "},
}

func TestParseCall(t *testing.T) {
	for _, row := range callTests {
		t.Run(row.name, func(t *testing.T) {
			s, err := parseCall([]byte(row.call))
			got := strings.Join([]string{
				s.Name, s.CA.Mode.String(), string(s.Kind), string(s.Recipe),
				"[" + strings.Join(s.URLs, " ") + "]",
			}, " ")
			if err != nil {
				got = err.Error()
			}
			if err == nil && got != row.want || err != nil && !strings.HasPrefix(got, row.want) {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}
