package eval

import (
	"slices"
	"strings"
)

// A Subject is what to evaluate in place of a tree's attributes. At most one
// of its fields is set.
type Subject struct {
	NixOS string // a configuration.nix, absolute: its system derivation, named "system"
	File  string // a file or folder in the Nix language, absolute
	// Expr is an expression in the Nix language. Its relative paths begin at the
	// folder that granary was started in.
	Expr  string
	Flake *Flake
}

// mainNix is an expression that can be parsed whatever the user's config is:
// that is a file of its own. If scoped is set, the fetchers of what it
// evaluates tell of themselves.
func (r *run) mainNix(scoped bool) string {
	arguments := ""
	if r.Subject.Expr != "" {
		arguments = "{ expression }:\n"
	}
	return arguments + "import ./harvest.nix {\n" +
		"  subject = subjects: scope: subjects." + r.subject(scoped) + ";\n" +
		"  scoped = " + nixBool(scoped) + ";\n" +
		"  system = " + nixString(r.System) + ";\n" +
		"  config = import ./config.nix;\n" +
		"  attrs = " + nixPaths(r.Attrs) + ";\n" +
		"  sets = " + nixPaths(slices.Concat(r.Sets, r.Attrs)) + ";\n" +
		"  allSets = " + nixBool(r.AllSets) + ";\n" +
		"}\n"
}

// subject picks what subjects.nix has.
func (r *run) subject(scoped bool) string {
	switch s := r.Subject; {
	case s.NixOS != "":
		return "nixos " + nixPath(r.Tree) + " " + nixPath(s.NixOS)
	case s.File != "":
		return "file " + nixPath(s.File)
	case s.Expr != "" && scoped:
		return "expression (expression scope)"
	case s.Expr != "":
		return "expression expression"
	case s.Flake != nil:
		return "flake (import ./flake.nix)"
	}
	return "tree " + nixPath(r.Tree)
}

// loadNix gives a repl what file gives: only a file that a repl loads can have
// arguments from its command line.
func loadNix(file string) string {
	return "{ expression }: { granary = import ./" + file + " { inherit expression; }; }\n"
}

// expression returns Subject.Expr as a worker's argument. Where fetchers tell
// of themselves, names that Nix binds before all others are bound once more.
func (s *Subject) expression(scoped bool) string {
	if !scoped {
		return s.Expr
	}
	return "{ " + strings.Join([]string{"builtins", "fetchGit", "fetchMercurial", "fetchTarball",
		"fetchTree", "import", "scopedImport", "__fetchurl"}, ", ") + " }: (\n" + s.Expr + "\n)"
}

// arguments are those of a worker's command line for what it evaluates.
func (r *run) arguments(dir string, scoped bool) []string {
	var args []string
	s := r.Subject
	if s.Expr != "" {
		args = append(args, "--arg", "expression", s.expression(scoped))
	}
	if s == (Subject{}) || s.Flake != nil {
		return args
	}
	if r.Tree != "" {
		args = append(args, "-I", "nixpkgs="+r.Tree)
	}
	if s.NixOS != "" {
		return append(args, "-I", "nixos-config="+s.NixOS)
	}
	return append(args, "-I", "nixpkgs-overlays="+dir+"/overlays.nix")
}

// nixpkgsConfig is what nixpkgs reads where an expression imports it without
// saying what config is.
func (r *run) nixpkgsConfig(dir string) []string {
	if r.Subject.File == "" && r.Subject.Expr == "" {
		return nil
	}
	return []string{"NIXPKGS_CONFIG=" + dir + "/config.nix"}
}

func nixBool(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
