package hashes

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/nix-community/go-nix/pkg/nixbase32"
)

// A Hash is a digest with its algorithm. It is comparable; the zero value is
// no hash.
type Hash struct {
	algo Algorithm
	sum  [maxSize]byte
}

// New returns the hash with the given digest, which must have a's length.
func New(a Algorithm, digest []byte) (Hash, error) {
	if !a.valid() || len(digest) != a.Size() {
		return Hash{}, fmt.Errorf("%s digest of %d bytes: want %d", a, len(digest), a.Size())
	}
	return fill(a, digest), nil
}

// Sum returns the hash of data.
func Sum(a Algorithm, data []byte) Hash {
	h := a.New()
	h.Write(data)
	return Of(a, h)
}

// Of returns what h, which a.New made, has summed up so far.
func Of(a Algorithm, h hash.Hash) Hash {
	var buf [maxSize]byte
	return fill(a, h.Sum(buf[:0]))
}

func fill(a Algorithm, digest []byte) Hash {
	h := Hash{algo: a}
	copy(h.sum[:], digest)
	return h
}

// Parse reads a hash that names its algorithm: SRI ("sha256-<base64>") or
// Nix's older form ("sha256:<base16, nixbase32 or base64>").
func Parse(s string) (Hash, error) {
	i := strings.IndexAny(s, "-:")
	if i < 0 {
		return Hash{}, fmt.Errorf("hash %q: no algorithm before '-' or ':'", s)
	}
	a, err := ParseAlgorithm(s[:i])
	if err != nil {
		return Hash{}, fmt.Errorf("hash %q: %w", s, err)
	}
	if s[i] == '-' {
		return parseBase64(a, s[i+1:])
	}
	return ParseDigest(a, s[i+1:])
}

// ParseSRI reads "sha256-<base64>" and nothing else.
func ParseSRI(s string) (Hash, error) {
	name, digest, ok := strings.Cut(s, "-")
	if !ok {
		return Hash{}, fmt.Errorf("hash %q: not in SRI form", s)
	}
	a, err := ParseAlgorithm(name)
	if err != nil {
		return Hash{}, fmt.Errorf("hash %q: %w", s, err)
	}
	return parseBase64(a, digest)
}

// ParseDigest reads a digest of algorithm a in base16, nixbase32 or base64,
// told apart by their length as Nix does, or any form that Parse takes if it
// names the same algorithm.
func ParseDigest(a Algorithm, s string) (Hash, error) {
	if strings.ContainsAny(s, "-:") {
		h, err := Parse(s)
		if err == nil && h.algo != a {
			err = fmt.Errorf("hash %q: algorithm is not %s", s, a)
		}
		if err != nil {
			return Hash{}, err
		}
		return h, nil
	}
	switch n := a.Size(); len(s) {
	case 0:
		return Hash{}, fmt.Errorf("hash %q: empty", s)
	case hex.EncodedLen(n):
		digest, err := hex.DecodeString(s)
		if err != nil {
			return Hash{}, fmt.Errorf("hash %q: %w", s, err)
		}
		return New(a, digest)
	case nixbase32.EncodedLen(n):
		digest, err := nixbase32.DecodeString(s)
		if err != nil {
			return Hash{}, fmt.Errorf("hash %q: %w", s, err)
		}
		return New(a, digest)
	default:
		return parseBase64(a, s)
	}
}

func parseBase64(a Algorithm, s string) (Hash, error) {
	// Subresource Integrity allows options after '?'; Nix does not, nor do we.
	digest, err := base64.StdEncoding.Strict().DecodeString(s)
	// The decoder skips line breaks; the length of s tells.
	if err != nil || len(digest) != a.Size() || len(s) != base64.StdEncoding.EncodedLen(a.Size()) {
		return Hash{}, fmt.Errorf("hash %q: not %d bytes of %s in base64", s, a.Size(), a)
	}
	return New(a, digest)
}

// Algorithm returns the algorithm, 0 for the zero Hash.
func (h Hash) Algorithm() Algorithm { return h.algo }

// IsZero tells whether h is no hash.
func (h Hash) IsZero() bool { return h.algo == 0 }

// Digest returns a copy of the digest's bytes.
func (h Hash) Digest() []byte { return append([]byte(nil), h.digest()...) }

func (h *Hash) digest() []byte { return h.sum[:h.algo.Size()] }

// Base16 returns the digest in lower-case hexadecimal digits.
func (h Hash) Base16() string { return hex.EncodeToString(h.digest()) }

// NixBase32 returns the digest in Nix's base-32 alphabet and order.
func (h Hash) NixBase32() string { return nixbase32.EncodeToString(h.digest()) }

// SRI returns "sha256-<base64>", or "" for the zero Hash.
func (h Hash) SRI() string {
	if h.IsZero() {
		return ""
	}
	return h.algo.String() + "-" + base64.StdEncoding.EncodeToString(h.digest())
}

// String returns the SRI form.
func (h Hash) String() string { return h.SRI() }

// MarshalText writes the SRI form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.SRI()), nil }

// UnmarshalText reads what Parse reads; the empty text is the zero Hash.
func (h *Hash) UnmarshalText(text []byte) (err error) {
	if len(text) == 0 {
		*h = Hash{}
		return nil
	}
	*h, err = Parse(string(text))
	return err
}
