// Package fetch downloads sources onto a disk.
//
// The hash decides, no candidate is trusted:
//
//  1. A flat source that the disk holds already is hashed and adopted.
//  2. Else its candidates are tried in order: its URLs, with mirror://
//     expanded to the bases of the site, then hashed mirrors, then substituters,
//     which are asked for the NAR of its output path, whatever its kind is.
//  3. A job waits in the queue of its candidate's host until one of the host's
//     slots is free. Hosts take turns, so that a busy one holds up nobody else.
//  4. The bytes are downloaded into the source's temporary file. What an earlier
//     try left in it is continued with Range and If-Range. Silence ends
//     a request, slowness only below a limit; what may pass is tried again.
//  5. The recipe makes the hash that nixpkgs promised out of the bytes. A
//     wrong hash of bytes that came in parts leads to one more try from nothing;
//     otherwise, as after any failure, the next candidate's turn comes.
//  6. A repository is checked out by git, svn or hg in a temporary folder. The
//     NAR of the tree is hashed while it is compressed; that is the object.
//  7. The NAR from a substituter is checked against the source's own hash, and a
//     file is taken out of it. A substituter that does not work at all is left
//     alone for the rest of the run.
//  8. The right bytes are committed. Their event is delivered when they are
//     durable, in groups, with one sync each.
//
// A source that fails is an event with a Reason; a machine that fails is an
// error, and ends the run with all that is finished kept.
package fetch
