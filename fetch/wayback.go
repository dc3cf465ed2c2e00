package fetch

import (
	"context"
	"net/url"
	"strings"

	"granary"
)

// The Wayback Machine has what its crawlers found at a URL over the years, at
// https://web.archive.org/web/<time><modifier>/<URL>. It redirects to the copy
// nearest to <time>, a part of YYYYMMDDhhmmss; the modifier id_ gives the bytes
// as they came. The rules are those of its help pages and of pywb, which is the
// same in free software.
const (
	waybackNewest = "https://web.archive.org/web/2id_/"
	waybackOldest = "https://web.archive.org/web/0id_/"
	// waybackURLs is for how many of a source's URLs it is asked at the most, and
	// waybackMirrors for how many of a mirror:// site.
	waybackURLs    = 3
	waybackMirrors = 2
)

// wayback returns the copies of s's URLs, where a recipe makes s of what is there.
// Where the newest copy has other bytes, the oldest one is asked for, too.
func (r *run) wayback(s *granary.Source) (all []candidate) {
	if needsBuilder(s) != "" || s.Recipe == granary.RecipeCheckout {
		return nil
	}
	for _, original := range r.originals(s) {
		all = append(all, r.archived(waybackNewest+original, r.askNewest(original)))
	}
	return all
}

func (r *run) askNewest(original string) asker {
	return func(ctx context.Context, j *job, url string) (bool, error) {
		held, err := r.askURL(ctx, j, url)
		if held || err != nil || j.again || !j.hasOtherBytes() {
			return held, err
		}
		j.insert(r.archived(waybackOldest+original, r.askURL))
		return false, nil
	}
}

// hasOtherBytes tells whether the last attempt brought bytes, but wrong ones.
func (j *job) hasOtherBytes() bool {
	switch j.attempts[len(j.attempts)-1].Reason {
	case ReasonWrongHash, ReasonHTML, ReasonLogin, ReasonEmpty, ReasonBadArchive,
		ReasonUnknownArchive:
		return true
	}
	return false
}

// originals returns the web addresses of s, before rewrites: a few.
func (r *run) originals(s *granary.Source) (all []string) {
	for _, one := range s.URLs {
		for raw := range strings.FieldsSeq(one) {
			expanded := r.mirrors.Expand(raw)
			for _, raw := range expanded[:min(len(expanded), waybackMirrors)] {
				if u, err := url.Parse(raw); err == nil && isWeb(u) && len(all) < waybackURLs {
					all = append(all, raw)
				}
			}
		}
	}
	return all
}

func isWeb(u *url.URL) bool {
	return (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}
