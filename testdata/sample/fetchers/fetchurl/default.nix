# fetchurl with arguments and environment as in nixpkgs up to 2025.
{ lib, stdenvNoCC, curl }:
let
  mirrors = import ./mirrors.nix;
  sites = builtins.attrNames mirrors;

  mirrorsFile = stdenvNoCC.mkDerivation (
    {
      name = "mirrors-list";
      builder = ./write-mirror-list.sh;
      preferLocalBuild = true;
      inherit sites;
    }
    // mirrors
  );

  hashFrom = import ./hash.nix;
in
{
  url ? "",
  urls ? [ ],
  name ? "",
  hash ? "",
  outputHash ? "",
  outputHashAlgo ? "",
  sha1 ? "",
  sha256 ? "",
  sha512 ? "",
  curlOpts ? "",
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
let
  urls_ =
    if (url == "") == (urls == [ ]) then
      throw "fetchurl requires either `url` or `urls` to be set"
    else if url != "" then
      [ url ]
    else
      urls;
in
stdenvNoCC.mkDerivation {
  name =
    if showURLs then
      "urls"
    else if name != "" then
      name
    else
      baseNameOf (toString (builtins.head urls_));
  builder = ./builder.sh;
  nativeBuildInputs = [ curl ];
  urls = urls_;
  preferHashedMirrors = true;
  inherit (hashFrom { inherit hash outputHash outputHashAlgo sha1 sha256 sha512; })
    outputHash
    outputHashAlgo
    ;
  outputHashMode = if recursiveHash || executable then "recursive" else "flat";
  inherit
    curlOpts
    downloadToTemp
    executable
    mirrorsFile
    postFetch
    showURLs
    ;
  impureEnvVars =
    lib.fetchers.proxyImpureEnvVars
    ++ [ "NIX_CURL_FLAGS" "NIX_HASHED_MIRRORS" "NIX_CONNECT_TIMEOUT" ]
    ++ map (site: "NIX_MIRRORS_${site}") sites
    ++ netrcImpureEnvVars;
  preferLocalBuild = true;
  postHook =
    if netrcPhase == null then
      null
    else
      ''
        ${netrcPhase}
        curlOpts="$curlOpts --netrc-file $PWD/netrc"
      '';
  inherit meta passthru;
}
