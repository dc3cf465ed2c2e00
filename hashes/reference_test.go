package hashes

import "testing"

// The paths are what Nix 2.8 gave: a .drv file, a builtins.toFile with a
// reference and one without, and a `nix store make-content-addressed`.
func TestStorePathReferring(t *testing.T) {
	for want, row := range map[StorePath]struct {
		ca   string
		mode Mode
		refs []StorePath
	}{
		"/nix/store/jb3dfv6rklz4kms47n1cwpm86prx1hss-refs.drv": {
			"sha256:0hka78ys626lhdd3jr92ppbsmqdl86i4rfw23ga5sbql6l58qh43", Text,
			[]StorePath{"/nix/store/l6hrqjqhm5ckkkh9f6ks0dls0vq04xim-outer.sh"},
		},
		"/nix/store/l6hrqjqhm5ckkkh9f6ks0dls0vq04xim-outer.sh": {
			"sha256:1m38bys5smr3dybf36j8siv41fmyv70i4r72wggm546p17yw0jsh", Text,
			[]StorePath{"/nix/store/w7b71064bk9d6z5fpdyii2ir79hsnyzy-inner.txt"},
		},
		"/nix/store/w7b71064bk9d6z5fpdyii2ir79hsnyzy-inner.txt": {
			Sum(SHA256, []byte("inner\n")).SRI(), Text, nil,
		},
		"/nix/store/0pmqkxl8r4ckj45qs11xbmsxq36isiap-two-refs": {
			"sha256:1h4616dcqfrs56l2irh6si18w5c68fpxaavb93rhck6l2jj9r1d7", Recursive,
			[]StorePath{ // twice, and not in order: references are a set
				"/nix/store/z8981y8w9604hk1v62qzkm17h8304ryb-a",
				"/nix/store/bf0j3lsybxdmpg3nhfsvjkd3x6pv98ck-b",
				"/nix/store/z8981y8w9604hk1v62qzkm17h8304ryb-a",
			},
		},
	} {
		h, err := Parse(row.ca)
		if err != nil {
			t.Fatal(err)
		}
		ca := ContentAddress{row.mode, h}
		got, err := ca.StorePathReferring(DefaultStoreDir, want.Name(), row.refs)
		if err != nil || got != want {
			t.Errorf("got %s, %v, want %s", got, err, want)
		}
	}
	flat := ContentAddress{Flat, Sum(SHA256, nil)}
	want, err := flat.StorePath(DefaultStoreDir, "empty")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := flat.StorePathReferring(DefaultStoreDir, "empty", nil); got != want || err != nil {
		t.Errorf("flat: got %s, %v, want %s", got, err, want)
	}
	for name, ca := range map[string]ContentAddress{
		"flat": flat, "recursive sha1": {Recursive, Sum(SHA1, nil)}, "no hash": {},
	} {
		if got, err := ca.StorePathReferring(DefaultStoreDir, "x", []StorePath{want}); err == nil {
			t.Errorf("%s with a reference: got %s, want an error", name, got)
		}
	}
	text := ContentAddress{Text, Sum(SHA256, nil)}
	if got, err := text.StorePathReferring(DefaultStoreDir, "a b", nil); err == nil {
		t.Errorf("bad name: got %s, want an error", got)
	}
}
