package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"granary/fetch"
)

// hashedMirrorsVar names the variable that holds URLs of hashed mirrors, with
// spaces between them, for want of --mirror. nixpkgs' fetchurl reads it as well.
const hashedMirrorsVar = "NIX_HASHED_MIRRORS"

// mirrorFlags say where else to ask for what a derivation names.
type mirrorFlags struct {
	lists    []string // files
	hashed   []string
	heritage bool
	wayback  bool
	others   bool
}

func (f *mirrorFlags) add(cmd *cobra.Command) {
	f.addMirrors(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.heritage, "software-heritage", false,
		"ask Software Heritage at last, for contents by hash and for trees by hash or "+
			"commit: "+hosts(fetch.SoftwareHeritage))
	flags.BoolVar(&f.wayback, "wayback", false,
		"ask the Wayback Machine at last, for copies of the URLs: "+hosts(fetch.Wayback))
	flags.BoolVar(&f.others, "distfiles", false,
		"ask other distributions at last, for files by hash or name: "+hosts(fetch.Distfiles))
}

// addMirrors adds the flags but for those of archives.
func (f *mirrorFlags) addMirrors(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.lists, "mirrors", nil,
		"read mirror lists for mirror:// from `FILE`: lines SITE=URL ..., or +SITE=URL ... to "+
			"add to those that are known (repeatable; $NIX_MIRRORS_SITE is honoured, too)")
	flags.StringArrayVar(&f.hashed, "mirror", nil,
		"ask the hashed mirror at `URL`, too, in all known forms, or in URL's own form if "+
			"{algo}, {base16}, {nixbase32}, {sri} or {name} stand in it (repeatable; "+
			"default: those in $"+hashedMirrorsVar+")")
}

func hosts(a fetch.Archive) string { return strings.Join(a.Hosts(), ", ") }

func (f *mirrorFlags) check() error {
	for _, url := range f.hashedMirrors() {
		if err := fetch.CheckHashedMirror(url); err != nil {
			return usagef("%v", err)
		}
	}
	_, err := f.sites(nil)
	return err
}

// hashedMirrors returns the URLs of the hashed mirrors to ask.
func (f *mirrorFlags) hashedMirrors() []string {
	if len(f.hashed) > 0 {
		return f.hashed
	}
	return strings.Fields(os.Getenv(hashedMirrorsVar))
}

// sites returns the mirror:// sites that are known, as the environment changes
// them, and then the user's files.
func (f *mirrorFlags) sites(known fetch.MirrorMap) (fetch.MirrorMap, error) {
	sites, err := fetch.MirrorsFrom(os.Environ(), known)
	if err != nil {
		return nil, err
	}
	for _, name := range f.lists {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		if sites, err = fetch.ParseMirrors(name, string(text), sites); err != nil {
			return nil, err
		}
	}
	return sites, nil
}

// apply tells to where the flags say that it is to ask.
func (f *mirrorFlags) apply(to *fetch.Fetcher) (err error) {
	to.HashedMirrors = f.hashedMirrors()
	to.Archives = f.archives()
	to.Mirrors, err = f.sites(to.Mirrors)
	return err
}

// archives returns the archives to ask, in order: those that go by a hash before
// that which goes by a URL.
func (f *mirrorFlags) archives() (all []fetch.Archive) {
	if f.heritage {
		all = append(all, fetch.SoftwareHeritage)
	}
	if f.others {
		all = append(all, fetch.Distfiles)
	}
	if f.wayback {
		all = append(all, fetch.Wayback)
	}
	return all
}
