package eval

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"granary"
)

// miniNixOS is a tree with a nixos folder: a module system of three lines.
var miniNixOS = map[string]string{
	"default.nix": `{ system ? builtins.currentSystem, config ? { }, overlays ? [ ] }:
{
  hello = derivation { name = "hello"; builder = "/bin/sh"; inherit system; };
  overlaid = builtins.length overlays;
}`,
	"nixos/default.nix": `{ configuration ? <nixos-config>, system }:
let
  call = m: if builtins.isFunction m then m { options.nixpkgs.overlays = 1; } else m;
  modules = map (m: call (if builtins.isPath m then import m else m)) configuration.imports;
  overlays = (builtins.elemAt modules 1).config.nixpkgs.overlays;
  pkgs = import ../. { inherit system overlays; };
  toplevel = derivation {
    name = "nixos-" + (builtins.head modules).hostName + toString pkgs.overlaid;
    inherit system;
    builder = "/bin/sh";
    args = [ pkgs.hello ];
  };
in {
  config.system.build.toplevel = toplevel;
  system = toplevel;
  vm = throw "no machine";
}`,
}

func TestNixOS(t *testing.T) {
	tree := writeFolders(t, miniNixOS)
	file := filepath.Join(writeTree(t, map[string]string{
		"configuration.nix": `{
  hostName = (import ./name.nix) + toString (builtins.pathExists <nixpkgs/nixos>);
}`,
		"name.nix": `"laptop"`,
	}), "configuration.nix")
	f := evaluate(t, &Evaluator{Tree: tree, Subject: Subject{NixOS: file}}).ok(t)
	if diff := cmp.Diff(map[string]string{"system": "drv"}, f.outcomes(t)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if got := f.attribute(t, "system"); got.Name != "nixos-laptop11" {
		t.Errorf("got the system %+v, want nixos-laptop11", got)
	}
	f = evaluate(t, &Evaluator{Tree: tree, Subject: Subject{NixOS: file},
		Attrs: []AttrPath{{"vm"}, {"config", "system", "build"}}}).ok(t)
	want := map[string]string{"vm": "throw", "config.system.build.toplevel": "drv"}
	if diff := cmp.Diff(want, f.outcomes(t)); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

// writeFolders is writeTree for names with folders.
func writeFolders(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		file := filepath.Join(dir, name)
		check(t, os.MkdirAll(filepath.Dir(file), 0o700))
		check(t, os.WriteFile(file, []byte(text), 0o600))
	}
	return dir
}

func TestExpr(t *testing.T) {
	tree := writeFolders(t, miniNixOS)
	folder := writeTree(t, map[string]string{
		"default.nix": `{ pkgs ? import <nixpkgs> { }, system ? "none" }: {
  inherit (pkgs) hello overlaid;
  named = derivation { name = "for-" + system; builder = "/bin/sh"; inherit system; };
}`,
		"package.nix": `(import <nixpkgs> { system = builtins.currentSystem; }).hello`,
		"lambda.nix":  `x: x`,
	})
	t.Chdir(folder)
	for _, row := range []struct {
		name    string
		subject Subject
		attrs   []AttrPath
		system  string
		want    map[string]string // attribute and its derivation's name
	}{
		{"a file", Subject{File: folder + "/default.nix"}, nil, system,
			map[string]string{"hello": "hello", "named": "for-" + system}},
		{"a folder", Subject{File: folder}, nil, "aarch64-linux",
			map[string]string{"hello": "hello", "named": "for-aarch64-linux"}},
		{"of a file an attribute", Subject{File: folder}, []AttrPath{{"named"}}, system,
			map[string]string{"named": "for-" + system}},
		{"a derivation", Subject{File: folder + "/package.nix"}, nil, system,
			map[string]string{"default": "hello"}},
		{"of a derivation an attribute",
			Subject{Expr: "import ./package.nix // { t = import ./package.nix; }"},
			[]AttrPath{{"t"}}, system, map[string]string{"t": "hello"}},
		{"an expression of several lines",
			Subject{Expr: "# a comment\nlet\n\n  x = import ./. { };\nin\n{ inherit\t(x) hello; }"},
			nil, system, map[string]string{"hello": "hello"}},
		{"an expression that is a function",
			Subject{Expr: "{ pkgs ? import <nixpkgs> { } }: pkgs.hello"},
			nil, system, map[string]string{"default": "hello"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := evaluate(t, &Evaluator{
				Tree: tree, Subject: row.subject, Attrs: row.attrs, System: row.system,
			}).ok(t)
			got := map[string]string{}
			for _, a := range f.Attributes {
				got[a.Path] = a.Name + a.Error
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("attributes (-want +got):\n%s", diff)
			}
			for _, d := range f.Derivations {
				if d.System != row.system {
					t.Errorf("%s is for %s", d.Path, d.System)
				}
			}
		})
	}
	f := evaluate(t, &Evaluator{Subject: Subject{File: folder + "/lambda.nix"}})
	var bad *TreeError
	if !errors.As(f.err, &bad) || bad.Tree != folder+"/lambda.nix" {
		t.Errorf("a lambda: got %v", f.err)
	}
	f = evaluate(t, &Evaluator{Subject: Subject{Expr: "import <nixpkgs> { }"}})
	if !errors.As(f.err, &bad) || !strings.Contains(bad.Message, "nixpkgs' was not found") {
		t.Errorf("without a tree: got %v", f.err)
	}
}

// TestExprOverlay sees calls of fetchurl in what an expression imports.
func TestExprOverlay(t *testing.T) {
	tree := writeTree(t, map[string]string{"default.nix": `{ system ? builtins.currentSystem,
  config ? import (builtins.getEnv "NIXPKGS_CONFIG"),
  overlays ? import <nixpkgs-overlays> }:` + simplePackages +
		`fixed = builtins.foldl' apply (set fixed) overlays;
		apply = super: overlay: super // overlay fixed super; in fixed // { x = config; }`})
	f := evaluate(t, &Evaluator{
		Tree: tree, Subject: Subject{Expr: "import <nixpkgs> { }"}, Config: "{ y = throw \"y\"; }",
		Attrs: []AttrPath{{"hello"}, {"x", "y"}},
	}).ok(t)
	if got := f.attribute(t, "x.y").Kind; got != granary.ErrorThrow {
		t.Errorf("config: got %q", got)
	}
	if len(f.Calls) != 2 {
		t.Errorf("got %d calls of fetchurl, want 2", len(f.Calls))
	}
}
