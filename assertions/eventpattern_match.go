package assertions

// place is one element of one array of an event.
type place struct{ array, index int }

// leaf is a scalar of an event and the array elements around it, outermost first.
type leaf struct {
	value any
	in    []place
}

// flattener gathers the leaves of an event that a pattern asks about.
type flattener struct {
	wanted map[string]bool
	leaves map[string][]leaf
	arrays int // seen so far: an array's number is its identity
}

func (f *flattener) object(path string, o map[string]any, in []place) {
	for k, v := range o {
		if at := joinPath(path, k); f.wanted[at] {
			f.value(at, v, in)
		}
	}
}

func (f *flattener) value(path string, v any, in []place) {
	switch v := v.(type) {
	case map[string]any:
		f.object(path, v, in)
	case []any:
		id := f.arrays
		f.arrays++
		for i, e := range v {
			switch e.(type) {
			case map[string]any, []any:
				f.value(path, e, append(in[:len(in):len(in)], place{id, i}))
			default:
				f.leaves[path] = append(f.leaves[path], leaf{e, in})
			}
		}
	default:
		f.leaves[path] = append(f.leaves[path], leaf{v, in})
	}
}

// matches says whether every field holds without two of them choosing
// different elements of the same array.
func (f *flattener) matches(fields []patternField) bool {
	choices := make([][][]place, len(fields))
	for i, field := range fields {
		choices[i] = f.choices(field)
		if len(choices[i]) == 0 && !field.absent {
			return false
		}
	}
	return f.choose(fields, choices, nil)
}

// choices lists where the leaves stand for which a field holds, neighbours once.
func (f *flattener) choices(field patternField) [][]place {
	var out [][]place
	for _, l := range f.leaves[field.path] {
		if n := len(out); n > 0 && samePlaces(out[n-1], l.in) {
			continue
		}
		for _, holds := range field.values {
			if holds(l.value) {
				out = append(out, l.in)
				break
			}
		}
	}
	return out
}

func (f *flattener) choose(fields []patternField, choices [][][]place, chosen []place) bool {
	if len(fields) == 0 {
		return true
	}
	if fields[0].absent && f.absent(fields[0].path, chosen) && f.choose(fields[1:], choices[1:], chosen) {
		return true
	}
	for _, in := range choices[0] {
		if together, ok := join(chosen, in); ok && f.choose(fields[1:], choices[1:], together) {
			return true
		}
	}
	return false
}

// absent says whether no leaf stands at the path within the chosen elements.
func (f *flattener) absent(path string, chosen []place) bool {
	for _, l := range f.leaves[path] {
		if _, ok := join(chosen, l.in); ok {
			return false
		}
	}
	return true
}

// join puts two choices together; false when they disagree about an array.
// Both are sorted by array, because arrays are numbered from the outside in.
func join(a, b []place) ([]place, bool) {
	if len(b) == 0 {
		return a, true
	}
	out := make([]place, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].array < b[0].array:
			out, a = append(out, a[0]), a[1:]
		case a[0].array > b[0].array:
			out, b = append(out, b[0]), b[1:]
		case a[0].index != b[0].index:
			return nil, false
		default:
			out, a, b = append(out, a[0]), a[1:], b[1:]
		}
	}
	return append(append(out, a...), b...), true
}

func samePlaces(a, b []place) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
