package granary

import "granary/hashes"

// An Attribute is what became of one attribute: a derivation or an error.
type Attribute struct {
	Path    string           // in Nix's notation, such as `python3Packages."a.b"`
	DrvPath hashes.StorePath // "" after an error
	Name    string           // the derivation's name attribute
	Unfree  bool

	Error string // Nix's own message
	Kind  ErrorKind
	// Needs is the derivation that evaluation would have had to build, for
	// ErrorIFD.
	Needs hashes.StorePath
}

// An ErrorKind says why an attribute has no derivation.
type ErrorKind string

// The kinds of error.
const (
	ErrorThrow   ErrorKind = "throw"   // throw or assert
	ErrorCrash   ErrorKind = "crash"   // what Nix cannot catch, and deaths of the process
	ErrorIFD     ErrorKind = "ifd"     // import from derivation
	ErrorTimeout ErrorKind = "timeout" // it took longer than an attribute may
	ErrorMemory  ErrorKind = "memory"  // it took more memory than a worker may
)
