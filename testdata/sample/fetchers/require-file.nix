# A file that its user must fetch by hand: no URL.
{ stdenvNoCC }:
{
  name,
  url,
  sha256,
  message ? "Fetch ${name} from ${url} yourself and add it with nix-store --add-fixed sha256 ${name}.",
}:
stdenvNoCC.mkDerivation {
  inherit name message;
  outputHashMode = "flat";
  outputHashAlgo = "sha256";
  outputHash = sha256;
  preferLocalBuild = true;
  builder = ./require-file.sh;
}
