. "$stdenv"
HOME=$TMPDIR
export HOME
git clone --quiet --no-checkout "$url" "$out"
cd "$out"
git checkout --quiet "$rev"
if [ -n "$fetchSubmodules" ]; then git submodule update --quiet --init --recursive; fi
if [ -z "$leaveDotGit" ]; then rm -rf .git; fi
runHook postFetch
