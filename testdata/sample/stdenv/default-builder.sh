# "Builds" a package: checks that what it needs is there, then writes into each
# output what it was made from.
. "$stdenv"

for input in ${src:-} ${srcs:-} ${buildInputs:-} ${nativeBuildInputs:-}; do
    if [ ! -e "$input" ]; then
        echo "$name: input $input is missing" >&2
        exit 1
    fi
done

for output in ${outputs:-out}; do
    eval "path=\$$output"
    echo "$name, made from ${src:-}${srcs:-} with ${buildInputs:-nothing else}" >"$path"
done
