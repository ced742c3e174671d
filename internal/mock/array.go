package mock

import (
	"cmp"
	"slices"
	"strconv"
)

// array is a list that is being made.
type array struct {
	place
	flat   []node
	limits limits
	unique bool
	fixed  int // how many elements have a schema of their own
	value  []any
}

// element gives the schemas of an element by its index; closed is where there
// may be none.
func element(flat []node, i int) (all []node, closed string) {
	for _, n := range flat {
		o := n.object()
		prefix, _ := o["prefixItems"].([]any)
		switch rest, ok := o["items"]; {
		case i < len(prefix):
			all = append(all, n.below("prefixItems", strconv.Itoa(i)))
			if prefix[i] == false {
				return nil, pointer(n.at, "prefixItems", strconv.Itoa(i))
			}
		case ok && rest == false:
			return nil, pointer(n.at, "items")
		case ok:
			all = append(all, n.below("items"))
		case o["unevaluatedItems"] == false && len(prefix) > 0:
			return nil, pointer(n.at, "unevaluatedItems")
		}
	}
	return all, ""
}

// array makes a list.
func (m *maker) array(p place, flat []node) (any, error) {
	a := &array{place: p, flat: flat, limits: limitsOf(flat, "minItems", "maxItems"), value: []any{}}
	for _, n := range flat {
		prefix, _ := n.object()["prefixItems"].([]any)
		a.fixed = max(a.fixed, len(prefix))
		a.unique = a.unique || n.object()["uniqueItems"] == true
	}
	l := a.limits
	const most = 20_000
	switch {
	case l.low > l.high:
		return nil, m.never(p, cmp.Or(l.highAt, l.lowAt), "minItems %d is above maxItems %d", l.low, l.high)
	case l.low > most:
		return nil, m.missed(p, l.lowAt, "minItems %d is more than is made here (%d)", l.low, most)
	}
	wanted, err := m.contained(a)
	if err != nil {
		return nil, err
	}
	if err := m.elements(a, m.length(a, len(wanted)), wanted); err != nil {
		return nil, err
	}
	return a.value, nil
}

// contained are the schemas of contains, as often as each asks for elements.
func (m *maker) contained(a *array) ([]node, error) {
	var all []node
	for _, n := range a.flat {
		o := n.object()
		if o["contains"] == nil {
			continue
		}
		least := 1
		if v, ok := count(o["minContains"]); ok {
			least = v
		}
		if v, ok := count(o["maxContains"]); ok && v < least {
			return nil, m.never(a.place, n.at, "minContains %d is above maxContains %d", least, v)
		}
		if least > a.limits.high {
			return nil, m.never(a.place, n.at, "contains asks for %d elements, maxItems allows %d", least, a.limits.high)
		}
		for range least {
			all = append(all, n.below("contains"))
		}
	}
	return all, nil
}

// length chooses how many elements a list has.
func (m *maker) length(a *array, wanted int) int {
	n := max(a.limits.low, a.wish.least())
	if wanted > 0 {
		n = max(n, min(a.fixed+wanted, max(a.limits.high, 0)))
	}
	if !m.o.RequiredOnly {
		n = max(n, a.fixed)
		if a.fixed == 0 && n == 0 {
			n = 1 + m.rand.IntN(2)
			if m.retry { // perhaps the length is what did not fit
				n = m.rand.IntN(5)
			}
		}
	}
	return min(n, max(a.limits.high, a.wish.least()))
}

// elements makes the elements. Those beyond the least are left out where a
// schema would come again inside itself, and where no further value fits.
func (m *maker) elements(a *array, length int, wanted []node) error {
	for i := range length {
		least := i < max(a.limits.low, a.wish.least(), len(wanted))
		nodes, closed := element(a.flat, i)
		if closed != "" {
			if least && i >= max(a.limits.low, len(wanted)) {
				return m.missed(a.place, closed, "what is set asks for a list of %d elements, and no more than %d may be there", a.wish.least(), i)
			}
			if least {
				return m.never(a.place, closed, "a list of %d elements is asked for, and no more than %d may be there", max(a.limits.low, len(wanted), i+1), i)
			}
			return nil
		}
		c := place{path: append(slices.Clone(a.path), i), wish: a.wish.below(i), trail: a.trail, optional: a.optional || !least}
		if a.unique {
			c.avoid = a.value
		}
		if from := length - len(wanted); i >= from && i-from < len(wanted) {
			nodes = append(slices.Clone(nodes), wanted[i-from])
		}
		if c.nodes = nodes; !least && m.again(c) {
			return nil
		}
		v, err := m.different(a, c)
		if err != nil {
			if !least && !isSpent(err) && (a.unique && i > 0 || isEndless(err)) {
				return nil
			}
			return err
		}
		a.value = append(a.value, v)
	}
	return nil
}

// different makes an element that is none of those that are there, where that
// is asked for.
func (m *maker) different(a *array, c place) (any, error) {
	const tries = 40
	for try := 1; ; try++ {
		v, err := m.value(c)
		if err != nil || !a.unique || c.wish.given() || !contains(a.value, v) {
			return v, err
		}
		if try == tries {
			return nil, m.missed(a.place, nodeAt(a.flat), "uniqueItems asks for %d different elements, and only %d were found", max(a.limits.low, len(a.value)+1), len(a.value))
		}
	}
}
