. "$stdenv"
for site in $sites; do
    eval "bases=\$$site"
    echo "$site='$bases'"
done >"$out"
