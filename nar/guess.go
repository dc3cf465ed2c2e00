package nar

import (
	"errors"
	"slices"
)

// errOrder says that a guess was wrong: something was written to the NAR, and
// then came what belongs before it.
var errOrder = errors.New("the archive is not in the order of a NAR")

// hashAhead writes to the NAR what comes first of all that is in memory, but for
// the last part of it, so that hashing goes on while the archive is decompressed.
// It guesses that nothing will come that belongs before it. The contents stay in
// memory, so that a wrong guess costs no second reading. The body id is the
// latest.
func (w *tarWriter) hashAhead(id bodyID) error {
	w.fresh += w.tree.bodies[id].size
	if w.fresh < w.opts.Budget/64 || !w.topIsKnown() {
		return nil
	}
	w.pending, w.fresh = w.pending+w.fresh, 0
	if err := w.takeIn(); err != nil {
		return w.wrong(err)
	}
	for w.enc.err == nil && w.pending > w.opts.Budget/8 {
		next, _ := w.out.next()
		if next == id {
			break
		}
		w.pending -= w.tree.bodies[next].size
		if err := w.writeFile(next); err != nil {
			return err
		}
	}
	return nil
}

// wrong begins the NAR anew if err says that a guess was wrong, and if all
// contents are in memory yet.
func (w *tarWriter) wrong(err error) error {
	if err != errOrder || !w.ahead {
		return err
	}
	w.ahead, w.out, w.taken = false, nil, 0
	w.tree.countLinks()
	w.enc.restart()
	return nil
}

// commit frees the memory of what is written, after which a wrong guess costs a
// second reading.
func (w *tarWriter) commit() error {
	if w.out != nil {
		if err := w.takeIn(); err != nil {
			return w.wrong(err)
		}
	}
	w.ahead = false
	for i := range w.tree.bodies {
		if b := &w.tree.bodies[i]; b.links == 0 {
			w.store.drop(b.at)
			b.at = 0
		}
	}
	return nil
}

// makeRoom writes to the NAR what comes first of all that is here, until memory
// has room for the body id, which is about to be read, and a bit more. It
// guesses that nothing will come that belongs before it. If the body itself
// comes first, it is written without passing through memory.
func (w *tarWriter) makeRoom(id bodyID) (front bool, err error) {
	if w.ahead {
		if err := w.commit(); err != nil {
			return false, err
		}
	}
	if !w.topIsKnown() {
		return false, errOrder
	}
	if err := w.takeIn(); err != nil {
		return false, err
	}
	room := max(w.tree.bodies[id].size, w.opts.Budget/64)
	for w.enc.err == nil && !w.store.fits(room) {
		next, _ := w.out.next()
		if next == id {
			return true, w.out.fileFrom(w.tar)
		}
		if err := w.writeFile(next); err != nil {
			return false, err
		}
	}
	return false, w.enc.err
}

// topIsKnown tells whether what is the NAR's root can be told before the end of
// the archive: it is as long as nothing stands beside the top directory.
func (w *tarWriter) topIsKnown() bool {
	first := w.tree.nodes[root].child
	return w.opts.KeepRoot || first != 0 && w.tree.nodes[first].next == 0
}

// takeIn brings the nodes that have come since the last time into the order of
// what is not written.
func (w *tarWriter) takeIn() error {
	if w.out == nil {
		return w.begin()
	}
	fresh := make([]nodeID, 0, len(w.tree.nodes)-w.taken)
	for ; w.taken < len(w.tree.nodes); w.taken++ {
		fresh = append(fresh, nodeID(w.taken))
	}
	slices.SortFunc(fresh, w.tree.compare)
	if len(fresh) > 0 && w.tree.compare(fresh[0], w.out.last) < 0 || !w.topIsKnown() {
		return errOrder
	}
	w.out.merge(fresh)
	return nil
}

func (w *tarWriter) begin() error {
	top, err := w.tree.top(w.opts.KeepRoot)
	if err != nil {
		return err
	}
	w.out = newTreeWriter(w.tree, top, w.enc)
	w.taken = len(w.tree.nodes)
	return nil
}

// checkChange returns errOrder if the latest entry has changed what is written.
func (w *tarWriter) checkChange() error {
	id := w.tree.changed
	if w.out != nil && int(id) < w.taken && id != root && w.tree.compare(id, w.out.last) <= 0 {
		return errOrder
	}
	return nil
}
