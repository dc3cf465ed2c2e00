// Package eval drives Nix: it evaluates a package set without building
// anything, and reads the .drv files that come of it.
//
// How an evaluation goes:
//
//  1. A worker is a `nix repl` that has loaded harvest.nix with the tree. It is
//     asked for some attribute paths at a time; it reports each as it begins and
//     ends, and enters the sets that Nix recurses into. Unlike nix-instantiate
//     it survives an error that Nix cannot catch, and it says the message of one
//     that Nix can.
//  2. Each worker has contiguous halves of what there is to visit, since
//     neighbours share most, and takes half of the longest rest when it is done.
//  3. What kills a worker (a stack overflow, its memory limit, the time limit)
//     costs the attribute that it was in; a new worker goes on after it.
//  4. Each worker writes .drv files to a scratch store of its own. Derivations
//     that are known already are entered there as valid, so that Nix does not
//     write them again. The closure of each attribute's derivation is read from
//     the scratch store, each .drv file once, inputs before their users.
//  5. An overlay sees every call of fetchurl, also those whose result is in no
//     closure.
//  6. What an expression downloads while it is evaluated is taken from the disk,
//     or blocks the attribute: see serve.go.
//
// Evaluation reads the tree and nothing of the user's: no configuration, no
// NIX_PATH, no overlays. It has no network and builds nothing, and
// import-from-derivation is an error of the attribute that needs it.
package eval
