package hashes

import (
	"encoding/base64"
	"os/exec"
	"strings"
	"testing"
)

// nix returns the output of a program of Nix, which scripts/test installs.
func nix(t testing.TB, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Stderr = t.Output()
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out))
}

// nixAlgorithms are those that every Nix in use knows.
var nixAlgorithms = []Algorithm{MD5, SHA1, SHA256, SHA512}

func TestSpellingsAreThoseOfNix(t *testing.T) {
	for _, a := range nixAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			h := Sum(a, []byte("granary"))
			base32 := nix(t, "nix-hash", "--type", a.String(), "--to-base32", h.Base16())
			if got := h.NixBase32(); got != base32 {
				t.Errorf("NixBase32: got %s, want %s", got, base32)
			}
			base16 := nix(t, "nix-hash", "--type", a.String(), "--to-base16", base32)
			if got := h.Base16(); got != base16 {
				t.Errorf("Base16: got %s, want %s", got, base16)
			}
			sri := nix(t, "nix", "--extra-experimental-features", "nix-command",
				"hash", "to-sri", "--type", a.String(), base16)
			if got := h.SRI(); got != sri {
				t.Errorf("SRI: got %s, want %s", got, sri)
			}
			checkSpellings(t, h)
		})
	}
}

// checkSpellings parses every spelling of h.
func checkSpellings(t *testing.T, h Hash) {
	t.Helper()
	name := h.Algorithm().String()
	base64 := base64.StdEncoding.EncodeToString(h.Digest())
	for _, s := range []string{
		h.SRI(), name + ":" + h.Base16(), name + ":" + h.NixBase32(), name + ":" + base64,
	} {
		if got, err := Parse(s); err != nil || got != h {
			t.Errorf("Parse(%q): got %v, %v, want %v", s, got, err, h)
		}
	}
	for _, s := range []string{
		h.Base16(), strings.ToUpper(h.Base16()), h.NixBase32(), base64, h.SRI(), name + ":" + h.Base16(),
	} {
		if got, err := ParseDigest(h.Algorithm(), s); err != nil || got != h {
			t.Errorf("ParseDigest(%q): got %v, %v, want %v", s, got, err, h)
		}
	}
}

func TestBLAKE3(t *testing.T) {
	// The vector for no input of the BLAKE3 authors' test_vectors.json.
	const want = "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"
	h := Sum(BLAKE3, nil)
	if got := h.Base16(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	checkSpellings(t, h)
}

func TestParseRefuses(t *testing.T) {
	sri := Sum(SHA256, nil).SRI()
	base16 := Sum(SHA256, nil).Base16()
	for name, s := range map[string]string{
		"empty":                 "",
		"no algorithm":          base16,
		"unknown algorithm":     "sha3-" + sri[7:],
		"upper-case algorithm":  "SHA256" + sri[6:],
		"algorithm alone":       "sha256-",
		"algorithm and colon":   "sha256:",
		"too short":             "sha256-AAAA",
		"no padding":            strings.TrimRight(sri, "="),
		"padding twice":         sri + "=",
		"options":               sri + "?foo",
		"line break":            sri[:20] + "\n" + sri[20:],
		"bits behind the end":   "sha256-" + strings.Repeat("A", 42) + "B=",
		"base16 in SRI":         "sha256-" + base16,
		"not base16":            "sha256:" + "g" + base16[1:],
		"not nixbase32":         "sha256:" + strings.Repeat("e", 52),
		"nixbase32 too large":   "sha256:z" + strings.Repeat("0", 51),
		"blank before":          " " + sri,
		"another's length":      "sha1:" + base16,
		"another's length, SRI": "sha512" + sri[6:],
	} {
		if h, err := Parse(s); err == nil {
			t.Errorf("%s: Parse(%q): got %v, want an error", name, s, h)
		} else if !h.IsZero() {
			t.Errorf("%s: Parse(%q): hash is not zero beside an error", name, s)
		}
	}
	if _, err := ParseSRI("sha256:" + base16); err == nil {
		t.Error("ParseSRI takes the older form")
	}
	if _, err := ParseDigest(SHA1, sri); err == nil {
		t.Error("ParseDigest takes a hash of another algorithm")
	}
	if _, err := New(SHA256, make([]byte, 31)); err == nil {
		t.Error("New takes a short digest")
	}
}

func TestZeroHash(t *testing.T) {
	var h Hash
	if !h.IsZero() || h.SRI() != "" || h.Base16() != "" || len(h.Digest()) != 0 {
		t.Errorf("zero hash: got %q, %q", h.SRI(), h.Base16())
	}
	text, err := h.MarshalText()
	if err != nil || len(text) != 0 {
		t.Errorf("MarshalText: got %q, %v, want nothing", text, err)
	}
	h = Sum(SHA1, nil)
	if err := h.UnmarshalText(nil); err != nil || !h.IsZero() {
		t.Errorf("UnmarshalText of nothing: got %v, %v", h, err)
	}
	if err := h.UnmarshalText([]byte("sha1-")); err == nil {
		t.Error("UnmarshalText: no error")
	}
}

func TestParseAlgorithm(t *testing.T) {
	for a := MD5; a <= BLAKE3; a++ {
		if got, err := ParseAlgorithm(a.String()); err != nil || got != a {
			t.Errorf("%s: got %s, %v", a, got, err)
		}
		if got := a.New().Size(); got != a.Size() {
			t.Errorf("%s: size %d, want %d", a, a.Size(), got)
		}
	}
	for _, s := range []string{"", "none", "SHA256", "sha-256", "sha256 "} {
		if got, err := ParseAlgorithm(s); err == nil {
			t.Errorf("%q: got %s, want an error", s, got)
		}
	}
	if got := Algorithm(0).String(); got != "none" {
		t.Errorf("zero value: got %q, want none", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, a := range nixAlgorithms {
		h := Sum(a, nil)
		f.Add(h.SRI())
		f.Add(a.String() + ":" + h.Base16())
		f.Add(a.String() + ":" + h.NixBase32())
	}
	f.Add("sha256-")
	f.Add("sha256:z" + strings.Repeat("0", 51))
	f.Fuzz(func(t *testing.T, s string) {
		h, err := Parse(s)
		if err != nil {
			return
		}
		for _, again := range []string{
			h.SRI(), h.Algorithm().String() + ":" + h.Base16(),
			h.Algorithm().String() + ":" + h.NixBase32(),
		} {
			if got, err := Parse(again); err != nil || got != h {
				t.Errorf("Parse(%q), from %q: got %v, %v, want %v", again, s, got, err, h)
			}
		}
	})
}
