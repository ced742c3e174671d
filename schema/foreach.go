package schema

import "reflect"

// ForEach says for what a step runs again and again.
type ForEach struct {
	Items       *Node    `json:"items" required:"true" doc:"A list, or an expression that gives one."`
	Concurrency *int     `json:"concurrency" doc:"How many turns run at once (default: in assert all of them, elsewhere 1; with a rate as many as it takes)."`
	Rate        *float64 `json:"rate" doc:"How many turns begin in a second, evenly spread (default: each as soon as it can)."`

	Node *Node `json:"-"` // as written, items being an expression where they are text
}

// forEachKeys has ForEach's keys without its methods, so that a shape reads them.
type forEachKeys ForEach

var forEachType = reflect.TypeFor[forEachKeys]()

// ReadNode reads a list, an expression, or a mapping of items, concurrency and rate.
func (f *ForEach) ReadNode(n *Node, p *Problems) {
	if n.Kind != Map || n.Computed {
		f.Items = items(n, p)
		f.Node = f.Items
		return
	}
	ShapeOf(forEachType).Fill(n, "key", (*forEachKeys)(f), p)
	c := *n
	c.Entries = append([]Entry(nil), n.Entries...)
	for i, e := range c.Entries {
		if e.Key == "items" {
			f.Items = items(e.Value, p)
			c.Entries[i].Value = f.Items
		}
	}
	f.Node = &c
	if x := f.Concurrency; x != nil && *x < 1 {
		p.Add(n.At("concurrency"), "concurrency is how many turns run at once, at least 1, found %d", *x)
	}
	if x := f.Rate; x != nil && *x <= 0 {
		p.Add(n.At("rate"), "rate is how many turns begin in a second, more than 0, found %v", *x)
	}
}

// items reads what is, or must become, a list.
func items(n *Node, p *Problems) *Node {
	switch {
	case n.Kind == List, n.Hole():
		return n
	case n.Kind == Text && n.Scalar != "" && !n.Computed && !n.Open():
		return AsExpression(n, p)
	}
	what := describe(n)
	if n.Open() {
		what = "text with an expression in it"
	}
	p.Add(n.Pos, "for_each takes a list, an expression that gives one, or {items, concurrency, rate}, found %s", what)
	return n
}

func (ForEach) String() string {
	return "a list, an expression that gives one, or {items, concurrency, rate}"
}

// EditorSchema describes the three forms to editors.
func (ForEach) EditorSchema() map[string]any {
	return map[string]any{"anyOf": []any{
		map[string]any{"type": "array"}, map[string]any{"type": "string"}, ShapeOf(forEachType).EditorSchema(),
	}}
}
