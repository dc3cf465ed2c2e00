package main

import (
	"errors"
	"io/fs"
	"strings"
	"syscall"

	"granary/catalog"
	"granary/disk"
	"granary/eval"
)

const howToGetNix = "Debian and Ubuntu have it as nix-bin (apt-get install nix-bin); " +
	"elsewhere see https://nixos.org/download"

// hint returns one line that says what can be done about err, or "".
func hint(err error) string {
	var locked *disk.LockedError
	var tree *eval.TreeError
	var noDisk *noDiskError
	switch {
	case errors.Is(err, eval.ErrNoNix):
		return "evaluation needs Nix 2.8 or later. " + howToGetNix
	case errors.As(err, &tree):
		return treeHint(tree)
	case errors.As(err, &locked):
		return "wait until it has ended, or stop it; reading commands such as status work meanwhile"
	case errors.As(err, &noDisk):
		return "name the disk with --disk or $GRANARY_DISK; granary harvest makes a new one"
	case errors.Is(err, catalog.ErrNewer):
		return "use the granary that made it, or a newer one"
	case errors.Is(err, catalog.ErrForeign):
		return "name another folder with --disk; this file is left as it is"
	case errors.Is(err, syscall.ENOSPC), strings.Contains(err.Error(), "disk is full"):
		return "make room, then run the same command again: it goes on where it stopped"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "the folder must be writable for this command"
	}
	return ""
}

// treeHint tells a tree that wants a newer Nix from one that is no tree.
func treeHint(err *eval.TreeError) string {
	if err.NixTooOld() {
		return "this Nix may be too old for the tree: nixpkgs of today needs 2.18 or later. " +
			"Debian 13 has Nix 2.26; elsewhere see https://nixos.org/download"
	}
	return "TREE is a folder with a default.nix such as a checkout of nixpkgs, <nixpkgs>, " +
		"a tarball, or a channel's name such as nixos-unstable"
}
