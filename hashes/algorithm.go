package hashes

import (
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"

	"github.com/zeebo/blake3"
)

// An Algorithm is a hash algorithm that Nix knows. The zero value is none.
type Algorithm uint8

// The algorithms of Nix (src/libutil/hash.hh).
const (
	MD5 Algorithm = iota + 1
	SHA1
	SHA256
	SHA512
	BLAKE3
)

// maxSize is the largest digest, that of SHA-512, in bytes.
const maxSize = sha512.Size

var algorithms = [...]struct {
	name string
	size int
	new  func() hash.Hash
}{
	MD5:    {"md5", md5.Size, md5.New},
	SHA1:   {"sha1", sha1.Size, sha1.New},
	SHA256: {"sha256", sha256.Size, sha256.New},
	SHA512: {"sha512", sha512.Size, sha512.New},
	BLAKE3: {"blake3", 32, func() hash.Hash { return blake3.New() }},
}

// ParseAlgorithm returns the algorithm that Nix calls name, such as "sha256".
func ParseAlgorithm(name string) (Algorithm, error) {
	for a := MD5; a <= BLAKE3; a++ {
		if algorithms[a].name == name {
			return a, nil
		}
	}
	return 0, fmt.Errorf("unknown hash algorithm %q", name)
}

// String returns the name that Nix uses, such as "sha256", or "none".
func (a Algorithm) String() string {
	if !a.valid() {
		return "none"
	}
	return algorithms[a].name
}

// Size returns the length of a digest in bytes, 0 for no algorithm.
func (a Algorithm) Size() int {
	if !a.valid() {
		return 0
	}
	return algorithms[a].size
}

// New returns a new hash.Hash. It panics when a is not one of the constants.
func (a Algorithm) New() hash.Hash { return algorithms[a].new() }

func (a Algorithm) valid() bool { return a >= MD5 && a <= BLAKE3 }
