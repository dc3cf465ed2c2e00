package fetch

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseMirrors(t *testing.T) {
	known := MirrorMap{"gnu": {"https://known/"}, "cpan": {"https://c/"}}
	tests := []struct{ name, text, want string }{
		{"nothing", "", "cpan=https://c/ gnu=https://known/"},
		{"override", "gnu=https://a/ http://b/x\n", "cpan=https://c/ gnu=https://a/,http://b/x"},
		{"spaces", "# our own\n\n+gnu = https://a/",
			"error: 3: \"+gnu = https://a/\" is not of the form SITE=URL"},
		{"add to known", "# our own\n\n +gnu=https://a/ ftp://f/\r\n",
			"cpan=https://c/ gnu=https://a/,ftp://f/,https://known/"},
		{"a new site", "+new-site.org=https://n",
			"cpan=https://c/ gnu=https://known/ new-site.org=https://n"},
		{"twice", "gnu=https://a/\n+gnu=https://b/", "cpan=https://c/ gnu=https://b/,https://a/"},
		{"mirrorsFile", "gnu='http://a/ http://b/'\nhashedMirrors=http://h\nsavannah=$'http://s/'",
			"error: 3: \"$\" is not the URL of a mirror: unsupported scheme"},
		{"mirrorsFile of bash", "gnu='http://a/ http://b/'\nhashedMirrors=http://h",
			"cpan=https://c/ gnu=http://a/,http://b/ hashedMirrors=http://h"},
		{"mirrorsListFile", "declare -a _mirror_gnu=('https://a/' 'https://b/')\n" +
			"_mirror_debian=(\n  \"https://d/\"\n  \"https://e/\"\n)\n",
			"cpan=https://c/ debian=https://d/,https://e/ gnu=https://a/,https://b/"},
		{"array on one line and the next", "gnu=(https://a/\nhttps://b/)",
			"cpan=https://c/ gnu=https://a/,https://b/"},
		{"no URL", "gnu=", "error: 1: site gnu has no URL"},
		{"empty array", "\ngnu=(\n)", "error: 3: site gnu has no URL"},
		{"open array", "\ngnu=(https://a/\n\n", "error: 2: no closing parenthesis"},
		{"closed twice", "gnu=https://a/ )", "error: 1: a parenthesis in \")\""},
		{"no URL, a word", "gnu=https://a/\n\ncpan=elsewhere",
			"error: 3: \"elsewhere\" is not the URL of a mirror: unsupported scheme"},
		{"a path", "/etc/passwd", "error: 1: \"/etc/passwd\" is not of the form SITE=URL"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ParseMirrors("my list", test.text, known)
			text := formatMirrors(got, ",")
			if err != nil {
				text = strings.Replace(err.Error(), "read mirrors my list:", "error: ", 1)
			}
			if text != test.want {
				t.Errorf("got %q, want %q", text, test.want)
			}
		})
	}
	if len(known) != 2 || len(known["gnu"]) != 1 {
		t.Errorf("the list that is known has changed: %v", known)
	}
}

// formatMirrors writes sites in order, with between between the URLs.
func formatMirrors(m MirrorMap, between string) string {
	var all []string
	for _, site := range slices.Sorted(maps.Keys(m)) {
		all = append(all, site+"="+strings.Join(m[site], between))
	}
	return strings.Join(all, " ")
}

func TestMirrorsFrom(t *testing.T) {
	known := MirrorMap{"gnu": {"https://known/"}}
	got, err := MirrorsFrom([]string{
		"NIX_MIRRORS_gnu=http://a/ http://b", "NIX_MIRRORS_new=http://n/", "NIX_MIRRORS_cpan= ",
		"NIX_MIRRORS_=http://x/", "PATH=/bin", "gnu=http://x/", "NIX_MIRRORS_odd",
	}, known)
	want := MirrorMap{"gnu": {"http://a/", "http://b"}, "new": {"http://n/"}}
	if err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	got, err = MirrorsFrom([]string{"NIX_MIRRORS_new=http://n/"}, nil)
	if want := (MirrorMap{"new": {"http://n/"}}); err != nil || !cmp.Equal(got, want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	_, err = MirrorsFrom([]string{"NIX_MIRRORS_gnu=x"}, nil)
	failure := `read $NIX_MIRRORS_gnu: "x" is not the URL of a mirror: unsupported scheme`
	if err == nil || err.Error() != failure {
		t.Errorf("got %v, want %s", err, failure)
	}
}

// FuzzParseMirrors parses, writes and parses again.
func FuzzParseMirrors(f *testing.F) {
	for _, text := range []string{
		"gnu=https://a/ http://b/x\n", "+gnu='ftp://f/'", "_mirror_x=(\nhttp://a\n)", "#", "a=(", "a=)",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		first, err := ParseMirrors("f", text, nil)
		if err != nil {
			return
		}
		var again strings.Builder
		for site, urls := range first {
			if len(urls) == 0 {
				t.Errorf("site %q has no URL", site)
			}
			fmt.Fprintf(&again, "%s=(\n%s\n)\n", site, strings.Join(urls, "\n"))
		}
		second, err := ParseMirrors("f", again.String(), nil)
		if err != nil || !cmp.Equal(first, second) {
			t.Errorf("%q: got %v, then %v, %v", text, first, second, err)
		}
	})
}
