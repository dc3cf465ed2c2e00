# fetchgit with arguments and environment as in nixpkgs.
{ lib, stdenvNoCC, git }:
{
  url,
  rev ? "HEAD",
  sha256 ? "",
  hash ? "",
  name ? "source",
  fetchSubmodules ? true,
  deepClone ? false,
  leaveDotGit ? deepClone,
  fetchLFS ? false,
  sparseCheckout ? [ ],
  branchName ? null,
  postFetch ? "",
}:
stdenvNoCC.mkDerivation {
  inherit name;
  builder = ./builder.sh;
  nativeBuildInputs = [ git ];
  outputHashAlgo = if sha256 != "" then "sha256" else null;
  outputHash = if sha256 != "" then sha256 else hash;
  outputHashMode = "recursive";
  inherit
    branchName
    deepClone
    fetchLFS
    fetchSubmodules
    leaveDotGit
    postFetch
    rev
    sparseCheckout
    url
    ;
  impureEnvVars = lib.fetchers.proxyImpureEnvVars ++ [ "GIT_PROXY_COMMAND" "SOCKS_SERVER" ];
  preferLocalBuild = true;
}
