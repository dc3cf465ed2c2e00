package hashes

import (
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for name, good := range map[string]bool{
		"hello-2.10.tar.gz":      true,
		"a":                      true,
		"+-._?=":                 true,
		".hidden":                true,
		"...":                    true,
		"..a":                    true,
		".a-b":                   true,
		strings.Repeat("n", 211): true,
		strings.Repeat("n", 212): false,
		"":                       false,
		".":                      false,
		"..":                     false,
		".-a":                    false,
		"..-a":                   false,
		"a/b":                    false,
		"a b":                    false,
		"a~b":                    false,
		"a%20b":                  false,
		"naïve":                  false,
		"a\x00":                  false,
		"a\n":                    false,
	} {
		if err := CheckName(name); (err == nil) != good {
			t.Errorf("CheckName(%q): got %v, want it good: %v", name, err, good)
		}
	}
}

func TestParseStorePath(t *testing.T) {
	const digest = "c3adlwzn80hbl037nja5vskh2qcrdia6"
	p, err := DefaultStoreDir.ParseStorePath("/nix/store/" + digest + "-a-b.c")
	if err != nil || p.Digest() != digest || p.Name() != "a-b.c" || p.Base() != digest+"-a-b.c" {
		t.Errorf("got %q, %q, %q, %v", p.Digest(), p.Name(), p.Base(), err)
	}
	if _, err := StoreDir("/other").ParseStorePath("/other/" + digest + "-a"); err != nil {
		t.Errorf("another store directory: %v", err)
	}
	for row, s := range map[string]string{
		"empty":            "",
		"store itself":     "/nix/store",
		"another store":    "/nix/stores/" + digest + "-a",
		"no name":          "/nix/store/" + digest + "-",
		"no dash":          "/nix/store/" + digest,
		"file inside":      "/nix/store/" + digest + "-a/bin",
		"digest too short": "/nix/store/" + digest[1:] + "-a",
		"digest with e":    "/nix/store/e" + digest[1:] + "-a",
		"relative":         "nix/store/" + digest + "-a",
		"two slashes":      "/nix/store//" + digest + "-a",
	} {
		if got, err := DefaultStoreDir.ParseStorePath(s); err == nil {
			t.Errorf("%s: ParseStorePath(%q): got %q, want an error", row, s, got)
		}
	}
}
