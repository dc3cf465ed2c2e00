package eval

import (
	"encoding/json"
	"fmt"
	"strings"

	"granary"
	"granary/hashes"
)

// call is what harvest.nix tells of a call of fetchurl.
type call struct {
	Name       string
	URLs       []string
	Hash       string
	Algo       string
	Mode       string
	Unpack     truth
	Executable truth
	PostFetch  string // of packages of TeX Live, else ""
}

// truth is what Nix's shell-minded expressions use as a boolean.
type truth bool

func (t *truth) UnmarshalJSON(text []byte) error {
	switch string(text) {
	case "null", "false", `""`, "0":
		*t = false
	default:
		*t = true
	}
	return nil
}

// source returns the source that a call's derivation has. postFetch is mostly not
// told, so that a call that unpacks is taken for a fetchzip: the hash decides.
func (c call) source() (granary.Source, error) {
	mode, err := hashes.ParseMode(c.Mode)
	if err != nil {
		return granary.Source{}, err
	}
	h, err := c.hash()
	if err != nil {
		return granary.Source{}, err
	}
	s, err := granary.NewSource(c.Name, hashes.ContentAddress{Mode: mode, Hash: h})
	if err != nil {
		return granary.Source{}, err
	}
	for _, url := range c.URLs {
		s.URLs = append(s.URLs, strings.Fields(url)...)
	}
	s.Kind = granary.KindFetchurl
	switch {
	case isTeXLive(c.PostFetch):
		s.Kind = granary.KindTeXLive
		texlive(&s, fields{json: map[string]any{"postFetch": c.PostFetch}})
	case mode == hashes.Flat && !bool(c.Unpack):
		s.Recipe = granary.RecipeFlat
	case mode == hashes.Recursive && bool(c.Unpack):
		s.Kind, s.Recipe = granary.KindFetchzip, granary.RecipeUnpack
	case mode == hashes.Recursive && bool(c.Executable):
		s.Recipe = granary.RecipeExecutable
	}
	return s, nil
}

func (c call) hash() (hashes.Hash, error) {
	if c.Algo == "" {
		return hashes.Parse(c.Hash)
	}
	algo, err := hashes.ParseAlgorithm(c.Algo)
	if err != nil {
		return hashes.Hash{}, err
	}
	return hashes.ParseDigest(algo, c.Hash)
}

func parseCall(value []byte) (granary.Source, error) {
	var c call
	if err := json.Unmarshal(value, &c); err != nil {
		return granary.Source{}, fmt.Errorf("read a call of fetchurl: %w", err)
	}
	s, err := c.source()
	if err != nil {
		return s, fmt.Errorf("call of fetchurl for %s: %w", strings.Join(c.URLs, " "), err)
	}
	return s, nil
}
