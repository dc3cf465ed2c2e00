# Packages that do not evaluate. Those of the first part say so by throw or
# assert, which Nix can catch; those of the second end the process.
final: prev:
let
  inherit (final) lib package stdenv;
  gone = "1d5b09c8agkrljfgzh4bfp5wbxlq0mhrpswi28h9xalf2fzv49q2";
in
{
  unfree = package "unfree" "1.0" "1p6r16a9g7w1c5054dj07dz9g3b9zs5cjyh6nzzzyac3lf9dyi16" {
    meta.license = lib.licenses.unfree;
  };
  broken = package "broken" "1.0" "0ijxvas4drccaxmdy9z23why27scmlpvdpr5qcwd40g1r53x11l1" { meta.broken = true; };
  unsupported = package "unsupported" "1.0" "0s0bj0np2jz7yyhzdk5sqd5320j9i26fk7gj7wzxmai8wxalcw8p" {
    meta.platforms = [ "m68k-netbsd" ];
  };
  insecure = package "insecure" "1.0" "1dlbyc8anz0m53wd7xy3llqbwzkl2ys4ld8jzhryc23mjmsyp9kg" {
    meta.knownVulnerabilities = [ "It greets strangers." ];
  };
  needsUnfree = package "hello" "2.10" "0bcf9ycdlwld8iry4azxqlffs6p8ggs32r167a7j2khfyhbqdxba" {
    buildInputs = [ final.unfree ];
  };
  throws = throw "throws was removed in 2019: nobody used it";
  assertFalse = assert false; final.hello;
  noHash = stdenv.mkDerivation {
    name = "no-hash";
    src = final.fetchurl { url = "http://sample.granary.test/no-hash.tar.gz"; };
  };

  missingAttribute = package "missing" final.noSuchAttribute gone { };
  missingFile = import ./no-such-file.nix;
  infiniteRecursion = package "infinite" final.infiniteRecursion.version gone { };
  stackOverflow =
    let
      deeper = n: 1 + deeper (n + 1);
    in
    package "deep" (toString (deeper 0)) gone { };
  aborts = abort "this is the end of the evaluator";
  typeError = package "type" (1 + "1") gone { };
  badHash = package "bad-hash" "1.0" "this is no hash" { };
  # Says that it is a package, and is none.
  pretends.type = "derivation";
}
