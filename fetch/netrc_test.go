package fetch

import (
	"maps"
	"os"
	"testing"

	"granary/internal/badweb"
)

func TestParseNetrc(t *testing.T) {
	tests := []struct {
		name, text string
		want       netrc
	}{
		{"empty", "", netrc{}},
		{"one line", "machine A.b login l password p", netrc{"a.b": {"l", "p"}}},
		{"lines", "machine a\n\tlogin l\n\taccount x\n\tpassword p\n", netrc{"a": {"l", "p"}}},
		{"two", "machine a login l password p machine b password q",
			netrc{"a": {"l", "p"}, "b": {"", "q"}}},
		{"first counts", "machine a login 1\nmachine a login 2", netrc{"a": {"1", ""}}},
		{"default", "default login l password p\nmachine a login m", netrc{"a": {"m", ""}}},
		{"password of keywords", "machine a login machine password login",
			netrc{"a": {"machine", "login"}}},
		{"comment", "# machine x\nmachine a login l", netrc{"a": {"l", ""}}},
		{"macro", "machine a login l\nmacdef init\nmachine b\n\nmachine c login m",
			netrc{"a": {"l", ""}, "c": {"m", ""}}},
		{"cut", "machine a login", netrc{"a": {"", ""}}},
		{"junk", "hello machine", netrc{}},
	}
	for _, test := range tests {
		if got := parseNetrc(test.text); !maps.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func FuzzParseNetrc(f *testing.F) {
	f.Add("machine a login l password p\nmacdef x\n\ndefault")
	f.Fuzz(func(t *testing.T, text string) {
		for host := range parseNetrc(text) {
			if host == "" {
				t.Error("a password for every host")
			}
		}
	})
}

// A password goes to its host, and not on to where that redirects.
func TestPasswords(t *testing.T) {
	b := newRig(t, badweb.InMemory(t))
	text := "machine a.invalid login l password p"
	if err := os.WriteFile(b.fetcher.Netrc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	body := noise(10)
	b.Handle("a.invalid/f", badweb.Redirect("http://sub.a.invalid/f"))
	b.Handle("sub.a.invalid/f", badweb.File(body, ""))
	if err := b.fetch(t.Context(), flat(t, body, "http://a.invalid/f")); err != nil {
		t.Fatal(err)
	}
	login, password, _ := b.Requests("a.invalid/f")[0].BasicAuth()
	if login != "l" || password != "p" {
		t.Errorf("got %q, %q, want l, p", login, password)
	}
	if got := b.Requests("sub.a.invalid/f")[0].Header.Get("Authorization"); got != "" {
		t.Errorf("the other host got %q", got)
	}
}
