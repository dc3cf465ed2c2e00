# fetchurl with structured attributes and a list of mirrors in the form of
# nixpkgs since late 2025.
{ lib, stdenvNoCC, curl }:
let
  mirrors = import ./mirrors.nix;
  quoted = base: "'${base}'";
  line = site: bases: "_mirror_${site}=( ${lib.concatStringsSep " " (map quoted bases)} )\n";
  mirrorsListFile = builtins.toFile "mirrors-list" (
    lib.concatStringsSep "" (lib.concatMapAttrs line mirrors)
  );
  hashFrom = import ./hash.nix;
in
{
  url ? "",
  urls ? [ ],
  name ? baseNameOf (builtins.head (if url != "" then [ url ] else urls)),
  hash ? "",
  outputHash ? "",
  outputHashAlgo ? "",
  sha1 ? "",
  sha256 ? "",
  sha512 ? "",
  curlOpts ? "",
  curlOptsList ? [ ],
  recursiveHash ? false,
  netrcPhase ? null,
  netrcImpureEnvVars ? [ ],
  postFetch ? "",
  downloadToTemp ? false,
  executable ? false,
  showURLs ? false,
  meta ? { },
  passthru ? { },
}:
stdenvNoCC.mkDerivation {
  __structuredAttrs = true;
  inherit name;
  builder = ./structured-builder.sh;
  nativeBuildInputs = [ curl ];
  urls = if url != "" then [ url ] else urls;
  preferHashedMirrors = false;
  inherit (hashFrom { inherit hash outputHash outputHashAlgo sha1 sha256 sha512; })
    outputHash
    outputHashAlgo
    ;
  outputHashMode = if recursiveHash || executable then "recursive" else "flat";
  inherit
    curlOpts
    curlOptsList
    downloadToTemp
    executable
    mirrorsListFile
    netrcImpureEnvVars
    netrcPhase
    postFetch
    recursiveHash
    showURLs
    ;
  impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ netrcImpureEnvVars;
  preferLocalBuild = true;
  inherit meta;
  passthru = { inherit url; } // passthru;
}
