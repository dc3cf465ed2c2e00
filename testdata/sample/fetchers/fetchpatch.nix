# A patch that is filtered after its download: only its builder gives the bytes.
{ fetchurl }:
args:
fetchurl (
  {
    postFetch = ''
      tmpfile="$TMPDIR/patch"
      sed -n -e '/^--- /,$p' "$out" > "$tmpfile"
      cat "$tmpfile" > "$out"
    '';
  }
  // args
)
