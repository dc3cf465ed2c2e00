package main

import (
	"os"
	"strings"

	"github.com/spf13/cobra"

	"granary/fetch"
)

const (
	defaultSubstituter = "https://cache.nixos.org"
	// substitutersVar names the variable that holds URLs, with spaces between
	// them, in place of the default. With none in it, there are none.
	substitutersVar = "GRANARY_SUBSTITUTERS"
)

// substituterFlags say which binary caches to ask, and when.
type substituterFlags struct {
	urls        []string
	none, first bool
}

func (f *substituterFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&f.urls, "substituter", nil,
		"ask the binary cache at `URL` for what the web does not have: https, http or file\n"+
			"(repeatable; default: those in $"+substitutersVar+", else "+defaultSubstituter+")")
	flags.BoolVar(&f.none, "no-substituters", false, "ask no binary cache")
	flags.BoolVar(&f.first, "substituters-first", false, "ask binary caches before the web")
}

func (f *substituterFlags) check() error {
	if f.none && len(f.urls) > 0 {
		return usagef("--no-substituters and --substituter: only one of them makes sense")
	}
	for _, url := range f.list() {
		if err := fetch.CheckSubstituter(url); err != nil {
			return usagef("%v", err)
		}
	}
	return nil
}

// list returns the URLs of the caches to ask.
func (f *substituterFlags) list() []string {
	if f.none || len(f.urls) > 0 {
		return f.urls
	}
	if urls, ok := os.LookupEnv(substitutersVar); ok {
		return strings.Fields(urls)
	}
	return []string{defaultSubstituter}
}
