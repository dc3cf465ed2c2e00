# Attributes that are unlike the others.
final: prev:
let
  inherit (final) fetchurl package stdenv;
  site = "http://sample.granary.test";
  small = name: stdenv.mkDerivation { inherit name; };

  # An expression that has to be built before it can be evaluated.
  generated = package "generated" "1.0" "1i1bp2ziip922fgnlylzvj4n6kvd9gw0inj488ml8mygddd7qjb8" { };
in
{
  severalOutputs = package "outputs" "1.0" "1l9cgzy435rdzhyfd0v4rvb8q92v8hnc7xs2pyjna6v9bwh10m49" {
    outputs = [ "out" "dev" "doc" ];
  };
  usesOneOutput = stdenv.mkDerivation {
    name = "uses-one-output";
    buildInputs = [ final.severalOutputs.dev ];
  };
  structuredPackage = stdenv.mkDerivation {
    name = "structured-package";
    __structuredAttrs = true;
    builder = ./structured-package.sh;
    inherit (final.hello) src;
    nested.list = [ 1 2.5 true null { key = "a \"quoted\" value"; } ];
  };

  importsDerivation = import "${generated}";

  # A source that is in no closure: only an overridden fetchurl sees it.
  withHandbook =
    let
      handbook = fetchurl {
        url = "${site}/handbook.pdf";
        sha256 = "06lp91hk15y4qb8gw08l994wl6iycc2qj5b377bna65dypc23sd2";
      };
    in
    assert handbook ? outPath;
    stdenv.mkDerivation {
      name = "with-handbook";
      passthru = { inherit handbook; };
    };

  weirdMeta = stdenv.mkDerivation {
    name = "weird-meta";
    meta = {
      description = throw "no description";
      homepage = [ "http://sample.granary.test/" null ];
      license = [ "something unheard of" { } ];
      maintainers = x: x;
      priority = final.hello;
      position = 5;
    };
  };

  "dot.ted" = small "dotted";
  "spa ced" = small "spaced";
  "quo\"ted" = small "quoted";
  "dol\${lar}" = small "dollar";
  "back\\slash" = small "backslash";
  "line\nbreak" = small "line-break";
  "ünïcode" = small "unicode";
  "0digit" = small "digit";
  "_underscore'" = small "underscore";

  # None of these is a package.
  aString = "hello";
  aNumber = 5;
  aFunction = x: x;
  aList = [ final.hello ];
  nothing = null;
  aSet = { };
}
// prev.lib.optionalAttrs (prev.config.contentAddressed or false) {
  # Needs the experimental feature ca-derivations.
  contentAddressed = stdenv.mkDerivation {
    name = "content-addressed";
    __contentAddressed = true;
    outputHashMode = "recursive";
    outputHashAlgo = "sha256";
  };
}
