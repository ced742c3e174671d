package assertions

import (
	"encoding/binary"
	"maps"
	"slices"
)

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

// search looks for elements of arrays with which every field holds.
type search struct {
	*flattener
	fields  []patternField
	choices [][][]place     // for each field
	later   []map[int]bool  // the arrays that the fields behind each field stand in
	failed  map[string]bool // fields from which on, beside what was chosen, nothing holds
}

// matches says whether every field holds without two of them choosing
// different elements of the same array.
func (f *flattener) matches(fields []patternField) bool {
	s := search{
		flattener: f, fields: fields, choices: make([][][]place, len(fields)), later: make([]map[int]bool, len(fields)),
		failed: map[string]bool{},
	}
	for i, field := range fields {
		s.choices[i] = f.choices(field)
		if len(s.choices[i]) == 0 && !field.absent {
			return false
		}
	}
	arrays := map[int]bool{}
	for i := len(fields) - 1; i >= 0; i-- {
		s.later[i] = maps.Clone(arrays)
		for _, l := range f.leaves[fields[i].path] {
			for _, p := range l.in {
				arrays[p.array] = true
			}
		}
	}
	return s.from(0, nil)
}

// choices lists where the leaves stand for which a field holds, neighbours once.
func (f *flattener) choices(field patternField) [][]place {
	var out [][]place
	for _, l := range f.leaves[field.path] {
		if n := len(out); n > 0 && slices.Equal(out[n-1], l.in) {
			continue
		}
		for _, test := range field.values {
			if test.holds(l.value) {
				out = append(out, l.in)
				break
			}
		}
	}
	return out
}

// from says whether the fields from i on hold beside what was chosen for those
// before. What failed once is not tried again, or lists with many elements that
// hold would take time without end.
func (s *search) from(i int, chosen []place) bool {
	if i == len(s.fields) {
		return true
	}
	state := stateOf(i, chosen)
	if s.failed[state] {
		return false
	}
	field := s.fields[i]
	if field.absent && s.absent(field.path, chosen) && s.from(i+1, s.relevant(i, chosen)) {
		return true
	}
	for _, in := range s.choices[i] {
		if together, ok := join(chosen, in); ok && s.from(i+1, s.relevant(i, together)) {
			return true
		}
	}
	s.failed[state] = true
	return false
}

// stateOf names the question that from is asked.
func stateOf(i int, chosen []place) string {
	b := binary.AppendUvarint(make([]byte, 0, 2+4*len(chosen)), uint64(i))
	for _, p := range chosen {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(p.array)), uint64(p.index))
	}
	return string(b)
}

// relevant leaves out the arrays that no field behind i stands in.
func (s *search) relevant(i int, places []place) []place {
	var out []place
	for _, p := range places {
		if s.later[i][p.array] {
			out = append(out, p)
		}
	}
	return out
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
