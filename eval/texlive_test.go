package eval

import (
	"strings"
	"testing"

	"granary"
	"granary/hashes"
)

// What nixpkgs' texlive gives its derivations: fetchurl's postFetch until 2022,
// where the tarball's own hash was not kept, else a command.
const (
	texlive2018 = "mkdir \"$out\";tar -xf $downloadedFile \\\n  '--strip-components=0' \\\n" +
		"  -C \"$out\" --anchored --exclude=tlpkg --keep-old-files\n"
	texlive2020 = "mkdir \"$out\"\ntar -xf '" + texTarball + "' \\\n  '--strip-components=1' \\\n" +
		"  -C \"$out\" --anchored --exclude=tlpkg --keep-old-files\n"
	texlive2026 = "mkdir \"$out\"\nif [[ \"$tlOutputName\"  == \"tlpkg\" ]]; then\n" +
		"  tar -xf \"$src\" \\\n    --strip-components=1 \\\n" +
		"    -C \"$out\" --anchored --exclude=tlpkg/tlpobj --keep-old-files \\\n    tlpkg\n" +
		"else\n  tar -xf \"$src\" \\\n    --strip-components=\"$stripPrefix\" \\\n" +
		"    -C \"$out\" --anchored --exclude=tlpkg --keep-old-files\nfi\n"
	texlive2024 = "mkdir \"$out\"\ncase \"$tlOutputName\" in\n" +
		"  tlpkg) tar -xf \"$src\" --strip-components=1 \\\n" +
		"    -C \"$out\" --anchored --exclude=tlpkg/tlpobj --exclude=tlpkg/installer " +
		"--exclude=tlpkg/gpg --keep-old-files \\\n    tlpkg ;;\n" +
		"  *) tar -xf \"$src\" --strip-components=\"$stripPrefix\" \\\n" +
		"    -C \"$out\" --anchored --exclude=tlpkg --keep-old-files ;;\nesac\n"
	texlive2023 = "mkdir \"$out\"\ntar -xf \"$src\" \\\n--strip-components=\"$stripPrefix\" \\\n" +
		"-C \"$out\" --anchored --exclude=tlpkg --keep-old-files\n"
	texTarball = "/nix/store/ksikyg4p62bxbx7pmzk79pk4rl1ka5p5-luatex.r75423.tar.xz"
)

func TestTeXLive(t *testing.T) {
	const fetched = fetchurlEnv + ";;downloadToTemp=1"
	unpacked := granary.Source{
		Kind: granary.KindTeXLive, Recipe: granary.RecipeUnpack, KeepRoot: true, Omit: "tlpkg",
	}
	with := func(change func(*granary.Source)) granary.Source {
		s := unpacked
		change(&s)
		return s
	}
	from := func(strip int) granary.Source {
		return with(func(s *granary.Source) { s.Strip, s.From = strip, texTarball })
	}
	none := granary.Source{Kind: granary.KindTeXLive}
	const tarball = "src=" + texTarball
	byType := strings.Replace(texlive2026, "tlOutputName", "tlType", 1)
	for _, row := range []struct {
		name, env, script string
		want              granary.Source
	}{
		{"2018", fetched, texlive2018, with(func(s *granary.Source) { s.URLs = twoURLs })},
		{"2018, with more", fetched, texlive2018 + "rm $out/x",
			granary.Source{Kind: granary.KindTeXLive, URLs: twoURLs}},
		{"2020", "", texlive2020, from(1)},
		{"2016, several in one", "", texlive2020 + texlive2020, none},
		{"2023", tarball + ";;stripPrefix=1", texlive2023, from(1)},
		{"2023, by tlType", tarball + ";;stripPrefix=0;;tlType=run", byType, from(0)},
		{"2023, tlpkg alone", tarball + ";;stripPrefix=0;;tlType=tlpkg", byType, none},
		{"2024", tarball + ";;stripPrefix=1;;tlOutputName=tex", texlive2024, from(1)},
		{"2024, tlpkg alone", tarball + ";;stripPrefix=1;;tlOutputName=tlpkg", texlive2024, none},
		{"2026", tarball + ";;stripPrefix=0;;tlOutputName=texdoc", texlive2026, from(0)},
		{"2026, a name stripped", tarball + ";;stripPrefix=1;;tlOutputName=tex", texlive2026,
			from(1)},
		{"2026, tlpkg alone", tarball + ";;stripPrefix=1;;tlOutputName=tlpkg", texlive2026, none},
		{"2026, with more", tarball + ";;stripPrefix=1;;tlOutputName=tex",
			texlive2026 + "sed -i s/a/b/ $out/x\n", none},
		{"no number", tarball + ";;stripPrefix=-1;;tlOutputName=tex", texlive2026, none},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := fixedOutput(t, recursive, row.env)
			variable := granary.EnvVar{Name: "buildCommand", Raw: escapeATerm.Replace(row.script)}
			if row.want.URLs != nil {
				variable.Name = "postFetch"
			}
			d.Env = append(d.Env, variable)
			row.want.Name, row.want.OutPath = "a", hashes.StorePath(d.Outputs[0].Path)
			row.want.CA, _ = d.Outputs[0].ContentAddress()
			compareSource(t, d, row.want)
			compareSource(t, structured(t, d, nil), row.want)
		})
	}
}
