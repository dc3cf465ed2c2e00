package eval

import (
	"fmt"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"granary"
)

// What fetchzip of nixpkgs gave as postFetch over the years: the text of
// pkgs/build-support/fetchzip/default.nix as Nix evaluates it, for an archive
// at http://x/a.zip. Between the two halves stands one of stripRoot's.
var unpackTexts = []struct {
	years, before, strip, keep, after string
}{
	{
		"2015", `export PATH=/nix/store/0jpbk1h9dy3rhrr27d8nl614n783wjg0-unzip-6.0/bin:$PATH
mkdir $out

unpackDir="$TMPDIR/unpack"
mkdir "$unpackDir"
cd "$unpackDir"

renamed="$TMPDIR/a.zip"
mv "$downloadedFile" "$renamed"
unpackFile "$renamed"

shopt -s dotglob
`, `if [ $(ls "$unpackDir" | wc -l) != 1 ]; then
  echo "error: zip file must contain a single file or directory."
  exit 1
fi
fn=$(cd "$unpackDir" && echo *)
if [ -f "$unpackDir/$fn" ]; then
  mv "$unpackDir/$fn" "$out"
else
  mv "$unpackDir/$fn"/* "$out/"
fi
`, `mv "$unpackDir"/* "$out/"
`, "",
	},
	{
		"2018", `export PATH=/nix/store/0jpbk1h9dy3rhrr27d8nl614n783wjg0-unzip-6.0/bin:$PATH

unpackDir="$TMPDIR/unpack"
mkdir "$unpackDir"
cd "$unpackDir"

renamed="$TMPDIR/a.zip"
mv "$downloadedFile" "$renamed"
unpackFile "$renamed"
`, strip2018, keep2018, "",
	},
	{
		"2018, fetchCrate", begin2019, strip2018[strings.Index(strip2018, "fn="):], keep2018, "",
	},
	{"2019", begin2019, strip2018, keep2018, ""},
	{"2020", begin2019, strip2018, keep2018, `chmod -R a-w "$out"
`},
	{"2021", begin2019, strip2018, keep2018, `chmod -R a-w "$out"
chmod u+w "$out"
`},
	{"2022", begin2022, strip2018, keep2018, `

chmod 755 "$out"
`},
	{
		"2024 to 2026", begin2022, `if [ $(ls -A "$unpackDir" | wc -l) != 1 ]; then
  echo "error: zip file must contain a single file or directory."
  echo "hint: Pass stripRoot=false; to fetchzip to assume flat list of files."
  exit 1
fi
fn=$(cd "$unpackDir" && ls -A)
if [ -f "$unpackDir/$fn" ]; then
  mkdir $out
fi
mv "$unpackDir/$fn" "$out"
`, keep2018, `

chmod 755 "$out"
`,
	},
}

const begin2019 = `unpackDir="$TMPDIR/unpack"
mkdir "$unpackDir"
cd "$unpackDir"

renamed="$TMPDIR/a.zip"
mv "$downloadedFile" "$renamed"
unpackFile "$renamed"
`

const begin2022 = `unpackDir="$TMPDIR/unpack"
mkdir "$unpackDir"
cd "$unpackDir"

renamed="$TMPDIR/download.tar.gz"
mv "$downloadedFile" "$renamed"
unpackFile "$renamed"
chmod -R +w "$unpackDir"
`

const strip2018 = `if [ $(ls "$unpackDir" | wc -l) != 1 ]; then
  echo "error: zip file must contain a single file or directory."
  echo "hint: Pass stripRoot=false; to fetchzip to assume flat list of files."
  exit 1
fi
fn=$(cd "$unpackDir" && echo *)
if [ -f "$unpackDir/$fn" ]; then
  mkdir $out
fi
mv "$unpackDir/$fn" "$out"
`

const keep2018 = `mv "$unpackDir" "$out"
`

func TestRemoval(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{"rm $out/a", "[a] true"},
		{`rm -rf -v "$out"/a "$out/b/.c" ${out}/d "${out}/e"`, "[a b/.c d e] true"},
		{"rm $out//a/./b/../c/", "[a/c] true"},
		{"# rm x", "[] true"},
		{`chmod 755 "$out"`, "[] true"},
		{"rm $out", "[] false"},
		{"rm $out/", "[] false"},
		{"rm $out/.", "[] false"},
		{"rm $out/../x", "[] false"},
		{"rm $out/a/../../x", "[] false"},
		{"rm x", "[] false"},
		{"rm $out/a x", "[] false"},
		{"rm $out/*", "[] false"},
		{"rm $out/{a,b}", "[] false"},
		{"rm $out/$name", "[] false"},
		{"rm -i $out/a", "[] false"},
		{"rm $out/a; touch $out/b", "[] false"},
		{"rm $out/a && touch $out/b", "[] false"},
		{`rm "$out/a b"`, "[] false"},
		{"rm", "[] false"},
		{"mv $out/a $out/b", "[] false"},
		{`chmod 644 "$out"`, "[] false"},
	} {
		paths, ok := removal(row.line)
		if got := fmt.Sprint(paths, ok); got != row.want {
			t.Errorf("%s: got %s, want %s", row.line, got, row.want)
		}
	}
}

// FuzzSourceOf checks that scripts which are understood keep to the output.
func FuzzSourceOf(f *testing.F) {
	for _, text := range unpackTexts {
		f.Add(text.before+text.strip+"rm -rf $out/a\n"+text.after, "", "")
	}
	f.Add("", texlive2026, `{"stripPrefix":1,"src":"`+texTarball+`"}`)
	f.Add(texlive2018, texlive2020, `{"sparseCheckout":["a"],"url":[null,[1e9]],"env":{"rev":7}}`)
	f.Fuzz(func(t *testing.T, postFetch, buildCommand, attributes string) {
		d := fixedOutput(t, recursive, "stripPrefix=1;;src="+texTarball)
		d.Env = append(d.Env,
			granary.EnvVar{Name: "postFetch", Raw: postFetch},
			granary.EnvVar{Name: "buildCommand", Raw: buildCommand},
			granary.EnvVar{Name: "__json", Raw: escapeATerm.Replace(attributes)})
		if postFetch != "" {
			d.Env = append(d.Env, granary.EnvVar{Name: "mirrorsFile"})
		}
		s, ok, err := SourceOf(d)
		if !ok || err != nil || s.Kind == "" || s.Strip < 0 {
			t.Errorf("got %+v, %v, %v", s, ok, err)
		}
		for line := range strings.SplitSeq(s.Omit, "\n") {
			if line != "" && !fs.ValidPath(line) {
				t.Errorf("leaves out %q", line)
			}
		}
	})
}

func TestUnpackScript(t *testing.T) {
	for _, text := range unpackTexts {
		t.Run(text.years, func(t *testing.T) {
			strip := text.before + text.strip + text.after
			keep := text.before + text.keep + text.after
			for _, row := range []struct {
				name, script    string
				known, keepRoot bool
				omit            []string
			}{
				{"stripRoot", strip, true, false, nil},
				{"no stripRoot", keep, true, true, nil},
				{"a path removed", strip + "rm $out/x\n", true, false, []string{"*/x"}},
				{
					"paths removed", keep + "  rm -rf -- $out/x\n", false, false, nil,
				},
				{
					"paths removed from the kept root",
					keep + "  rm -rf $out/a/b \"$out\"/.c \"$out/d\"\n", true, true,
					[]string{"a/b", ".c", "d"},
				},
				{
					"a path removed before chmod, for a reason",
					text.before + text.strip + "# why\nrm -r ${out}/x\n" + text.after, true, false,
					[]string{"*/x"},
				},
				{"an extra line at the beginning", "set -x\n" + strip, false, false, nil},
				{"an extra line at the end", strip + "mv $out/x $out/y\n", false, false, nil},
				{
					"an extra line before chmod",
					text.before + text.strip + "touch $out/x\n" + text.after, false, false, nil,
				},
				{"neither strip nor keep", text.before + text.after, false, false, nil},
				{"both", text.before + text.strip + text.keep + text.after, false, false, nil},
				{
					"another file removed at once",
					strings.Replace(strip, "\nmv ", "\nrm x; mv ", 1), false, false, nil,
				},
				{"cut off", strip[:len(strip)-2], false, false, nil},
			} {
				got, known := unpackScript(row.script)
				want := unpacking{keepRoot: row.keepRoot, omit: row.omit}
				if known != row.known || !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v, %v, want %+v, %v", row.name, got, known, want, row.known)
				}
			}
		})
	}
	for name, script := range map[string]string{
		"empty":                 "",
		"another one":           "gunzip < $downloadedFile > $out\n",
		"unpackFile, otherwise": "unpackFile $downloadedFile\nmv x $out\n",
		"repack":                begin2022 + strip2018 + "tar -cf $out x\nchmod 755 \"$out\"\n",
		"result=, of another fork": begin2019 +
			"result=$unpackDir\nmkdir $out\nmv \"$result\" \"$out\"\n",
		"an end of line in renamed": strings.Replace(begin2019+keep2018, "a.zip", "a\nb", 1),
	} {
		if got, known := unpackScript(script); known || !reflect.DeepEqual(got, unpacking{}) {
			t.Errorf("%s: got %+v, %v", name, got, known)
		}
	}
}
