package eval

import (
	"encoding/json"
	"fmt"
	"strings"

	"granary"
	"granary/hashes"
)

// SourceOf returns the source that d is, and false if d is no fixed-output
// derivation. Outputs in mode text, and those whose content is not known
// before the build, are no sources. An output whose path is not the one that
// its name, mode and hash give is an error.
//
// What tells the fetchers apart is the environment that nixpkgs gives them,
// old and new, never the name of an attribute.
func SourceOf(d *granary.Derivation) (granary.Source, bool, error) {
	if len(d.Outputs) != 1 || !d.Outputs[0].Fixed() {
		return granary.Source{}, false, nil
	}
	out := d.Outputs[0]
	ca, err := out.ContentAddress()
	if err != nil {
		return granary.Source{}, false, fmt.Errorf("output of %s: %w", d.Path, err)
	}
	if ca.Mode == hashes.Text {
		return granary.Source{}, false, nil
	}
	s, err := granary.NewSource(d.Name(), ca)
	if err != nil {
		return granary.Source{}, false, fmt.Errorf("output of %s: %w", d.Path, err)
	}
	if string(s.OutPath) != out.Path {
		return granary.Source{}, false, fmt.Errorf(
			"output of %s: path %s, but name, mode and hash give %s", d.Path, out.Path, s.OutPath)
	}
	classify(&s, d)
	return s, true, nil
}

// classify fills in what the fetcher's environment says: kind, URLs, revision
// and recipe.
func classify(s *granary.Source, d *granary.Derivation) {
	f := fieldsOf(d)
	for _, url := range f.urls() {
		s.URLs = append(s.URLs, strings.Clone(url)) // not a part of the .drv file's text
	}
	s.Kind = kindOf(d, f)
	switch s.Kind {
	case granary.KindBuiltinFetchurl:
		s.Recipe = builtinRecipe(s.CA.Mode, f)
	case granary.KindFetchurl:
		s.Recipe = fetchurlRecipe(s.CA.Mode, f)
	case granary.KindFetchzip:
		s.Recipe = granary.RecipeUnpack
		_, s.KeepRoot = unpackScript(f.value("postFetch"))
	default:
		s.Rev = strings.Clone(f.value("rev"))
	}
}

func kindOf(d *granary.Derivation, f fields) granary.Kind {
	switch {
	case d.Builder == "builtin:fetchurl":
		return granary.KindBuiltinFetchurl
	case f.hasAny("mirrorsFile", "mirrorsListFile", "downloadToTemp"):
		return fetchurlKind(f.value("postFetch"))
	case f.hasAny("leaveDotGit", "deepClone", "fetchSubmodules"):
		return granary.KindFetchgit
	case f.hasAny("subrepoClause"):
		return granary.KindFetchhg
	case f.hasAny("ignoreExternals", "ignoreKeywords", "sshSupport"):
		return granary.KindFetchsvn
	case f.hasAny("cvsRoot"):
		return granary.KindFetchcvs
	case needs(d, "restrict-message"):
		return granary.KindRequireFile
	}
	return granary.KindOther
}

// fetchurlKind tells the fetchers that build on fetchurl by what they do to
// the file once it is there.
func fetchurlKind(postFetch string) granary.Kind {
	if known, _ := unpackScript(postFetch); known {
		return granary.KindFetchzip
	}
	if strings.Contains(postFetch, "filterdiff") || strings.Contains(postFetch, "lsdiff") {
		return granary.KindFetchpatch
	}
	return granary.KindFetchurl
}

func fetchurlRecipe(mode hashes.Mode, f fields) granary.Recipe {
	switch {
	case strings.TrimSpace(f.value("postFetch")) != "" || f.truth("downloadToTemp"):
		return ""
	case mode == hashes.Flat:
		return granary.RecipeFlat
	case mode == hashes.Recursive && f.truth("executable"):
		return granary.RecipeExecutable
	}
	return ""
}

// builtinRecipe follows Nix's src/libstore/builtins/fetchurl.cc.
func builtinRecipe(mode hashes.Mode, f fields) granary.Recipe {
	switch {
	case mode == hashes.Flat && !f.truth("unpack"):
		return granary.RecipeFlat
	case mode == hashes.Recursive && f.truth("unpack"):
		return granary.RecipeNAR
	case mode == hashes.Recursive && f.truth("executable"):
		return granary.RecipeExecutable
	}
	return ""
}

func needs(d *granary.Derivation, name string) bool {
	for _, in := range d.Inputs {
		if strings.HasSuffix(string(in.Path), "-"+name+".drv") {
			return true
		}
	}
	return false
}

// fields are the attributes that a derivation's builder sees: the environment,
// or with __structuredAttrs the JSON object in __json.
type fields struct {
	env  granary.Env
	json map[string]any
}

func fieldsOf(d *granary.Derivation) fields {
	f := fields{env: d.Env}
	if text, ok := d.Env.Lookup("__json"); ok {
		// What is no JSON object stays unread: Nix wrote it, and the source is
		// then of kind other.
		_ = json.Unmarshal([]byte(text), &f.json)
	}
	return f
}

func (f fields) hasAny(names ...string) bool {
	for _, name := range names {
		if _, ok := f.json[name]; ok {
			return true
		}
		if _, ok := f.env.Lookup(name); ok {
			return true
		}
	}
	return false
}

// value returns the attribute as a builder's shell would see it: lists joined
// by spaces, true as "1", false and null as "".
func (f fields) value(name string) string {
	if f.json == nil {
		return f.env.Value(name)
	}
	return shellValue(f.json[name])
}

func shellValue(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
	case float64:
		return fmt.Sprint(v)
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = shellValue(item)
		}
		return strings.Join(words, " ")
	}
	return ""
}

func (f fields) truth(name string) bool { return f.value(name) != "" }

func (f fields) urls() []string {
	if urls := strings.Fields(f.value("urls")); len(urls) > 0 {
		return urls
	}
	return strings.Fields(f.value("url"))
}
