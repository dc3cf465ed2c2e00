package eval

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"granary"
)

// A Flake is a flake whose inputs are locked. No feature of Nix that is about
// flakes is used: subjects.nix calls its outputs.
type Flake struct {
	Name   string // for people: a folder or a reference
	Source string // the folder that Nix would copy to its store, absolute
	Dir    string // below Source, with slashes: where flake.nix is; "": there
	Info   TreeInfo
	Lock   *Lock // nil: there is no flake.lock
}

// TreeInfo is what is known of a fetched tree; zero is unknown.
type TreeInfo struct {
	Rev          string // a commit
	NarHash      string // SRI
	LastModified int64  // Unix seconds
	RevCount     int64
}

// nix returns the attributes that Nix gives such a tree, but for its path.
func (i TreeInfo) nix() map[string]any {
	info := map[string]any{
		"lastModified":     i.LastModified,
		"lastModifiedDate": time.Unix(i.LastModified, 0).UTC().Format("20060102150405"),
	}
	if i.NarHash != "" {
		info["narHash"] = i.NarHash
	}
	if i.Rev != "" {
		info["rev"], info["shortRev"] = i.Rev, i.Rev[:min(7, len(i.Rev))]
	}
	if i.RevCount != 0 {
		info["revCount"] = i.RevCount
	}
	return info
}

// Inputs returns the sources of all inputs that the lock gives a hash.
func (f *Flake) Inputs() []granary.Source {
	var inputs []granary.Source
	for _, input := range f.fetches() {
		if s, err := input.call.source(); err == nil && len(s.URLs) > 0 {
			inputs = append(inputs, s)
		}
	}
	return inputs
}

// fetches returns the fetches of all inputs, as fetchers.nix tells them.
func (f *Flake) fetches() []fetching {
	if f.Lock == nil {
		return nil
	}
	var all []fetching
	for _, key := range f.Lock.keys() {
		args := f.Lock.nodes[key].arguments(key)
		text, err := plainJSON(map[string]any{
			"builtin": string(granary.KindFlakeInput), "args": args,
		})
		if err != nil {
			continue // what was read from JSON can be written
		}
		call, err := parseFetch(text)
		if err == nil {
			all = append(all, fetching{string(text), call})
		}
	}
	return all
}

// writeNix adds the files that subjects.nix is called with.
func (f *Flake) writeNix(files map[string]string) error {
	lock, err := f.Lock.nix()
	if err != nil {
		return err
	}
	info, err := plainJSON(f.Info.nix())
	if err != nil {
		return err
	}
	files["lock.json"], files["info.json"] = string(lock), string(info)
	files["flake.nix"] = "{\n" +
		"  source = " + nixPath(f.Source) + ";\n" +
		"  dir = " + nixString(f.Dir) + ";\n" +
		"  info = builtins.fromJSON (builtins.readFile ./info.json);\n" +
		"  lock = builtins.fromJSON (builtins.readFile ./lock.json);\n" +
		"}\n"
	return nil
}

// plainJSON returns JSON as Nix writes it, so that both can be compared.
func plainJSON(v any) ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("write JSON for nix: %w", err)
	}
	return slices.Clone(bytes.TrimSpace(text.Bytes())), nil
}
