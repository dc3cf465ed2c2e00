# Sets of packages in the set.
final: prev:
let
  inherit (final) lib package;
in
{
  # Nix goes into this one, and into the one within.
  grammarPackages = lib.recurseIntoAttrs {
    grammar = package "grammar" "1.0" "12f5ij7n7mipxfn7pw22ndnivqzbd1xa0m3j4f5vnm7wwk1d6b61" { };
    plugins = lib.recurseIntoAttrs {
      "plug.in" = package "grammar-plugin" "1.0" "10qk2i47wy1c1172m03113rl6b8iihyjm6qdcan6pxdmggvl1d3x" {
        buildInputs = [ final.grammarPackages.grammar ];
      };
      removed = throw "plugins.removed was removed";
    };
    # Not a package, and not to be entered.
    functions.double = x: 2 * x;
  };

  # Nix does not go into this one, but granary knows its name.
  haskellPackages = {
    lens = package "lens" "5.0" "1qw79nl4jxlhv2pb5yvwdkpciynqf05d05vy2rbd2q94arahdaa6" { };
    mkDerivation = final.stdenv.mkDerivation;
  };

  # Nobody goes into this one unasked.
  hiddenPackages = {
    hidden = package "hidden" "1.0" "1snag6dxqpxkf1wx7cvw04dzinyxkrwb650vsyq5kskgcbq370pw" { };
  };

  # A set that cannot even be listed.
  throwingPackages = throw "throwingPackages was removed";
}
