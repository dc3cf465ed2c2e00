package nar

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// maxIndex bounds the memory for an archive's index, in bytes. About a
	// million entries pass. An entry costs its name and nodeCost, a file bodyCost
	// as well: what was measured, with what growing takes.
	maxIndex = 320 << 20
	nodeCost = 270
	bodyCost = 60
	// maxPath is the longest path in an archive, in bytes: Linux's PATH_MAX.
	maxPath = 4096
	// maxNested is how many directories an entry may be in. Nix itself makes no
	// NAR with over 64 since 2.34 (src/libutil/archive.cc), but did before.
	maxNested = 256
)

// A tree is what unpacking an archive would leave on a disk, without the
// contents. Archives are taken in by add, in their order.
type tree struct {
	nodes   []node // nodes[root] is the directory that is unpacked into
	names   map[childName]nodeID
	bodies  []body
	targets []string // of symbolic links
	cost    int64    // what maxIndex bounds
	size    int64    // bytes of all files that came, hard links included
	maxSize int64    // what size may be
	changed nodeID   // what the latest entry set, or root

	// The directory that the latest entry is in; the next is likely there.
	lastDir  string
	lastNode nodeID
}

// A nodeID is an index into tree.nodes, a bodyID one into tree.bodies.
type (
	nodeID int32
	bodyID int32
)

const root nodeID = 0

// A node is a name in a tree. What it names is a directory, or a file or link
// that other nodes may name too.
type node struct {
	name        string
	dir         nodeID // that it is in
	child, next nodeID // first entry and next sibling, 0 if there is none
	ref         int32  // bodyID of a Regular, index of a Symlink's target
	depth       uint16
	kind        Type
}

type childName struct {
	dir  nodeID
	name string
}

// A body is the contents of a file in an archive: several nodes may have it
// (hard links), or none (when a later entry replaced it). Bodies are numbered
// as they come in the archive.
type body struct {
	size       int64
	at         location
	links      int32 // nodes that have it and are not written
	executable bool
}

// newTree returns an empty tree, whose files may have maxSize bytes together.
func newTree(maxSize int64) *tree {
	return &tree{
		nodes: []node{{kind: Directory}}, names: map[childName]nodeID{}, maxSize: maxSize,
	}
}

// charge counts n bytes of memory.
func (t *tree) charge(n int) error {
	t.cost += int64(n)
	if t.cost > maxIndex {
		return tooLarge("too many entries: %d", len(t.names))
	}
	return nil
}

// addDir adds a directory, or leaves it as it is.
func (t *tree) addDir(path string) error {
	if err := t.checkPath(path); err != nil {
		return err
	}
	dir, name, err := t.parent(path)
	if err != nil || name == "" {
		return err
	}
	id, err := t.child(dir, name)
	if err == nil && t.nodes[id].kind != Directory {
		err = t.set(id, path, Directory, 0)
	}
	return err
}

// addFile adds a file with a new body, which replaces what is at path.
func (t *tree) addFile(path string, size int64, executable bool) error {
	if size < 0 {
		return badFormat("%q: a size of %d bytes", path, size)
	}
	if err := t.charge(bodyCost); err != nil {
		return err
	}
	id, err := t.leaf(path)
	if err != nil {
		return err
	}
	t.bodies = append(t.bodies, body{size: size, executable: executable})
	return t.set(id, path, Regular, int32(len(t.bodies)-1))
}

// addSymlink adds a symbolic link, which replaces what is at path.
func (t *tree) addSymlink(path, target string) error {
	if err := checkTarget(target); err != nil {
		return badFormat("%q: %v", path, err)
	}
	if err := t.charge(len(target)); err != nil {
		return err
	}
	id, err := t.leaf(path)
	if err != nil {
		return err
	}
	t.targets = append(t.targets, strings.Clone(target))
	return t.set(id, path, Symlink, int32(len(t.targets)-1))
}

// addLink adds a hard link to what is at target now.
func (t *tree) addLink(path, target string) error {
	if err := t.checkPath(target); err != nil {
		return badFormat("%q: hard link to %v", path, err)
	}
	from, ok := t.find(target)
	if !ok || t.nodes[from].kind == Directory {
		return badFormat("%q: hard link to %q, which is no file before it", path, target)
	}
	id, err := t.leaf(path)
	if err != nil || id == from {
		return err
	}
	return t.set(id, path, t.nodes[from].kind, t.nodes[from].ref)
}

// leaf returns the node at path, for something that is no directory.
func (t *tree) leaf(path string) (nodeID, error) {
	if err := t.checkPath(path); err != nil {
		return 0, err
	}
	dir, name, err := t.parent(path)
	if err != nil {
		return 0, err
	}
	if name == "" || strings.HasSuffix(path, "/") {
		return 0, badFormat("%q: the name of a directory, for something else", path)
	}
	return t.child(dir, name)
}

// set makes a node something else. As tar does, it replaces a directory only
// if that is empty.
func (t *tree) set(id nodeID, path string, kind Type, ref int32) error {
	n := &t.nodes[id]
	if n.child != 0 {
		return badFormat("%q: replaces a directory that is not empty", path)
	}
	if kind == Regular {
		size := t.bodies[ref].size
		if size > t.maxSize-t.size {
			return tooLarge("more than %d bytes of contents", t.maxSize)
		}
		t.size += size
		t.bodies[ref].links++
	}
	if n.kind == Regular {
		t.bodies[n.ref].links--
	}
	n.kind, n.ref, t.changed = kind, ref, id
	return nil
}

// checkPath refuses paths that unpacking must not follow.
func (t *tree) checkPath(path string) error {
	switch {
	case path == "":
		return badFormat("an entry without a name")
	case len(path) > maxPath:
		return badFormat("%.100q...: a name of %d bytes", path, len(path))
	case path[0] == '/':
		return badFormat("%q: an absolute path", path)
	}
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		if err := checkName(name); err != nil {
			return badFormat("%.100q: %v", path, err)
		}
	}
	return nil
}

// parent returns the node of the directory that path is in, which is made if
// it is missing, and path's last name: "" if path means the root.
func (t *tree) parent(path string) (nodeID, string, error) {
	path = strings.TrimRight(path, "/")
	for path == "." || strings.HasSuffix(path, "/.") {
		path = strings.TrimRight(path[:len(path)-1], "/")
	}
	i := strings.LastIndexByte(path, '/')
	dir, name := path[:i+1], path[i+1:]
	if dir == t.lastDir && t.nodes[t.lastNode].kind == Directory {
		return t.lastNode, name, nil
	}
	id := root
	for part := range strings.SplitSeq(dir, "/") {
		if part == "" || part == "." {
			continue
		}
		var err error
		if id, err = t.child(id, part); err != nil {
			return 0, "", err
		}
		switch t.nodes[id].kind {
		case Regular, Symlink:
			return 0, "", badFormat("%q: %q is no directory", path, part)
		}
		t.nodes[id].kind = Directory
	}
	t.lastDir, t.lastNode = dir, id
	return id, name, nil
}

// child returns the node called name in dir. If it is new, its kind is 0.
func (t *tree) child(dir nodeID, name string) (nodeID, error) {
	if id, ok := t.names[childName{dir, name}]; ok {
		return id, nil
	}
	if t.nodes[dir].depth >= maxNested {
		return 0, tooLarge("%.100q: in more than %d directories", name, maxNested)
	}
	if err := t.charge(len(name) + nodeCost); err != nil {
		return 0, err
	}
	name = strings.Clone(name)
	id := nodeID(len(t.nodes))
	t.nodes = append(t.nodes, node{
		name: name, dir: dir, next: t.nodes[dir].child, depth: t.nodes[dir].depth + 1,
	})
	t.nodes[dir].child = id
	t.names[childName{dir, name}] = id
	return id, nil
}

// find returns the node at path, if there is one.
func (t *tree) find(path string) (nodeID, bool) {
	id := root
	for name := range strings.SplitSeq(path, "/") {
		if name == "" || name == "." {
			continue
		}
		next, ok := t.names[childName{id, name}]
		if !ok {
			return 0, false
		}
		id = next
	}
	return id, true
}

// order returns the nodes of the tree at top in the order of a NAR.
func (t *tree) order(top nodeID) []nodeID {
	order := make([]nodeID, 0, len(t.nodes))
	pending := []nodeID{top}
	for len(pending) > 0 {
		id := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		order = append(order, id)
		begin := len(pending)
		for c := t.nodes[id].child; c != 0; c = t.nodes[c].next {
			pending = append(pending, c)
		}
		slices.SortFunc(pending[begin:], func(a, b nodeID) int {
			return strings.Compare(t.nodes[b].name, t.nodes[a].name)
		})
	}
	return order
}

// top returns the node that becomes the NAR's root. That is the directory that
// was unpacked into if keepRoot is set. Else its one entry; or its one entry
// that is not hidden, as nixpkgs of 2018 has it; or, if that is a file, the
// directory with that file alone.
func (t *tree) top(keepRoot bool) (nodeID, error) {
	if keepRoot {
		return root, nil
	}
	var entries, visible []nodeID
	for c := t.nodes[root].child; c != 0; c = t.nodes[c].next {
		entries = append(entries, c)
		if t.nodes[c].name[0] != '.' {
			visible = append(visible, c)
		}
	}
	if len(entries) != 1 {
		entries = visible
	}
	if len(entries) != 1 {
		return 0, badFormat("not a single top directory")
	}
	only := entries[0]
	if t.nodes[only].kind == Regular {
		t.nodes[root].child, t.nodes[only].next = only, 0
		return root, nil
	}
	return only, nil
}

// countLinks counts those of all bodies again, with nothing written.
func (t *tree) countLinks() {
	for i := range t.bodies {
		t.bodies[i].links = 0
	}
	for i := range t.nodes {
		if n := &t.nodes[i]; n.kind == Regular {
			t.bodies[n.ref].links++
		}
	}
}

// compare tells which of two nodes comes first in a NAR, as cmp.Compare does:
// directories before their entries, entries in the order of their names.
func (t *tree) compare(a, b nodeID) int {
	level := min(t.nodes[a].depth, t.nodes[b].depth)
	atA, atB := t.above(a, level), t.above(b, level)
	if atA == atB {
		return cmp.Compare(t.nodes[a].depth, t.nodes[b].depth)
	}
	for t.nodes[atA].dir != t.nodes[atB].dir {
		atA, atB = t.nodes[atA].dir, t.nodes[atB].dir
	}
	return strings.Compare(t.nodes[atA].name, t.nodes[atB].name)
}

// above returns the directory of the given depth that id is in, or id itself.
func (t *tree) above(id nodeID, depth uint16) nodeID {
	for t.nodes[id].depth > depth {
		id = t.nodes[id].dir
	}
	return id
}
