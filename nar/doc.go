// Package nar writes, reads and hashes NARs, and turns archives into NARs
// without unpacking them to the disk.
//
// A NAR is Nix's canonical form of a file tree: names in byte order, contents,
// the executable bit, symbolic links, and nothing else. The format is that of
// Nix's src/libutil/archive.cc.
//
// [Dump] and [WriteFile] write NARs, [HashPath] hashes one, [Reader] reads one.
// [Archive] gives the NAR of the tree that unpacking a tar or zip archive would
// leave, in bounded memory. [Decompress] undoes compression around any bytes.
//
// # From tar to NAR
//
// A tar archive has its files in any order, a NAR in one. So:
//
//  1. The archive is read once. Its headers become a tree, and contents are kept
//     in memory up to a budget. At the end, the tree is written in order; most
//     archives end here. While a NAR is hashed, the first of what is there is
//     hashed already: a guess that nothing will come which belongs before it. If
//     it does, hashing begins anew, out of memory.
//  2. If the budget is used up while a NAR is hashed, what is hashed makes room,
//     and the guess is final. A file larger than the budget passes through when
//     all before it is written. Archives that git made are so ordered: git sorts
//     names as NARs do, but for directories.
//  3. If the guess was wrong, all begins anew without guessing.
//  4. Without guessing, as when the NAR itself is wanted, contents for which the
//     budget has no room go to a temporary file, and come from there in order.
//
// So an archive is decompressed twice at most, in bounded memory.
package nar
