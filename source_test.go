package granary

import (
	"testing"

	"granary/hashes"
)

// TestNewSource has the paths that Nix gave to derivations with these hashes:
// see eval/testdata/drv.
func TestNewSource(t *testing.T) {
	for _, row := range []struct {
		name string
		mode hashes.Mode
		hash string
		want hashes.StorePath // "": an error
	}{
		{
			"structured", hashes.Flat,
			"sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq",
			"/nix/store/byby23r7sasis09l3jcrkmqs1ng6kz0s-structured",
		},
		{
			"sriFlat", hashes.Flat,
			"sha512-vSAq3qxpQWkUjYRP6Y7L7xVwmJm0g7b3R8mRQpAgJz3nYqG0mh8eQvL0bUqrCk0mGkP1J1bUq2QpV0w5l2e3Ig==",
			"/nix/store/s1m991x8gy8k7xdnw8i95pb0zjrdirbz-sriFlat",
		},
		{
			"gitfixed", hashes.Git, "sha1:ecf6b89b1ab38bf7d3e04d5ab9d8b1c3b2f3e5fd",
			"/nix/store/54gfj4l3qjd6mvnv28n3n61mjmkzpqnr-gitfixed",
		},
		{
			"textfixed", hashes.Text, "sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq",
			"/nix/store/0vdxqwlwvn02nlnm3dp7b6266c46zvch-textfixed",
		},
		{"text", hashes.Text, "sha1:ecf6b89b1ab38bf7d3e04d5ab9d8b1c3b2f3e5fd", ""},
		{
			"a name/with a slash", hashes.Flat,
			"sha256:0jpbk1h9dy3rhrr27d8nl614n783wjg0bqn4acy2sl6p8hv5zyaq", "",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			h, err := hashes.Parse(row.hash)
			if err != nil {
				t.Fatal(err)
			}
			ca := hashes.ContentAddress{Mode: row.mode, Hash: h}
			got, err := NewSource(row.name, ca)
			if got.OutPath != row.want || (err == nil) != (row.want != "") {
				t.Fatalf("got %s, %v, want %s", got.OutPath, err, row.want)
			}
			if err == nil && (got.Name != row.name || got.CA != ca) {
				t.Errorf("got %+v", got)
			}
		})
	}
	if s, err := NewSource("x", hashes.ContentAddress{}); err == nil {
		t.Errorf("no hash: got %+v", s)
	}
}

func TestParseRecipe(t *testing.T) {
	for _, r := range []Recipe{
		"", RecipeFlat, RecipeExecutable, RecipeUnpack, RecipeNAR, RecipeCheckout,
	} {
		if got, err := ParseRecipe(string(r)); got != r || err != nil {
			t.Errorf("%q: got %q, %v", r, got, err)
		}
	}
	for _, s := range []string{"Flat", "magic", " "} {
		if got, err := ParseRecipe(s); got != "" || err == nil {
			t.Errorf("%q: got %q, %v", s, got, err)
		}
	}
}
