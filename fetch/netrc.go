package fetch

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// A netrc has the passwords of hosts, by host.
type netrc map[string]credentials

type credentials struct{ login, password string }

// readNetrc reads the file, or ~/.netrc if it is "". One that is not there is
// empty.
func readNetrc(file string) (netrc, error) {
	if file = netrcFile(file); file == "" {
		return nil, nil
	}
	data, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read passwords: %w", err)
	}
	return parseNetrc(string(data)), nil
}

// netrcFile returns file, or ~/.netrc if it is ""; "" if there is no home.
func netrcFile(file string) string {
	if file != "" {
		return file
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, ".netrc")
}

// parseNetrc reads the format of ftp(1), as curl does. The first entry for a
// host counts. Macros are passed over, and so is "default": a password goes to
// a host that the file names, to no other.
func parseNetrc(text string) netrc {
	n := netrc{}
	var host string
	var c credentials
	words := strings.Fields(withoutMacros(text))
	for i := 0; i < len(words); i++ {
		value := ""
		if i+1 < len(words) {
			value = words[i+1]
		}
		switch words[i] {
		case "machine":
			n.add(host, c)
			host, c = strings.ToLower(value), credentials{}
		case "default":
			n.add(host, c)
			host, c = "", credentials{}
			continue
		case "login":
			c.login = value
		case "password":
			c.password = value
		case "account":
		default:
			continue
		}
		i++
	}
	n.add(host, c)
	return n
}

func (n netrc) add(host string, c credentials) {
	if _, ok := n[host]; !ok && host != "" {
		n[host] = c
	}
}

// withoutMacros drops comments, and macdef up to the empty line that ends it.
func withoutMacros(text string) string {
	var kept strings.Builder
	inMacro := false
	for line := range strings.Lines(text) {
		trimmed := strings.TrimSpace(line)
		switch {
		case inMacro:
			inMacro = trimmed != ""
		case strings.HasPrefix(trimmed, "macdef"):
			inMacro = true
		case !strings.HasPrefix(trimmed, "#"):
			kept.WriteString(line)
		}
	}
	return kept.String()
}

// An authorizer adds the password of the very host that is asked. As it works
// below redirects, a password is never sent on to another host; nor is it sent
// where a redirect led from https to http.
type authorizer struct {
	next      http.RoundTripper
	passwords netrc
}

// RoundTrip is that of http.RoundTripper.
func (a *authorizer) RoundTrip(req *http.Request) (*http.Response, error) {
	c, ok := a.passwords[strings.ToLower(req.URL.Hostname())]
	if ok && !downgraded(req) && req.Header.Get("Authorization") == "" {
		req = req.Clone(req.Context())
		req.SetBasicAuth(c.login, c.password)
	}
	return a.next.RoundTrip(req)
}
