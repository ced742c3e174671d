package assertions

import (
	"fmt"
	"slices"
)

// aligned is how many pairs of elements are compared to find out which element
// was put in or left out.
const aligned = 40_000

// list compares lists. Element by element is what people expect to read, until
// an element that was put in or left out moves all that follow: then the
// elements that are still there are found again, and only the others told.
func (d *differ) list(path string, want, got []any) {
	if d.most == 1 { // whether, not where
		d.replaced(path, want, got, 0, 0)
		return
	}
	from, to := 0, 0 // what is the same at the front and at the end
	for from < min(len(want), len(got)) && d.same(want[from], got[from]) {
		from++
	}
	for to < min(len(want), len(got))-from && d.same(want[len(want)-1-to], got[len(got)-1-to]) {
		to++
	}
	a, b := want[from:len(want)-to], got[from:len(got)-to]
	kept := d.kept(a, b)
	if len(a) == len(b) && !d.fewer(a, b, kept) {
		kept = nil
	}
	i, j := 0, 0
	for _, k := range append(kept, [2]int{len(a), len(b)}) {
		d.replaced(path, a[i:k[0]], b[j:k[1]], from+i, from+j)
		i, j = k[0]+1, k[1]+1
	}
}

// replaced tells of a run of elements that another run stands for.
func (d *differ) replaced(path string, want, got []any, i, j int) {
	for n := range max(len(want), len(got)) {
		switch {
		case d.full():
			return
		case n >= len(got):
			d.add(fmt.Sprintf("%s[%d]", path, i+n), Missing, want[n], nil)
		case n >= len(want):
			d.add(fmt.Sprintf("%s[%d]", path, j+n), Extra, nil, got[n])
		default:
			d.value(fmt.Sprintf("%s[%d]", path, j+n), want[n], got[n])
		}
	}
}

// same says whether an element is the one that was wanted.
func (d *differ) same(want, got any) bool {
	e := differ{partial: d.partial, most: 1}
	e.value("$", want, got)
	return e.found == nil
}

// kept finds the longest row of elements that stand in both lists in the same
// order: pairs of their places. Of very long lists it finds none.
func (d *differ) kept(want, got []any) [][2]int {
	n, m := len(want), len(got)
	if n == 0 || m == 0 || n*m > aligned {
		return nil
	}
	same := make([]bool, n*m)
	length := make([]int, (n+1)*(m+1)) // of the longest row from here to the end
	at := func(i, j int) *int { return &length[i*(m+1)+j] }
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if same[i*m+j] = d.same(want[i], got[j]); same[i*m+j] {
				*at(i, j) = *at(i+1, j+1) + 1
			} else {
				*at(i, j) = max(*at(i+1, j), *at(i, j+1))
			}
		}
	}
	var kept [][2]int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case same[i*m+j]:
			kept = append(kept, [2]int{i, j})
			i, j = i+1, j+1
		case *at(i+1, j) >= *at(i, j+1):
			i++
		default:
			j++
		}
	}
	return kept
}

// fewer says whether there is less to tell with the elements that were kept
// than element by element, for lists of one length.
func (d *differ) fewer(want, got []any, kept [][2]int) bool {
	told, i, j := 0, 0, 0
	for _, k := range append(slices.Clone(kept), [2]int{len(want), len(got)}) {
		told += max(k[0]-i, k[1]-j)
		i, j = k[0]+1, k[1]+1
	}
	for i := range want {
		if !d.same(want[i], got[i]) {
			told--
		}
	}
	return told < 0
}
