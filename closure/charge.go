package closure

import (
	"math"
	"slices"
)

// charges are what items are charged for the classes that they lack.
type charges struct {
	of     []float64 // by item: in all
	parts  []float32 // in the order of needs.items: of this item for this class
	levels []float64 // by class: what those are charged in all, for each root, who pay for it
}

// newCharges charges nobody for anything yet.
func (n *needs) newCharges() charges {
	c := charges{
		make([]float64, len(n.weights)), make([]float32, len(n.items.items)),
		make([]float64, len(n.bytes)),
	}
	for class := range c.levels {
		c.levels[class] = math.Inf(1)
	}
	return c
}

func (c *charges) clone() charges {
	return charges{slices.Clone(c.of), slices.Clone(c.parts), slices.Clone(c.levels)}
}

// How often the charges are levelled at most. After 6 rounds the bound that most returns is met
// within 0.1 % by the picks of a whole channel; more bring no more. Charges that were
// level before some items were dropped are soon so again.
const (
	rounds      = 6
	roundsAgain = 3
)

// charge charges the items that are not dropped for the classes that were not taken, in
// such a way that nobody pays for a class who is charged more in all, for each root, than
// somebody else who lacks it. It begins with the charges as they are.
func (n *needs) charge(c *charges, dropped, taken []bool, rounds int) {
	for item := range c.of {
		if dropped[item] {
			c.of[item] = math.Inf(1)
		}
	}
	for range rounds {
		moved := false
		for class := range n.bytes {
			if !taken[class] && n.level(c, int32(class)) {
				moved = true
			}
		}
		if !moved {
			return
		}
	}
}

// level charges a class to those of its items that are charged least for others, so that
// they come to one level, and tells whether that has moved. It is found by Newton's
// method, from above.
func (n *needs) level(c *charges, class int32) bool {
	const most = 8 // steps; the next round goes on
	const little = 1e-3
	items, parts := n.items.list(class), c.parts[n.items.begin[class]:]
	level := c.levels[class]
	for range most {
		sum, weight := float64(n.bytes[class]), 0.0
		for i, item := range items {
			if others := c.of[item] - float64(parts[i]); others < level*n.weights[item] {
				sum += others
				weight += n.weights[item]
			}
		}
		next := sum / weight
		if weight == 0 {
			next = math.Inf(1)
		}
		near := math.Abs(next-level) <= little*next
		level = next
		if near {
			break
		}
	}
	old := c.levels[class]
	if c.levels[class] = level; math.IsInf(level, 1) {
		return false
	}
	n.settle(c, class)
	return math.Abs(level-old) > little*level
}

// settle charges the items of a class up to its level, and no more in all than it takes.
func (n *needs) settle(c *charges, class int32) {
	items, parts := n.items.list(class), c.parts[n.items.begin[class]:]
	level, sum := c.levels[class], 0.0
	for i, item := range items {
		c.of[item] -= float64(parts[i])
		parts[i] = float32(max(0, level*n.weights[item]-c.of[item]))
		sum += float64(parts[i])
	}
	if sum == 0 {
		return
	}
	scale := float64(n.bytes[class]) / sum
	for i, item := range items {
		parts[i] = float32(float64(parts[i]) * scale)
		c.of[item] += float64(parts[i])
	}
}
