package hashes

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"testing"
)

func TestModes(t *testing.T) {
	for m := Flat; m <= Git; m++ {
		if got, err := ParseMode(m.String()); err != nil || got != m {
			t.Errorf("ParseMode(%q): got %v, %v", m, got, err)
		}
	}
	if got, err := ParseMode("nar"); err != nil || got != Recursive {
		t.Errorf(`ParseMode("nar"): got %v, %v, want %v`, got, err, Recursive)
	}
	for _, s := range []string{"", "Flat", "r", "nar "} {
		if got, err := ParseMode(s); err == nil {
			t.Errorf("ParseMode(%q): got %v, want an error", s, got)
		}
	}
	if got := Mode(9).String(); got != "mode 9" {
		t.Errorf("unknown mode: got %q", got)
	}
}

func TestParseOutputAlgorithm(t *testing.T) {
	for s, want := range map[string]struct {
		mode Mode
		algo Algorithm
	}{
		"md5":         {Flat, MD5},
		"sha256":      {Flat, SHA256},
		"r:sha256":    {Recursive, SHA256},
		"r:sha1":      {Recursive, SHA1},
		"text:sha256": {Text, SHA256},
		"git:sha1":    {Git, SHA1},
		"r:blake3":    {Recursive, BLAKE3},
	} {
		mode, algo, err := ParseOutputAlgorithm(s)
		if err != nil || mode != want.mode || algo != want.algo {
			t.Errorf("%q: got %v, %v, %v, want %v, %v", s, mode, algo, err, want.mode, want.algo)
		}
	}
	for _, s := range []string{
		"", "r:", "r:r:sha256", "x:sha256", "flat:sha256", "r:text:sha256", "R:sha256",
	} {
		if mode, algo, err := ParseOutputAlgorithm(s); err == nil {
			t.Errorf("%q: got %v, %v, want an error", s, mode, algo)
		}
	}
}

func TestContentAddressString(t *testing.T) {
	h := Sum(SHA256, nil)
	for want, ca := range map[string]ContentAddress{
		"fixed:sha256:" + h.NixBase32():     {Flat, h},
		"fixed:r:sha256:" + h.NixBase32():   {Recursive, h},
		"fixed:git:sha256:" + h.NixBase32(): {Git, h},
		"text:sha256:" + h.NixBase32():      {Text, h},
	} {
		if got := ca.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestStorePathIsThatOfNix(t *testing.T) {
	const name = "hello-2.10.tar.gz"
	for _, a := range nixAlgorithms {
		h := Sum(a, []byte("granary"))
		for mode, flags := range map[Mode][]string{Flat: nil, Recursive: {"--recursive"}} {
			args := append([]string{"--print-fixed-path"}, flags...)
			want := nix(t, "nix-store", append(args, a.String(), h.Base16(), name)...)
			got, err := ContentAddress{mode, h}.StorePath(DefaultStoreDir, name)
			if err != nil || string(got) != want {
				t.Errorf("%s %s: got %s, %v, want %s", mode, a, got, err, want)
			}
		}
	}
}

// TestTextPath has a path that Nix gave for builtins.toFile "name" "hello".
func TestTextPath(t *testing.T) {
	const want = "/nix/store/rn6bn85mrg1w426laq7p99rp14plzpqm-name"
	text := ContentAddress{Text, Sum(SHA256, []byte("hello"))}
	if got, err := text.StorePath(DefaultStoreDir, "name"); got != want || err != nil {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
}

func TestStorePathRefuses(t *testing.T) {
	h := Sum(SHA256, nil)
	for row, ca := range map[string]ContentAddress{
		"no hash": {}, "text by another algorithm": {Text, Sum(SHA1, nil)},
	} {
		if got, err := ca.StorePath(DefaultStoreDir, "name"); err == nil {
			t.Errorf("%s: got %s, want an error", row, got)
		}
	}
	if got, err := (ContentAddress{Flat, h}).StorePath(DefaultStoreDir, "a/b"); err == nil {
		t.Errorf("bad name: got %s, want an error", got)
	}
}

// TestRealSources has sources of two real package sets, nixpkgs of May 2018 and
// corepkgs of August 2026, with the output paths that Nix gave them.
func TestRealSources(t *testing.T) {
	path := "testdata/sources.jsonl"
	if all := os.Getenv("GRANARY_SOURCES"); all != "" {
		path = all // a longer list in the same form
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := 0
	for in := bufio.NewScanner(bytes.NewReader(data)); in.Scan(); lines++ {
		checkSource(t, in.Bytes())
	}
	if lines < 200 {
		t.Errorf("got %d sources, want at least 200", lines)
	}
}

func checkSource(t *testing.T, line []byte) {
	var source struct{ Name, Mode, Algo, Hash, OutPath string }
	if err := json.Unmarshal(line, &source); err != nil {
		t.Fatal(err)
	}
	mode, err := ParseMode(source.Mode)
	if err != nil {
		t.Fatal(err)
	}
	algo, err := ParseAlgorithm(source.Algo)
	if err != nil {
		t.Fatal(err)
	}
	h, err := ParseDigest(algo, source.Hash)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ContentAddress{mode, h}.StorePath(DefaultStoreDir, source.Name)
	if err != nil || string(got) != source.OutPath {
		t.Errorf("%s: got %s, %v, want %s", source.Name, got, err, source.OutPath)
	}
}
