package eval

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/hashes"
)

const anyDrv = hashes.StorePath("/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-any.drv")

var oneOutput = []granary.Output{{Name: "out", Path: "/nix/store/x"}}

var parseTests = []struct {
	name, text string
	want       granary.Derivation
}{
	{"everything empty", `Derive([],[],[],"","",[],[])`, granary.Derivation{}},
	{
		"traditional",
		`Derive([("dev","/nix/store/d","",""),("out","/nix/store/o","","")],` +
			`[("/nix/store/a.drv",["out"]),("/nix/store/b.drv",["dev","out"]),` +
			`("/nix/store/c.drv",[])],` +
			`["/nix/store/s1","/nix/store/s2"],"x86_64-linux","/bin/sh",["-e","b.sh"],` +
			`[("builder","/bin/sh"),("name","any")])`,
		granary.Derivation{
			Outputs: []granary.Output{
				{Name: "dev", Path: "/nix/store/d"}, {Name: "out", Path: "/nix/store/o"},
			},
			Inputs: []granary.Input{
				{Path: "/nix/store/a.drv", Outputs: []string{"out"}},
				{Path: "/nix/store/b.drv", Outputs: []string{"dev", "out"}},
				{Path: "/nix/store/c.drv"},
			},
			Sources: []string{"/nix/store/s1", "/nix/store/s2"},
			System:  "x86_64-linux",
			Builder: "/bin/sh",
			Args:    []string{"-e", "b.sh"},
			Env:     granary.Env{{Name: "builder", Raw: "/bin/sh"}, {Name: "name", Raw: "any"}},
		},
	},
	{
		"escapes",
		`Derive([("o\"t","/nix/store/x\\","","")],[],[],"s\\\\","b\"",` +
			`["a\nb","\r\t","\q","\\"],` +
			`[("n\"\\\n","\n\r\t\"\\"),("","")])`,
		granary.Derivation{
			Outputs: []granary.Output{{Name: `o"t`, Path: `/nix/store/x\`}},
			System:  `s\\`, Builder: `b"`, Args: []string{"a\nb", "\r\t", "q", `\`},
			Env: granary.Env{{Name: "n\"\\\n", Raw: `\n\r\t\"\\`}, {}},
		},
	},
	{
		"bytes that are no UTF-8",
		"Derive([],[],[],\"\xff\",\"ü\x00\",[],[])",
		granary.Derivation{System: "\xff", Builder: "ü\x00"},
	},
	{
		"fixed",
		`Derive([("out","/nix/store/x","r:sha256","ab")],[],[],"","",[],[])`,
		granary.Derivation{Outputs: []granary.Output{
			{Name: "out", Path: "/nix/store/x", HashAlgo: "r:sha256", Hash: "ab"},
		}},
	},
	{
		"content-addressed, floating",
		`Derive([("dev","","r:sha256",""),("out","","r:sha256","")],[],[],"","",[],[])`,
		granary.Derivation{Outputs: []granary.Output{
			{Name: "dev", HashAlgo: "r:sha256"}, {Name: "out", HashAlgo: "r:sha256"},
		}},
	},
	{
		"text, git and impure",
		`Derive([("a","/t","text:sha256","00"),("b","/g","git:sha1","11"),` +
			`("c","","r:sha256","impure")],[],[],"","",[],[])`,
		granary.Derivation{Outputs: []granary.Output{
			{Name: "a", Path: "/t", HashAlgo: "text:sha256", Hash: "00"},
			{Name: "b", Path: "/g", HashAlgo: "git:sha1", Hash: "11"},
			{Name: "c", HashAlgo: "r:sha256", Hash: "impure"},
		}},
	},
	{
		"versioned, nothing dynamic",
		`DrvWithVersion("xp-dyn-drv",[("out","/nix/store/x","","")],` +
			`[("/nix/store/a.drv",["out"])],[],"","",[],[])`,
		granary.Derivation{
			Outputs: oneOutput,
			Inputs:  []granary.Input{{Path: "/nix/store/a.drv", Outputs: []string{"out"}}},
		},
	},
	{
		"versioned, outputs of outputs",
		`DrvWithVersion("xp-dyn-drv",[("out","/nix/store/x","","")],[` +
			`("/nix/store/a.drv",([],[("out",["dev"])])),` +
			`("/nix/store/b.drv",(["dev"],[("dev",(["a","b"],[("a",["out"]),("b",([],[]))])),` +
			`("out",[])])),` +
			`("/nix/store/c.drv",["out"])],[],"","",[],[])`,
		granary.Derivation{
			Outputs: oneOutput,
			Inputs: []granary.Input{
				{Path: "/nix/store/a.drv"},
				{Path: "/nix/store/b.drv", Outputs: []string{"dev"}},
				{Path: "/nix/store/c.drv", Outputs: []string{"out"}},
			},
		},
	},
}

func TestParseDerivation(t *testing.T) {
	for _, row := range parseTests {
		t.Run(row.name, func(t *testing.T) {
			got, err := ParseDerivation(anyDrv, row.text)
			check(t, err)
			row.want.Path = anyDrv
			if diff := cmp.Diff(&row.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestParseDerivationErrors(t *testing.T) {
	const whole = `Derive([("out","/nix/store/x","","")],[],[],"s","b",[],[("k","v")])`
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", `byte 0: want "Derive("`},
		{"no derivation", "<html>", `byte 0: want "Derive("`},
		{
			"other version", `DrvWithVersion("xp-dyn-drv2",[])`,
			`byte 0: want "DrvWithVersion(\"xp-dyn-drv\","`,
		},
		{"more behind", whole + "\n", "byte 67: want the end"},
		{"no closing quote", `Derive([("out`, "byte 10: want a closing quote"},
		{"escaped closing quote", `Derive([("out\")`, "byte 10: want a closing quote"},
		{"closing quote after two backslashes", `Derive([("out\\")`, `byte 16: want ","`},
		{"three fields of an output", `Derive([("out","/x","")],`, `byte 22: want ","`},
		{"five fields of an output", `Derive([("out","/x","","","")],`, `byte 25: want ")"`},
		{"no comma in a list", `Derive([("o","","","")("p","","","")]`, `byte 22: want ","`},
		{"comma at the end of a list", `Derive([],[],["/s",],"s"`, `byte 19: want "\""`},
		{"unquoted", `Derive([],[],[],s,`, `byte 16: want "\""`},
		{
			"outputs of outputs without a version", `Derive([],[("/a.drv",(["out"],[]))],`,
			`byte 21: want "["`,
		},
		{"an environment of one", `Derive([],[],[],"","",[],[("k")])`, `byte 30: want ","`},
		{"cut off", whole[:len(whole)-1], `byte 66: want ")"`},
	} {
		t.Run(row.name, func(t *testing.T) {
			d, err := ParseDerivation(anyDrv, row.text)
			want := "parse " + string(anyDrv) + ": " + row.want
			if err == nil || err.Error() != want || d != nil {
				t.Errorf("got %v, %v, want %s", d, err, want)
			}
		})
	}
	for _, path := range []hashes.StorePath{"/nix/store/x.drv", anyDrv[:len(anyDrv)-4], "", "x.drv",
		anyDrv + "/x.drv"} {
		_, err := ParseDerivation(path, whole)
		want := "parse " + string(path) + ": not the path of a derivation"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// TestParseDerivationCut cuts a derivation off after each of its bytes.
func TestParseDerivationCut(t *testing.T) {
	for _, drv := range storedDerivations(t, "testdata/drv") {
		for i := range drv.text {
			if _, err := ParseDerivation(drv.path, drv.text[:i]); err == nil {
				t.Fatalf("the first %d bytes of %s: got no error", i, drv.path)
			}
		}
	}
}

// TestParseNixDerivations reads what Nix 2.34 wrote, with the experimental
// features ca-derivations, impure-derivations, git-hashing and
// dynamic-derivations.
func TestParseNixDerivations(t *testing.T) {
	drvs := storedDerivations(t, "testdata/drv")
	if len(drvs) != 11 {
		t.Errorf("testdata/drv holds %d derivations", len(drvs))
	}
	for _, drv := range drvs {
		d, err := ParseDerivation(drv.path, drv.text)
		if err != nil {
			t.Error(err)
			continue
		}
		dynamic := d.Name() == "wrapper"
		if got := unparse(d); (got == drv.text) == dynamic {
			t.Errorf("%s: printed again it is\n%s", drv.path, got)
		}
		if dynamic {
			const input = "/nix/store/3fp4g4xkkngrsss0h8snk6l2dn258848-hello.drv.drv"
			want := []granary.Input{{Path: input}}
			if diff := cmp.Diff(want, d.Inputs); diff != "" {
				t.Errorf("inputs of %s (-want +got):\n%s", drv.path, diff)
			}
		}
	}
}

// unparse prints a derivation as Nix does.
func unparse(d *granary.Derivation) string {
	list := func(items []string) string { return "[" + strings.Join(items, ",") + "]" }
	quotes := func(items []string) []string {
		var all []string
		for _, s := range items {
			all = append(all, quoteATerm(s))
		}
		return all
	}
	tuple := func(items ...string) string { return "(" + strings.Join(quotes(items), ",") + ")" }
	var outputs, inputs, env []string
	for _, o := range d.Outputs {
		outputs = append(outputs, tuple(o.Name, o.Path, o.HashAlgo, o.Hash))
	}
	for _, in := range d.Inputs {
		inputs = append(inputs, fmt.Sprintf("(%s,%s)", quoteATerm(string(in.Path)),
			list(quotes(in.Outputs))))
	}
	for _, v := range d.Env {
		env = append(env, tuple(v.Name, v.Value()))
	}
	return "Derive(" + strings.Join([]string{
		list(outputs), list(inputs), list(quotes(d.Sources)), quoteATerm(d.System),
		quoteATerm(d.Builder), list(quotes(d.Args)), list(env),
	}, ",") + ")"
}

var escapeATerm = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func quoteATerm(s string) string { return `"` + escapeATerm.Replace(s) + `"` }

// FuzzParseDerivation checks that what parses can be printed, and that parsing
// what was printed gives the same derivation.
func FuzzParseDerivation(f *testing.F) {
	for _, drv := range storedDerivations(f, "testdata/drv") {
		f.Add(drv.text)
	}
	f.Add(`DrvWithVersion("xp-dyn-drv",[],[("/a.drv",(["o"],[("o",["x"])]))],` +
		`[],"","",["\x"],[("\\","\"")])`)
	values := cmp.Comparer(func(a, b granary.EnvVar) bool {
		return a.Name == b.Name && a.Value() == b.Value()
	})
	f.Fuzz(func(t *testing.T, text string) {
		d, err := ParseDerivation(anyDrv, text)
		if err != nil {
			return
		}
		printed := unparse(d)
		again, err := ParseDerivation(anyDrv, printed)
		if err != nil {
			t.Fatalf("%v in %s", err, printed)
		}
		if diff := cmp.Diff(d, again, values, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("parsed, printed, parsed again (-first +second):\n%s", diff)
		}
		if twice := unparse(again); twice != printed {
			t.Errorf("printed twice: got\n%s\nwant\n%s", twice, printed)
		}
	})
}

// A storedDerivation is the text of a .drv file.
type storedDerivation struct {
	path hashes.StorePath
	text string
}

// storedDerivations reads the .drv files in a folder.
func storedDerivations(t testing.TB, dir string) (all []storedDerivation) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.drv"))
	check(t, err)
	if len(names) == 0 {
		t.Fatalf("%s holds no derivations", dir)
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		text, err := os.ReadFile(name)
		check(t, err)
		path := hashes.StorePath("/nix/store/" + filepath.Base(name))
		all = append(all, storedDerivation{path, string(text)})
	}
	return all
}
