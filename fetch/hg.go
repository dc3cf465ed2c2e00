package fetch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"regexp"
	"strings"
)

// hgTrees makes the tree of the revision with hg, as nixpkgs'
// pkgs/build-support/fetchhg/builder.sh does, but checks certificates.
func (c *checkout) hgTrees(ctx context.Context) ([]tree, error) {
	rev := cmp.Or(c.source.Rev, "default")
	if notInHgRevision.MatchString(rev) {
		return nil, &failure{reason: ReasonNotFound, detail: fmt.Sprintf("no revision is %q", rev)}
	}
	if err := os.WriteFile(c.path("home", "hgrc"), []byte(c.hgrc()), 0o600); err != nil {
		return nil, err
	}
	clone := c.hg("clone", "--noupdate", "--", c.url, c.path("clone"))
	if err := clone.run(ctx); err != nil {
		return nil, err
	}
	args := []string{"archive", "--quiet", "--type=files", "--rev=" + rev}
	if c.source.Checkout.Submodules {
		args = append(args, "--subrepos")
	}
	archive := c.hg(append(args, "--", c.path("tree"))...)
	archive.dir = c.path("clone")
	if !c.source.Checkout.Submodules {
		archive.meter = ""
	}
	if err := archive.run(ctx); err != nil {
		return nil, err
	}
	err := os.Remove(c.path("tree", ".hg_archival.txt"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return []tree{c.folder("tree")}, nil
}

// notInHgRevision are options, and what would end a line.
var notInHgRevision = regexp.MustCompile(`^-|[\x00-\x1f\x7f]`)

// hg returns a call of hg that talks to the server.
func (c *checkout) hg(args ...string) *program {
	return &program{
		checkout: c, name: "hg", args: append([]string{"--noninteractive"}, args...),
		dir: c.dir, meter: c.path("clone"),
	}
}

// hgrc is all of hg's configuration.
func (c *checkout) hgrc() string {
	text := fmt.Sprintf("[ui]\nssh = %s\n[progress]\nassume-tty = yes\n"+
		"delay = 0\nrefresh = 0.5\nformat = topic number\n", sshCommand)
	u, err := url.Parse(c.url)
	if err != nil {
		return text
	}
	if login, ok := c.run.passwords[strings.ToLower(u.Hostname())]; ok {
		text += fmt.Sprintf("[auth]\nx.prefix = %s\nx.schemes = http https\n"+
			"x.username = %s\nx.password = %s\n", u.Host, login.login, login.password)
	}
	return text
}
