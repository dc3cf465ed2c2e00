// Package closure answers what attributes need: which sources are reached from their
// derivations, which of these are missing, and on which way they are reached.
//
// It knows numbers alone. Whoever fills a Graph knows what they stand for, and leaves
// out the edges that are not to be followed: those behind fixed outputs, and those to
// outputs that are valid elsewhere.
//
// Count is the algorithm that all answers about many attributes come from. The set of
// sources that each of n derivations needs would take n sets of as many bits as there
// are sources; most sources are needed by few derivations, though, and some by nearly
// all.
//
//  1. What the roots reach is found depth first; sources are numbered as they are met,
//     so that neighbours have users in common.
//  2. Sources are taken in blocks of a few hundred. In a block each derivation that
//     reaches one of its sources, and no other, gets a set of bits.
//  3. Sets are handed on from inputs to what needs them, in the order of nodes: inputs
//     have smaller numbers than what needs them.
//  4. The bits of a root's set are added to its tally, and to the users of each source.
//
// The time is that of handing on sets, along each edge once for each block which has
// anything there. Blocks are shared out among the processors.
package closure
