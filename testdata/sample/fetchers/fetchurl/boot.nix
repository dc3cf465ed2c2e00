# Nix's own fetcher, which needs no package at all.
{
  url,
  name ? baseNameOf url,
  hash ? "",
  sha256 ? "",
  executable ? false,
  unpack ? false,
}:
derivation {
  inherit name url executable unpack;
  urls = [ url ];
  system = "builtin";
  builder = "builtin:fetchurl";
  outputHashAlgo = if sha256 != "" then "sha256" else null;
  outputHash = if sha256 != "" then sha256 else hash;
  outputHashMode = if executable || unpack then "recursive" else "flat";
  preferLocalBuild = true;
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
  # builtins.derivation turns null into "", and Nix reads that as "see the hash".
}
