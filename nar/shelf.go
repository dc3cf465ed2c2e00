package nar

import (
	"container/heap"
	"strings"
)

// A shelf says which contents to keep during the first pass, when positions are
// not known yet: those that come first in the NAR among what was seen so far.
type shelf struct {
	items shelfItems
	bytes int64 // that the keys take
	heap  bool  // items are a heap, which they need to be once something is dropped
}

type shelfItem struct {
	key string
	id  bodyID
}

// itemCost is what an item takes in memory besides its key, in bytes.
const itemCost = 32

// shelfKey returns a key that sorts by its bytes as path does in a NAR, where a
// directory's entries come right behind it.
func shelfKey(path string) string { return strings.ReplaceAll(path, "/", "\x00") }

func (s *shelf) put(id bodyID, key string) {
	item := shelfItem{key, id}
	s.bytes += int64(len(key)) + itemCost
	if s.heap {
		heap.Push(&s.items, item)
	} else {
		s.items = append(s.items, item)
	}
}

// dropAfter removes the last item in the order of the NAR and returns it, if it
// comes after key.
func (s *shelf) dropAfter(key string) (bodyID, bool) {
	if !s.heap {
		heap.Init(&s.items)
		s.heap = true
	}
	if len(s.items) == 0 || s.items[0].key <= key {
		return 0, false
	}
	item := heap.Pop(&s.items).(shelfItem)
	s.bytes -= int64(len(item.key)) + itemCost
	return item.id, true
}

// shelfItems is a heap with the last item in the order of the NAR on top.
type shelfItems []shelfItem

func (s shelfItems) Len() int           { return len(s) }
func (s shelfItems) Less(i, j int) bool { return s[i].key > s[j].key }
func (s shelfItems) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *shelfItems) Push(x any)        { *s = append(*s, x.(shelfItem)) }

func (s *shelfItems) Pop() any {
	last := len(*s) - 1
	item := (*s)[last]
	(*s)[last] = shelfItem{}
	*s = (*s)[:last]
	return item
}
