package wantlist

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"granary"
	"granary/hashes"
)

// An Entry is a line of a want-list.
type Entry struct {
	granary.Source
	Size  int64  // of what is to be downloaded, in bytes; 0: not known
	Extra string // the fields that granary does not know, a JSON object; or ""
}

// Parse reads a line.
func Parse(line []byte) (Entry, error) {
	if !utf8.Valid(line) {
		return Entry{}, errors.New("not UTF-8 text")
	}
	f := fields{}
	if err := json.Unmarshal(line, &f.raw); err != nil || f.raw == nil {
		return Entry{}, errors.New("not a JSON object")
	}
	e, err := f.entry()
	if err != nil {
		return Entry{}, err
	}
	given := f.has("recipe")
	if err := f.rest(&e); err != nil {
		return Entry{}, err
	}
	if !given {
		e.Recipe = guessRecipe(&e.Source)
	}
	if e.Kind == "" {
		e.Kind = guessKind(&e.Source)
	}
	return e, f.extra(&e)
}

// fields are those of a line that were not taken yet.
type fields struct{ raw map[string]json.RawMessage }

// take puts the value of a field into v, which what describes. A field that is
// not there leaves v alone, unless it must be.
func (f *fields) take(name string, v any, what string, must bool) error {
	there := f.has(name)
	raw := f.raw[name]
	delete(f.raw, name)
	switch {
	case !there && must:
		return fmt.Errorf("no %s", name)
	case there && json.Unmarshal(raw, v) != nil:
		return fmt.Errorf("%s is not %s", name, what)
	}
	return nil
}

func (f *fields) has(name string) bool {
	raw, ok := f.raw[name]
	return ok && string(raw) != "null"
}

// entry takes what identifies the source.
func (f *fields) entry() (e Entry, err error) {
	var name, sri, mode, outPath string
	var urls []string
	for _, field := range []struct {
		name string
		v    any
		what string
		must bool
	}{
		{"name", &name, "a string", true},
		{"urls", &urls, "an array of strings", true},
		{"hash", &sri, "a string", true},
		{"mode", &mode, "a string", true},
		{"outPath", &outPath, "a string", false},
	} {
		if err := f.take(field.name, field.v, field.what, field.must); err != nil {
			return e, err
		}
	}
	e.Source, err = newSource(name, sri, mode)
	if err == nil && outPath != "" && outPath != string(e.OutPath) {
		err = fmt.Errorf("outPath is %s, but name, mode and hash give %s", outPath, e.OutPath)
	}
	e.URLs = slices.DeleteFunc(urls, func(url string) bool { return strings.TrimSpace(url) == "" })
	return e, err
}

func newSource(name, sri, mode string) (s granary.Source, err error) {
	var ca hashes.ContentAddress
	if ca.Hash, err = hashes.Parse(sri); err != nil {
		return s, err
	}
	if ca.Mode, err = hashes.ParseMode(mode); err != nil {
		return s, err
	}
	return granary.NewSource(name, ca)
}

// rest takes what may be known beside.
func (f *fields) rest(e *Entry) error {
	var recipe string
	for _, field := range []struct {
		name string
		v    any
		what string
	}{
		{"kind", &e.Kind, "a string"},
		{"rev", &e.Rev, "a string"},
		{"size", &e.Size, "a whole number"},
		{"recipe", &recipe, "a string"},
		{"keepRoot", &e.KeepRoot, "true or false"},
		{"strip", &e.Strip, "a whole number"},
		{"omit", &e.Omit, "a string"},
		{"from", &e.From, "a string"},
		{"checkout", &e.Checkout, "an object that says how to check out"},
		{"message", &e.Message, "a string"},
	} {
		if err := f.take(field.name, field.v, field.what, false); err != nil {
			return err
		}
	}
	if e.Size < 0 || e.Strip < 0 {
		return errors.New("size or strip is less than nothing")
	}
	if e.From != "" {
		if _, err := hashes.DefaultStoreDir.ParseStorePath(string(e.From)); err != nil {
			return fmt.Errorf("from: %w", err)
		}
	}
	var err error
	e.Recipe, err = granary.ParseRecipe(recipe)
	return err
}

// extra keeps the fields that are left, sorted by their names.
func (f *fields) extra(e *Entry) error {
	if len(f.raw) == 0 {
		return nil
	}
	text, err := encode(f.raw)
	e.Extra = string(text)
	return err
}

// knownLine has the fields that granary knows, in the order in which they are
// written.
type knownLine struct {
	Name     string            `json:"name"`
	URLs     []string          `json:"urls"`
	Hash     hashes.Hash       `json:"hash"`
	Mode     string            `json:"mode"`
	OutPath  hashes.StorePath  `json:"outPath"`
	Kind     granary.Kind      `json:"kind,omitempty"`
	Rev      string            `json:"rev,omitempty"`
	Size     int64             `json:"size,omitempty"`
	Recipe   granary.Recipe    `json:"recipe"` // "" says that there is none
	KeepRoot bool              `json:"keepRoot,omitempty"`
	Strip    int               `json:"strip,omitempty"`
	Omit     string            `json:"omit,omitempty"`
	From     hashes.StorePath  `json:"from,omitempty"`
	Checkout *granary.Checkout `json:"checkout,omitempty"`
	Message  string            `json:"message,omitempty"`
}

// Line returns e as Parse reads it, with a line break at its end.
func (e *Entry) Line() ([]byte, error) {
	known := knownLine{
		Name: e.Name, URLs: e.URLs, Hash: e.CA.Hash, Mode: e.CA.Mode.String(), OutPath: e.OutPath,
		Kind: e.Kind, Rev: e.Rev, Size: e.Size, Recipe: e.Recipe, KeepRoot: e.KeepRoot,
		Strip: e.Strip, Omit: e.Omit, From: e.From, Message: e.Message,
	}
	if known.URLs == nil {
		known.URLs = []string{}
	}
	if e.Checkout != (granary.Checkout{}) {
		known.Checkout = &e.Checkout
	}
	text, err := encode(known)
	if err != nil {
		return nil, err
	}
	if e.Extra != "" {
		text = append(text[:len(text)-1], ',')
		text = append(text, e.Extra[1:]...)
	}
	return append(text, '\n'), nil
}

// encode returns v as JSON with its <, > and & as they are.
func encode(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(text.Bytes(), []byte("\n")), err
}
