package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"granary/catalog"
	"granary/disk"
	"granary/eval"
	"granary/fetch"
)

// hint returns one line that says what can be done about err, or "".
func hint(err error) string {
	var locked *disk.LockedError
	var noSnapshot *catalog.NoSnapshotError
	var noDisk *noDiskError
	var tree *eval.TreeError
	var oldNix *oldNixError
	var blocked *eval.BlockedError
	var noMatch *noMatchError
	var full *fetch.FullError
	var store *storeError
	var cache *fetch.CacheError
	var noSizes noSizesError
	switch {
	case errors.Is(err, eval.ErrNoNix):
		return "evaluation needs Nix 2.8 or later. " + howToGetNix
	case errors.As(err, &store):
		return store.hint()
	case errors.As(err, &cache):
		return "what a cache has is not known unless it answers: ask again later, or without it"
	case errors.As(err, &noMatch):
		return noMatch.hint
	case errors.As(err, &noSizes):
		return "granary plan --sizes asks servers how large their files are"
	case errors.As(err, &oldNix):
		return oldNix.hint()
	case errors.As(err, &blocked) && blocked.Fetch.OutPath == "":
		return "add a hash to the expression (sha256, or narHash for fetchGit and fetchTree): " +
			"what has none could not be checked"
	case errors.As(err, &blocked):
		return "granary harvest fetches it and goes on; granary fetch fetches it, too, " +
			"then evaluate once more"
	case errors.As(err, &tree):
		return "TREE is a folder with a default.nix such as a checkout of nixpkgs, <nixpkgs>, " +
			"a tarball, or a channel's name such as nixos-unstable"
	case errors.As(err, &locked):
		return "wait until it has ended, or stop it; " +
			"commands that only look, such as status, work meanwhile"
	case errors.As(err, &noDisk):
		return "name the disk with --disk or $GRANARY_DISK; granary harvest makes a new one"
	case errors.As(err, &noSnapshot):
		return "granary snapshots lists those there are"
	case errors.Is(err, catalog.ErrNewer):
		return "use the granary that made it, or a newer one"
	case errors.Is(err, catalog.ErrForeign):
		return "name another folder with --disk; this one is left as it is"
	case errors.As(err, &full) && full.Need > 0:
		return "make room, leave out what is large with --max-size, or lower --reserve; " +
			"the same command goes on where this one stopped"
	case errors.As(err, &full):
		return "make room, or lower --reserve; the same command goes on where this one stopped"
	case errors.Is(err, fetch.ErrNoNetwork):
		return "the same command goes on where this one stopped, once there is a network"
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "disk is full"):
		return "make room, then run the same command again: it goes on where it stopped"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "this command writes to the disk; commands that only look, such as status and query, do not"
	}
	return ""
}
