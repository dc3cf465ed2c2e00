# Structured attributes reach a builder as declarations for bash.
export PATH=/usr/local/bin:/usr/bin:/bin
if [ -z "${BASH_VERSION:-}" ]; then exec bash -e "$0"; fi
. ./.attrs.sh
. "$mirrorsListFile"
out=${outputs[out]}

candidates=()
for url in "${urls[@]}"; do
    case "$url" in
    mirror://*)
        rest=${url#mirror://}
        declare -n bases="_mirror_${rest%%/*}"
        for base in "${bases[@]}"; do candidates+=("$base${rest#*/}"); done
        ;;
    *) candidates+=("$url") ;;
    esac
done

for url in "${candidates[@]}"; do
    echo "trying $url"
    if curl --fail --location $curlOpts "${curlOptsList[@]}" "$url" --output "$out"; then
        if [ -n "$executable" ]; then chmod +x "$out"; fi
        exit 0
    fi
done
echo "error: cannot download $name from any mirror" >&2
exit 1
