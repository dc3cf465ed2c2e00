# The fetchers, the tools that they run, and packages that need one another.
final: prev:
let
  inherit (final) lib stdenv fetchurlBoot;
  callPackage = lib.callPackageWith final;

  # tool NAME VERSION HASH: what a fetcher runs. Its own source comes through
  # Nix's fetcher, as in nixpkgs: else it would need itself.
  tool =
    pname: version: sha256:
    stdenv.mkDerivation {
      inherit pname version;
      src = fetchurlBoot {
        url = "http://sample.granary.test/${pname}-${version}.tar.gz";
        inherit sha256;
      };
    };

  # package PNAME VERSION SHA256: one whose source is an ordinary tarball.
  package =
    pname: version: sha256: more:
    stdenv.mkDerivation (
      {
        inherit pname version;
        src = final.fetchurl {
          url = "http://sample.granary.test/${pname}-${version}.tar.gz";
          inherit sha256;
        };
      }
      // more
    );
in
{
  inherit callPackage package;

  curl = tool "curl" "8.0" "0vzd1hwzlpyd41hp4h9abpkgpgf1dwm4j0ind8hayyz5bkmwbv4j";
  unzip = tool "unzip" "6.0" "0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq";
  git = tool "git" "2.0" "0852x8lizvxibzfqzv5mx0i8w1hyzv58wkj05a705yrp6jgq01i1";

  fetchurl = callPackage (
    if final.config.structuredFetchurl or false then
      ./fetchers/fetchurl/structured.nix
    else
      ./fetchers/fetchurl
  ) { };
  fetchurlStructured = callPackage ./fetchers/fetchurl/structured.nix { };
  fetchzip = callPackage ./fetchers/fetchzip { };
  fetchzipLater = callPackage ./fetchers/fetchzip/later.nix { };
  fetchFromForge = callPackage ./fetchers/fetchzip/from-forge.nix { };
  fetchgit = callPackage ./fetchers/fetchgit { };
  fetchpatch = callPackage ./fetchers/fetchpatch.nix { };
  requireFile = callPackage ./fetchers/require-file.nix { };

  hello = package "hello" "2.10" "0bcf9ycdlwld8iry4azxqlffs6p8ggs32r167a7j2khfyhbqdxba" {
    meta = {
      description = "A program that produces a familiar, friendly greeting";
      license = lib.licenses.mit;
      platforms = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "aarch64-darwin" ];
    };
  };
  # Two attributes, one derivation.
  helloAlias = final.hello;

  # Four deep: app -> libgreet -> compiler -> seed.
  seed = stdenv.mkDerivation {
    name = "seed";
    src = fetchurlBoot {
      url = "http://sample.granary.test/bootstrap/seed.tar.gz";
      sha256 = "0hc2qvq7jdafl78p7jq6il9rs77vnm781vl6rmpzy7n277qbx69i";
    };
  };
  compiler = package "compiler" "1.0" "1v5aa49lwy7s0iqcvfx71sj356sj7ssqishrgwl4vxyx5bjsjhzk" {
    nativeBuildInputs = [ final.seed ];
  };
  libgreet = package "libgreet" "1.0" "139bkzmy0112cbxkpdfrmba4fqh6b9hcaaz64x1qdsbpiy1yp5ym" {
    nativeBuildInputs = [ final.compiler ];
  };
  app = package "app" "1.0" "1knih98cjdjfpji6jph395f6fp0hqxc8wzcx02n9g2yghxkw88r9" {
    buildInputs = [ final.libgreet ];
  };
}
