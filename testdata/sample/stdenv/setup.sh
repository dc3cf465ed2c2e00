# Every builder reads this file first.
PATH=${PATH:-}:/usr/local/bin:/usr/bin:/bin
export PATH

runHook() {
    eval "eval \"\${$1:-}\""
}

unpackFile() {
    case "$1" in
    *.zip) unzip -qq "$1" ;;
    *) tar xf "$1" ;;
    esac
}
