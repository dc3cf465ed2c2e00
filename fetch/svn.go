package fetch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// svnTrees exports the revision with svn, as nixpkgs'
// pkgs/build-support/fetchsvn/builder.sh does, but checks certificates.
func (c *checkout) svnTrees(ctx context.Context) ([]tree, error) {
	rev := c.source.Rev
	if rev == "" {
		rev = "HEAD"
	}
	if !svnRevision.MatchString(rev) {
		return nil, &failure{reason: ReasonNotFound, detail: fmt.Sprintf("no revision is %q", rev)}
	}
	u, err := url.Parse(c.url)
	if err != nil {
		return nil, &failure{reason: ReasonBadURL, detail: err.Error()}
	}
	if err := c.writeSvnConfig(u); err != nil {
		return nil, err
	}
	p := &program{checkout: c, name: "svn", dir: c.dir, meter: c.path("tree")}
	p.args = []string{"export", "--non-interactive", "--no-auth-cache", "--config-dir",
		c.path("home", "subversion"), "--revision", rev}
	if c.source.Checkout.IgnoreExternals {
		p.args = append(p.args, "--ignore-externals")
	}
	if c.source.Checkout.IgnoreKeywords {
		p.args = append(p.args, "--ignore-keywords")
	}
	if login, ok := c.run.passwords[strings.ToLower(u.Hostname())]; ok {
		p.args = append(p.args, "--username", login.login, "--password-from-stdin")
		p.stdin = login.password + "\n"
	}
	p.args = append(p.args, "--", c.url, c.path("tree"))
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return []tree{c.folder("tree")}, nil
}

var svnRevision = regexp.MustCompile(`^(?:HEAD|r?[0-9]+|\{[-0-9T:+ .Z]+\})$`)

// writeSvnConfig gives svn the proxy that the environment names for u.
func (c *checkout) writeSvnConfig(u *url.URL) error {
	if err := os.Mkdir(c.path("home", "subversion"), 0o700); err != nil {
		return err
	}
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: u})
	if err != nil {
		return &failure{reason: ReasonBadURL, detail: err.Error()}
	}
	return os.WriteFile(c.path("home", "subversion", "servers"), []byte(svnServers(proxy)), 0o600)
}

// svnServers is svn's configuration of servers; proxy may be nil.
func svnServers(proxy *url.URL) string {
	text := "[global]\nssl-trust-default-ca = yes\nstore-passwords = no\n"
	if proxy == nil {
		return text
	}
	port := proxy.Port()
	if port == "" {
		port = "80"
	}
	text += fmt.Sprintf("http-proxy-host = %s\nhttp-proxy-port = %s\n", proxy.Hostname(), port)
	if proxy.User != nil {
		password, _ := proxy.User.Password()
		text += fmt.Sprintf("http-proxy-username = %s\nhttp-proxy-password = %s\n",
			proxy.User.Username(), password)
	}
	return text
}
