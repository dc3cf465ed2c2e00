package eval

import (
	"slices"
	"strings"

	"granary"
)

// A sign tells derivations of one fetcher from all others.
type sign func(d *granary.Derivation, f fields) bool

// signs are what nixpkgs' fetchers put into their derivations, from 2016 to
// today, each named by its file there. The first that fits counts: what is sure
// comes before what is looked for in build scripts.
var signs = []struct {
	kind granary.Kind
	sign sign
}{
	{granary.KindBuiltinFetchurl, func(d *granary.Derivation, _ fields) bool {
		return d.Builder == "builtin:fetchurl"
	}},
	{granary.KindRequireFile, uses("restrict-message")}, // build-support/trivial-builders

	// build-support/fetchgit and its like.
	{granary.KindFetchgit, has("url", "leaveDotGit", "fetchSubmodules")},
	{granary.KindFetchhg, has("subrepoClause")},
	{granary.KindFetchsvn, has("ignoreExternals")},
	{granary.KindFetchsvnssh, has("sshSubversion")},
	{granary.KindFetchcvs, has("cvsRoot", "module")},
	{granary.KindFetchRepoProject, has("manifest", "repoRepoURL")},
	{granary.KindFetchmtn, has("selector", "dbs")},
	{granary.KindFetchegg, has("eggName")},
	{granary.KindFetchipfs, has("ipfs", "port")},
	{granary.KindFetchs3, both(has("AWS_DEFAULT_REGION"), runs("aws s3 "))},
	{granary.KindFetchdarcs, both(has("url"), uses("darcs"))},
	{granary.KindFetchbzr, both(has("url"), uses("bazaar", "breezy"))},
	{granary.KindFetchpijul, both(has("url"), uses("pijul"))},
	{granary.KindFetchfossil, both(has("url"), uses("fossil"))},

	{granary.KindPullImage, either(has("imageDigest"), runs("skopeo copy", "skopeo --"))},
	{granary.KindFetchdocker, uses("hocker-config-builder.sh", "hocker-layer-builder.sh")},
	{granary.KindFetchtorrent, runs("transmission-cli", "rqbit ")},
	{granary.KindFetchbower, runs("fetch-bower")},
	{granary.KindFetchgx, runs("gx install")},

	// Rust, Go, JavaScript, PHP, Elixir, Erlang, the JVM.
	{granary.KindFetchCargoVendor, runs("fetch-cargo-vendor-util")},
	{granary.KindFetchCargoTarball, runs("cargo vendor", "cargo-vendor-normalise")},
	{granary.KindGoModules, either(has("GO111MODULE"), runs("go mod download", "go mod vendor"))},
	{granary.KindFetchNpmDeps, runs("prefetch-npm-deps")},
	{granary.KindFetchYarnDeps, runs("prefetch-yarn-deps", "yarn-berry-fetcher")},
	{granary.KindFetchPnpmDeps, runs("pnpm install")},
	{granary.KindComposerVendor, has("composerNoDev")},
	{granary.KindFetchMixDeps, runs("mix deps.get")},
	{granary.KindFetchRebar3Deps, runs("rebar3 get-deps")},
	{granary.KindBazelDeps, either(has("bazelTarget"), has("bazelTargets"))},
	{granary.KindMavenDeps, runs("-Dmaven.repo.local")},
	{granary.KindGradleDeps, runs("gradle ")},
}

// kindOf returns the kind of the fetcher that made d. What builds on fetchurl
// is told by what it does to the file.
func kindOf(d *granary.Derivation, f fields) granary.Kind {
	isFetchurl := f.has("mirrorsFile") || f.has("mirrorsListFile") || f.has("downloadToTemp")
	switch {
	case isFetchurl:
		return fetchurlKind(f.value("postFetch"))
	case isTeXLive(f.value("buildCommand")):
		return granary.KindTeXLive
	}
	for _, s := range signs {
		if s.sign(d, f) {
			return s.kind
		}
	}
	return granary.KindOther
}

func fetchurlKind(postFetch string) granary.Kind {
	switch {
	case isTeXLive(postFetch):
		return granary.KindTeXLive
	case strings.Contains(postFetch, `unpackFile "$renamed"`):
		return granary.KindFetchzip
	case strings.Contains(postFetch, "filterdiff") || strings.Contains(postFetch, "lsdiff"):
		return granary.KindFetchpatch
	}
	return granary.KindFetchurl
}

// has fits what has all of these attributes, be they empty.
func has(names ...string) sign {
	return func(_ *granary.Derivation, f fields) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !f.has(name) })
	}
}

// uses fits what has an input of one of these names, with or without a version.
func uses(names ...string) sign {
	return func(d *granary.Derivation, _ fields) bool {
		return slices.ContainsFunc(d.Inputs, func(in granary.Input) bool {
			_, name, _ := strings.Cut(in.Path.Base(), "-")
			return slices.ContainsFunc(names, func(want string) bool {
				rest, ok := strings.CutPrefix(name, want)
				return ok && (rest == ".drv" || rest != "" && rest[0] == '-')
			})
		})
	}
}

// runs fits what has one of these texts in its build script.
func runs(texts ...string) sign {
	scripts := []string{"buildCommand", "buildPhase", "installPhase", "configurePhase"}
	return func(_ *granary.Derivation, f fields) bool {
		return slices.ContainsFunc(scripts, func(script string) bool {
			text := f.value(script)
			return slices.ContainsFunc(texts, func(part string) bool {
				return strings.Contains(text, part)
			})
		})
	}
}

func both(a, b sign) sign {
	return func(d *granary.Derivation, f fields) bool { return a(d, f) && b(d, f) }
}

func either(a, b sign) sign {
	return func(d *granary.Derivation, f fields) bool { return a(d, f) || b(d, f) }
}
