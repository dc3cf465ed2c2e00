package eval

import (
	"fmt"
	"log/slog"
	"regexp"
	"strings"

	"granary"
	"granary/hashes"
)

// reader reads .drv files and finds their input sources, each once in an
// evaluation.
type reader struct {
	seen    map[hashes.StorePath]bool
	mirrors map[string][]string // found so far: site to base URLs
	// newMirrors is set when mirrors has changed.
	newMirrors bool
	lists      map[string]bool // mirror lists that were looked at, by path
	log        *slog.Logger

	found     []InputSource        // not handed on yet
	databases map[string]*database // of scratch stores, by their folders
}

func newReader(known []hashes.StorePath, log *slog.Logger) *reader {
	r := &reader{
		seen:    make(map[hashes.StorePath]bool, 2*len(known)),
		mirrors: map[string][]string{},
		lists:   map[string]bool{},
		log:     log,

		databases: map[string]*database{},
	}
	for _, path := range known {
		r.seen[path] = true
	}
	return r
}

// closure appends root and what it needs to all, inputs before their users,
// without what was read before.
func (r *reader) closure(
	s scratch, root hashes.StorePath, all []*granary.Derivation,
) ([]*granary.Derivation, error) {
	if r.seen[root] {
		return all, nil
	}
	// A copy: root is a part of the text that names it as an input, which would
	// stay in memory longer than it is kept for the catalog.
	root = hashes.StorePath(strings.Clone(string(root)))
	text, err := s.read(string(root))
	if err != nil {
		return all, fmt.Errorf("read derivation: %w", err)
	}
	d, err := ParseDerivation(root, text)
	if err != nil {
		return all, err
	}
	for _, in := range d.Inputs {
		if all, err = r.closure(s, in.Path, all); err != nil {
			return all, err
		}
	}
	if all, err = r.inputs(s, d, all); err != nil {
		return all, err
	}
	source, ok, err := SourceOf(d)
	if err != nil {
		r.log.Warn("a fixed output is not what it should be", "error", err)
	}
	if ok {
		if source.Kind == granary.KindRequireFile {
			source.Message = r.findMessage(s, d)
		}
		d.Source = &source
		r.findMirrors(s, d)
	}
	d.Env, d.Args, d.Text = nil, nil, text // nobody asks for its parts again
	r.seen[root] = true
	return append(all, d), nil
}

// findMirrors reads the list of mirror sites that a fetchurl refers to: the
// output of a derivation with a variable for each site (mirrorsFile, until
// 2025), or a shell text with an array for each, _mirror_gnu=(...), in a file
// or in a derivation's environment (mirrorsListFile).
func (r *reader) findMirrors(s scratch, d *granary.Derivation) {
	f := fieldsOf(d)
	path := f.value("mirrorsFile") + f.value("mirrorsListFile")
	if path == "" || r.lists[path] {
		return
	}
	r.lists[path] = true
	for _, source := range d.Sources {
		if source == path {
			text, _ := s.read(path)
			r.addShellArrays(text)
		}
	}
	for _, in := range d.Inputs {
		if list := r.producer(s, in.Path, path); list != nil {
			r.addMirrors(list)
		}
	}
}

// producer returns the derivation at drv if its output is path.
func (r *reader) producer(s scratch, drv hashes.StorePath, path string) *granary.Derivation {
	if !strings.HasSuffix(string(drv), path[strings.LastIndexByte(path, '-')+1:]+".drv") {
		return nil
	}
	text, err := s.read(string(drv))
	if err != nil {
		return nil // known from an earlier evaluation, and so are its mirrors
	}
	list, err := ParseDerivation(drv, text)
	if err != nil || len(list.Outputs) != 1 || list.Outputs[0].Path != path {
		return nil
	}
	return list
}

func (r *reader) addMirrors(list *granary.Derivation) {
	for _, v := range list.Env {
		value := v.Value()
		if urls := strings.Fields(value); allURLs(urls) {
			r.addMirror(strings.TrimPrefix(v.Name, "_mirror_"), urls)
		} else {
			r.addShellArrays(value)
		}
	}
}

func (r *reader) addMirror(site string, urls []string) {
	r.mirrors[site] = urls
	r.newMirrors = true
}

var urlPattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9+.-]*://`)

func allURLs(words []string) bool {
	for _, word := range words {
		if !urlPattern.MatchString(word) {
			return false
		}
	}
	return len(words) > 0
}

var shellArray = regexp.MustCompile(`(?m)^\s*(?:declare -\w+ )?_mirror_(\w+)=\(([^)]*)\)`)

func (r *reader) addShellArrays(text string) {
	for _, m := range shellArray.FindAllStringSubmatch(text, -1) {
		urls := strings.Fields(strings.NewReplacer(`'`, "", `"`, "").Replace(m[2]))
		if allURLs(urls) {
			r.addMirror(m[1], urls)
		}
	}
}
