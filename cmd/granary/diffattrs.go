package main

import (
	"strings"

	"granary/catalog"
)

// A change is what became of an attribute, or of a source, from one snapshot to another.
type change string

const (
	wasAdded   change = "added"
	wasRemoved change = "removed"
	wasChanged change = "changed" // it has another derivation
	wasBroken  change = "broken"  // it evaluates no more
	wasFixed   change = "fixed"   // it evaluates now
)

// An attrChange is an attribute that differs. Of one that was added or removed there is
// but one side.
type attrChange struct {
	change   change
	old, new *catalog.Attribute
}

// attrChanges compares the attributes of two snapshots. All are in the order of their
// paths.
func attrChanges(before, after []catalog.Attribute) (all []attrChange) {
	for len(before) > 0 || len(after) > 0 {
		var c attrChange
		order := 0
		switch {
		case len(before) == 0:
			order = 1
		case len(after) == 0:
			order = -1
		default:
			order = strings.Compare(before[0].Path, after[0].Path)
		}
		if order <= 0 {
			c.old, before = &before[0], before[1:]
		}
		if order >= 0 {
			c.new, after = &after[0], after[1:]
		}
		if c.change = c.kind(); c.change != "" {
			all = append(all, c)
		}
	}
	return all
}

// kind returns "" if nothing changed. An error is no derivation; another error is no
// change.
func (c *attrChange) kind() change {
	switch {
	case c.old == nil:
		return wasAdded
	case c.new == nil:
		return wasRemoved
	case c.old.DrvPath == c.new.DrvPath:
		return ""
	case c.new.Kind != "":
		return wasBroken
	case c.old.Kind != "":
		return wasFixed
	}
	return wasChanged
}

// attribute returns that of the new snapshot, if it is there.
func (c *attrChange) attribute() *catalog.Attribute {
	if c.new != nil {
		return c.new
	}
	return c.old
}

// failed returns the attribute of the side that did not evaluate, the new one before the
// old one; nil if there is none.
func (c *attrChange) failed() *catalog.Attribute {
	for _, at := range []*catalog.Attribute{c.new, c.old} {
		if at != nil && at.Kind != "" {
			return at
		}
	}
	return nil
}

// isVersion tells whether another derivation has another name, which says the version.
func (c *attrChange) isVersion() bool { return c.change == wasChanged && c.old.Name != c.new.Name }

// names returns the names of the derivations, as short as they tell what changed:
// "59.0.2 -> 60.0", or in full where more than the version did.
func (c *attrChange) names() string {
	from, to := c.old.Name, c.new.Name
	fromName, fromVersion := splitName(from)
	toName, toVersion := splitName(to)
	if fromName == toName && fromVersion != "" && toVersion != "" {
		from, to = fromVersion, toVersion
	}
	return from + " -> " + to
}

// splitName splits the name of a derivation as builtins.parseDrvName does: the version
// begins behind the first dash that no letter follows; "" if there is none.
func splitName(full string) (name, version string) {
	for i := range len(full) - 1 {
		if c := full[i+1] | 0x20; full[i] == '-' && (c < 'a' || c > 'z') {
			return full[:i], full[i+1:]
		}
	}
	return full, ""
}
