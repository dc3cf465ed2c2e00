# fetchzip with the postFetch of nixpkgs in 2026, which granary must know by
# its text.
{ lib, fetchurl, unzip }:
{
  stripRoot ? true,
  url ? "",
  urls ? [ ],
  name ? "source",
  extension ? null,
  postFetch ? "",
  extraPostFetch ? "",
  ...
}@args:
let
  tmpFilename =
    if extension != null then
      "download.${extension}"
    else
      baseNameOf (if url != "" then url else builtins.head urls);
in
lib.overrideDerivation
  (fetchurl (
    removeAttrs args [ "stripRoot" "extension" "extraPostFetch" ]
    // {
      inherit name;
      recursiveHash = true;
      downloadToTemp = true;
      postFetch =
        ''
          unpackDir="$TMPDIR/unpack"
          mkdir "$unpackDir"
          cd "$unpackDir"

          renamed="$TMPDIR/${tmpFilename}"
          mv "$downloadedFile" "$renamed"
          unpackFile "$renamed"
          chmod -R +w "$unpackDir"
        ''
        + (
          if stripRoot then
            ''
              if [ $(ls -A "$unpackDir" | wc -l) != 1 ]; then
                echo "error: zip file must contain a single file or directory."
                echo "hint: Pass stripRoot=false; to fetchzip to assume flat list of files."
                exit 1
              fi
              fn=$(cd "$unpackDir" && ls -A)
              if [ -f "$unpackDir/$fn" ]; then
                mkdir $out
              fi
              mv "$unpackDir/$fn" "$out"
            ''
          else
            ''
              mv "$unpackDir" "$out"
            ''
        )
        + ''
          ${postFetch}
          ${extraPostFetch}
          chmod 755 "$out"
        '';
    }
  ))
  (drv: {
    nativeBuildInputs = drv.nativeBuildInputs ++ [ unzip ];
    inherit extension stripRoot;
  })
