package eval

import (
	"regexp"
	"strings"
)

// unpackPattern is the shell text that fetchzip has given fetchurl as
// postFetch since 2015, line by line without indentation. What changed over
// the years changes nothing in the output. The group "root" is what
// stripRoot = false puts in place of stripping the top directory.
var unpackPattern = regexp.MustCompile(`^` +
	`(?:export PATH=/nix/store/[^/\n]*unzip[^/\n]*/bin:\$PATH\n)?` + // until 2018
	`(?:mkdir \$out\n)?` + // until 2017
	`unpackDir="\$TMPDIR/unpack"\n` +
	`mkdir "\$unpackDir"\n` +
	`cd "\$unpackDir"\n` +
	`renamed="\$TMPDIR/[^"\n]*"\n` +
	`mv "\$downloadedFile" "\$renamed"\n` +
	`unpackFile "\$renamed"\n` +
	`(?:chmod -R \+w "\$unpackDir"\n)?` + // since 2022
	`(?:shopt -s dotglob\n)?` + // until 2017
	`(?:` + stripPattern + `|(?P<root>mv "\$unpackDir" "\$out"\n|mv "\$unpackDir"/\* "\$out/"\n))` +
	`(?:chmod -R a-w "\$out"\n)?` + // 2019 to 2021, then with the next line
	`(?:chmod u\+w "\$out"\n)?` +
	`(?:chmod 755 "\$out"\n)?` + // since 2021
	`$`)

// fetchCrate of 2018 does not look for a second file, which fails its last line.
const stripPattern = `(?:if \[ \$\(ls (?:-A )?"\$unpackDir" \| wc -l\) != 1 \]; then\n` +
	`echo "error: zip file must contain a single file or directory\."\n` +
	`(?:echo "hint: Pass stripRoot=false; to fetchzip to assume flat list of files\."\n)?` +
	`exit 1\n` +
	`fi\n)?` +
	`fn=\$\(cd "\$unpackDir" && (?:echo \*|ls -A)\)\n` +
	`if \[ -f "\$unpackDir/\$fn" \]; then\n` +
	`(?:` + `mkdir \$out\n` +
	`fi\n` +
	`mv "\$unpackDir/\$fn" "\$out"\n` +
	`|` + `mv "\$unpackDir/\$fn" "\$out"\n` + // until 2017, where $out is there already
	`else\n` +
	`mv "\$unpackDir/\$fn"/\* "\$out/"\n` +
	`fi\n` + `)`

// unpackScript tells whether a fetchurl's postFetch is the known text that
// unpacks an archive and does nothing else, and whether the archive's top
// directory stays.
func unpackScript(postFetch string) (known, keepRoot bool) {
	if !strings.Contains(postFetch, "unpackFile") {
		return false, false
	}
	var text strings.Builder
	for line := range strings.Lines(postFetch) {
		if line = strings.TrimSpace(line); line != "" {
			text.WriteString(line)
			text.WriteByte('\n')
		}
	}
	m := unpackPattern.FindStringSubmatch(text.String())
	if m == nil {
		return false, false
	}
	return true, m[unpackPattern.SubexpIndex("root")] != ""
}
