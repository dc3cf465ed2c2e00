package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"granary/eval"
	"granary/hashes"
)

// subjectFlags name what is to be evaluated in place of TREE's attributes.
type subjectFlags struct{ nixos, expr, file, flake string }

func (f *subjectFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.nixos, "nixos", "",
		"evaluate the NixOS configuration in `FILE` with TREE's NixOS: its system derivation")
	flags.StringVar(&f.expr, "expr", "",
		"evaluate the expression `NIX`: a derivation, or a set of them")
	flags.StringVar(&f.file, "file", "",
		"evaluate the expression in `FILE`, or in its default.nix")
	flags.StringVar(&f.flake, "flake", "",
		"evaluate the flake `REF`: a folder, github:OWNER/REPO[/REV] or a tarball's URL, then\n"+
			"maybe #ATTR; its packages, checks, shells and NixOS configurations")
}

// set returns the flags that were given, by their names.
func (f *subjectFlags) set() (names, values []string) {
	for _, flag := range [][2]string{
		{"--nixos", f.nixos}, {"--expr", f.expr}, {"--file", f.file}, {"--flake", f.flake},
	} {
		if flag[1] != "" {
			names, values = append(names, flag[0]), append(values, flag[1])
		}
	}
	return names, values
}

func (f *subjectFlags) check() error {
	if names, _ := f.set(); len(names) > 1 {
		return usagef("%s: only one of them makes sense", strings.Join(names, " and "))
	}
	return nil
}

// options says which flag was given, for snapshots.
func (f *subjectFlags) options() []string {
	names, values := f.set()
	words := make([]string, len(names))
	for i := range names {
		words[i] = names[i] + " " + values[i]
	}
	return words
}

// checkFiles finds what is wrong with the files that are named, makes their
// names absolute, and refuses a TREE that would have no meaning.
func (f *subjectFlags) checkFiles(args []string) error {
	if f.flake != "" && len(args) > 0 {
		return usagef("%s beside --flake: a flake has its nixpkgs from its inputs", args[0])
	}
	for _, file := range []*string{&f.nixos, &f.file} {
		if *file == "" {
			continue
		}
		if err := checkNixFile(file); err != nil {
			return err
		}
	}
	return nil
}

// checkNixFile makes the name of a file, or of a folder with a default.nix,
// absolute.
func checkNixFile(name *string) error {
	path, err := filepath.Abs(*name)
	if err != nil {
		return fmt.Errorf("find %s: %w", *name, err)
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		_, err = os.Stat(filepath.Join(path, "default.nix"))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) && info != nil:
		return fmt.Errorf("evaluate %s: it has no default.nix", *name)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("evaluate %s: there is no such file", *name)
	case err != nil:
		return fmt.Errorf("evaluate %s: %w", *name, err)
	}
	*name = path
	return nil
}

// find finds what is to be evaluated.
func (e *evaluation) find(ctx context.Context, net *netFlags) error {
	f := &e.flags.subject
	if f.flake != "" {
		return e.findFlake(ctx, net)
	}
	e.subject = eval.Subject{NixOS: f.nixos, File: f.file, Expr: f.expr}
	if err := e.findNixpkgs(ctx, net); err != nil {
		return err
	}
	switch {
	case f.nixos != "":
		e.tree.label += "-nixos"
		if _, err := os.Stat(filepath.Join(e.tree.path, "nixos")); err != nil {
			return &eval.TreeError{Tree: e.tree.name, Message: "there is no folder nixos in it"}
		}
	case f.file != "":
		e.tree.label = label(strings.TrimSuffix(filepath.Base(f.file), ".nix"))
		if e.tree.path == "" {
			e.tree.name, e.tree.contents = f.file, f.file
		}
	case f.expr != "":
		e.tree.label = "expr"
		if e.tree.path == "" {
			e.tree.name = "(expression)"
			e.tree.revision = hashes.Sum(hashes.SHA256, []byte(f.expr)).SRI()
		}
	}
	return nil
}

// findNixpkgs finds TREE. An expression may do without, if none is named.
func (e *evaluation) findNixpkgs(ctx context.Context, net *netFlags) (err error) {
	name := "<nixpkgs>"
	if len(e.args) > 0 {
		name = e.args[0]
	}
	e.tree, err = e.findTree(ctx, e.nix, net, name)
	if err != nil && len(e.args) == 0 && (e.subject.File != "" || e.subject.Expr != "") {
		e.debugf("there is no <nixpkgs>: %v", err)
		e.tree, err = tree{}, nil
	}
	return err
}
