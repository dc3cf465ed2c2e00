package hashes

import (
	"fmt"
	"strings"

	"github.com/nix-community/go-nix/pkg/nixbase32"
)

// A StoreDir is the logical directory of a Nix store, without a slash at the
// end.
type StoreDir string

// DefaultStoreDir is where Nix keeps its store unless told otherwise.
const DefaultStoreDir StoreDir = "/nix/store"

const (
	pathDigestSize = 20  // bytes of the digest in a store path
	pathDigestLen  = 32  // the same in nixbase32
	maxNameLen     = 211 // checkName in src/libstore/path.cc
)

// makePath is makeStorePath of src/libstore: the fingerprint's SHA-256,
// folded to 160 bits.
func (dir StoreDir) makePath(kind string, inner Hash, name string) StorePath {
	fingerprint := kind + ":sha256:" + inner.Base16() + ":" + string(dir) + ":" + name
	full := Sum(SHA256, []byte(fingerprint))
	var folded [pathDigestSize]byte
	for i, b := range full.digest() {
		folded[i%pathDigestSize] ^= b
	}
	return StorePath(string(dir) + "/" + nixbase32.EncodeToString(folded[:]) + "-" + name)
}

// A StorePath is the full path of a store object, such as
// "/nix/store/<32 digits of nixbase32>-hello-2.10.tar.gz".
type StorePath string

// ParseStorePath checks that s is a store object in dir itself, not a file
// inside one.
func (dir StoreDir) ParseStorePath(s string) (StorePath, error) {
	base, ok := strings.CutPrefix(s, string(dir)+"/")
	if !ok {
		return "", fmt.Errorf("path %q is not in %s", s, dir)
	}
	if len(base) < pathDigestLen+2 || base[pathDigestLen] != '-' {
		return "", fmt.Errorf("path %q is not a store path", s)
	}
	if nixbase32.ValidateString(base[:pathDigestLen]) != nil {
		return "", fmt.Errorf("path %q is not a store path", s)
	}
	if err := CheckName(base[pathDigestLen+1:]); err != nil {
		return "", fmt.Errorf("path %q: %w", s, err)
	}
	return StorePath(s), nil
}

// Base returns the part after the store directory: digest, dash and name.
func (p StorePath) Base() string { return string(p[strings.LastIndexByte(string(p), '/')+1:]) }

// Digest returns the 32 digits that begin the base.
func (p StorePath) Digest() string { return p.Base()[:pathDigestLen] }

// Name returns the base without digest and dash.
func (p StorePath) Name() string { return p.Base()[pathDigestLen+1:] }

// CheckName returns an error unless name may name a store object: 1 to 211 of
// the letters, digits and "+-._?=", and not beginning so that it could be
// taken for "." or "..". The rule is checkName in Nix's src/libstore/path.cc.
func CheckName(name string) error {
	if name == "" || len(name) > maxNameLen {
		return fmt.Errorf("name %q: has %d bytes, want 1 to %d", name, len(name), maxNameLen)
	}
	first, _, _ := strings.Cut(name, "-")
	if first == "." || first == ".." {
		return fmt.Errorf("name %q: begins with %q", name, first)
	}
	for _, c := range []byte(name) {
		if !nameByte(c) {
			return fmt.Errorf("name %q: has a %q", name, c)
		}
	}
	return nil
}

func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("+-._?=", c) >= 0
}
