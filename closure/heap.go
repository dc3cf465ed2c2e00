package closure

// A heap has the item with the least price first, of several the least number.
type heap struct {
	price func(item int32) float64
	at    []float64 // by item: its price when it was looked at
	place []int32   // by item
	items []int32
}

func newHeap(n int, price func(item int32) float64) *heap {
	return &heap{price, make([]float64, n), make([]int32, n), make([]int32, 0, n)}
}

func (h *heap) before(a, b int32) bool {
	return h.at[a] < h.at[b] || h.at[a] == h.at[b] && a < b
}

func (h *heap) set(place int, item int32) {
	h.items[place], h.place[item] = item, int32(place)
}

func (h *heap) push(item int32) {
	h.items = append(h.items, item)
	h.place[item] = int32(len(h.items) - 1)
	h.fell(item)
}

// fell is to be called when the price of an item has fallen.
func (h *heap) fell(item int32) {
	h.at[item] = h.price(item)
	place := int(h.place[item])
	for place > 0 {
		parent := h.items[(place-1)/2]
		if !h.before(item, parent) {
			break
		}
		h.set(place, parent)
		place = (place - 1) / 2
	}
	h.set(place, item)
}

// pop removes the first item.
func (h *heap) pop() int32 {
	first, last := h.items[0], h.items[len(h.items)-1]
	h.items = h.items[:len(h.items)-1]
	place := 0
	for child := 1; child < len(h.items); child = 2*place + 1 {
		if child+1 < len(h.items) && h.before(h.items[child+1], h.items[child]) {
			child++
		}
		if !h.before(h.items[child], last) {
			break
		}
		h.set(place, h.items[child])
		place = child
	}
	if len(h.items) > 0 {
		h.set(place, last)
	}
	return first
}
