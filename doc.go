// Package granary holds the values that Granary's packages share: sources and
// derivations.
//
// Granary harvests the sources of a Nix package set onto a disk, and brings
// them into a Nix store that has no network.
//
// # Map
//
//	hashes    hash values, content addresses, store paths
//	nar       writes, reads and hashes NARs; turns archives into them
//	disk      the objects: files named by the hash of their own bytes
//	eval      drives nix-instantiate and reads .drv files
//	closure   what is reached in a graph of derivations
//	catalog   the SQLite database of snapshots, derivations, sources, attempts
//	fetch     downloads: candidates, hosts, retries, recipes
//	intake    takes sources out of files that somebody already has
//	wantlist  reads and writes lists of wanted sources
//	binarycache
//	          writes store objects so that Nix can take them in
//	cmd       the program, which joins them
//
// # Glossary
//
// The Nix manual's words mean here what they mean there. Granary's own:
//
//   - A source is the output of one fixed-output derivation. Its identity is its
//     output path, which depends on name, mode, algorithm and hash alone.
//   - An object is a file on the disk, named by the hash of its own bytes.
//   - A recipe is how a source's output comes out of an object.
//   - A candidate is a place that may have the bytes. None is trusted.
//   - A snapshot is one evaluation: tree and revision, system, configuration.
//   - The disk is the directory that holds objects and catalog.
package granary
