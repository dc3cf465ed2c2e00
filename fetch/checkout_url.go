package fetch

import (
	"cmp"
	"net/url"
	"os/exec"
	"regexp"
	"slices"
	"strings"

	"granary"
)

// repository returns the candidate that checks s out of the repository at raw.
func (r *run) repository(s *granary.Source, raw string) candidate {
	c := candidate{url: raw, ask: r.askRepository}
	program, address, ok := programOf(s, raw)
	if !ok {
		c.failure = &failure{reason: ReasonNeedsBuilder, detail: "no program for " + string(s.Kind)}
		return c
	}
	c.host, c.failure = program.host(address, r.rewrittenToFile(raw))
	if c.failure == nil {
		c.failure = missingProgram(program.name, s.Checkout.LFS)
	}
	return c
}

// programOf returns the program for s at raw, and what it calls that URL: that
// of a flake's input may say which program it is for.
func programOf(s *granary.Source, raw string) (program vcs, address string, ok bool) {
	if rest, ok := strings.CutPrefix(raw, "git+"); ok {
		return git, rest, true
	}
	if rest, ok := strings.CutPrefix(raw, "hg+"); ok {
		return hg, rest, true
	}
	switch s.Kind {
	case granary.KindFetchgit, granary.KindEvalFetchGit, granary.KindEvalFetchTree,
		granary.KindFlakeInput:
		return git, raw, true
	case granary.KindFetchsvn:
		return svn, raw, true
	case granary.KindFetchhg:
		return hg, raw, true
	}
	return vcs{}, "", false
}

// scpLike is ssh's other form of a URL, [user@]host:path. What has a second
// colon at once would name a helper program of git's.
var scpLike = regexp.MustCompile(`^(?:[\w.][\w.-]*@)?([\w.][\w.-]*):[^:/-][^:]*$`)

// host returns the host that a URL names, or why the program is not given it.
// file says that the user's own rewrite made it file://.
func (p vcs) host(raw string, file bool) (string, *failure) {
	if m := scpLike.FindStringSubmatch(raw); m != nil && p.name == git.name {
		return strings.ToLower(m[1]), nil
	}
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return "", &failure{reason: ReasonBadURL, detail: err.Error()}
	case u.Scheme == "file" && file:
		return "", nil
	case !slices.Contains(p.schemes, u.Scheme):
		return "", &failure{reason: ReasonUnsupportedScheme, detail: cmp.Or(u.Scheme, "none")}
	case u.Host == "" || u.Hostname() == "":
		return "", &failure{reason: ReasonBadURL, detail: "no host"}
	case strings.HasPrefix(u.Host, "-") || strings.HasPrefix(u.User.Username(), "-"):
		return "", &failure{reason: ReasonBadURL, detail: "begins like an option"}
	}
	return strings.ToLower(u.Host), nil
}

// rewrittenToFile tells whether raw is what the user's rewrites made a URL into,
// and lies on this machine.
func (r *run) rewrittenToFile(raw string) bool {
	return slices.ContainsFunc(r.Rewrites, func(w Rewrite) bool {
		return strings.HasPrefix(w.To, "file://") && strings.HasPrefix(raw, w.To)
	})
}

func missingProgram(name string, lfs bool) *failure {
	names := []string{name}
	if lfs {
		names = append(names, "git-lfs")
	}
	for _, name := range names {
		if _, err := exec.LookPath(name); err != nil {
			return &failure{reason: ReasonNoProgram, detail: name}
		}
	}
	return nil
}

// secure returns the https URL at which the repository of a git:// URL is most
// often, too; "" for other URLs. The large forges have given up git://, where
// it ends in a long silence.
func secure(s *granary.Source, raw string) string {
	rest, ok := strings.CutPrefix(raw, "git://")
	if !ok || s.Recipe != granary.RecipeCheckout {
		return ""
	}
	return "https://" + rest
}
