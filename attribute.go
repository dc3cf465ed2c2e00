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
	// Fetch is the download that evaluation stopped at, for want of what it
	// brings; the zero value if that is not why there is an error.
	Fetch Fetch
}

// A Fetch is a download that an expression asks for while it is evaluated.
type Fetch struct {
	Kind Kind   `json:"kind"` // such as KindEvalFetchTarball
	URL  string `json:"url"`
	Rev  string `json:"rev,omitempty"`
	// OutPath is that of the source, "" if the expression names no hash: what
	// comes could not be checked, and is not fetched.
	OutPath hashes.StorePath `json:"outPath,omitempty"`
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
