package main

import "granary/eval"

// topLevel is the package set of attributes that are in no other.
const topLevel = "(top level)"

// packageSet returns the package set that an attribute's path leads into, such as
// python3Packages: the first of its names, if it has more than one.
func packageSet(path string) string {
	names, ok := eval.ParseAttrPath(path)
	if !ok || len(names) < 2 {
		return topLevel
	}
	return names[:1].String()
}
