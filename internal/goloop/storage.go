package goloop

// storage says where the values of a plan lie that its steps compute: offsets in one row of float32s.
type storage struct {
	at    map[*value]int // offset in the row
	total int            // length of the row
}

// align rounds up to whole cache lines.
func align(n int) int { return (n + 15) &^ 15 }

// allocate finds room for the values of the units: memory is used again when no later unit reads it. The values computed
// before the first pass keep their place; temporary ones have none.
func allocate(before []*value, units []unit, values []*value, temporary map[*value]bool) *storage {
	s := &storage{at: map[*value]int{}}
	reserve := func(n int) int {
		at := s.total
		s.total += align(n)
		return at
	}
	for _, v := range before {
		if v.inRow() {
			s.at[v] = reserve(v.room())
		}
	}
	unitOf := map[*value]int{}
	for i, u := range units {
		for _, v := range u.values {
			unitOf[v] = i
		}
	}
	// The last unit that reads each value, through all views.
	last := map[*value]int{}
	for _, v := range values {
		if v.output {
			last[v.root] = len(units)
		}
		i, ok := unitOf[v]
		if !ok {
			continue
		}
		last[v] = max(last[v], i)
		for _, in := range v.inputs {
			last[in.root] = max(last[in.root], i)
		}
	}
	free := map[int][]int{} // by aligned size
	dying := make([][]*value, len(units)+1)
	for i, u := range units {
		for _, v := range u.values {
			if !v.inRow() || temporary[v] {
				continue
			}
			n := align(v.room())
			if list := free[n]; len(list) > 0 {
				s.at[v] = list[len(list)-1]
				free[n] = list[:len(list)-1]
			} else {
				s.at[v] = reserve(v.room())
			}
			dying[last[v]] = append(dying[last[v]], v)
		}
		for _, v := range dying[i] {
			free[align(v.room())] = append(free[align(v.room())], s.at[v])
		}
	}
	return s
}

// inRow reports whether a step of this package computes the value into the row of numbers.
func (v *value) inRow() bool {
	return v.emitted() && v.class != upstream && v.words() > 0 && v.size > 0
}

// room is how many float32s the value takes.
func (v *value) room() int { return v.stored * v.words() }
