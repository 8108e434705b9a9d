package goloop

// unit is what is computed at once: one value, or a group of elementwise ones of the same size.
type unit struct {
	values       []*value
	outer, width int // as those of an element
}

// schedule puts the values that are computed in every pass in order. Elementwise values of one size are brought together:
// as long as one is ready that fits the group, it is taken.
func schedule(values []*value) []unit {
	missing := map[*value]int{}
	after := map[*value][]*value{}
	var ready []*value
	for _, v := range values {
		if !v.emitted() || v.fixed {
			continue
		}
		for _, on := range v.depends() {
			if on.emitted() && !on.fixed {
				missing[v]++
				after[on] = append(after[on], v)
			}
		}
		if missing[v] == 0 {
			ready = append(ready, v)
		}
	}
	var units []unit
	for len(ready) > 0 {
		pick := -1
		if n := len(units); n > 0 {
			for i, v := range ready {
				if units[n-1].fits(v) && (pick < 0 || v.Index < ready[pick].Index) {
					pick = i
				}
			}
		}
		fits := pick >= 0
		if !fits {
			pick = 0
			for i, v := range ready {
				if v.before(ready[pick]) {
					pick = i
				}
			}
		}
		v := ready[pick]
		ready = append(ready[:pick], ready[pick+1:]...)
		if !fits {
			units = append(units, unit{})
		}
		units[len(units)-1].add(v)
		for _, next := range after[v] {
			if missing[next]--; missing[next] == 0 {
				ready = append(ready, next)
			}
		}
	}
	return units
}

// before reports whether a value is to be computed before another where none fits the group. Elementwise ones wait: more of
// them come together.
func (v *value) before(other *value) bool {
	if wait, otherWaits := v.class == elementwise, other.class == elementwise; wait != otherWaits {
		return otherWaits
	}
	return v.Index < other.Index
}

func (u *unit) add(v *value) {
	u.values = append(u.values, v)
	if e, ok := v.detail.(*element); ok {
		u.outer, u.width = max(u.outer, e.outer), max(u.width, e.width)
	}
}

// fits reports whether an elementwise value can join the group: it is of the same size, needs no other parts and no rows of
// another width, and reads the values of the group in their own place only.
func (u *unit) fits(v *value) bool {
	first := u.values[0]
	if first.class != elementwise || v.class != elementwise || v.stored != first.stored {
		return false
	}
	e := v.detail.(*element)
	if e.width > 0 && u.width > 0 && e.width != u.width || e.outer > 0 && u.outer > 0 && e.outer != u.outer {
		return false
	}
	for _, o := range e.operands {
		if o.isWhole(v.stored) {
			continue
		}
		for _, member := range u.values {
			if o.root == member {
				return false
			}
		}
	}
	return true
}
