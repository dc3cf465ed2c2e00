package eval

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// simplePackages is the body of a package set: hello, whose source comes from
// a fetchurl in the manner of nixpkgs, and documentation in no closure.
const simplePackages = `
let
  lib.functionArgs = builtins.functionArgs;
  fetchurl = { url, sha256 }: derivation {
    name = baseNameOf url;
    inherit system url;
    builder = "/bin/sh";
    outputHash = sha256;
    outputHashAlgo = "sha256";
    outputHashMode = "flat";
  };
  set = self: {
    inherit lib fetchurl;
    hello = derivation {
      name = "hello";
      inherit system;
      builder = "/bin/sh";
      src = self.fetchurl {
        url = "http://x/hello.tar.gz";
        sha256 = "0bcf9ycdlwld8iry4azxqlffs6p8ggs32r167a7j2khfyhbqdxba";
      };
    } // {
      doc = self.fetchurl {
        url = "http://x/hello.pdf";
        sha256 = "1p6r16a9g7w1c5054dj07dz9g3b9zs5cjyh6nzzzyac3lf9dyi16";
      };
      meta.license = builtins.seq (hello self).doc.drvPath [ ];
    };
  };
  hello = self: self.hello;
`

// TestTreeForms evaluates package sets of every form that has been in use, and
// counts the calls of fetchurl that our overlay sees.
func TestTreeForms(t *testing.T) {
	drvs := map[string]bool{}
	for _, row := range []struct {
		name, text string
		calls      int
	}{
		{
			"with overlays",
			`{ system, config ? { }, overlays ? [ ] }:` + simplePackages +
				`fixed = builtins.foldl' apply (set fixed) overlays;
				apply = super: overlay: super // overlay fixed super; in fixed`,
			2,
		},
		{
			"with arguments that it does not name",
			`args: let inherit (args) system; in ` + simplePackages +
				`fixed = builtins.foldl' apply (set fixed) args.overlays;
				apply = super: overlay: super // overlay fixed super; in fixed`,
			2,
		},
		{
			"with config.packageOverrides",
			`{ system, config }:` + simplePackages +
				`fixed = set fixed // config.packageOverrides (set fixed); in fixed`,
			2,
		},
		{
			"a plain set", `let system = "` + system + `"; in ` + simplePackages +
				`fixed = set fixed; in fixed`, 0,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			tree := writeTree(t, map[string]string{"default.nix": row.text})
			f := evaluate(t, &Evaluator{Tree: tree}).ok(t)
			if diff := cmp.Diff(map[string]string{"hello": "drv"}, f.outcomes(t)); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			if len(f.Calls) != row.calls {
				t.Errorf("got %d calls, want %d: %+v", len(f.Calls), row.calls, f.Calls)
			}
			if len(f.Derivations) != 2 {
				t.Errorf("got %d derivations, want hello and its source", len(f.Derivations))
			}
			drvs[string(f.attribute(t, "hello").DrvPath)] = true
		})
	}
	if len(drvs) != 1 {
		t.Errorf("hello's derivation differs: %v", drvs)
	}
}

// TestConfig gives the tree a config with packageOverrides of its own.
func TestConfig(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system, config }:
let set = { fetchurl = throw "unused"; }; in
set // config.packageOverrides set // { ${config.name} = derivation {
  name = (config.packageOverrides set).mine; inherit system; builder = "/bin/sh"; }; }`})
	f := evaluate(t, &Evaluator{
		Tree:   tree,
		Config: `{ name = "it"; packageOverrides = super: { mine = "mine"; }; } # not the end`,
	}).ok(t)
	if got := f.attribute(t, "it"); got.Name != "mine" {
		t.Errorf("got %+v", got)
	}
}

func TestTreePath(t *testing.T) {
	for _, name := range []string{"with space", `qu"ote's`, "dol${lar}", "ünïcode", `back\slash`,
		"#?&%41"} {
		t.Run(name, func(t *testing.T) {
			tree := filepath.Join(t.TempDir(), name)
			check(t, os.Mkdir(tree, 0o700))
			text := `{ system, ... }: {
				a = derivation { name = "a"; inherit system; builder = "/bin/sh"; }; }`
			file := filepath.Join(tree, "default.nix")
			check(t, os.WriteFile(file, []byte(text), 0o600))
			for _, path := range []string{tree, file} {
				f := evaluate(t, &Evaluator{Tree: path}).ok(t)
				if diff := cmp.Diff(map[string]string{"a": "drv"}, f.outcomes(t)); diff != "" {
					t.Errorf("attributes of %s (-want +got):\n%s", path, diff)
				}
			}
		})
	}
}

// Nix 2.8 begins it with "anonymous ".
const messageOfWrongArguments = "function"

func TestTreeErrors(t *testing.T) {
	for _, row := range []struct {
		name, text, config string
		want               string // how the message begins
	}{
		{name: "no set", text: `{ system, config, overlays }: 1`, want: "it is not a package set"},
		{
			name: "a function of a function", text: `{ ... }: x: { }`,
			want: "it is not a package set",
		},
		{
			name: "syntax error", text: `{ system, ... }: { a = ; }`,
			want: "syntax error, unexpected ';'",
		},
		{
			name: "breaks off", text: `{ system, ... }: { a = `,
			want: "syntax error, unexpected end of file",
		},
		{name: "throw", text: `{ ... }: throw "not\ntoday"`, want: "not\ntoday"},
		{name: "empty", text: ``, want: "syntax error, unexpected end of file"},
		{name: "other arguments", text: `{ nixpkgs }: { }`, want: messageOfWrongArguments},
		{
			name: "config breaks off", text: `{ config, ... }: config`, config: `{ a = "`,
			want: "syntax error, unexpected end of file",
		},
		{
			name: "config with a string without end", text: `{ config, ... }: config`,
			config: "{ a = ''x",
			want:   "syntax error, unexpected end of file",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			tree := writeTree(t, map[string]string{"default.nix": row.text})
			f := evaluate(t, &Evaluator{Tree: tree, Config: row.config, Workers: 2})
			var got *TreeError
			if !errors.As(f.err, &got) || got.Tree != tree ||
				!strings.HasPrefix(strings.TrimPrefix(got.Message, "anonymous "), row.want) {
				t.Fatalf("got %v, want a TreeError: %s", f.err, row.want)
			}
			if want := "evaluate " + tree + ": " + got.Message; f.err.Error() != want {
				t.Errorf("got %q, want %q", f.err, want)
			}
			if f.size() > 0 {
				t.Errorf("recorded %+v", f.Batch)
			}
		})
	}
	f := evaluate(t, &Evaluator{Tree: filepath.Join(t.TempDir(), "gone")})
	var got *TreeError
	if !errors.As(f.err, &got) || !strings.Contains(got.Message, "gone") {
		t.Errorf("no such tree: got %v", f.err)
	}
}

func TestNixTooOld(t *testing.T) {
	for _, row := range []struct {
		message string
		want    bool
	}{
		{"This version of Nixpkgs requires Nix >= 2.18, please upgrade", true},
		{"this tree requires at least Nix 2.3", true},
		{"syntax error, unexpected '|'", true},
		{"attribute 'warn' missing", false},
		{"undefined variable '__curPosition'", true},
		{"it is gone", false},
	} {
		if got := (&TreeError{Message: row.message}).NixTooOld(); got != row.want {
			t.Errorf("%s: got %v, want %v", row.message, got, row.want)
		}
	}
}

const nestedSets = `
  a = package "a";
  "dot.ted" = { recurseForDerivations = true; b = package "b"; };
  dot.ted = { c = package "c"; };
  hidden = { d = package "d"; deeper.e = package "e"; };
  entered = { recurseForDerivations = true; f = package "f"; g = { h = package "h"; }; };
  number = 1;
  list = [ (package "l") ];
  function = x: x;
  nothing = null;
  maybe.recurseForDerivations = 1;
  maybe.i = package "i";`

func TestSelection(t *testing.T) {
	tree := packageSet(t, nestedSets)
	for _, row := range []struct {
		name        string
		attrs, sets []AttrPath
		want        []string
	}{
		{"everything", nil, nil, []string{"a", `"dot.ted".b`, "entered.f"}},
		{
			"a set more", nil, []AttrPath{{"hidden"}},
			[]string{"a", `"dot.ted".b`, "entered.f", "hidden.d"},
		},
		{
			"sets in sets", nil, []AttrPath{{"hidden"}, {"hidden", "deeper"}, {"entered", "g"}},
			[]string{"a", `"dot.ted".b`, "entered.f", "entered.g.h", "hidden.d", "hidden.deeper.e"},
		},
		{
			"a set that is not entered from above", nil, []AttrPath{{"hidden", "deeper"}},
			[]string{"a", `"dot.ted".b`, "entered.f"},
		},
		{
			"a set that is not there", nil, []AttrPath{{"gone"}},
			[]string{"a", `"dot.ted".b`, "entered.f"},
		},
		{"one", []AttrPath{{"a"}}, nil, []string{"a"}},
		{"two", []AttrPath{{"entered", "f"}, {"a"}}, nil, []string{"a", "entered.f"}},
		{
			"one that is hidden", []AttrPath{{"hidden", "deeper", "e"}}, nil,
			[]string{"hidden.deeper.e"},
		},
		{"a hidden set", []AttrPath{{"hidden"}}, nil, []string{"hidden.d"}},
		{"a name with a dot", []AttrPath{{"dot.ted"}}, nil, []string{`"dot.ted".b`}},
		{"a path of the same letters", []AttrPath{{"dot", "ted"}}, nil, []string{"dot.ted.c"}},
		{"no package", []AttrPath{{"number"}}, nil, nil},
		{
			"one that is not there, in a set", []AttrPath{{"entered", "gone"}}, nil,
			[]string{"entered.gone"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := evaluate(t, &Evaluator{Tree: tree, Attrs: row.attrs, Sets: row.sets,
				Workers: 2}).ok(t)
			var got []string
			for path := range f.outcomes(t) {
				got = append(got, path)
			}
			slices.Sort(got)
			slices.Sort(row.want)
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestAttrError(t *testing.T) {
	tree := packageSet(t,
		`hello = package "hello"; help = package "help"; zebra = package "zebra";`)
	for _, row := range []struct {
		name string
		attr AttrPath
		want string
	}{
		{"near one", AttrPath{"helo"}, "attribute helo: there is none; near it are hello, help"},
		{"near none", AttrPath{"xyzzy"}, "attribute xyzzy: there is none"},
		{"in a set", AttrPath{"zebr", "a"}, "attribute zebr.a: there is none; near it are zebra"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := evaluate(t, &Evaluator{Tree: tree, Attrs: []AttrPath{{"hello"}, row.attr}})
			var missing *AttrError
			if !errors.As(f.err, &missing) || f.err.Error() != row.want {
				t.Errorf("got %v, want %s", f.err, row.want)
			}
		})
	}
}

// TestAllowances asks for what the sample refuses as nixpkgs does.
func TestAllowances(t *testing.T) {
	for _, row := range []struct {
		name string
		e    Evaluator
		want []string // the attributes that evaluate
	}{
		{"nothing", Evaluator{}, nil},
		{"unfree", Evaluator{Unfree: true}, []string{"needsUnfree", "unfree"}},
		{"broken", Evaluator{Broken: true}, []string{"broken"}},
		{"unsupported", Evaluator{Unsupported: true}, []string{"unsupported"}},
		{"insecure", Evaluator{Insecure: true}, []string{"insecure"}},
		{
			"unfree by config", Evaluator{Config: "{ allowUnfree = true; }"},
			[]string{"needsUnfree", "unfree"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := &row.e
			e.Tree = sampleTree(t)
			e.Attrs = []AttrPath{{"unfree"}, {"broken"}, {"unsupported"}, {"insecure"},
				{"needsUnfree"}}
			f := evaluate(t, e).ok(t)
			var got []string
			for path, outcome := range f.outcomes(t) {
				if outcome == "drv" {
					got = append(got, path)
				}
			}
			slices.Sort(got)
			if !slices.Equal(got, row.want) {
				t.Errorf("got %q, want %q", got, row.want)
			}
			for _, a := range f.Attributes {
				if a.DrvPath != "" && a.Unfree != (a.Path == "unfree") {
					t.Errorf("%s: got unfree %v", a.Path, a.Unfree)
				}
			}
		})
	}
}
