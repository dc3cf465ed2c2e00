# The standard environment: /bin/sh and what it finds in /bin and /usr/bin.
final: prev:
let
  inherit (final) lib system;

  checkMeta = import ./check-meta.nix { inherit lib system; inherit (final) config; };

  environment = derivation {
    name = "stdenv-sample";
    inherit system;
    builder = "/bin/sh";
    args = [ "-e" ./make-stdenv.sh ];
    setup = ./setup.sh;
    bootstrapTools = final.bootstrapTools.outPath;
  };

  mkDerivation =
    attrs:
    let
      name = attrs.name or "${attrs.pname}-${attrs.version}";
      checked = checkMeta name (attrs.meta or { });
      forBuilder = removeAttrs attrs [ "meta" "passthru" ] // {
        inherit name system;
        __ignoreNulls = true;
        builder = "/bin/sh";
        args = [ "-e" (attrs.builder or ./default-builder.sh) ];
        stdenv = environment.outPath;
      };
    in
    lib.extendDerivation checked.valid (
      {
        inherit (checked) meta;
        passthru = attrs.passthru or { };
        overrideAttrs = f: mkDerivation (attrs // f attrs);
      }
      // attrs.passthru or { }
    ) (derivation forBuilder);
in
{
  stdenv = environment // { inherit mkDerivation; };
  stdenvNoCC = final.stdenv;

  fetchurlBoot = import ../fetchers/fetchurl/boot.nix;

  # The tools on which everything rests: one executable file.
  bootstrapTools = final.fetchurlBoot {
    name = "bootstrap-tools";
    url = "http://sample.granary.test/bootstrap/tools";
    hash = "sha256-ESLUF+Te01odaboJ+EoU6iQ1Af5AP6jm09kVePUGlbA=";
    executable = true;
  };
}
