// Package wantlist reads and writes want-lists: text files that carry wanted
// sources from a machine without a network to one that has it.
//
// A want-list has one JSON object a line. Name, urls, hash and mode must be
// there; null counts as not there.
//
//	name      the store object's name
//	urls      an array of strings, which may be empty; mirror:// stays as it is
//	hash      the hash that is promised, in SRI form
//	mode      "flat" or "recursive": what the hash is of; rarely "text" or "git"
//	outPath   must be the one that name, mode and hash give
//	kind      the fetcher, such as "fetchurl" or "fetchgit"
//	rev       the revision to check out
//	size      bytes to download
//	recipe    how the output comes out of what is at a URL, see [granary.Recipe];
//	          "": granary has no way of its own
//	keepRoot  with recipe "unpack": the archive's one top directory stays
//	strip     likewise: how many leading names of each path in it go
//	omit      likewise: what is left out, a path a line
//	from      the outPath of the source that the archive is, if it is one
//	checkout  with recipe "checkout": an object, see [granary.Checkout]
//	message   what a person must do for it
//
// Other fields are kept. Empty lines are passed over.
//
// # Recipes that are not given
//
// A line of another program has no recipe. Then mode, kind, revision and URLs
// suggest one; if it is the wrong one, the hash will tell.
package wantlist
