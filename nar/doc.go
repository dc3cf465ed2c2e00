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
//  1. The first pass reads all headers into a tree, and keeps contents in
//     memory. If the budget is used up, those that come last in the NAR go.
//  2. The tree is sorted, which gives each file its position in the NAR.
//  3. Whatever is at the cursor, the next position to write, is written as
//     soon as its contents are there. If all contents were kept, this ends it.
//  4. Else the archive is decompressed again. A file at the cursor is streamed
//     into the NAR, whatever its size. A file in the window, which is the run of
//     positions from the cursor on whose contents fit into the budget together,
//     is kept until its turn comes. The others are skipped.
//  5. Step 4 is repeated until the cursor is at the end. Each pass moves it by
//     the window at least.
//
// Archives that git made need two passes at most, as a rule: git sorts names
// as NARs do, but for directories.
package nar
