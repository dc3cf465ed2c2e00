package wantlist

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"granary"
	"granary/hashes"
)

// hello is a line of a flat source. Its path is what `nix-store
// --print-fixed-path sha256 <base16> hello-2.10.tar.gz` prints.
const (
	helloHash = `"hash":"sha256-MeBm4Q2jc2OlD9pbfYgOtK2n4rwV+YFs7bw4xKMpqhs="`
	helloName = `"name":"hello-2.10.tar.gz"`
	helloURLs = `"urls":["mirror://gnu/hello/hello-2.10.tar.gz"]`
	hello     = helloName + "," + helloURLs + "," + helloHash + `,"mode":"flat"`
)

func ca(t *testing.T, mode hashes.Mode) hashes.ContentAddress {
	t.Helper()
	h, err := hashes.Parse("sha256-MeBm4Q2jc2OlD9pbfYgOtK2n4rwV+YFs7bw4xKMpqhs=")
	if err != nil {
		t.Fatal(err)
	}
	return hashes.ContentAddress{Mode: mode, Hash: h}
}

func entry(t *testing.T, name string, mode hashes.Mode) Entry {
	t.Helper()
	s, err := granary.NewSource(name, ca(t, mode))
	if err != nil {
		t.Fatal(err)
	}
	return Entry{Source: s}
}

func TestParse(t *testing.T) {
	url := []string{"mirror://gnu/hello/hello-2.10.tar.gz"}
	flat := entry(t, "hello-2.10.tar.gz", hashes.Flat)
	flat.URLs, flat.Kind, flat.Recipe = url, "fetchurl", "flat"
	tree := entry(t, "source", hashes.Recursive)
	tree.URLs, tree.Kind, tree.Rev = []string{"https://a/b.git"}, "fetchgit", "abc"
	tree.Recipe = granary.RecipeCheckout
	tree.Checkout = granary.Checkout{Submodules: true, RootDir: "sub"}
	message := entry(t, "jdk.bin", hashes.Flat)
	message.Kind, message.Message = "requireFile", "<Buy> it & add it.\n"
	sized, extra, kept := flat, flat, tree
	texlive := kept
	texlive.Strip, texlive.Omit, texlive.Checkout = 1, "a/*\nb", granary.Checkout{}
	texlive.Recipe, texlive.From = granary.RecipeUnpack, flat.OutPath
	texlive.Kind = granary.KindTeXLive
	sized.Size = 12
	extra.Extra = `{"a":{"b":[1,2]},"z":null}`
	kept.Checkout, kept.Recipe = granary.Checkout{}, granary.RecipeUnpack
	kept.KeepRoot, kept.Kind = true, "fetchzip"
	for _, row := range []struct {
		name, line string
		want       Entry
	}{
		{"the least", "{" + hello + "}", flat},
		{"blanks", " { " + hello + " } ", flat},
		{"outPath", "{" + hello + `,"outPath":"` + string(flat.OutPath) + `"}`, flat},
		{"nulls", "{" + hello + `,"outPath":null,"size":null,"recipe":null,"kind":null}`, flat},
		{"size", "{" + hello + `,"size":12}`, sized},
		{"unknown fields", "{" + hello + `,"z":null,"a":{"b":[1, 2]}}`, extra},
		{"nar is recursive", `{"name":"source","urls":["https://a/b.git"],"mode":"nar",` +
			helloHash + `,"rev":"abc","checkout":{"submodules":true,"rootDir":"sub"}}`, tree},
		{"recipe", `{"name":"source","urls":["https://a/b.git"],"mode":"recursive",` + helloHash +
			`,"rev":"abc","recipe":"unpack","keepRoot":true}`, kept},
		{"strip, omit, from", `{"name":"source","urls":["https://a/b.git"],"mode":"recursive",` +
			helloHash + `,"rev":"abc","recipe":"unpack","kind":"` + string(granary.KindTeXLive) + `","strip":1,` +
			`"omit":"a/*\nb","from":"` + string(flat.OutPath) + `"}`, texlive},
		{"message, no recipe", `{"name":"jdk.bin","urls":[""],"mode":"flat",` + helloHash +
			`,"kind":"requireFile","recipe":"","message":"<Buy> it & add it.\n"}`, message},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := Parse([]byte(row.line))
			if diff := cmp.Diff(row.want, got, cmpopts.EquateEmpty(),
				cmp.AllowUnexported(hashes.Hash{})); diff != "" || err != nil {
				t.Errorf("%v, -want +got:\n%s", err, diff)
			}
			checkLine(t, got)
		})
	}
}

// checkLine writes e and reads it again.
func checkLine(t *testing.T, e Entry) {
	t.Helper()
	line, err := e.Line()
	if err != nil || strings.Count(string(line), "\n") != 1 {
		t.Fatalf("got %q, %v", line, err)
	}
	again, err := Parse(line)
	if diff := cmp.Diff(e, again, cmpopts.EquateEmpty(),
		cmp.AllowUnexported(hashes.Hash{})); diff != "" || err != nil {
		t.Errorf("%v: %s, -want +got:\n%s", err, line, diff)
	}
}

func TestLine(t *testing.T) {
	e, err := Parse([]byte("{" + hello + `,"x":"<&>"}`))
	if err != nil {
		t.Fatal(err)
	}
	want := "{" + hello +
		`,"outPath":"/nix/store/dh88s3ni6maf63nb5gdws4431qmazjfm-hello-2.10.tar.gz"` +
		`,"kind":"fetchurl","recipe":"flat","x":"<&>"}` + "\n"
	if line, err := e.Line(); err != nil || string(line) != want {
		t.Errorf("got %s, %v, want %s", line, err, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, row := range []struct{ name, line, want string }{
		{"nothing", ``, "not a JSON object"},
		{"text", `hello`, "not a JSON object"},
		{"an array", `[]`, "not a JSON object"},
		{"null", `null`, "not a JSON object"},
		{"two objects", `{} {}`, "not a JSON object"},
		{"cut off", `{` + hello, "not a JSON object"},
		{"not UTF-8", `{` + hello + ",\"a\":\"\xff\"}", "not UTF-8 text"},
		{"no fields", `{}`, "no name"},
		{"no URLs", `{` + helloName + `,` + helloHash + `,"mode":"flat"}`, "no urls"},
		{"null for URLs", `{` + helloName + `,"urls":null,` + helloHash + `,"mode":"flat"}`,
			"no urls"},
		{"no hash", `{` + helloName + `,` + helloURLs + `,"mode":"flat"}`, "no hash"},
		{"no mode", `{` + helloName + `,` + helloURLs + `,` + helloHash + `}`, "no mode"},
		{"a URL alone", `{"urls":"http://a/b",` + helloName + `}`,
			"urls is not an array of strings"},
		{"another mode", `{` + helloName + `,` + helloURLs + `,` + helloHash + `,"mode":"Flat"}`,
			`unknown output hash mode "Flat"`},
		{"a short hash", `{` + helloName + `,` + helloURLs + `,"hash":"sha256-AAAA","mode":"flat"}`,
			`hash "AAAA": not 32 bytes of sha256 in base64`},
		{"no algorithm", `{` + helloName + `,` + helloURLs + `,"hash":"AAAA","mode":"flat"}`,
			`hash "AAAA": no algorithm before '-' or ':'`},
		{"a path for a name", `{"name":"a/b",` + helloURLs + `,` + helloHash + `,"mode":"flat"}`,
			`name "a/b": has a '/'`},
		{"another outPath", `{` + hello + `,"outPath":"/nix/store/x"}`,
			"outPath is /nix/store/x, but name, mode and hash give " +
				"/nix/store/dh88s3ni6maf63nb5gdws4431qmazjfm-hello-2.10.tar.gz"},
		{"a size in words", `{` + hello + `,"size":"12"}`, "size is not a whole number"},
		{"half a byte", `{` + hello + `,"size":1.5}`, "size is not a whole number"},
		{"less than nothing", `{` + hello + `,"size":-1}`, "size or strip is less than nothing"},
		{"less than no names", `{` + hello + `,"strip":-1}`, "size or strip is less than nothing"},
		{"no path", `{` + hello + `,"from":"x"}`, `from: path "x" is not in /nix/store`},
		{"another recipe", `{` + hello + `,"recipe":"boil"}`, `unknown recipe "boil"`},
		{"a checkout in words", `{` + hello + `,"checkout":"all"}`,
			"checkout is not an object that says how to check out"},
	} {
		if e, err := Parse([]byte(row.line)); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %+v, %v, want %s", row.name, e, err, row.want)
		}
	}
}

// TestGuess has lines of other programs.
func TestGuess(t *testing.T) {
	for _, row := range []struct {
		name, kind, rev, url string
		mode                 hashes.Mode
		want                 string // kind and recipe
	}{
		{"a.tar.gz", "", "", "https://a/a.tar.gz", hashes.Flat, "fetchurl flat"},
		{"a.patch", "fetchpatch", "", "https://a/a.patch", hashes.Flat, "fetchpatch flat"},
		{"jdk", "", "", "", hashes.Flat, "other flat"},
		{"source", "fetchFromGitHub", "v1", "https://github.com/a/b/archive/v1.tar.gz",
			hashes.Recursive, "fetchFromGitHub unpack"},
		{"b-1.0", "", "", "https://github.com/a/b/archive/v1", hashes.Recursive, "fetchzip unpack"},
		{"b-1.0", "", "", "https://a/b.tar.xz?raw=1", hashes.Recursive, "fetchzip unpack"},
		{"b", "", "", "https://a/get?file=b.zip", hashes.Recursive, "fetchzip unpack"},
		{"b", "fetchzip", "", "https://a/b", hashes.Recursive, "fetchzip unpack"},
		{"source", "", "", "https://a/b", hashes.Recursive, "fetchzip unpack"},
		{"c-0.1.tar.gz", "", "", "https://a/c/0.1/download", hashes.Recursive, "fetchzip unpack"},
		{"b", "", "abc", "https://a/b.git", hashes.Recursive, "fetchgit checkout"},
		{"b", "fetchhg", "abc", "https://a/b", hashes.Recursive, "fetchhg checkout"},
		{"b", "fetchcvs", "", "pserver:a", hashes.Recursive, "fetchcvs "},
		{"tools", "", "", "http://a/tools.nar.xz", hashes.Recursive, "builtin:fetchurl nar"},
		{"busybox", "", "", "http://a/busybox", hashes.Recursive, "fetchurl executable"},
		{"vendor", "", "", "", hashes.Recursive, "other "},
		{"b", "", "", "http://a/b", hashes.Git, "other "},
	} {
		e := entry(t, row.name, row.mode)
		e.Kind, e.Rev = granary.Kind(row.kind), row.rev
		if row.url != "" {
			e.URLs = []string{row.url}
		}
		if e.Recipe = guessRecipe(&e.Source); e.Kind == "" {
			e.Kind = guessKind(&e.Source)
		}
		if got := string(e.Kind) + " " + string(e.Recipe); got != row.want {
			t.Errorf("%s at %s: got %q, want %q", row.name, row.url, got, row.want)
		}
	}
}

func TestRead(t *testing.T) {
	good := "{" + hello + "}"
	long := `{"x":"` + strings.Repeat("x", maxLine) + `"}`
	for _, row := range []struct {
		name, text string
		count      int    // of entries
		want       string // error
	}{
		{"nothing", "", 0, ""},
		{"empty lines", "\n\r\n \n", 0, ""},
		{"lines", good + "\n" + good + "\n", 2, ""},
		{"no line break at the end", good + "\n" + good, 2, ""},
		{"line breaks of Windows, and its mark",
			"\ufeff" + good + "\r\n\r\n" + good + "\r\n", 2, ""},
		{"wrong line", good + "\n\n{}\n" + good, 0, "line 3: no name"},
		{"wrong lines", "{}\n" + good + "\nx\n", 0, "line 1: no name (and 1 more wrong lines)"},
		{"long line", good + "\n" + long + "\n" + good, 0, "line 2: longer than 16777216 bytes"},
		{"long last line", long, 0, "line 1: longer than 16777216 bytes"},
		{"not a text", "\x00\x01\xff", 0, "line 1: not UTF-8 text"},
	} {
		t.Run(row.name, func(t *testing.T) {
			all, err := Read(iotest.HalfReader(strings.NewReader(row.text)))
			if len(all) != row.count || (err == nil) != (row.want == "") ||
				err != nil && err.Error() != row.want {
				t.Errorf("got %d entries, %v, want %d, %s", len(all), err, row.count, row.want)
			}
		})
	}
}

func TestReadManyErrors(t *testing.T) {
	_, err := Read(strings.NewReader(strings.Repeat("{}\n", 100)))
	var wrong *Error
	if !errors.As(err, &wrong) || wrong.Count != 100 || len(wrong.Lines) != maxErrors ||
		wrong.Lines[maxErrors-1].Line != maxErrors {
		t.Errorf("got %+v", err)
	}
}

func TestReadFails(t *testing.T) {
	in := io.MultiReader(strings.NewReader("{"+hello+"}\n{"), iotest.ErrReader(errors.New("gone")))
	if all, err := Read(in); err == nil || err.Error() != "gone" || all != nil {
		t.Errorf("got %d entries, %v", len(all), err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("{" + hello + "}")
	f.Add("{" + hello + `,"checkout":{"lfs":true},"rev":"a","size":3,"b":{"c":[]}}`)
	f.Add("{" + hello + `,"recipe":"","keepRoot":true,"message":"\u2028"}`)
	f.Fuzz(func(t *testing.T, line string) {
		if e, err := Parse([]byte(line)); err == nil {
			checkLine(t, e)
		}
	})
}
