package hashes

import (
	"fmt"
	"slices"
)

// StorePathReferring returns the path in dir of a store object called name that
// has this content address and refers to other objects, not to itself. Objects
// in modes text and recursive may, the latter only by SHA-256. The rules are
// makeTextPath and makeFixedOutputPath in Nix's src/libstore.
func (ca ContentAddress) StorePathReferring(
	dir StoreDir, name string, references []StorePath,
) (StorePath, error) {
	kind := ""
	switch {
	case ca.Hash.algo == SHA256 && ca.Mode == Text:
		kind = "text"
	case ca.Hash.algo == SHA256 && ca.Mode == Recursive:
		kind = "source"
	case len(references) == 0:
		return ca.StorePath(dir, name)
	default:
		return "", fmt.Errorf("store path of %s: what %s addresses refers to nothing", name, ca)
	}
	if err := CheckName(name); err != nil {
		return "", err
	}
	sorted := slices.Sorted(slices.Values(references))
	for _, reference := range slices.Compact(sorted) {
		kind += ":" + string(reference)
	}
	return dir.makePath(kind, ca.Hash, name), nil
}
