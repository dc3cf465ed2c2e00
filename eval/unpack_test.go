package eval

import (
	"reflect"
	"strings"
	"testing"
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
