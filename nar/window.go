package nar

// A window decides which contents are kept in memory until their turn comes.
// Files are known by their position in the NAR; the window is the run of
// positions from the cursor to end whose contents fit into the budget together.
//
// A body that several positions share counts once. One that is larger than the
// budget alone is never kept, and does not count.
type window struct {
	budget int64
	bodies []body
	held   [][]byte // by bodyID
	used   int64    // bytes in held
	shelf  shelf    // first pass only

	files    []bodyID // by position
	earlier  []int32  // the latest position before this one with the same body, or -1
	later    []int32  // the first one after it, or -1
	need     []int32  // by bodyID: the first position from cursor on, or -1
	cursor   int
	end      int
	reserved int64 // bytes that the window's bodies have together
}

// makeRoom decides whether a body of the given size is kept in the first pass,
// and drops bodies that come after it in the NAR to make room.
func (w *window) makeRoom(key string, size int64) bool {
	size += int64(len(key)) + itemCost
	if size > w.budget {
		return false
	}
	for w.used+w.shelf.bytes+size > w.budget {
		id, ok := w.shelf.dropAfter(key)
		if !ok {
			return false
		}
		w.drop(id)
	}
	return true
}

// keep stores the contents of a body.
func (w *window) keep(id bodyID, data []byte) {
	w.held[id] = data
	w.used += int64(len(data))
}

func (w *window) drop(id bodyID) {
	w.used -= int64(len(w.held[id]))
	w.held[id] = nil
}

// setOrder starts the window, and drops what it does not cover.
func (w *window) setOrder(files []bodyID) {
	w.shelf = shelf{}
	w.files = files
	w.earlier = make([]int32, len(files))
	w.later = make([]int32, len(files))
	w.need = make([]int32, len(w.bodies))
	for id := range w.need {
		w.need[id] = -1
	}
	for p := len(files) - 1; p >= 0; p-- {
		id := files[p]
		w.later[p], w.earlier[p] = w.need[id], -1
		if w.need[id] >= 0 {
			w.earlier[w.need[id]] = int32(p)
		}
		w.need[id] = int32(p)
	}
	w.extend()
	for id := range w.held {
		if !w.covers(w.need[id]) {
			w.drop(bodyID(id))
		}
	}
}

// covers tells whether position p is in the window.
func (w *window) covers(p int32) bool { return int(p) >= w.cursor && int(p) < w.end }

func (w *window) weight(id bodyID) int64 {
	if size := w.bodies[id].size; size <= w.budget {
		return size
	}
	return 0
}

// extend moves the end as far as the budget lets it.
func (w *window) extend() {
	for ; w.end < len(w.files); w.end++ {
		if int(w.earlier[w.end]) >= w.cursor {
			continue // is in the window already
		}
		size := w.weight(w.files[w.end])
		if w.reserved+size > w.budget {
			return
		}
		w.reserved += size
	}
}

// ready returns the contents at the cursor, if they are here.
func (w *window) ready() ([]byte, bool) {
	id := w.files[w.cursor]
	return w.held[id], w.held[id] != nil || w.bodies[id].size == 0
}

// advance moves the cursor on, over what has been written.
func (w *window) advance() {
	id, later := w.files[w.cursor], w.later[w.cursor]
	w.need[id] = later
	w.cursor++
	if !w.covers(later) {
		w.drop(id)
		w.reserved -= w.weight(id)
	}
	w.extend()
}

// A fate is what happens to the contents of a body that a pass comes upon.
type fate uint8

const (
	skip   fate = iota // written, here, or of no use yet
	store              // into memory
	direct             // into the NAR
)

func (w *window) fateOf(id bodyID) fate {
	p := w.need[id]
	switch b := &w.bodies[id]; {
	case !w.covers(p) || w.held[id] != nil || b.size == 0:
		return skip
	case int(p) == w.cursor && (b.size > w.budget || !w.covers(w.later[p])):
		return direct
	case b.size <= w.budget:
		return store
	}
	return skip
}
