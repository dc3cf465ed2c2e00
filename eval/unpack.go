package eval

import (
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"granary"
	"granary/hashes"
)

// An unpacking is what a script does that turns an archive into a source.
type unpacking struct {
	keepRoot bool
	strip    int
	omit     []string
}

func (u unpacking) apply(s *granary.Source) {
	s.Recipe = granary.RecipeUnpack
	s.KeepRoot, s.Strip, s.Omit = u.keepRoot, u.strip, strings.Join(u.omit, "\n")
}

// unpackPattern begins the shell text that fetchzip has given fetchurl as
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
	`(?:` + stripPattern + `|(?P<root>mv "\$unpackDir" "\$out"\n|mv "\$unpackDir"/\* "\$out/"\n))`)

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

// unpackScript reads a fetchurl's postFetch. It returns false unless that is
// the known text which unpacks an archive, and then nothing but lines that
// remove paths, such as fetchFromBitbucket's.
func unpackScript(postFetch string) (u unpacking, known bool) {
	if !strings.Contains(postFetch, "unpackFile") {
		return u, false
	}
	var text strings.Builder
	for line := range strings.Lines(postFetch) {
		if line = strings.TrimSpace(line); line != "" {
			text.WriteString(line)
			text.WriteByte('\n')
		}
	}
	m := unpackPattern.FindStringSubmatchIndex(text.String())
	if m == nil {
		return u, false
	}
	u.keepRoot = m[2*unpackPattern.SubexpIndex("root")] >= 0
	for line := range strings.Lines(text.String()[m[1]:]) {
		removed, ok := removal(strings.TrimSpace(line))
		if !ok {
			return unpacking{}, false
		}
		for _, name := range removed {
			if !u.keepRoot {
				name = "*/" + name
			}
			u.omit = append(u.omit, name)
		}
	}
	return u, true
}

var (
	// modePattern has the lines that fetchzip ended with from 2019 on.
	modePattern    = regexp.MustCompile(`^chmod (?:-R a-w|u\+w|755) "\$out"$`)
	removePattern  = regexp.MustCompile(`^rm((?: -[rRfv]+)*)((?: [^ ]+)+)$`)
	operandPattern = regexp.MustCompile(
		`^(?:"\$out"/|\$out/|\$\{out\}/|"\$\{out\}"/)([\w.+/-]+)$|^"(?:\$out|\$\{out\})/([\w.+/-]+)"$`)
)

// removal returns the paths in the output that a line of shell removes, and
// false if it does, or may do, anything else that counts.
func removal(line string) (paths []string, ok bool) {
	if strings.HasPrefix(line, "#") || modePattern.MatchString(line) {
		return nil, true
	}
	m := removePattern.FindStringSubmatch(line)
	if m == nil {
		return nil, false
	}
	for operand := range strings.FieldsSeq(m[2]) {
		name := operandPattern.FindStringSubmatch(operand)
		if name == nil {
			return nil, false
		}
		removed := path.Clean(strings.TrimLeft(name[1]+name[2], "/"))
		if !fs.ValidPath(removed) || removed == "." {
			return nil, false
		}
		paths = append(paths, removed)
	}
	return paths, true
}

// isTeXLive tells scripts that unpack a package of TeX Live by what they leave
// out.
func isTeXLive(script string) bool { return strings.Contains(script, "--exclude=tlpkg ") }

// texlivePattern is the script of nixpkgs' pkgs/tools/typesetting/tex/texlive,
// since 2015, its white space made single blanks. The archive is fetchurl's own, or
// another derivation's. Since 2023 there is a branch for the output tlpkg.
var texlivePattern = regexp.MustCompile(`^mkdir "?\$out"? ?;? ?` +
	`((?:if \[\[ "\$(?:tlType|tlOutputName)" == "tlpkg" \]\]; then|` +
	`case "\$tlOutputName" in tlpkg\)) ` +
	`tar -xf "\$src" --strip-components=1 -C "\$out" --anchored ` +
	`(?:--exclude=tlpkg/\w+ )+--keep-old-files tlpkg (?:else|;; \*\)) )?` +
	`tar -xf ["']?(\$downloadedFile|\$src|/nix/store/[\w.?=+-]+)["']? ` +
	`'?--strip-components="?(\d|\$stripPrefix)"?'? ` +
	`-C "\$out" --anchored --exclude=tlpkg --keep-old-files(?: fi| ;; esac)?$`)

// texlive fills in how a package of TeX Live is unpacked, if its script does
// nothing else.
func texlive(s *granary.Source, f fields) {
	script := f.value("postFetch")
	if script == "" {
		script = f.value("buildCommand")
	}
	script = strings.ReplaceAll(script, "\\\n", " ")
	m := texlivePattern.FindStringSubmatch(strings.Join(strings.Fields(script), " "))
	isTLPkg := f.value("tlOutputName") == "tlpkg" || f.value("tlType") == "tlpkg"
	if m == nil || m[1] != "" && isTLPkg {
		return
	}
	number, from := m[3], m[2]
	if number == "$stripPrefix" {
		number = f.value("stripPrefix")
	}
	strip, err := strconv.Atoi(number)
	if err != nil || strip < 0 {
		return
	}
	if from == "$src" {
		from = f.value("src")
	}
	if from != "$downloadedFile" {
		if s.From, err = hashes.DefaultStoreDir.ParseStorePath(strings.Clone(from)); err != nil {
			return
		}
	}
	unpacking{keepRoot: true, strip: strip, omit: []string{"tlpkg"}}.apply(s)
}
