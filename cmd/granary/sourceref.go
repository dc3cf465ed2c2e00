package main

import (
	"cmp"
	"context"
	"path"
	"slices"
	"strings"

	"granary/catalog"
	"granary/disk"
	"granary/hashes"
)

// A sourceRef is how somebody names sources.
type sourceRef struct {
	text   string         // a name, or a pattern of names
	base   string         // of an output path, or ""
	hashes []hashes.Hash  // that it may be, of several algorithms
	url    bool           // it is a URL,
	ids    map[int64]bool // of these sources
}

// parseSourceRef reads what names sources: an output path, with or without the store's
// directory; a hash with or without its algorithm, in any form that Nix has; the name of
// an object on a disk; a URL; and else a name or a pattern of names.
func parseSourceRef(text string) sourceRef {
	r := sourceRef{text: text, url: strings.Contains(text, "://")}
	if r.url {
		return r
	}
	if h, ok := parseObjectName(text); ok {
		r.hashes = []hashes.Hash{h}
		return r
	}
	if base := path.Base(text); base == text || strings.HasPrefix(text, "/") {
		full := string(hashes.DefaultStoreDir) + "/" + base
		if _, err := hashes.DefaultStoreDir.ParseStorePath(full); err == nil {
			r.base = base
		}
	}
	r.hashes = parseAnyHash(text)
	return r
}

// parseObjectName reads what disk.ObjectName writes, also behind other folders.
func parseObjectName(text string) (hashes.Hash, bool) {
	parts := strings.Split(text, "/")
	if len(parts) < 3 {
		return hashes.Hash{}, false
	}
	parts = parts[len(parts)-3:]
	algo, err := hashes.ParseAlgorithm(parts[0])
	if err != nil {
		return hashes.Hash{}, false
	}
	h, err := hashes.ParseDigest(algo, parts[2])
	return h, err == nil && disk.ObjectName(h) == strings.Join(parts, "/")
}

// parseAnyHash returns the hashes that text may stand for: one if it names an algorithm,
// else one of each algorithm whose digests are as long.
func parseAnyHash(text string) (all []hashes.Hash) {
	if strings.ContainsAny(text, "-:") {
		if h, err := hashes.Parse(text); err == nil {
			all = append(all, h)
		}
		return all
	}
	for _, algo := range []hashes.Algorithm{
		hashes.SHA256, hashes.SHA512, hashes.SHA1, hashes.MD5, hashes.BLAKE3,
	} {
		if h, err := hashes.ParseDigest(algo, text); err == nil {
			all = append(all, h)
		}
	}
	return all
}

func (r *sourceRef) matches(k *catalog.SourceKey) bool {
	return r.ids[k.ID] || r.base != "" && r.base == k.OutPath.Base() ||
		slices.Contains(r.hashes, k.Hash) ||
		!k.Object.IsZero() && slices.Contains(r.hashes, k.Object) ||
		glob(r.text, k.Name)
}

// namedSources returns the sources that texts name, in the order of their names. Each of
// the texts must name one.
func (a *app) namedSources(ctx context.Context, texts []string) ([]catalog.SourceKey, error) {
	keys, err := a.catalog.SourceKeys(ctx)
	if err != nil {
		return nil, err
	}
	named := make([]bool, len(keys))
	for _, text := range texts {
		r := parseSourceRef(text)
		if r.url {
			if err := a.findURL(ctx, &r); err != nil {
				return nil, err
			}
		}
		hit := false
		for i := range keys {
			if r.matches(&keys[i]) {
				hit, named[i] = true, true
			}
		}
		if !hit {
			slices.SortFunc(keys, byName)
			return nil, &noMatchError{text + ": there is no such source", r.nearest(keys)}
		}
	}
	var found []catalog.SourceKey
	for i := range keys {
		if named[i] {
			found = append(found, keys[i])
		}
	}
	slices.SortFunc(found, byName)
	return found, nil
}

func byName(a, b catalog.SourceKey) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.OutPath, b.OutPath))
}

func (a *app) findURL(ctx context.Context, r *sourceRef) error {
	ids, err := a.catalog.SourcesFrom(ctx, r.text)
	r.ids = make(map[int64]bool, len(ids))
	for _, id := range ids {
		r.ids[id] = true
	}
	return err
}

// nearest says what may have been meant.
func (r *sourceRef) nearest(keys []catalog.SourceKey) string {
	const few = 3
	name := r.name()
	switch _, err := hashes.Parse(r.text); {
	case len(r.hashes) > 0 && r.base == "":
		return "no source was promised that hash, and no object here has it"
	case !r.url && strings.Contains(r.text, ":"): // which no name has
		return err.Error()
	case isPattern(name) && !r.url:
		return "granary sources lists them all"
	}
	names := make([]string, len(keys))
	for i := range keys {
		names[i] = keys[i].Name
	}
	names = near(name, slices.Compact(names))
	if len(names) > 0 && len(name) > few {
		return "did you mean " + strings.Join(names[:min(few, len(names))], " or ") + "?"
	}
	return "granary sources lists them; '*" + name + "*' finds names that hold " + name
}

// name returns the name that r's source may have.
func (r *sourceRef) name() string {
	switch {
	case r.base != "":
		return hashes.StorePath(r.base).Name()
	case r.url:
		name := path.Base(r.text)
		if i := strings.IndexAny(name, "?#"); i > 0 {
			name = name[:i]
		}
		return name
	}
	return r.text
}
