# Tries each URL in turn, mirror:// ones with all bases of their site.
. "$stdenv"
. "$mirrorsFile"
eval "${postHook:-}"

downloadedFile=$out
if [ -n "$downloadToTemp" ]; then downloadedFile=$TMPDIR/file; fi

expand() {
    case "$1" in
    mirror://*)
        rest=${1#mirror://}
        eval "bases=\${${rest%%/*}:-}"
        for base in $bases; do echo "$base${rest#*/}"; done
        ;;
    *) echo "$1" ;;
    esac
}

for url in $urls; do
    for candidate in $(expand "$url"); do
        echo "trying $candidate"
        if curl --fail --location $curlOpts "$candidate" --output "$downloadedFile"; then
            if [ "$executable" = 1 ]; then chmod +x "$downloadedFile"; fi
            runHook postFetch
            exit 0
        fi
    done
done
echo "error: cannot download $name from any mirror" >&2
exit 1
