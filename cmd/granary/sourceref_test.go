package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"granary/catalog"
	"granary/disk"
	"granary/hashes"
)

// testKey is a source's key; its object's hash is another one than the promised.
func testKey(name string) catalog.SourceKey {
	promised := hashes.Sum(hashes.SHA256, []byte(name))
	return catalog.SourceKey{
		ID: 7, Name: name, Hash: promised, Object: hashes.Sum(hashes.SHA1, []byte("object")),
		OutPath: hashes.StorePath("/nix/store/" + promised.NixBase32()[:32] + "-" + name),
	}
}

func TestSourceRef(t *testing.T) {
	k := testKey("hello-2.10.tar.gz")
	other := hashes.Sum(hashes.SHA256, []byte("other"))
	for _, test := range []struct {
		name, text string
		want       bool
	}{
		{"name", k.Name, true},
		{"another name", "hello-2.1.tar.gz", false},
		{"part of a name", "hello", false},
		{"pattern", "hello-?.*.tar.gz", true},
		{"pattern of others", "hallo*", false},
		{"output path", string(k.OutPath), true},
		{"base of an output path", k.OutPath.Base(), true},
		{"a file in an output path", string(k.OutPath) + "/file", false},
		{"a folder elsewhere that has its name", "elsewhere/" + k.OutPath.Base(), false},
		{"a store elsewhere", "/mnt" + string(k.OutPath), true},
		{"SRI", k.Hash.SRI(), true},
		{"base16", k.Hash.Base16(), true},
		{"base16 in capitals", strings.ToUpper(k.Hash.Base16()), true},
		{"nixbase32", k.Hash.NixBase32(), true},
		{"base64", k.Hash.SRI()[len("sha256-"):], true},
		{"prefix and base16", "sha256:" + k.Hash.Base16(), true},
		{"prefix and nixbase32", "sha256:" + k.Hash.NixBase32(), true},
		{"another algorithm", "blake3:" + k.Hash.Base16(), false},
		{"another hash", other.SRI(), false},
		{"another digest", other.Base16(), false},
		{"promised hash as an object", disk.ObjectName(k.Hash), true},
		{"object", disk.ObjectName(k.Object), true},
		{"object on a disk", "/media/usb/" + disk.ObjectName(k.Object), true},
		{"object in the wrong folder", "sha1/00/" + k.Object.Base16(), false},
		{"hash of the object", k.Object.SRI(), true},
		{"digest of the object", k.Object.NixBase32(), true},
		{"URL", "http://host/" + k.Name, false}, // the catalog knows
		{"nothing", "", false},
		{"a slash", "/", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := parseSourceRef(test.text)
			if got := r.matches(&k); got != test.want {
				t.Errorf("%q: got %v, want %v", test.text, got, test.want)
			}
		})
	}
}

func TestSourceRefOfURL(t *testing.T) {
	k := testKey("hello-2.10.tar.gz")
	r := parseSourceRef("https://host/a?b=sha256-x")
	if !r.url || r.base != "" || r.hashes != nil {
		t.Errorf("got %+v", r)
	}
	r.ids = map[int64]bool{k.ID: true}
	if !r.matches(&k) {
		t.Error("the source at the URL does not match")
	}
}

func TestNearestSource(t *testing.T) {
	keys := []catalog.SourceKey{
		testKey("gcc-7.3.0.tar.xz"), testKey("hello-2.10.tar.gz"), testKey("hello-2.10.tar.gz"),
		testKey("hello-2.9.tar.gz"),
	}
	for _, test := range []struct{ text, want string }{
		{"hello", "did you mean hello-2.10.tar.gz or hello-2.9.tar.gz?"},
		{"gcc-7.3.1.tar.xz", "did you mean gcc-7.3.0.tar.xz?"},
		{"http://a/gcc-7.3.0.tar.xz?x=/y",
			"granary sources lists them; '*y*' finds names that hold y"},
		{"http://a/gcc-7.3.0.tar.xz?x=y", "did you mean gcc-7.3.0.tar.xz?"},
		{"gcc", "granary sources lists them; '*gcc*' finds names that hold gcc"},
		{"x*", "granary sources lists them all"},
		{"foo:bar", `hash "foo:bar": unknown hash algorithm "foo"`},
		{strings.Repeat("0", 64), "no source was promised that hash, and no object here has it"},
	} {
		r := parseSourceRef(test.text)
		if got := r.nearest(keys); got != test.want {
			t.Errorf("%q: got %q, want %q", test.text, got, test.want)
		}
	}
}

// FuzzSourceRef has every hash that is understood name a source of that hash in every
// other form, too.
func FuzzSourceRef(f *testing.F) {
	k := testKey("hello-2.10.tar.gz")
	for _, text := range []string{
		k.Hash.SRI(), k.Hash.Base16(), k.Object.NixBase32(), disk.ObjectName(k.Object),
		string(k.OutPath), "http://a/b", "*", "md5:",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := parseSourceRef(text)
		_ = r.nearest([]catalog.SourceKey{k})
		for _, h := range r.hashes {
			for _, form := range []string{
				h.SRI(), disk.ObjectName(h), fmt.Sprint(h.Algorithm(), ":", h.NixBase32()),
			} {
				again := parseSourceRef(form)
				if !slices.Contains(again.hashes, h) {
					t.Errorf("%q is %s, which is not in %v of %q", text, h, again.hashes, form)
				}
			}
		}
	})
}
