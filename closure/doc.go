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
//
// Choose is the answer to a budget: which missing sources make most roots whole? This is
// a knapsack of unions of sets, which is NP-hard. Taking what lacks the fewest bytes, again
// and again, is far from the best: the sources that nearly everybody lacks are dear for
// the first who takes them, and free for all others.
//
//  1. Roots that lack more than the budget, or what cannot be had, are left out. Sources
//     that the same roots lack become one class, roots that lack the same sources one
//     item, which weighs as much as it has roots.
//  2. The bytes of each class are charged to the items that lack it, to those first that
//     are charged least in all, by weight: water that is poured into them comes to one
//     level. That is done for one class after the other, again and again, until it
//     hardly changes any more. Those below some level are then the best choice for just
//     the bytes that they lack.
//  3. The item that is charged least, by weight, is taken, if it fits. Nobody is charged
//     any more for the classes that it lacked. Then the next one, until nothing fits.
//  4. Each time that half of the budget is taken, what does not fit any more is left out,
//     and the others are charged anew.
//  5. Where there are few items, 3 and 4 are done once more with each of them taken
//     first, and the best counts.
//
// What items are charged in all is never more than what they lack, together, so that the
// charges of step 2 also give a bound: no more items fit the budget than if each took its
// charge. On real package sets that bound is mostly met within 1 %; on small random
// graphs the choice is the best one in 99 of 100 cases, and has never been below 0.8 of it.
// More budget does mostly, but not always, make more roots whole.
package closure
