package nar

import "io"

// A treeWriter writes a tree to an encoder, file by file: next, then file or
// fileFrom, until next returns nil.
type treeWriter struct {
	*tree
	enc   *encoder
	order []nodeID // not yet written
	last  nodeID   // written last, with all before it
	top   uint16   // depth of the NAR's root
	dirs  uint16   // directories that are open
}

func newTreeWriter(t *tree, top nodeID, e *encoder) *treeWriter {
	return &treeWriter{tree: t, enc: e, order: t.order(top), top: t.nodes[top].depth}
}

// next writes directories and symbolic links up to the next file, and returns
// the file's body; false at the end of the NAR.
func (w *treeWriter) next() (bodyID, bool) {
	for len(w.order) > 0 {
		n := &w.nodes[w.order[0]]
		if n.kind == Regular {
			return bodyID(n.ref), true
		}
		w.begin(n)
		if n.kind == Directory {
			w.enc.directory()
			w.dirs++
			continue
		}
		w.enc.symlink(w.targets[n.ref])
		w.endEntry()
	}
	w.leave(0)
	return 0, false
}

// file writes the file that next returned out of s, and drops its contents if
// no other node has them, unless they are to be kept. It returns errors of s
// only.
func (w *treeWriter) file(s *store, keep bool) error {
	b := &w.bodies[w.nodes[w.order[0]].ref]
	size := w.beginFile()
	if size > 0 {
		if err := s.copyTo(w.enc, b.at, size); err != nil {
			return err
		}
		if b.links == 0 && !keep {
			s.drop(b.at)
			b.at = 0
		}
	}
	w.endFile(size)
	return nil
}

// fileFrom writes the file that next returned, and returns errors of r only.
func (w *treeWriter) fileFrom(r io.Reader) error {
	size := w.beginFile()
	if err := w.enc.copyFrom(r, size); err != nil {
		return err
	}
	w.endFile(size)
	return nil
}

func (w *treeWriter) beginFile() int64 {
	n := &w.nodes[w.order[0]]
	b := &w.bodies[n.ref]
	w.begin(n)
	b.links--
	w.enc.file(b.size, b.executable)
	return b.size
}

func (w *treeWriter) endFile(size int64) {
	w.enc.endFile(size)
	w.endEntry()
}

// begin leaves the directories that n is not in, and begins n's entry.
func (w *treeWriter) begin(n *node) {
	w.last, w.order = w.order[0], w.order[1:]
	w.leave(n.depth - w.top)
	if w.dirs > 0 {
		w.enc.entry(n.name)
	}
}

// leave ends directories until dirs are open.
func (w *treeWriter) leave(dirs uint16) {
	for w.dirs > dirs {
		w.enc.end()
		w.dirs--
		w.endEntry()
	}
}

// endEntry ends the entry of the directory that is open now, if one is.
func (w *treeWriter) endEntry() {
	if w.dirs > 0 {
		w.enc.end()
	}
}

// merge adds nodes, which are sorted and come after the last one written.
func (w *treeWriter) merge(nodes []nodeID) {
	i, j := len(w.order)-1, len(nodes)-1
	w.order = append(w.order, nodes...)
	for k := len(w.order) - 1; j >= 0; k-- {
		if i >= 0 && w.compare(w.order[i], nodes[j]) > 0 {
			w.order[k] = w.order[i]
			i--
		} else {
			w.order[k] = nodes[j]
			j--
		}
	}
}
