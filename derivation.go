package granary

import (
	"strings"

	"granary/hashes"
)

// A Derivation is what a .drv file holds.
type Derivation struct {
	Path    hashes.StorePath // of the .drv file itself
	Outputs []Output         // sorted by name
	Inputs  []Input          // input derivations, sorted by path
	Sources []string         // input sources: store paths, sorted
	System  string
	Builder string
	Args    []string
	Env     Env

	// Text is what the .drv file says, byte for byte; "" if it was not kept.
	Text string

	// Source is what a fixed-output derivation gives, nil for any other. The
	// .drv file does not hold it; eval works it out.
	Source *Source
}

// Name returns the derivation's name: that of its .drv file without ".drv".
func (d *Derivation) Name() string {
	name := d.Path.Name()
	return name[:len(name)-len(".drv")]
}

// An Output is one output of a derivation as its .drv file has it.
type Output struct {
	Name string
	Path string // "" if it is only known after the build
	// HashAlgo is "" for an output addressed by its inputs, else mode and
	// algorithm, such as "r:sha256".
	HashAlgo string
	// Hash is the digest in base 16: "" for an output whose content is not
	// known before the build, "impure" for one that is not to be pinned.
	Hash string
}

// Fixed tells whether the content of o is known before the build.
func (o Output) Fixed() bool { return o.Hash != "" && o.Hash != "impure" }

// ContentAddress returns the content address of a fixed output.
func (o Output) ContentAddress() (hashes.ContentAddress, error) {
	mode, algo, err := hashes.ParseOutputAlgorithm(o.HashAlgo)
	if err != nil {
		return hashes.ContentAddress{}, err
	}
	h, err := hashes.ParseDigest(algo, o.Hash)
	return hashes.ContentAddress{Mode: mode, Hash: h}, err
}

// An Input is a derivation that another one needs, with the outputs of it that
// it uses.
type Input struct {
	Path    hashes.StorePath
	Outputs []string
}

// Env is a derivation's environment, sorted by name.
type Env []EnvVar

// An EnvVar is one variable of a derivation's environment.
type EnvVar struct {
	Name string
	// Raw is the value as the .drv file spells it, between its quotes, with its
	// escapes: most values are never looked at.
	Raw string
}

// Value returns the value, its escapes undone.
func (v EnvVar) Value() string { return Unescape(v.Raw) }

// Lookup returns the value of name, and whether it is there.
func (e Env) Lookup(name string) (string, bool) {
	for i := range e {
		if e[i].Name == name {
			return e[i].Value(), true
		}
	}
	return "", false
}

// Value returns the value of name, or "".
func (e Env) Value(name string) string {
	value, _ := e.Lookup(name)
	return value
}

// Unescape undoes the escapes of a string in a .drv file: \n, \r, \t, and a
// backslash before any other byte, which stands for that byte. The rule is
// parseString in Nix's src/libstore.
func Unescape(raw string) string {
	i := strings.IndexByte(raw, '\\')
	if i < 0 {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for i >= 0 && i+1 < len(raw) {
		out = append(append(out, raw[:i]...), unescaped(raw[i+1]))
		raw = raw[i+2:]
		i = strings.IndexByte(raw, '\\')
	}
	return string(append(out, raw...))
}

func unescaped(c byte) byte {
	switch c {
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}
