package hashes

import (
	"fmt"
	"strings"
)

// A Mode says of what a content address holds the hash. Nix calls it the
// output hash mode, or the content address method. The zero value is Flat.
type Mode uint8

// The modes of Nix (src/libstore/content-address.hh).
const (
	Flat      Mode = iota // the bytes of one file
	Recursive             // the NAR of a file tree
	Text                  // one file that may refer to store paths
	Git                   // a git blob or tree
)

var modeNames = [...]string{Flat: "flat", Recursive: "recursive", Text: "text", Git: "git"}

// modePrefixes stand before the algorithm in a .drv file's output.
var modePrefixes = [...]string{Flat: "", Recursive: "r:", Text: "text:", Git: "git:"}

// String returns "flat", "recursive", "text" or "git".
func (m Mode) String() string {
	if int(m) >= len(modeNames) {
		return fmt.Sprintf("mode %d", uint8(m))
	}
	return modeNames[m]
}

// ParseMode reads what String writes, and "nar", Nix's newer word for
// recursive.
func ParseMode(s string) (Mode, error) {
	if s == "nar" {
		return Recursive, nil
	}
	for m, name := range modeNames {
		if name == s {
			return Mode(m), nil
		}
	}
	return 0, fmt.Errorf("unknown output hash mode %q", s)
}

// ParseOutputAlgorithm reads the second field of an output in a .drv file,
// such as "sha256", "r:sha256", "text:sha256" or "git:sha1".
func ParseOutputAlgorithm(s string) (Mode, Algorithm, error) {
	mode := Flat
	for m := Recursive; m <= Git; m++ {
		if rest, ok := strings.CutPrefix(s, modePrefixes[m]); ok {
			mode, s = m, rest
			break
		}
	}
	a, err := ParseAlgorithm(s)
	return mode, a, err
}

// A ContentAddress says what bytes a store path holds: a mode and a hash. It
// is comparable.
type ContentAddress struct {
	Mode Mode
	Hash Hash
}

// String returns what narinfo files and `nix path-info` call ca, such as
// "fixed:r:sha256:<nixbase32>".
func (ca ContentAddress) String() string {
	digest := ca.Hash.algo.String() + ":" + ca.Hash.NixBase32()
	if ca.Mode == Text {
		return "text:" + digest
	}
	return "fixed:" + modePrefixes[ca.Mode] + digest
}

// StorePath returns the path in dir of a store object called name that has
// this content address and refers to nothing. The rules are makeFixedOutputPath
// and makeTextPath in Nix's src/libstore.
func (ca ContentAddress) StorePath(dir StoreDir, name string) (StorePath, error) {
	if err := CheckName(name); err != nil {
		return "", err
	}
	switch {
	case ca.Hash.IsZero():
		return "", fmt.Errorf("store path of %s: no hash", name)
	case ca.Mode == Text && ca.Hash.algo == SHA256:
		return dir.makePath("text", ca.Hash, name), nil
	case ca.Mode == Text:
		return "", fmt.Errorf("store path of %s: text has a hash by %s", name, ca.Hash.algo)
	case ca.Mode == Recursive && ca.Hash.algo == SHA256:
		return dir.makePath("source", ca.Hash, name), nil
	}
	inner := "fixed:out:" + modePrefixes[ca.Mode] + ca.Hash.algo.String() + ":" +
		ca.Hash.Base16() + ":"
	return dir.makePath("output:out", Sum(SHA256, []byte(inner)), name), nil
}
