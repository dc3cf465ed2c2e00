# Attributes that fail. What three versions of Nix print about each is in
# ATTRIBUTE-VERSION.txt: the message below which the output stands. Made by
# `nix repl`, asked as eval/worker.go asks it, with this folder at /tree.
{ ... }:
let
  package =
    attrs:
    derivation (
      {
        name = "pkg-1.0";
        system = "x86_64-linux";
        builder = "/bin/sh";
      }
      // attrs
    );
  pick = set: set.callPackge;
  deeper = n: 1 + deeper (n + 1);
in
{
  throwOne = throw "it is gone";
  throwMany = throw "it is gone:\n  - first, indented\n\n  - second\nUse that: it is better.";
  throwLies = throw "line one\nerror: not the message\n   at the end:\n   12| of it";
  throwContext = builtins.addErrorContext "while evaluating the thing" (throw "in context");
  throwEmpty = throw "";
  asserts = assert 1 == 2; package { };
  missing = pick {
    callPackage = 1;
    callPackages = 2;
  };
  missingPlain = { }.zebra;
  recursion =
    let
      x = x + 1;
    in
    x;
  aborts = abort "stop\nhere";
  ifd = import (package { name = "generated.nix"; });
  typeError = 1 + "a";
  notFunction = (package { }) 3 4;
  syntax = import ./broken.nix;
  syntaxEnds = import ./ends.nix;
  noFile = import ./not-there.nix;
  undefined = import ./undefined.nix;
  overflow = deeper 0;
  argument = ({ a }: a) { };
  unexpected = ({ a }: a) {
    a = 1;
    b = 2;
  };
  badHash = package {
    outputHash = "zz";
    outputHashMode = "flat";
    outputHashAlgo = "sha256";
  };
  inDerivation = package { src = throw "src is\ngone"; };
  coerce = package { src = { }; };
}
