package eval

import (
	"testing"

	"granary"
	"granary/hashes"
)

const gitEnv = "url=http://x/a;;rev=abc;;leaveDotGit=;;deepClone=;;fetchSubmodules=;;fetcher=/x"

func checkoutOf(kind granary.Kind, rev string, c granary.Checkout) granary.Source {
	return granary.Source{
		Kind: kind, URLs: oneURL, Rev: rev, Recipe: granary.RecipeCheckout, Checkout: c,
	}
}

var checkoutTests = []struct {
	name, env string
	more      map[string]any // structured attributes
	want      granary.Source
}{
	{
		"fetchgit of 2018", gitEnv + ";;postFetch=;;branchName=b", nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{}),
	},
	{
		"fetchgit of 2026", gitEnv + ";;fetchLFS=;;fetchTags=;;nonConeMode=;;postFetch=;;" +
			"preFetch=;;revCustom=;;rootDir=;;sparseCheckout=;;tag=v1", nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{}),
	},
	{
		"submodules", "url=http://x/a;;rev=abc;;leaveDotGit=;;deepClone=;;fetchSubmodules=1", nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{Submodules: true}),
	},
	{
		"LFS", gitEnv + ";;fetchLFS=1", nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{LFS: true}),
	},
	{
		"sparse checkout, as lines", gitEnv + `;;sparseCheckout=a\n\n  b c\n`, nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{Sparse: "a\nb c"}),
	},
	{
		"sparse checkout, as a list", gitEnv, map[string]any{"sparseCheckout": []string{"a", "b c"}},
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{Sparse: "a\nb c"}),
	},
	{
		"sparse checkout, as a text beside a list", gitEnv +
			`;;sparseCheckout=a b c;;sparseCheckoutText=a\nb c`, nil,
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{Sparse: "a\nb c"}),
	},
	{
		"rootDir", gitEnv + ";;nonConeMode=1;;rootDir=a/b;;sparseCheckout=a/b", nil,
		checkoutOf(granary.KindFetchgit, "abc",
			granary.Checkout{Sparse: "a/b", NoCone: true, RootDir: "a/b"}),
	},
	{
		"booleans", "url=http://x/a;;rev=abc", map[string]any{
			"leaveDotGit": false, "fetchSubmodules": true, "deepClone": false, "nonConeMode": false,
		},
		checkoutOf(granary.KindFetchgit, "abc", granary.Checkout{Submodules: true}),
	},
	{
		"leaveDotGit", "url=http://x/a;;rev=abc;;leaveDotGit=1;;fetchSubmodules=", nil,
		granary.Source{Kind: granary.KindFetchgit, URLs: oneURL, Rev: "abc"},
	},
	{
		"tags", gitEnv + ";;fetchTags=1", nil,
		granary.Source{Kind: granary.KindFetchgit, URLs: oneURL, Rev: "abc"},
	},
	{
		"postFetch", gitEnv + ";;postFetch=rm $out/x", nil,
		granary.Source{Kind: granary.KindFetchgit, URLs: oneURL, Rev: "abc"},
	},
	{
		"preFetch", gitEnv + ";;preFetch=export NIX_PREFETCH_GIT_CHECKOUT_HOOK=x", nil,
		granary.Source{Kind: granary.KindFetchgit, URLs: oneURL, Rev: "abc"},
	},
	{
		"gitConfigFile", gitEnv + ";;gitConfigFile=/x", nil,
		granary.Source{Kind: granary.KindFetchgit, URLs: oneURL, Rev: "abc"},
	},
	{
		"fetchsvn", "url=http://x/a;;rev=7;;ignoreExternals=;;ignoreKeywords=", nil,
		checkoutOf(granary.KindFetchsvn, "7", granary.Checkout{}),
	},
	{
		"fetchsvn, a number", "url=http://x/a;;ignoreKeywords=",
		map[string]any{"rev": 1234567, "ignoreExternals": true},
		checkoutOf(granary.KindFetchsvn, "1234567", granary.Checkout{IgnoreExternals: true}),
	},
	{
		"fetchsvn without keywords", "url=http://x/a;;rev=7;;ignoreExternals=;;ignoreKeywords=1", nil,
		checkoutOf(granary.KindFetchsvn, "7", granary.Checkout{IgnoreKeywords: true}),
	},
	{
		"fetchhg", "url=http://x/a;;rev=tip;;subrepoClause=", nil,
		checkoutOf(granary.KindFetchhg, "tip", granary.Checkout{}),
	},
	{
		"fetchhg with subrepositories", "url=http://x/a;;subrepoClause=S", nil,
		checkoutOf(granary.KindFetchhg, "", granary.Checkout{Submodules: true}),
	},
}

func TestCheckouts(t *testing.T) {
	for _, row := range checkoutTests {
		t.Run(row.name, func(t *testing.T) {
			d := fixedOutput(t, recursive, row.env)
			want := row.want
			want.Name, want.OutPath = "a", hashes.StorePath(d.Outputs[0].Path)
			want.CA, _ = d.Outputs[0].ContentAddress()
			if row.more == nil {
				compareSource(t, d, want)
			}
			compareSource(t, structured(t, d, row.more), want)
		})
	}
}
