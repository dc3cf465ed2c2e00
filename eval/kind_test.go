package eval

import (
	"testing"

	"granary"
	"granary/hashes"
)

// What the fetchers of nixpkgs put into a derivation's environment, besides
// what every derivation has: shortened from derivations of nixpkgs of May 2018,
// of corepkgs of 2026, and of nixpkgs' releases between them.
var fetcherTests = []struct {
	name, env string
	mode      hashes.Mode
	input     string // the name of an input derivation
	want      granary.Kind
}{
	{"fetchgit", gitEnv, recursive, "git-2.17.0", granary.KindFetchgit},
	{"fetchsvn of 2018", "url=u;;rev=7;;ignoreExternals=;;ignoreKeywords=;;sshSupport=;;openssh=",
		recursive, "subversion-1.10.0", granary.KindFetchsvn},
	{"fetchsvn of 2026", "url=u;;rev=7;;ignoreExternals=;;ignoreKeywords=;;SVN_SSH=/x", recursive,
		"subversion-1.14.5", granary.KindFetchsvn},
	{"fetchsvnssh", "url=u;;rev=7;;sshSubversion=x;;username=u;;password=p;;sshSupport=",
		recursive, "subversion-1.10.0", granary.KindFetchsvnssh},
	{"fetchhg", "url=u;;rev=tip;;subrepoClause=", recursive, "mercurial-4.5.3",
		granary.KindFetchhg},
	{"fetchhg of 2026", "url=u;;rev=tip;;subrepoClause=S;;hash=sha256-x", recursive,
		"mercurial-7.1", granary.KindFetchhg},
	{"fetchcvs", "cvsRoot=:pserver:x;;module=m;;tag=1;;sha256=x", recursive, "cvs-1.12.13",
		granary.KindFetchcvs},
	{"fetchdarcs", "url=u;;rev=1.2", recursive, "darcs-2.14.0", granary.KindFetchdarcs},
	{"fetchdarcs with a context", "url=u;;context=/x", recursive, "darcs-2.18.1",
		granary.KindFetchdarcs},
	{"fetchbzr of 2018", "url=u;;rev=398", recursive, "bazaar-2.7.0", granary.KindFetchbzr},
	{"fetchbzr of 2024", "url=u;;rev=398", recursive, "breezy-3.3.5", granary.KindFetchbzr},
	{"fetchpijul", "url=u;;change=x;;channel=main;;state=;;fetchPhase=pijul clone", recursive,
		"pijul-1.0.0-beta.9", granary.KindFetchpijul},
	{"fetchfossil", "url=u;;rev=x", recursive, "fossil-2.5", granary.KindFetchfossil},
	{"fetchmtn", "branch=b;;cacheDB=x;;dbs=x;;selector=h:b", recursive, "monotone-1.1",
		granary.KindFetchmtn},
	{"fetchRepoProject", "manifest=m;;rev=r;;repoRepoURL=;;repoRepoRev=;;referenceDir=", recursive,
		"git-repo-1.12.37", granary.KindFetchRepoProject},
	{"fetchipfs", "ipfs=Qm;;url=;;port=8080;;postFetch=", recursive, "curl-7.59.0",
		granary.KindFetchipfs},
	{"fetchtorrent", "buildCommand=transmission-cli --download-dir x magnet:?x", recursive,
		"transmission-4.0.5", granary.KindFetchtorrent},
	{"fetchtorrent by rqbit", "buildCommand=rqbit download -o $out x", recursive, "rqbit-8.0.0",
		granary.KindFetchtorrent},
	{"fetchs3", "AWS_DEFAULT_REGION=us-east-1;;buildCommand=aws s3 cp s3://b/a $out", flat,
		"awscli-1.14.62", granary.KindFetchs3},
	{"fetchegg", "eggName=matchable;;version=3.3", recursive, "chicken-4.13.0",
		granary.KindFetchegg},
	{"fetchgx", `src=/x;;buildPhase=export GOPATH=x\ngx install\n`, recursive, "gx-0.13",
		granary.KindFetchgx},
	{"fetchbower", `buildCommand=fetch-bower --quiet --out=$PWD/out \"a\" \"1\" \"1\"`, recursive,
		"bower2nix-3.2.0", granary.KindFetchbower},
	{"fetchdocker", "registry=https://x/v2/;;dockerCredentialsFile=", flat,
		"hocker-layer-builder.sh", granary.KindFetchdocker},
	{"pullImage of 2018", "sourceURL=docker://nix@sha256:1;;destNameTag=nix:1;;" +
		`buildCommand=skopeo copy \"$sourceURL\" \"docker-archive://$out\"`, flat, "skopeo-0.1.29",
		granary.KindPullImage},
	{"pullImage of 2024", "imageName=nix;;imageDigest=sha256:1;;sourceURL=docker://nix", flat,
		"skopeo-1.15", granary.KindPullImage},
	{"fetchcargo of 2018", `src=/x;;installPhase=cargo vendor\n`, recursive,
		"cargo-vendor-0.1.13", granary.KindFetchCargoTarball},
	{"fetchCargoTarball", "src=/x;;buildPhase=cargo vendor $name | cargo-vendor-normalise", flat,
		"cargo-1.80.0", granary.KindFetchCargoTarball},
	{"fetchCargoVendor", "src=/x;;buildPhase=fetch-cargo-vendor-util create-vendor-staging " +
		"./Cargo.lock $out", recursive, "fetch-cargo-vendor-util", granary.KindFetchCargoVendor},
	{"goModules of 2019", "src=/x;;buildPhase=go mod download", recursive, "go-1.12",
		granary.KindGoModules},
	{"goModules", "src=/x;;GO111MODULE=on;;modRoot=./;;buildPhase=make vendor", recursive,
		"go-1.25", granary.KindGoModules},
	{"fetchNpmDeps", "src=/x;;buildPhase=prefetch-npm-deps package-lock.json $out", recursive,
		"prefetch-npm-deps-0.1.0", granary.KindFetchNpmDeps},
	{"fetchYarnDeps", "buildPhase=(cd $out; prefetch-yarn-deps --builder $yarnLock)", recursive,
		"prefetch-yarn-deps", granary.KindFetchYarnDeps},
	{"fetchYarnBerryDeps", "buildPhase=yarn-berry-fetcher fetch $yarnLock", recursive,
		"yarn-berry-fetcher-1.2", granary.KindFetchYarnDeps},
	{"fetchPnpmDeps", "src=/x;;installPhase=pnpm install --force --frozen-lockfile", recursive,
		"pnpm-10.0.0", granary.KindFetchPnpmDeps},
	{"composerVendor", "src=/x;;composerNoDev=1;;composerLock=", recursive, "composer-2.8",
		granary.KindComposerVendor},
	{"fetchMixDeps", "src=/x;;installPhase=mix deps.get --only prod", recursive, "elixir-1.18",
		granary.KindFetchMixDeps},
	{"fetchRebar3Deps", "src=/x;;installPhase=rebar3 get-deps", recursive, "rebar3-3.24",
		granary.KindFetchRebar3Deps},
	{"buildBazelPackage of 2018", "src=/x;;bazelTarget=//x;;bazelFlags=", recursive,
		"bazel-0.10.1", granary.KindBazelDeps},
	{"buildBazelPackage", "src=/x;;bazelTargets=//x;;bazelFlags=", recursive, "bazel-7.6",
		granary.KindBazelDeps},
	{"fetchedMavenDeps", "src=/x;;buildPhase=mvn package -Dmaven.repo.local=$out/.m2", recursive,
		"maven-3.9", granary.KindMavenDeps},
	{"gradle of 2018", "src=/x;;buildPhase=gradle --no-daemon build", recursive, "gradle-4.5",
		granary.KindGradleDeps},

	{"a word in another word", "url=u;;rev=1", recursive, "darcsum-1.0", granary.KindOther},
	{"a URL in another attribute", "darcs=u", recursive, "darcs-2.14.0", granary.KindOther},
	{"a font", "src=/x;;installPhase=install -D *.ttf $out", recursive, "unzip-6.0",
		granary.KindOther},
	{"nothing", "", recursive, "bash-4.4", granary.KindOther},
}

func TestKinds(t *testing.T) {
	for _, row := range fetcherTests {
		t.Run(row.name, func(t *testing.T) {
			derivation := func() *granary.Derivation {
				d := fixedOutput(t, row.mode, row.env)
				d.Inputs = []granary.Input{{Path: inputNamed(row.input)}}
				return d
			}
			inEnv := derivation()
			values := environment(inEnv)
			inEnv.Env = nil
			for name, d := range map[string]*granary.Derivation{
				"plain": derivation(), "structured": structured(t, derivation(), nil),
				"in env": structured(t, inEnv, map[string]any{"env": values}),
			} {
				s, ok, err := SourceOf(d)
				if s.Kind != row.want || !ok || err != nil {
					t.Errorf("%s: got %s, %v, %v, want %s", name, s.Kind, ok, err, row.want)
				}
			}
		})
	}
}

func inputNamed(name string) hashes.StorePath {
	return hashes.StorePath("/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-" + name + ".drv")
}

func environment(d *granary.Derivation) map[string]string {
	values := map[string]string{}
	for _, v := range d.Env {
		values[v.Name] = v.Value()
	}
	return values
}

func TestRequireFile(t *testing.T) {
	for mode, want := range map[hashes.Mode]granary.Recipe{
		flat: granary.RecipeFlat, recursive: granary.RecipeNAR, hashes.Git: "",
	} {
		d := fixedOutput(t, mode, "preferLocalBuild=1")
		d.Inputs = []granary.Input{{Path: inputNamed("restrict-message")}}
		s, _, err := SourceOf(d)
		if s.Kind != granary.KindRequireFile || s.Recipe != want || s.URLs != nil || err != nil {
			t.Errorf("mode %s: got %+v, %v, want recipe %s", mode, s, err, want)
		}
	}
}

func TestRequireFileMessage(t *testing.T) {
	const script = "source /nix/store/x-stdenv/setup\ncat <<_EOF_\n\n***\n"
	const end = "\n***\n\n_EOF_\nexit 1\n"
	for _, row := range []struct{ name, script, want string }{
		{"one line", script + "Go to http://x/.\n" + end, "Go to http://x/."},
		{"lines", script + "Go\n  there.\n\n" + end, "Go\n  there."},
		{"stars in it", script + "a\n***\nb\n" + end, "a\n***\nb"},
		{"none", script + end, ""},
		{"no end", script + "Go\n", ""},
		{"another script", "echo hello\n", ""},
		{"no script", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := requireFileMessage(row.script); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}
