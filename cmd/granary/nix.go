package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"granary/eval"
)

const (
	howToGetNix = "Debian and Ubuntu have it as nix-bin (apt-get install nix-bin); " +
		"elsewhere see https://nixos.org/download"
	howToGetNewerNix = "Debian 13 has Nix 2.26 (apt-get install nix-bin); " +
		"elsewhere see https://nixos.org/download"
)

// oldNixError means that the Nix that is there is too old for the tree, or,
// if tree is nil, for granary.
type oldNixError struct {
	tree *eval.TreeError
	have string // version
}

var neededNix = regexp.MustCompile(`Nix >= ?v?(\d+(?:\.\d+)+)`)

func (e *oldNixError) Error() string {
	if e.tree == nil {
		return fmt.Sprintf("evaluation needs Nix 2.8 or later, and this is Nix %s", e.have)
	}
	if m := neededNix.FindStringSubmatch(e.tree.Message); m != nil {
		return fmt.Sprintf("evaluate %s: it needs Nix %s or later, and this is Nix %s",
			e.tree.Tree, m[1], e.have)
	}
	return e.tree.Error()
}

func (e *oldNixError) hint() string {
	if e.tree == nil || neededNix.MatchString(e.tree.Message) {
		return howToGetNewerNix
	}
	return fmt.Sprintf("if the tree is in order, this Nix %s may be too old for it: "+
		"nixpkgs of today needs 2.18 or later. %s", e.have, howToGetNewerNix)
}

// checkedNix returns the version of n, and an error if it is too old for
// granary.
func checkedNix(ctx context.Context, n eval.Nix) (string, error) {
	version, err := n.Version(ctx)
	if err != nil {
		return "", err
	}
	parts := append(strings.Split(version, "."), "0")
	major, err1 := strconv.Atoi(parts[0])
	minor, err2 := strconv.Atoi(parts[1])
	if err := errors.Join(err1, err2); err != nil {
		return "", fmt.Errorf("version of Nix: %w", err)
	}
	if major < 2 || major == 2 && minor < 8 {
		return "", &oldNixError{have: version}
	}
	return version, nil
}
