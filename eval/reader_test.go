package eval

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
	"granary/hashes"
)

const (
	mirrorsList = "/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-mirrors-list"
	mirrorsDrv  = "/nix/store/1v8am4hs50m86rrwlw1zf6qhbxs0qi7g-mirrors-list.drv"
	otherDrv    = "/nix/store/2pl0hk0pzw3cp3wp2ilh0q7p9gm0kkvd-other-list.drv"
)

// scratchStore returns a store with these files.
func scratchStore(t *testing.T, files map[string]string) scratch {
	t.Helper()
	s := scratch{t.TempDir()}
	for path, text := range files {
		check(t, os.MkdirAll(filepath.Dir(s.file(path)), 0o700))
		check(t, os.WriteFile(s.file(path), []byte(text), 0o600))
	}
	return s
}

// mirrorDerivation is the text of the derivation that makes the list.
func mirrorDerivation(env granary.Env) string {
	return unparse(&granary.Derivation{
		Outputs: []granary.Output{{Name: "out", Path: mirrorsList}},
		Env:     env,
	})
}

var mirrorTests = []struct {
	name, variable string
	files          map[string]string
	want           map[string][]string
}{
	{
		"a variable for each site, until 2025", "mirrorsFile",
		map[string]string{mirrorsDrv: mirrorDerivation(granary.Env{
			{Name: "builder", Raw: "/nix/store/x-write-mirror-list.sh"},
			{Name: "cpan", Raw: "https://a/cpan/ http://b/cpan/"},
			{Name: "gnu", Raw: "https://a/gnu"},
			{Name: "sites", Raw: "cpan gnu empty"},
			{Name: "empty", Raw: ""},
		})},
		map[string][]string{"cpan": {"https://a/cpan/", "http://b/cpan/"},
			"gnu": {"https://a/gnu"}},
	},
	{
		"a file", "mirrorsListFile",
		map[string]string{mirrorsList: "_mirror_gnu=( 'https://a/gnu/' \"http://b/gnu/\" )\n" +
			"_mirror_cpan=(https://a/cpan/)\n" +
			"  _mirror_pypi=(\n  'https://a/pypi/'\n  'https://b/pypi/'\n)\n" +
			"declare -a _mirror_kde=('https://a/kde/')\n# _mirror_old=(https://a/old)\n" +
			"_mirror_none=()\n_mirror_odd=(a b)\n"},
		map[string][]string{
			"gnu": {"https://a/gnu/", "http://b/gnu/"}, "cpan": {"https://a/cpan/"},
			"pypi": {"https://a/pypi/", "https://b/pypi/"}, "kde": {"https://a/kde/"},
		},
	},
	{
		"the text of a derivation", "mirrorsListFile",
		map[string]string{mirrorsDrv: mirrorDerivation(granary.Env{
			{Name: "passAsFile", Raw: "text"},
			{Name: "text", Raw: `_mirror_a=(http://a/)\n_mirror_b=(http://b/ 'http://c/')\n`},
		})},
		map[string][]string{"a": {"http://a/"}, "b": {"http://b/", "http://c/"}},
	},
	{
		"a variable for each array", "mirrorsListFile",
		map[string]string{mirrorsDrv: mirrorDerivation(granary.Env{
			{Name: "_mirror_a", Raw: "http://a/ http://b/"},
		})},
		map[string][]string{"a": {"http://a/", "http://b/"}},
	},
	{"known from an earlier evaluation", "mirrorsFile", nil, map[string][]string{}},
	{
		"no derivation", "mirrorsFile", map[string]string{mirrorsDrv: "<html>"},
		map[string][]string{},
	},
	{
		"a derivation of something else", "mirrorsFile",
		map[string]string{mirrorsDrv: unparse(&granary.Derivation{
			Outputs: []granary.Output{{Name: "out", Path: "/nix/store/x-mirrors-list"}},
			Env:     granary.Env{{Name: "gnu", Raw: "http://a/"}},
		})},
		map[string][]string{},
	},
}

// TestMirrors reads mirror lists in all forms that fetchurl has had.
func TestMirrors(t *testing.T) {
	for _, row := range mirrorTests {
		t.Run(row.name, func(t *testing.T) {
			s := scratchStore(t, row.files)
			r := newReader(nil, slog.New(slog.DiscardHandler))
			d := &granary.Derivation{
				Sources: []string{mirrorsList},
				Inputs:  []granary.Input{{Path: otherDrv}, {Path: mirrorsDrv}},
				Env:     granary.Env{{Name: row.variable, Raw: mirrorsList}},
			}
			r.findMirrors(s, d)
			if diff := cmp.Diff(row.want, r.mirrors); diff != "" {
				t.Errorf("mirrors (-want +got):\n%s", diff)
			}
			if r.newMirrors != (len(row.want) > 0) {
				t.Errorf("got new mirrors %v", r.newMirrors)
			}
		})
	}
}

// TestClosureErrors reads closures that are broken.
func TestClosureErrors(t *testing.T) {
	input := unparse(&granary.Derivation{Inputs: []granary.Input{{Path: otherDrv}}})
	for _, row := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"no file", nil, "read derivation: open "},
		{"an input without a file", map[string]string{mirrorsDrv: input}, "read derivation: open "},
		{"no derivation", map[string]string{mirrorsDrv: "x"}, "parse " + mirrorsDrv + ": byte 0: "},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := newReader(nil, slog.New(slog.DiscardHandler))
			_, err := r.closure(scratchStore(t, row.files), mirrorsDrv, nil)
			if err == nil || len(err.Error()) < len(row.want) ||
				err.Error()[:len(row.want)] != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
			// Once it can be read, it is.
			whole := unparse(&granary.Derivation{})
			s := scratchStore(t, map[string]string{mirrorsDrv: whole, otherDrv: whole})
			if all, err := r.closure(s, mirrorsDrv, nil); err != nil || len(all) != 1 {
				t.Errorf("the second time: got %v, %v", all, err)
			}
		})
	}
}

// TestClosureOnce reads a closure in which paths meet, and one of which a part
// is known.
func TestClosureOnce(t *testing.T) {
	drv := func(c string) hashes.StorePath {
		return hashes.StorePath("/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvc" + c + "-x.drv")
	}
	files := map[string]string{}
	for path, inputs := range map[string]string{"a": "bc", "b": "d", "c": "bd", "d": ""} {
		d := &granary.Derivation{Args: []string{"x"}, Env: granary.Env{{Name: "x", Raw: "y"}}}
		for _, in := range inputs {
			d.Inputs = append(d.Inputs, granary.Input{Path: drv(string(in)),
				Outputs: []string{"out"}})
		}
		files[string(drv(path))] = unparse(d)
	}
	for _, row := range []struct {
		known []hashes.StorePath
		want  []hashes.StorePath
	}{
		{nil, []hashes.StorePath{drv("d"), drv("b"), drv("c"), drv("a")}},
		{[]hashes.StorePath{drv("d"), drv("b")}, []hashes.StorePath{drv("c"), drv("a")}},
		{[]hashes.StorePath{drv("a"), drv("b"), drv("c"), drv("d")}, nil},
	} {
		r := newReader(row.known, slog.New(slog.DiscardHandler))
		s := scratchStore(t, files)
		all, err := r.closure(s, drv("a"), nil)
		check(t, err)
		if all, err = r.closure(s, drv("a"), all); err != nil {
			t.Error(err)
		}
		var got []hashes.StorePath
		for _, d := range all {
			got = append(got, d.Path)
			if d.Env != nil || d.Args != nil {
				t.Errorf("%s keeps its environment", d.Path)
			}
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%d known: derivations (-want +got):\n%s", len(row.known), diff)
		}
	}
}
