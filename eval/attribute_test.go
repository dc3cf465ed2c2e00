package eval

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

func TestAttrPath(t *testing.T) {
	for _, row := range []struct {
		path AttrPath
		text string
	}{
		{AttrPath{"hello"}, `hello`},
		{AttrPath{"python3Packages", "a.b"}, `python3Packages."a.b"`},
		{AttrPath{"_x-y'"}, `_x-y'`},
		{AttrPath{"0digit"}, `"0digit"`},
		{AttrPath{"spa ced", "x"}, `"spa ced".x`},
		{AttrPath{`quo"ted`, `back\slash`}, `"quo\"ted"."back\\slash"`},
		{AttrPath{"dol${lar}", "$"}, `"dol\${lar}"."\$"`},
		{AttrPath{"a\nb\rc\td"}, `"a\nb\rc\td"`},
		{AttrPath{""}, `""`},
		{AttrPath{"", ""}, `"".""`},
		{AttrPath{"ünïcode"}, `"ünïcode"`},
		{AttrPath{"if", "or", "inherit"}, `"if".or."inherit"`},
		{AttrPath{"-x"}, `"-x"`},
	} {
		if got := row.path.String(); got != row.text {
			t.Errorf("%q: got %s, want %s", []string(row.path), got, row.text)
		}
		got, ok := ParseAttrPath(row.text)
		if !ok || !slices.Equal(got, row.path) {
			t.Errorf("%s: got %q, %v, want %q", row.text, []string(got), ok, []string(row.path))
		}
	}
}

func TestParseAttrPath(t *testing.T) {
	for _, row := range []struct {
		text string
		want AttrPath // nil: it is none
	}{
		{"0digit.spa ced", AttrPath{"0digit", "spa ced"}},
		{`a.b"c`, AttrPath{"a", `b"c`}},
		{`"a$b"."\q"`, AttrPath{"a$b", "q"}},
		{`a$b\n`, AttrPath{`a$b\n`}},
		{"", nil},
		{".", nil},
		{"a.", nil},
		{".a", nil},
		{"a..b", nil},
		{`"`, nil},
		{`"a`, nil},
		{`"a\"`, nil},
		{`"a\`, nil},
		{`"a"b`, nil},
		{`"a".`, nil},
	} {
		got, ok := ParseAttrPath(row.text)
		if ok != (row.want != nil) || !slices.Equal(got, row.want) {
			t.Errorf("%q: got %q, %v, want %q", row.text, []string(got), ok, []string(row.want))
		}
	}
}

func FuzzAttrPath(f *testing.F) {
	for _, text := range []string{`a."b.c"`, `"\${x}"."\n"`, `"".if`, "a$b.'"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		path, ok := ParseAttrPath(text)
		if !ok {
			return
		}
		again, ok := ParseAttrPath(path.String())
		if !ok || !slices.Equal(path, again) {
			t.Errorf("%q: %q is printed as %s and read as %q, %v",
				text, []string(path), path.String(), []string(again), ok)
		}
	})
}

// TestNixStrings has Nix read the strings, paths and attribute paths that we
// write.
func TestNixStrings(t *testing.T) {
	want := []string{
		"", "plain", `quo"ted`, `back\slash`, `\`, "dol$lar", "${x}", "$${x}", `\${x}`, "''",
		"a\nb", "\r\n", "\t",
		"ünïcode", "if", "#", "/*",
	}
	var all []string
	set := "{ "
	for i, s := range want {
		all = append(all, nixString(s))
		set += AttrPath{"set" + s, s}.String() + " = " + string(rune('0'+i%10)) + "; "
	}
	expr := nixList(all) + " ++ builtins.concatLists " + nixPaths([]AttrPath{want}) +
		" ++ [ (toString " + nixPath("/tmp/"+want[2]+want[6]) + ") ]" +
		" ++ map builtins.head (map builtins.attrNames (builtins.attrValues " + set + "}))"
	cmd := exec.CommandContext(t.Context(), "nix-instantiate", "--eval", "--strict", "--json",
		"--store", "dummy://", "--expr", expr)
	cmd.Env = (&run{Evaluator: new(Evaluator)}).environment(t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderrOf(err))
	}
	var got []string
	check(t, json.Unmarshal(out, &got))
	sorted := slices.SortedFunc(slices.Values(want), strings.Compare)
	want = slices.Concat(want, want, []string{"/tmp/" + want[2] + want[6]}, sorted)
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
