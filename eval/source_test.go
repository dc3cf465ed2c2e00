package eval

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/hashes"
)

const (
	emptyHash    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	fetchurlEnv  = "urls=http://x/a http://y/a;;mirrorsFile=/nix/store/m-mirrors-list"
	strippedRoot = begin2022 + strip2018 + "chmod 755 \"$out\"\n"
	keptRoot     = begin2022 + keep2018 + "chmod 755 \"$out\"\n"
)

// fixedOutput returns a derivation named a whose output has the given mode and
// the environment "name=value;;name=value".
func fixedOutput(t *testing.T, mode hashes.Mode, env string) *granary.Derivation {
	t.Helper()
	h, err := hashes.ParseDigest(hashes.SHA256, emptyHash)
	check(t, err)
	ca := hashes.ContentAddress{Mode: mode, Hash: h}
	path, err := ca.StorePath(hashes.DefaultStoreDir, "a")
	check(t, err)
	prefix := map[hashes.Mode]string{recursive: "r:", hashes.Text: "text:", hashes.Git: "git:"}
	d := &granary.Derivation{
		Path: "/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-a.drv",
		Outputs: []granary.Output{{Name: "out", Path: string(path),
			HashAlgo: prefix[mode] + "sha256", Hash: emptyHash}},
		Builder: "/bin/sh",
	}
	for variable := range strings.SplitSeq(env, ";;") {
		if name, value, ok := strings.Cut(variable, "="); ok {
			d.Env = append(d.Env, granary.EnvVar{Name: name, Raw: value})
		}
	}
	return d
}

// structured moves the environment of d into __json, where values are strings.
func structured(t *testing.T, d *granary.Derivation, more map[string]any) *granary.Derivation {
	t.Helper()
	fields := map[string]any{}
	for _, v := range d.Env {
		fields[v.Name] = v.Value()
	}
	for name, value := range more {
		fields[name] = value
	}
	text, err := json.Marshal(fields)
	check(t, err)
	d.Env = granary.Env{{Name: "__json", Raw: escapeATerm.Replace(string(text))}}
	return d
}

const flat, recursive = hashes.Flat, hashes.Recursive

var (
	twoURLs = []string{"http://x/a", "http://y/a"}
	oneURL  = []string{"http://x/a"}
)

var kindTests = []struct {
	name, env string
	mode      hashes.Mode
	more      func(*granary.Derivation)
	want      granary.Source // its kind, URLs, revision and recipe
}{
	{
		"fetchurl", fetchurlEnv + ";;postFetch=;;downloadToTemp=", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
	{
		"fetchurl of 2025",
		"urls=http://x/a http://y/a;;mirrorsListFile=/nix/store/m-mirrors-list", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
	{
		"fetchurl, executable", fetchurlEnv + ";;executable=1", recursive, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs,
			Recipe: granary.RecipeExecutable},
	},
	{
		"fetchurl, recursive and not executable", fetchurlEnv + ";;recursiveHash=1", recursive,
		nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs},
	},
	{
		"fetchurl with a postFetch", fetchurlEnv + ";;postFetch=gunzip $out", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs},
	},
	{
		"fetchurl with an empty line for postFetch", fetchurlEnv + `;;postFetch=\n  `, flat,
		nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
	{
		"fetchurl, downloadToTemp", fetchurlEnv + ";;downloadToTemp=1", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs},
	},
	{
		"fetchurl with a user's netrc", fetchurlEnv + ";;netrcPhase=x", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
	{
		"fetchzip", fetchurlEnv + ";;downloadToTemp=1;;postFetch=" +
			escapeATerm.Replace(strippedRoot), recursive, nil,
		granary.Source{Kind: granary.KindFetchzip, URLs: twoURLs, Recipe: granary.RecipeUnpack},
	},
	{
		"fetchzip without stripRoot", fetchurlEnv + ";;downloadToTemp=1;;postFetch=" +
			escapeATerm.Replace(keptRoot),
		recursive, nil,
		granary.Source{Kind: granary.KindFetchzip, URLs: twoURLs, Recipe: granary.RecipeUnpack,
			KeepRoot: true},
	},
	{
		"fetchzip with an extra line", fetchurlEnv + ";;downloadToTemp=1;;postFetch=" +
			escapeATerm.Replace(strippedRoot+"touch $out/x\n"), recursive, nil,
		granary.Source{Kind: granary.KindFetchzip, URLs: twoURLs},
	},
	{
		"fetchFromBitbucket of 2018", fetchurlEnv + ";;downloadToTemp=1;;postFetch=" +
			escapeATerm.Replace(begin2019+strip2018+`rm -f "$out"/.hg_archival.txt`+"\n"),
		recursive, nil,
		granary.Source{Kind: granary.KindFetchzip, URLs: twoURLs, Recipe: granary.RecipeUnpack,
			Omit: "*/.hg_archival.txt"},
	},
	{
		"fetchurl that lists its URLs", fetchurlEnv + ";;showURLs=1", flat, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs},
	},
	{
		"fetchurl in mode text", fetchurlEnv, hashes.Text, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
	{
		"fetchurl in mode git", fetchurlEnv, hashes.Git, nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs},
	},
	{
		"fetchpatch of 2018", fetchurlEnv +
			`;;postFetch=\"/nix/store/p-patchutils/bin/lsdiff\" \"$out\"`, flat, nil,
		granary.Source{Kind: granary.KindFetchpatch, URLs: twoURLs},
	},
	{
		"fetchpatch of 2026", fetchurlEnv +
			`;;postFetch=filterdiff \\\n -p1 \"$tmpfile\" > \"$out\"`, flat, nil,
		granary.Source{Kind: granary.KindFetchpatch, URLs: twoURLs},
	},
	{
		"builtin:fetchurl", "url=http://x/a;;unpack=;;executable=", flat, builtinFetchurl,
		granary.Source{Kind: granary.KindBuiltinFetchurl, URLs: oneURL,
			Recipe: granary.RecipeFlat},
	},
	{
		"builtin:fetchurl, unpack", "url=http://x/a;;unpack=1;;executable=", recursive,
		builtinFetchurl,
		granary.Source{Kind: granary.KindBuiltinFetchurl, URLs: oneURL, Recipe: granary.RecipeNAR},
	},
	{
		"builtin:fetchurl, executable", "url=http://x/a;;unpack=;;executable=1", recursive,
		builtinFetchurl,
		granary.Source{Kind: granary.KindBuiltinFetchurl, URLs: oneURL,
			Recipe: granary.RecipeExecutable},
	},
	{
		"builtin:fetchurl, recursive", "url=http://x/a", recursive, builtinFetchurl,
		granary.Source{Kind: granary.KindBuiltinFetchurl, URLs: oneURL},
	},
	{
		"several URLs in one string", `urls=http://x/a\nhttp://y/a \t;;mirrorsFile=x`, flat,
		nil,
		granary.Source{Kind: granary.KindFetchurl, URLs: twoURLs, Recipe: granary.RecipeFlat},
	},
}

func TestSourceOfKinds(t *testing.T) {
	for _, row := range kindTests {
		t.Run(row.name, func(t *testing.T) {
			d := fixedOutput(t, row.mode, row.env)
			if row.more != nil {
				row.more(d)
			}
			row.want.Name, row.want.OutPath = "a", hashes.StorePath(d.Outputs[0].Path)
			row.want.CA, _ = d.Outputs[0].ContentAddress()
			compareSource(t, d, row.want)
			compareSource(t, structured(t, d, nil), row.want)
		})
	}
}

func builtinFetchurl(d *granary.Derivation) {
	d.System, d.Builder = "builtin", "builtin:fetchurl"
}

func compareSource(t *testing.T, d *granary.Derivation, want granary.Source) {
	t.Helper()
	got, ok, err := SourceOf(d)
	if err != nil || !ok {
		t.Fatalf("got %v, %v", ok, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(hashes.ContentAddress{},
		hashes.Hash{})); diff != "" {
		t.Errorf("with the environment %v (-want +got):\n%s", d.Env, diff)
	}
}

// TestSourceOfStructured has the types that only structured attributes have.
func TestSourceOfStructured(t *testing.T) {
	for _, row := range []struct {
		name string
		more map[string]any
		want granary.Recipe
	}{
		{"lists and booleans", map[string]any{
			"urls": []string{"http://x/a", "http://y/a"}, "executable": true,
			"downloadToTemp": false,
		}, granary.RecipeExecutable},
		{"null and number", map[string]any{
			"urls": []any{"http://x/a http://y/a"}, "executable": 1, "downloadToTemp": nil,
			"postFetch": nil,
		}, granary.RecipeExecutable},
		{
			"false", map[string]any{"urls": []string{"http://x/a", "http://y/a"},
				"executable": false}, "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := structured(t, fixedOutput(t, hashes.Recursive, "mirrorsListFile=x"), row.more)
			want := granary.Source{
				Name: "a", OutPath: hashes.StorePath(d.Outputs[0].Path), Kind: granary.KindFetchurl,
				URLs: []string{"http://x/a", "http://y/a"}, Recipe: row.want,
			}
			want.CA, _ = d.Outputs[0].ContentAddress()
			compareSource(t, d, want)
		})
	}
	broken := fixedOutput(t, hashes.Flat, "__json={")
	s, ok, err := SourceOf(broken)
	if err != nil || !ok || s.Kind != granary.KindOther {
		t.Errorf("attributes that are no JSON: got %+v, %v, %v", s, ok, err)
	}
}

// TestSourceElsewhere has a derivation that no Nix would write.
func TestSourceElsewhere(t *testing.T) {
	d := fixedOutput(t, flat, fetchurlEnv)
	computed := d.Outputs[0].Path
	d.Outputs[0].Path = "/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-a"
	s, ok, err := SourceOf(d)
	want := "output of " + string(d.Path) + ": path " + d.Outputs[0].Path +
		", but name, mode and hash give " + computed
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if !ok || string(s.OutPath) != d.Outputs[0].Path || s.Recipe != "" || s.URLs != nil {
		t.Errorf("got %+v, %v", s, ok)
	}
}

// TestSourceOfNix takes derivations that Nix wrote: of these four are
// sources. One has its algorithm from an SRI hash.
func TestSourceOfNix(t *testing.T) {
	want := map[string]string{
		"sriFlat":    "flat sha512",
		"structured": "flat sha256",
		"gitfixed":   "git sha1",
		"textfixed":  "text sha256",
	}
	got := map[string]string{}
	for _, drv := range storedDerivations(t, "testdata/drv") {
		d, err := ParseDerivation(drv.path, drv.text)
		check(t, err)
		s, ok, err := SourceOf(d)
		check(t, err)
		if ok {
			got[s.Name] = s.CA.Mode.String() + " " + s.CA.Hash.Algorithm().String()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sources (-want +got):\n%s", diff)
	}
}

func TestSourceOfOthers(t *testing.T) {
	out := granary.Output{Name: "out", Path: "/nix/store/x-a", HashAlgo: "sha256", Hash: emptyHash}
	for _, row := range []struct {
		name    string
		outputs []granary.Output
		want    string // the error
	}{
		{"no outputs", nil, ""},
		{"addressed by inputs", []granary.Output{{Name: "out", Path: "/nix/store/x-a"}}, ""},
		{"floating", []granary.Output{{Name: "out", HashAlgo: "r:sha256"}}, ""},
		{"impure", []granary.Output{{Name: "out", HashAlgo: "r:sha256", Hash: "impure"}}, ""},
		{
			"text by another algorithm",
			[]granary.Output{{Name: "out", Path: "/x", HashAlgo: "text:sha1", Hash: emptyHash[:40]}},
			"output of " + string(anyDrv) + ": store path of ",
		},
		{"two", []granary.Output{{Name: "dev"}, out},
			"output out of " + string(anyDrv) + ": its content is fixed, and there are others"},
		{
			"another algorithm",
			[]granary.Output{{Name: "out", Path: "/x", HashAlgo: "sha3", Hash: emptyHash}},
			"output of " + string(anyDrv) + `: unknown hash algorithm "sha3"`,
		},
		{
			"another length",
			[]granary.Output{{Name: "out", Path: "/x", HashAlgo: "sha256", Hash: "ab"}},
			"output of " + string(anyDrv) + ": ",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, ok, err := SourceOf(&granary.Derivation{Path: anyDrv, Outputs: row.outputs})
			if ok || (err == nil) != (row.want == "") ||
				err != nil && !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got %v, %v, want %s", ok, err, row.want)
			}
		})
	}
}
