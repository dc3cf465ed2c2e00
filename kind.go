package granary

// A Kind is the fetcher that a source's derivation uses, by the name that
// nixpkgs gives it.
type Kind string

// The kinds that granary tells apart. Whatever is none of them is KindOther.
const (
	KindFetchurl        Kind = "fetchurl" // and fetchPypi, fetchMavenArtifact, gems, npm tarballs
	KindBuiltinFetchurl Kind = "builtin:fetchurl"
	KindFetchzip        Kind = "fetchzip" // and fetchCrate, and the forges, which build on it
	KindFetchpatch      Kind = "fetchpatch"
	KindTeXLive         Kind = "texlive" // a package of TeX Live, unpacked
	KindRequireFile     Kind = "requireFile"
	KindOther           Kind = "other"

	// Checkouts out of a repository.
	KindFetchgit         Kind = "fetchgit" // and forges with submodules, LFS or a sparse checkout
	KindFetchsvn         Kind = "fetchsvn"
	KindFetchsvnssh      Kind = "fetchsvnssh"
	KindFetchhg          Kind = "fetchhg"
	KindFetchcvs         Kind = "fetchcvs"
	KindFetchdarcs       Kind = "fetchdarcs"
	KindFetchbzr         Kind = "fetchbzr"
	KindFetchpijul       Kind = "fetchpijul"
	KindFetchfossil      Kind = "fetchfossil"
	KindFetchmtn         Kind = "fetchmtn"
	KindFetchRepoProject Kind = "fetchRepoProject"

	// Other protocols and stores.
	KindFetchipfs    Kind = "fetchipfs"
	KindFetchtorrent Kind = "fetchtorrent"
	KindFetchs3      Kind = "fetchs3"
	KindFetchegg     Kind = "fetchegg"
	KindFetchgx      Kind = "fetchgx"
	KindFetchbower   Kind = "fetchbower"
	KindFetchdocker  Kind = "fetchdocker"
	KindPullImage    Kind = "dockerTools.pullImage"

	// What a language's package manager brings together, from a lock file.
	KindFetchCargoVendor  Kind = "fetchCargoVendor"
	KindFetchCargoTarball Kind = "fetchCargoTarball" // until 2018 fetchcargo
	KindGoModules         Kind = "goModules"
	KindFetchNpmDeps      Kind = "fetchNpmDeps"
	KindFetchYarnDeps     Kind = "fetchYarnDeps" // and fetchYarnBerryDeps
	KindFetchPnpmDeps     Kind = "fetchPnpmDeps"
	KindComposerVendor    Kind = "composerVendor"
	KindFetchMixDeps      Kind = "fetchMixDeps"
	KindFetchRebar3Deps   Kind = "fetchRebar3Deps"
	KindBazelDeps         Kind = "buildBazelPackage"
	KindMavenDeps         Kind = "fetchedMavenDeps"
	KindGradleDeps        Kind = "gradle.fetchDeps"

	// What has no derivation: the builtins that fetch during evaluation, and the
	// inputs that a flake.lock names.
	KindEvalFetchurl     Kind = "builtins.fetchurl"
	KindEvalFetchTarball Kind = "builtins.fetchTarball"
	KindEvalFetchGit     Kind = "builtins.fetchGit"
	KindEvalFetchTree    Kind = "builtins.fetchTree"
	KindFlakeInput       Kind = "flake input"
)
