# The sample package set: made for Granary's tests and its demonstration, in
# the manner of nixpkgs. Its sources live on http://sample.granary.test/ and
# http://second.granary.test/, which exist only through --rewrite or a proxy;
# their bytes are in ./files. What a harvest should find is in ./expected.json.
{
  system ? builtins.currentSystem,
  config ? { },
  overlays ? [ ],
  ...
}:
let
  lib = import ./lib.nix;

  arguments = final: {
    inherit config lib system;
    # These two lead back to the whole set, as they do in nixpkgs.
    pkgs = final;
    buildPackages = final;
  };

  layers = [
    (import ./stdenv)
    (import ./all-packages.nix)
    (import ./pkgs/hashes.nix)
    (import ./pkgs/urls.nix)
    (import ./pkgs/recipes.nix)
    (import ./pkgs/sets.nix)
    (import ./pkgs/errors.nix)
    (import ./pkgs/odd.nix)
  ];
in
lib.fix (builtins.foldl' (lib.flip lib.extends) arguments (layers ++ overlays))
