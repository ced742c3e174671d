package assertions

import (
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/internal/nearest"
	"github.com/rehearse-dev/rehearse/schema"
)

// reader turns nodes into checks and reports everything that is wrong.
type reader struct {
	p         *schema.Problems
	operators map[string]operator
	schemas   []*SchemaRef // those of registries that were named
}

func newReader(p *schema.Problems) *reader {
	byName.once.Do(func() {
		byName.operators = map[string]operator{}
		for _, o := range operatorTable() {
			byName.operators[o.Name] = o
		}
	})
	return &reader{p: p, operators: byName.operators}
}

// byName is the table of operators by their names, filled when it is first
// needed: operators read operators, so it cannot be filled where it is declared.
var byName struct {
	once      sync.Once
	operators map[string]operator
}

// all reads a mapping of paths, and gathers the schemas that its checks need.
func (r *reader) all(n *schema.Node) Checks {
	c := r.checks(n)
	c.schemas = r.schemas
	return c
}

// checks reads a mapping of paths.
func (r *reader) checks(n *schema.Node) Checks {
	switch {
	case n.Hole():
		return Checks{hole: true}
	case n.Kind != schema.Map:
		r.p.Add(n.Pos, `expected a mapping of paths to checks, such as {status: SUCCEEDED}, found %s`, describe(n))
		return Checks{}
	case len(n.Entries) == 0:
		r.p.Add(n.Pos, "nothing is checked: the mapping is empty; name a path and what is expected there")
		return Checks{}
	}
	var c Checks
	for _, e := range n.Entries {
		k := check{text: e.Key, pos: e.KeyPos}
		var err error
		switch k.path, err = expr.ParsePath(e.Key); {
		case strings.Contains(e.Key, "${"): // told when the file was read
		case err != nil:
			r.p.Add(e.KeyPos, "%q is not a path: %v%s", e.Key, err, r.insteadOfPath(e.Key))
		default:
			if k.ops = r.expectation(e); len(k.ops) > 0 {
				c.list = append(c.list, k)
			}
		}
	}
	return c
}

func (r *reader) insteadOfPath(key string) string {
	if _, ok := r.operators[key]; ok {
		return "; an operator stands below a path"
	}
	return ""
}

// expectation reads what is expected at a path: a value means equals, a
// mapping holds operators.
func (r *reader) expectation(e schema.Entry) []operation {
	n := e.Value
	if n.Computed || n.Hole() || n.Kind != schema.Map {
		if o, ok := r.operation("equals", schema.Entry{Key: e.Key, KeyPos: n.Pos, Value: n}); ok {
			return []operation{o}
		}
		return nil
	}
	return r.operations(n)
}

// operations reads a mapping of operators, all of which must hold.
func (r *reader) operations(n *schema.Node) []operation {
	if len(n.Entries) == 0 {
		r.p.Add(n.Pos, "nothing is checked: the mapping is empty; name an operator, such as equals, or write equals: {}")
		return nil
	}
	if r.isDocument(n) {
		return nil
	}
	var ops []operation
	for _, e := range n.Entries {
		if _, ok := r.operators[e.Key]; !ok {
			r.unknown(e)
			continue
		}
		if o, ok := r.operation(e.Key, e); ok {
			ops = append(ops, o)
		}
	}
	return ops
}

// isDocument reports a document where operators belong: no key is an operator.
func (r *reader) isDocument(n *schema.Node) bool {
	var keys []string
	for _, e := range n.Entries {
		if _, ok := r.operators[e.Key]; ok {
			return false
		}
		keys = append(keys, e.Key+": …")
	}
	if len(keys) > 3 {
		keys = append(keys[:3], "…")
	}
	first, doc := n.Entries[0], strings.Join(keys, ", ")
	near := schema.DidYouMean(first.Key, r.names())
	switch {
	case slices.ContainsFunc(r.names(), func(known string) bool { return nearest.Slip(first.Key, known) }):
		r.p.Add(first.KeyPos, "unknown operator %q%s", first.Key, near)
	case near != "":
		r.p.Add(first.KeyPos, "unknown operator %q; to compare with this document write equals: {%s} or match: {%s}; or%s", first.Key, doc, doc, strings.TrimPrefix(near, ";"))
	default:
		r.p.Add(first.KeyPos, "unknown operator %q; to compare with this document write equals: {%s} or match: {%s}", first.Key, doc, doc)
	}
	return true
}

func (r *reader) unknown(e schema.Entry) {
	hint := schema.DidYouMean(e.Key, r.names())
	if hint == "" {
		hint = "; known are " + strings.Join(r.names(), ", ") + "; to compare with a document write equals: {…}"
	}
	r.p.Add(e.KeyPos, "unknown operator %q%s", e.Key, hint)
}

func (r *reader) names() []string {
	l := make([]string, 0, len(r.operators))
	for k := range r.operators {
		l = append(l, k)
	}
	slices.Sort(l)
	return l
}

// operation reads one operator's argument; false when it is wrong.
func (r *reader) operation(name string, e schema.Entry) (operation, bool) {
	n := e.Value
	if n.Kind == schema.Null && n.Scalar == "" && !n.Computed {
		r.p.Add(n.Pos, "nothing stands after %q; write null to mean null", e.Key+":")
		return operation{}, false
	}
	o := operation{name: name, operator: r.operators[name], pos: e.KeyPos, open: n.AnyOpen()}
	if !o.open {
		o.expected = n.Value()
	}
	before := r.p.Errors()
	if o.operator.within != nil {
		o.inner = r.checks(n)
		o.test = o.operator.within(o.inner)
	} else {
		o.test = o.operator.read(r, n)
	}
	return o, r.p.Errors() == before
}

// wrong reports an argument that an operator does not take; hint, where there
// is one, says how what was probably meant is written.
func (r *reader) wrong(n *schema.Node, op, takes string, hint func(*schema.Node) string) {
	said := ""
	if hint != nil {
		said = hint(n)
	}
	r.p.Add(n.Pos, "%s takes %s, found %s%s", op, takes, describe(n), said)
}

// How true, a number, text or a list is written where something else stands,
// in the words in which parameters of steps are told of it.
var (
	aTruth  = hintFor[bool]()
	aNumber = hintFor[float64]()
	aText   = hintFor[string]()
	aList   = hintFor[[]string]()
)

func hintFor[T any]() func(*schema.Node) string {
	shape := schema.ShapeOf(reflect.TypeFor[T]())
	return func(n *schema.Node) string {
		var p schema.Problems
		shape.Check(n, "", &p)
		for _, x := range p.Sorted() {
			if _, hint, ok := strings.Cut(x.Message, describe(n)+"; "); ok {
				return "; " + hint
			}
		}
		return ""
	}
}

// text reads an argument that must be text; false while it is open or wrong.
// Empty text is refused, because every text begins with it and contains it.
func (r *reader) text(n *schema.Node, op, takes string) (string, bool) {
	switch {
	case n.Hole():
		return "", false
	case n.Kind != schema.Text:
		r.wrong(n, op, takes, aText)
		return "", false
	case n.Open():
		return "", false
	case n.Scalar == "":
		r.p.Add(n.Pos, "%s with empty text checks nothing: it holds for every text", op)
		return "", false
	}
	return n.Scalar, true
}

// boolean reads true or false; ok is false while it is open or wrong.
func (r *reader) boolean(n *schema.Node, op string) (value, ok bool) {
	if n.Hole() {
		return false, false
	}
	if n.Kind != schema.Bool {
		r.wrong(n, op, "true or false", aTruth)
		return false, false
	}
	return n.Scalar == "true", true
}

// list reads a list; false while it is open or wrong.
func (r *reader) list(n *schema.Node, op, takes string, least int) ([]any, bool) {
	switch {
	case n.Hole():
		return nil, false
	case n.Kind != schema.List:
		r.wrong(n, op, takes, aList)
		return nil, false
	case len(n.Items) < least:
		r.p.Add(n.Pos, "%s takes %s, found an empty list", op, takes)
		return nil, false
	case n.AnyOpen():
		return nil, false
	}
	return n.Value().([]any), true
}

// number reads a number; false while it is open or wrong.
func (r *reader) number(n *schema.Node, op string) bool {
	if n.Hole() {
		return false
	}
	if n.Kind != schema.Number {
		r.wrong(n, op, "a number", aNumber)
		return false
	}
	return true
}
