// Package intake takes sources out of what somebody already has: files, folders,
// another disk of granary, a Nix store. Hashes alone decide; names only say
// where to look first. What is read is never moved or changed.
//
// # From a file to sources
//
//  1. The file is read once, for all hashes that are promised of flat sources
//     and of the NARs of single files.
//  2. If it is an archive, the hash of the NAR of the tree in it is made; if it
//     is a NAR, maybe compressed, the hash of that.
//  3. For each source that has one of these hashes, the bytes are copied into a
//     temporary file of the disk, the source's hash is made once more out of that
//     copy, by the recipe that led to it, and the copy becomes an object.
//
// A folder is a NAR, and is kept as one, compressed by zstd.
//
// # Places
//
// Where a place names what it holds, its names are asked for each wanted source:
// the objects of a disk, the output paths in a Nix store. In any other folder
// each file is read, those first that are named like a wanted source, and each
// folder that is named like one. Symbolic links are not followed there: a file
// inside is met by its own name, and what is outside was not asked for.
package intake
