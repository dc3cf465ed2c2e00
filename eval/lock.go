package eval

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Lock is a flake.lock, of the versions 5 to 7: Nix's src/libflake/lockfile.cc.
type Lock struct {
	root  string
	nodes map[string]lockNode
	text  map[string]json.RawMessage // all of it
}

type lockNode struct {
	Inputs map[string]inputSpec
	Locked *fetchArgs
	Flake  *bool
	Parent []string // of a relative path: the input that it is relative to
}

// An inputSpec is the name of a node, or the path of inputs to follow from the
// root.
type inputSpec struct {
	node   string
	follow []string
}

func (s *inputSpec) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' {
		return json.Unmarshal(text, &s.follow)
	}
	return json.Unmarshal(text, &s.node)
}

// ParseLock reads a flake.lock.
func ParseLock(text []byte) (*Lock, error) {
	var file struct {
		Version int
		Root    string
		Nodes   map[string]lockNode
	}
	l := new(Lock)
	if err := errors.Join(json.Unmarshal(text, &file), json.Unmarshal(text, &l.text)); err != nil {
		return nil, fmt.Errorf("read flake.lock: %w", err)
	}
	if file.Version < 5 || file.Version > 7 {
		return nil, fmt.Errorf("read flake.lock: version %d is not known", file.Version)
	}
	l.root, l.nodes = file.Root, file.Nodes
	if _, ok := l.nodes[l.root]; !ok {
		return nil, fmt.Errorf("read flake.lock: there is no node %q, its root", l.root)
	}
	for _, key := range l.keys() {
		if err := l.check(key); err != nil {
			return nil, fmt.Errorf("read flake.lock: input %s: %w", key, err)
		}
	}
	return l, nil
}

// keys returns the names of all nodes but the root, sorted.
func (l *Lock) keys() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(l.nodes)),
		func(key string) bool { return key == l.root })
}

func (l *Lock) check(key string) error {
	n := l.nodes[key]
	if n.Locked == nil {
		return errors.New("it is not locked")
	}
	if _, _, err := n.Locked.origin(); err != nil {
		return err
	}
	if _, err := l.follow(n.Parent, 0); err != nil {
		return err
	}
	return l.checkInputs(n)
}

func (l *Lock) checkInputs(n lockNode) error {
	for _, name := range slices.Sorted(maps.Keys(n.Inputs)) {
		if _, err := l.resolve(n.Inputs[name], 0); err != nil {
			return fmt.Errorf("its input %s: %w", name, err)
		}
	}
	return nil
}

// resolve returns the name of the node that s stands for. depth counts the
// paths that were followed to come here: no honest file has as many as nodes.
func (l *Lock) resolve(s inputSpec, depth int) (string, error) {
	if s.follow != nil {
		return l.follow(s.follow, depth+1)
	}
	if _, ok := l.nodes[s.node]; !ok {
		return "", fmt.Errorf("there is no node %q", s.node)
	}
	return s.node, nil
}

func (l *Lock) follow(path []string, depth int) (string, error) {
	if depth > len(l.nodes) {
		return "", errors.New("it follows itself")
	}
	node := l.root
	for _, name := range path {
		spec, ok := l.nodes[node].Inputs[name]
		if !ok {
			return "", fmt.Errorf("%s has no input %q to follow", node, name)
		}
		var err error
		if node, err = l.resolve(spec, depth); err != nil {
			return "", err
		}
	}
	return node, nil
}

// arguments are what fetchers.nix tells of the fetch of the node.
func (n lockNode) arguments(key string) map[string]any {
	args := map[string]any{"name": key}
	a := n.Locked
	for name, value := range map[string]string{
		"type": a.Type, "url": a.URL, "narHash": a.NarHash, "rev": a.Rev, "ref": a.Ref,
		"owner": a.Owner, "repo": a.Repo, "host": a.Host, "path": a.Path,
	} {
		if value != "" {
			args[name] = value
		}
	}
	if a.Submodules {
		args["submodules"] = true
	}
	if a.LFS {
		args["lfs"] = true
	}
	return args
}

// nix returns the file as JSON, with what granary knows of each node below
// "granary"; null if there is none.
func (l *Lock) nix() ([]byte, error) {
	if l == nil {
		return []byte("null"), nil
	}
	known := map[string]any{}
	for _, key := range l.keys() {
		n := l.nodes[key]
		known[key] = map[string]any{
			"fetch": n.arguments(key),
			"info": TreeInfo{
				Rev: n.Locked.Rev, NarHash: n.Locked.NarHash,
				LastModified: n.Locked.LastModified, RevCount: n.Locked.RevCount,
			}.nix(),
		}
	}
	text, err := plainJSON(known)
	if err != nil {
		return nil, err
	}
	file := maps.Clone(l.text)
	file["granary"] = text
	return plainJSON(file)
}
