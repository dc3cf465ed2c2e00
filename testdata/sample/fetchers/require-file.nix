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
  # As in nixpkgs: granary knows such a source by the name of its builder, and the
  # message by the lines of stars.
  builder = stdenvNoCC.mkDerivation {
    name = "restrict-message";
    text = ''
      cat >&2 <<_EOF_

      ***
      ${message}
      ***

      _EOF_
      exit 1
    '';
    builder = ./write-text.sh;
  };
}
