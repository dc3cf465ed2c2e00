# fetchzip with the postFetch of nixpkgs in 2018, which granary must know by
# its text.
{ lib, fetchurl, unzip }:
{
  stripRoot ? true,
  url,
  extraPostFetch ? "",
  name ? "source",
  ...
}@args:
lib.overrideDerivation
  (fetchurl (
    {
      inherit name;
      recursiveHash = true;
      downloadToTemp = true;
      postFetch =
        ''
          export PATH=${unzip}/bin:$PATH

          unpackDir="$TMPDIR/unpack"
          mkdir "$unpackDir"
          cd "$unpackDir"

          renamed="$TMPDIR/${baseNameOf url}"
          mv "$downloadedFile" "$renamed"
          unpackFile "$renamed"
        ''
        + (
          if stripRoot then
            ''
              if [ $(ls "$unpackDir" | wc -l) != 1 ]; then
                echo "error: zip file must contain a single file or directory."
                echo "hint: Pass stripRoot=false; to fetchzip to assume flat list of files."
                exit 1
              fi
              fn=$(cd "$unpackDir" && echo *)
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
        + extraPostFetch;
    }
    // removeAttrs args [ "stripRoot" "extraPostFetch" ]
  ))
  (drv: { nativeBuildInputs = drv.nativeBuildInputs ++ [ unzip ]; })
