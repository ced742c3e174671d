package schema

import (
	"context"
	"encoding/json"
	"fmt"
	"sort"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// Kind is what a node is in JSON's terms.
type Kind uint8

// The kinds of a node.
const (
	Null Kind = iota
	Bool
	Number
	Text
	List
	Map
)

func (k Kind) String() string {
	return [...]string{"null", "true or false", "a number", "text", "a list", "a mapping"}[k]
}

// Entry is one key of a mapping with its value.
type Entry struct {
	Key    string
	KeyPos Pos
	Value  *Node
}

// Node is a value a user wrote, or that an expression gave, and where it stands.
type Node struct {
	Pos     Pos
	Scalar  string // of Bool, Number and Text
	Items   []*Node
	Entries []Entry
	// Template is set on text that has ${…} holes which have no values yet.
	Template *expr.Template
	// Holes are the places of the template's holes, in their order.
	Holes []Pos
	// Source is what the expression was that gave a Computed value.
	Source   string
	Kind     Kind
	Computed bool // an expression gave this value
}

// Hole says whether the node is exactly one ${…} without a value yet, so that
// it may become anything.
func (n *Node) Hole() bool { return n.Template != nil && n.Template.Whole() }

// Open says whether the node is text with a hole that has no value yet.
func (n *Node) Open() bool { return n.Template != nil }

// AnyOpen says whether the node, or anything in it, has a hole without a value.
func (n *Node) AnyOpen() bool {
	open := false
	n.Walk(func(x *Node) { open = open || x.Open() })
	return open
}

// Get finds a mapping's value by its key.
func (n *Node) Get(key string) (Entry, bool) {
	if n != nil {
		for _, e := range n.Entries {
			if e.Key == key {
				return e, true
			}
		}
	}
	return Entry{}, false
}

// At is where the value of a key stands, or the node itself where there is none.
func (n *Node) At(key string) Pos {
	if e, ok := n.Get(key); ok {
		return e.Value.Pos
	}
	return n.Pos
}

// Value gives the plain JSON document: nil, bool, json.Number, string, []any, map[string]any.
func (n *Node) Value() any {
	switch n.Kind {
	case Bool:
		return n.Scalar == "true"
	case Number:
		return json.Number(n.Scalar)
	case Text:
		return n.Scalar
	case List:
		l := make([]any, len(n.Items))
		for i, x := range n.Items {
			l[i] = x.Value()
		}
		return l
	case Map:
		m := make(map[string]any, len(n.Entries))
		for _, e := range n.Entries {
			m[e.Key] = e.Value.Value()
		}
		return m
	}
	return nil
}

// NodeOf makes a node of a plain JSON document; everything in it stands at one place.
func NodeOf(v any, at Pos) *Node {
	n := &Node{Pos: at, Computed: true}
	switch x := v.(type) {
	case bool:
		n.Kind, n.Scalar = Bool, fmt.Sprint(x)
	case json.Number:
		n.Kind, n.Scalar = Number, x.String()
	case int:
		n.Kind, n.Scalar = Number, fmt.Sprint(x)
	case string:
		n.Kind, n.Scalar = Text, x
	case []any:
		n.Kind = List
		for _, e := range x {
			n.Items = append(n.Items, NodeOf(e, at))
		}
	case map[string]any:
		n.Kind = Map
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		for _, k := range keys {
			n.Entries = append(n.Entries, Entry{Key: k, KeyPos: at, Value: NodeOf(x[k], at)})
		}
	}
	return n
}

// Walk visits the node and everything in it, parents first.
func (n *Node) Walk(visit func(*Node)) {
	if n == nil {
		return
	}
	visit(n)
	for _, x := range n.Items {
		x.Walk(visit)
	}
	for _, e := range n.Entries {
		e.Value.Walk(visit)
	}
}

// Resolve gives the node with every hole filled. What cannot be evaluated
// becomes a problem at its place.
func (n *Node) Resolve(ctx context.Context, s *expr.Scope, p *Problems) *Node {
	if n == nil {
		return nil
	}
	if n.Template != nil {
		v, err := n.Template.Eval(ctx, s)
		if err != nil {
			p.Add(n.holeOf(ctx, s), "%v", err)
			return n
		}
		out := NodeOf(v, n.Pos)
		out.Source = n.Scalar
		return out
	}
	switch n.Kind {
	case List:
		c := *n
		c.Items = make([]*Node, len(n.Items))
		for i, x := range n.Items {
			c.Items[i] = x.Resolve(ctx, s, p)
		}
		return &c
	case Map:
		c := *n
		c.Entries = make([]Entry, len(n.Entries))
		for i, e := range n.Entries {
			c.Entries[i] = Entry{Key: e.Key, KeyPos: e.KeyPos, Value: e.Value.Resolve(ctx, s, p)}
		}
		return &c
	}
	return n
}

// holeOf is where the hole stands that cannot be evaluated.
func (n *Node) holeOf(ctx context.Context, s *expr.Scope) Pos {
	for i, h := range n.Template.Holes() {
		if _, err := h.Expr.Eval(ctx, s); err != nil && i < len(n.Holes) {
			return n.Holes[i]
		}
	}
	return n.Pos
}

// AsExpression reads text without ${} as an expression: what when and check take.
func AsExpression(n *Node, p *Problems) *Node {
	if n.Kind != Text || strings.Contains(n.Scalar, "${") {
		return n // an expression, or one whose problem was told
	}
	t, err := expr.ParseBare(n.Scalar)
	if err != nil {
		p.Add(n.Pos, "%v", err)
		return n
	}
	c := *n
	c.Template, c.Holes = t, []Pos{n.Pos}
	return &c
}
