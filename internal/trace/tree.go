package trace

import (
	"cmp"
	"encoding/json"
	"slices"
)

// Gathered is what is known of a trace and of those that it links to.
type Gathered struct {
	ID  string // of the trace that was asked for
	Own string // the id of the run's own root segment, "" when unknown; it may never have arrived

	// Segments are those of all the traces, in any order, some twice perhaps: the
	// ended one wins over one in progress. One without trace id is of the trace
	// that was asked for.
	Segments []*Segment
	// Wanted are the ids of further traces that links lead to.
	Wanted []string
}

// Tree is a trace, and those it links to, as far as they have arrived.
type Tree struct {
	id       string
	wanted   []string
	nodes    []*node // in the order they started
	walked   []*node // from the roots down, each before what hangs on it
	services []*service
	result   Result
	missing  []string
}

// key is what a segment is known by: its id is unique in its trace only.
type key struct{ trace, id string }

// orphan says why a node lacks a parent that it should have.
type orphan int

const (
	noOrphan orphan = iota
	notArrived
	ownAncestor // its parents lead back to itself
)

// node is a segment or a subsegment in its place in the tree.
type node struct {
	*Segment
	key
	sub      bool
	above    string // the id of the parent, as the documents say
	parent   *node
	children []*node
	orphan   orphan
	root     *node // the node at the top, itself perhaps
	segment  *node // the nearest segment, itself perhaps; nil when only subsegments are above

	like    *node // the segment that it counts as one with; nil: it counts by itself
	service *service
}

// Build puts a trace together from what has arrived of it. Whatever that is,
// each segment is in the tree exactly once; only the run's own root is left out.
func Build(g Gathered) *Tree {
	t := &Tree{id: g.ID}
	own := t.collect(g)
	for _, w := range g.Wanted {
		if w != "" && w != g.ID && !slices.Contains(t.wanted, w) {
			t.wanted = append(t.wanted, w)
		}
	}
	slices.Sort(t.wanted)
	t.connect(own)
	t.breakLoops()
	t.walk()
	t.joinServices()
	t.orderServices()
	t.result = t.newResult()
	t.missing = t.findMissing()
	return t
}

// Result gives what the tree says. It belongs to the tree: change nothing in it.
func (t *Tree) Result() Result { return t.result }

// record is one segment as one document tells of it.
type record struct {
	key
	*Segment
	above string
	sub   bool
}

// collect makes one node of each segment and subsegment, and gives the run's own roots.
func (t *Tree) collect(g Gathered) map[key]bool {
	own := map[key]bool{}
	if g.Own != "" {
		own[key{g.ID, g.Own}] = true
	}
	all := map[key][]record{}
	var order []key
	var add func(s *Segment, trace, above string, sub bool)
	add = func(s *Segment, trace, above string, sub bool) {
		k := key{trace, s.ID}
		if all[k] == nil {
			order = append(order, k)
		}
		all[k] = append(all[k], record{k, s, above, sub})
		for _, x := range s.Subsegments {
			if x != nil {
				add(x, trace, s.ID, true)
			}
		}
	}
	for _, s := range g.Segments {
		if s == nil {
			continue
		}
		if IsOwn(s, g.Own) {
			own[key{cmp.Or(s.TraceID, g.ID), s.ID}] = true
			continue
		}
		add(s, cmp.Or(s.TraceID, g.ID), s.ParentID, s.Type == subsegment)
	}
	for _, k := range order {
		t.nodes = append(t.nodes, oneOf(all[k]))
	}
	slices.SortFunc(t.nodes, started)
	return own
}

// oneOf makes a node of what the documents say of a segment: the ended one
// counts, the later one, the one with the more to complain about.
func oneOf(records []record) *node {
	slices.SortFunc(records, better)
	best := records[0]
	n := &node{Segment: best.Segment, key: best.key, sub: best.sub}
	for _, r := range records {
		if n.above = r.above; n.above != "" {
			break
		}
	}
	return n
}

// better orders what documents say of one segment, what counts first.
func better(a, b record) int {
	if a.Segment == b.Segment && a.above == b.above {
		return 0
	}
	c := cmp.Or(
		yes(b.Ended())-yes(a.Ended()),
		b.End.Compare(a.End),
		b.flags()-a.flags(),
		yes(a.Inferred)-yes(b.Inferred),
		b.Start.Compare(a.Start),
		yes(a.sub)-yes(b.sub),
		cmp.Compare(b.above, a.above),
	)
	if c != 0 {
		return c
	}
	return cmp.Compare(b.text(), a.text())
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Segment) flags() int { return yes(s.Error) + yes(s.Fault) + yes(s.Throttle) }

// text is all that a document says of a segment itself.
func (s *Segment) text() string {
	alone := *s
	alone.Subsegments = nil
	b, _ := json.Marshal(alone) // documents come from JSON
	return string(b)
}

// started orders by start; nothing is left to chance.
func started(a, b *node) int {
	return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Name, b.Name), cmp.Compare(a.key.trace, b.key.trace), cmp.Compare(a.key.id, b.key.id))
}

// connect gives each node its parent: the one it names, or where it has none and
// its trace hangs on a link, the holder of the link.
func (t *Tree) connect(own map[key]bool) {
	byKey := make(map[key]*node, len(t.nodes))
	for _, n := range t.nodes {
		byKey[n.key] = n
	}
	holders := t.holders()
	for _, n := range t.nodes {
		above := key{n.key.trace, n.above}
		switch {
		case n.above == "" || own[above]:
			n.parent = holders[n.key.trace]
			n.above = ""
		case byKey[above] != nil:
			n.parent = byKey[above]
		default:
			n.orphan = notArrived
		}
	}
}

// breakLoops makes an orphan of one node of each ring of parents, the first.
func (t *Tree) breakLoops() {
	const under, done = 1, 2
	seen := make(map[*node]int, len(t.nodes))
	for _, n := range t.nodes {
		var way []*node
		for ; n != nil && seen[n] == 0; n = n.parent {
			seen[n] = under
			way = append(way, n)
		}
		if n != nil && seen[n] == under {
			ring := way[slices.Index(way, n):]
			first := slices.MinFunc(ring, started)
			first.parent, first.orphan = nil, ownAncestor
		}
		for _, w := range way {
			seen[w] = done
		}
	}
}

// walk gives each node its children, in the order they started, and lists all
// from the roots down.
func (t *Tree) walk() {
	var ahead []*node
	for _, n := range slices.Backward(t.nodes) {
		if n.parent == nil {
			ahead = append(ahead, n)
		}
	}
	for _, n := range t.nodes {
		if n.parent != nil {
			n.parent.children = append(n.parent.children, n)
		}
	}
	for len(ahead) > 0 {
		n := ahead[len(ahead)-1]
		ahead = ahead[:len(ahead)-1]
		t.walked = append(t.walked, n)
		n.root, n.segment = n, n
		if n.parent != nil {
			n.root = n.parent.root
		}
		if n.sub {
			n.segment = n.aboveSegment()
		}
		for _, c := range slices.Backward(n.children) {
			ahead = append(ahead, c)
		}
	}
}

// aboveSegment is the nearest segment above, nil when there is none.
func (n *node) aboveSegment() *node {
	if n.parent == nil {
		return nil
	}
	return n.parent.segment
}
