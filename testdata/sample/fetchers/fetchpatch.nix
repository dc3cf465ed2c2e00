# A patch that is filtered after its download: only its builder gives the bytes.
{ fetchurl }:
args:
fetchurl (
  {
    postFetch = ''
      filterdiff() { sed -n -e '/^--- /,$p' "$1"; }
      tmpfile="$TMPDIR/patch"
      filterdiff "$out" > "$tmpfile"
      cat "$tmpfile" > "$out"
    '';
  }
  // args
)
