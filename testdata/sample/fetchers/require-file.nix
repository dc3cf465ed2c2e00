# A file that its user must fetch by hand: no URL.
{ stdenvNoCC }:
{ name, url, sha256 }:
let
  message = ''
    ${name} cannot be downloaded. Get it from ${url} and add it with
    nix-store --add-fixed sha256 ${name}
  '';
in
stdenvNoCC.mkDerivation {
  inherit name;
  outputHashMode = "flat";
  outputHashAlgo = "sha256";
  outputHash = sha256;
  preferLocalBuild = true;
  # granary knows such a source by the name of its builder, as in nixpkgs.
  builder = stdenvNoCC.mkDerivation {
    name = "restrict-message";
    text = ''
      printf '%s' "${message}" >&2
      exit 1
    '';
    builder = ./write-text.sh;
  };
}
