package fetch

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"

	"golang.org/x/crypto/blake2b"

	"granary"
	"granary/hashes"
)

// A depot is where another distribution keeps the files that its packages are
// built from.
type depot struct {
	base string
	// path returns what f is called below base, or "" if the depot cannot have it.
	path func(f file) string
}

// depots are asked in this order: by hash before by name.
//
// Fedora's lookaside cache is not among them: its addresses hold the name that
// Fedora gave the package, which nothing here knows.
var depots = []depot{
	{"https://bordeaux.guix.gnu.org/file/", guixPath}, // guix publish, and %content-addressed-mirrors
	{"https://ci.guix.gnu.org/file/", guixPath},       // in Guix's guix/download.scm
	{"https://snapshot.debian.org/file/", debianPath}, // its machine-usable interface
	{"https://distfiles.gentoo.org/distfiles/", gentooPath},
	{"http://distcache.freebsd.org/ports-distfiles/", namePath}, // MASTER_SITE_BACKUP
}

func distfileHosts() (hosts []string) {
	for _, d := range depots {
		if u, err := url.Parse(d.base); err == nil {
			hosts = append(hosts, u.Host)
		}
	}
	return hosts
}

// distfiles returns the depots that may have the file that makes s.
func (r *run) distfiles(s *granary.Source) (all []candidate) {
	f, ask := distfile(s)
	if ask == nil {
		return nil
	}
	for _, d := range depots {
		if p := d.path(f); p != "" {
			all = append(all, r.archived(d.base+p, ask(r)))
		}
	}
	return all
}

// distfile returns the file that makes s, and who asks for it; that is nil if
// nothing is known of such a file. Its hash may not be known, but its name.
func distfile(s *granary.Source) (file, func(*run) asker) {
	if f, ok := fileOf(s); ok {
		return f, func(r *run) asker { return r.askFile }
	}
	if needsBuilder(s) != "" || s.Recipe == granary.RecipeCheckout {
		return file{}, nil
	}
	for _, one := range s.URLs {
		for raw := range strings.FieldsSeq(one) {
			if u, err := url.Parse(raw); err == nil && distfileName.MatchString(path.Base(u.Path)) {
				return file{name: path.Base(u.Path)}, func(r *run) asker { return r.askURL }
			}
		}
	}
	return file{}, nil
}

// distfileName matches what may be the name of a file in a depot: a package and
// a version, not a version alone as the archives of forges are called.
var distfileName = regexp.MustCompile(`^[A-Za-z]{2}[A-Za-z0-9+._-]*[0-9][A-Za-z0-9+._-]*$`)

// guixPath: guix publish knows files by their SHA-256, and their name.
func guixPath(f file) string {
	if f.hash.Algorithm() != hashes.SHA256 {
		return ""
	}
	return url.PathEscape(f.name) + "/sha256/" + f.hash.NixBase32()
}

func debianPath(f file) string {
	if f.hash.Algorithm() != hashes.SHA1 {
		return ""
	}
	return f.hash.Base16()
}

// gentooPath is the layout "filename-hash BLAKE2B 8" of GLEP 75: a folder is named
// after the first byte of the hash of the file's name.
func gentooPath(f file) string {
	if namePath(f) == "" {
		return ""
	}
	sum := blake2b.Sum512([]byte(f.name))
	return fmt.Sprintf("%02x/%s", sum[0], f.name)
}

func namePath(f file) string {
	if !distfileName.MatchString(f.name) {
		return ""
	}
	return f.name
}
