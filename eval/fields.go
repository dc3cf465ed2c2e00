package eval

import (
	"encoding/json"
	"strconv"
	"strings"

	"granary"
)

// fields are the attributes that a derivation's builder sees: the environment,
// or with __structuredAttrs the JSON object in __json. Nix 2.34 keeps these apart
// in memory, and writes them into .drv files as before: unparse in its
// src/libstore/derivation/aterm.cc.
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

// has tells whether there is an attribute of that name, be it empty.
func (f fields) has(name string) bool {
	if _, ok := f.json[name]; ok {
		return true
	}
	if _, ok := f.variables()[name]; ok {
		return true
	}
	for i := range f.env {
		if f.env[i].Name == name {
			return true
		}
	}
	return false
}

// variables returns the set env, which nixpkgs' stdenv exports variable by
// variable if attributes are structured.
func (f fields) variables() map[string]any {
	env, _ := f.json["env"].(map[string]any)
	return env
}

// value returns the attribute as a builder's shell would see it: lists joined
// by spaces, true as "1", false and null as "".
func (f fields) value(name string) string {
	if f.json == nil {
		return f.env.Value(name)
	}
	if v, ok := f.json[name]; ok {
		return shellValue(v, " ")
	}
	return shellValue(f.variables()[name], " ")
}

// lines returns a list, or the lines of a text, as lines without empty ones.
func (f fields) lines(name string) string {
	text := f.value(name)
	if v, ok := f.json[name]; ok {
		text = shellValue(v, "\n")
	}
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return strings.Clone(strings.Join(all, "\n"))
}

func shellValue(v any, separator string) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		if v {
			return "1"
		}
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case []any:
		words := make([]string, len(v))
		for i, item := range v {
			words[i] = shellValue(item, separator)
		}
		return strings.Join(words, separator)
	}
	return ""
}

func (f fields) truth(name string) bool { return f.value(name) != "" }

// blank tells whether a piece of shell text does nothing.
func (f fields) blank(name string) bool { return strings.TrimSpace(f.value(name)) == "" }

func (f fields) urls() []string {
	if urls := strings.Fields(f.value("urls")); len(urls) > 0 {
		return urls
	}
	return strings.Fields(f.value("url"))
}
