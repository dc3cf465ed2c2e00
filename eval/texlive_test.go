package eval

import (
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
	texTarball = "/nix/store/ksikyg4p62bxbx7pmzk79pk4rl1ka5p5-luatex.r75423.tar.xz"
)

func TestTeXLive(t *testing.T) {
	const fetched = fetchurlEnv + ";;downloadToTemp=1;;postFetch="
	const command = "src=" + texTarball + ";;buildCommand="
	unpacked := granary.Source{
		Kind: granary.KindTeXLive, Recipe: granary.RecipeUnpack, KeepRoot: true, Omit: "tlpkg",
	}
	with := func(change func(*granary.Source)) granary.Source {
		s := unpacked
		change(&s)
		return s
	}
	none := granary.Source{Kind: granary.KindTeXLive}
	for _, row := range []struct {
		name, env string
		want      granary.Source
	}{
		{"2018", fetched + escapeATerm.Replace(texlive2018),
			with(func(s *granary.Source) { s.URLs = twoURLs })},
		{"2018, with more", fetched + escapeATerm.Replace(texlive2018+"rm $out/x"),
			granary.Source{Kind: granary.KindTeXLive, URLs: twoURLs}},
		{"2020", "buildCommand=" + escapeATerm.Replace(texlive2020),
			with(func(s *granary.Source) { s.Strip, s.From = 1, texTarball })},
		{"2026", command + escapeATerm.Replace(texlive2026) + ";;stripPrefix=0;;tlOutputName=tex",
			with(func(s *granary.Source) { s.From = texTarball })},
		{"2026, a name stripped",
			command + escapeATerm.Replace(texlive2026) + ";;stripPrefix=1;;tlOutputName=texdoc",
			with(func(s *granary.Source) { s.Strip, s.From = 1, texTarball })},
		{"2026, tlpkg alone",
			command + escapeATerm.Replace(texlive2026) + ";;stripPrefix=1;;tlOutputName=tlpkg", none},
		{"2026, with more", command + escapeATerm.Replace(texlive2026+"sed -i s/a/b/ $out/x\n") +
			";;stripPrefix=1;;tlOutputName=tex", none},
		{"no number", command + escapeATerm.Replace(texlive2026) + ";;stripPrefix=-1", none},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := fixedOutput(t, recursive, row.env)
			row.want.Name, row.want.OutPath = "a", hashes.StorePath(d.Outputs[0].Path)
			row.want.CA, _ = d.Outputs[0].ContentAddress()
			compareSource(t, d, row.want)
			compareSource(t, structured(t, d, nil), row.want)
		})
	}
}
