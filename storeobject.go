package granary

import "granary/hashes"

// A StoreObject is a store object that no derivation gives: the .drv file of a
// derivation, or an input source, such as a patch or a builder's script.
type StoreObject struct {
	Path hashes.StorePath
	// References are the store objects that it refers to, sorted, without itself.
	References []hashes.StorePath
	Text       string // of a .drv file
	NAR        []byte // of an input source, uncompressed
}
