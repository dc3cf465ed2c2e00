package fetch

import (
	"net/url"
	"strings"
	"testing"
)

func TestIsPage(t *testing.T) {
	tests := []struct {
		name, first string
		want        bool
	}{
		{"html", "<!DOCTYPE html><html>", true},
		{"upper case", "\r\n <HTML>\n", true},
		{"byte order mark", "\ufeff<!doctype html>", true},
		{"xhtml", xhtml, true},
		{"xml", `<?xml version="1.0"?><feed/>`, false},
		{"html far away", `<?xml version="1.0"?>` + strings.Repeat(" ", 2000) + "<html>", false},
		{"text", "see <html>", false},
		{"gzip", "\x1f\x8b\x08", false},
		{"nothing", "", false},
	}
	for _, test := range tests {
		if got := isPage([]byte(test.first)); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestIsLogin(t *testing.T) {
	form := `<form><INPUT name="x" type='password'></form>`
	tests := []struct {
		page, url string
		want      bool
	}{
		{form, "http://a.invalid/f", true},
		{"", "https://login.a.invalid/", true},
		{"", "https://a.invalid/users/sign_in?to=f", true},
		{"", "https://a.invalid/accounts/log-in/", true},
		{"", "https://a.invalid/oauth2/authorize", true},
		{"", "https://blog.invalid/blogging/design/authors", false},
		{`<input type="text"> password`, "https://a.invalid/f?login=1", false},
	}
	for _, test := range tests {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := isLogin(test.page, u); got != test.want {
			t.Errorf("%s: got %v, want %v", test.url, got, test.want)
		}
	}
}

func TestSite(t *testing.T) {
	tests := []struct{ url, want string }{
		{"http://www.Example.org:8080/x", "example.org"},
		{"http://example.org./x", "example.org"},
		{"http://localhost/", "localhost"},
		{"http://192.0.2.1/", "192.0.2.1"},
		{"http://[2001:db8::1]:80/", "2001:db8::1"},
		{"", ""},
	}
	for _, test := range tests {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := site(u); got != test.want {
			t.Errorf("%s: got %q, want %q", test.url, got, test.want)
		}
	}
}

func TestShown(t *testing.T) {
	long := strings.Repeat("x", maxShown+1)
	tests := []struct{ name, detail, want string }{
		{"plain", "404 Not Found", "404 Not Found"},
		{"lines", "a\n\tb é", "a\n\tb é"},
		{"escapes", "\x1b[2J\x07\u009b1A\x7f", "\ufffd[2J\ufffd\ufffd1A\ufffd"},
		{"no UTF-8", "\xff\xfe", "\ufffd"},
		{"long", long, long[1:] + "…"},
	}
	for _, test := range tests {
		if got := shown(test.detail); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}
