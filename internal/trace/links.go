package trace

import (
	"cmp"
	"maps"
	"slices"
)

// lead is a link from one of the traces to another.
type lead struct {
	holder *node
	trace  string
}

// holders gives, for each trace that hangs on a link, the segment that holds
// the link: among several that which started first of those that lead there
// from the trace that was asked for. Rings of links are cut, so that no trace
// hangs below itself.
func (t *Tree) holders() map[string]*node {
	leads := map[string][]lead{} // by the trace they lead from
	traces := map[string]bool{}
	linked := map[string]bool{}
	for _, n := range t.nodes {
		traces[n.key.trace] = true
	}
	for _, n := range t.nodes {
		for _, l := range n.Links {
			if l.Kind != linkParent && l.TraceID != n.key.trace && traces[l.TraceID] {
				leads[n.key.trace] = append(leads[n.key.trace], lead{n, l.TraceID})
				linked[l.TraceID] = true
			}
		}
	}
	for _, l := range leads {
		slices.SortFunc(l, earlier) // one segment may hold several
	}
	// From the trace that was asked for, then from those that nothing leads to,
	// then, in rings without a beginning, from the first.
	begin := slices.SortedFunc(maps.Keys(traces), func(a, b string) int {
		return cmp.Or(yes(b == t.id)-yes(a == t.id), yes(linked[a])-yes(linked[b]), cmp.Compare(a, b))
	})
	holders := map[string]*node{}
	reached := map[string]bool{}
	for _, trace := range begin {
		if reached[trace] {
			continue
		}
		reached[trace] = true
		for ahead := slices.Clone(leads[trace]); len(ahead) > 0; {
			first := ahead[0]
			ahead = ahead[1:]
			if reached[first.trace] {
				continue
			}
			reached[first.trace] = true
			holders[first.trace] = first.holder
			for _, l := range leads[first.trace] {
				at, _ := slices.BinarySearchFunc(ahead, l, earlier)
				ahead = slices.Insert(ahead, at, l)
			}
		}
	}
	return holders
}

func earlier(a, b lead) int {
	return cmp.Or(started(a.holder, b.holder), cmp.Compare(a.trace, b.trace))
}
