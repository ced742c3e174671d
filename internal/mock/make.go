package mock

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// unsatisfiable says for which place no value was found, and why.
type unsatisfiable struct {
	path     []any  // the place in the value: names and indexes
	at       string // the place in the schema, such as #/components/schemas/Order/properties/id
	why      string
	certain  bool // there is no such value, so that setting one cannot help
	optional bool // the place may be left out, or is part of what may
	wished   bool // something is set inside
	endless  bool // it recurses for ever, this way
	spent    bool // the work that is allowed is done
}

func (e *unsatisfiable) Error() string {
	return fmt.Sprintf("no value for %s (%s): %s; %s", sayPlace(e.path), e.at, e.why, e.help())
}

// help is what to do about it.
func (e *unsatisfiable) help() string {
	help := "correct the schema"
	switch {
	case e.spent:
		help = "give the values that are hard to find with set"
	case e.certain:
	case e.wished:
		help = "set something else in it, or the whole of it"
	default:
		help = fmt.Sprintf("give the value with set: {%s: …}", quotePath(e.path))
	}
	if e.optional {
		help += ", or leave out what is optional with required_only: true"
	}
	return help
}

func sayPlace(path []any) string {
	if len(path) == 0 {
		return "the whole"
	}
	return pathText(path)
}

// maxWork bounds what one Make does: values, checks and texts that are tried.
const maxWork = 30_000

// maxAgain is how often a ref may stand in itself where it must.
const maxAgain = 5

// maker makes one value.
type maker struct {
	schema *Schema
	o      Options
	rand   *rand.Rand
	work   int
	size   int   // that the texts which were tried had to have, in characters
	retry  bool  // what was made last did not fit
	last   error // why the latest thing that was tried did not do
}

// node is one schema of the document.
type node struct {
	at   string // its pointer
	body any    // an object or a truth value
}

func (n node) object() map[string]any {
	m, _ := n.body.(map[string]any)
	return m
}

func (n node) below(names ...string) node {
	at := pointer(n.at, names...)
	body, _ := lookUp(n.body, pointer("", names...))
	return node{at, body}
}

// place is one value to be made: the schemas that it must all fit, and what is
// known of it besides.
type place struct {
	nodes    []node
	path     []any
	wish     *wish
	trail    *trail
	settled  map[string]bool // choices that were made, by their pointers
	without  map[string]bool // properties that must not be there
	avoid    []any           // values that are taken already
	optional bool            // it, or what it is part of, may be left out
	hints    []any           // values to take if they fit, the best first
}

// trail is the refs that lead to a place from the top.
type trail struct {
	ref  string
	path []any
	up   *trail
}

func (t *trail) count(ref string) int {
	n := 0
	for ; t != nil; t = t.up {
		if t.ref == ref {
			n++
		}
	}
	return n
}

// repeats says whether any ref stands in the trail twice.
func (t *trail) repeats() bool {
	for ; t != nil; t = t.up {
		if t.up.count(t.ref) > 0 {
			return true
		}
	}
	return false
}

// Make makes a value. It fits the schema, which is checked before it is given;
// otherwise an error says for which place none was found, and why. The work
// it does is bounded.
func (s *Schema) Make(o Options) (any, error) {
	if o.Rand == nil {
		o.Rand = rand.New(rand.NewPCG(0, 0))
	}
	if o.Now.IsZero() {
		o.Now = time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Now = o.Now.UTC()
	set, err := readSet(o.Set)
	if err != nil {
		return nil, err
	}
	m := &maker{schema: s, o: o, rand: o.Rand}
	body, _ := lookUp(s.doc, s.at)
	const tries = 4
	for range tries {
		var value any
		root := place{nodes: []node{{s.at, body}}, wish: set}
		if value, err = m.value(root); err != nil {
			return nil, m.andOthers(root, m.explain(err))
		}
		if value, err = set.apply(value, true, nil); err != nil {
			return nil, err
		}
		wrong := m.unforgiven(s.Check(value), set, value)
		if len(wrong) == 0 {
			return value, nil
		}
		if err = misfit(wrong, set); set.given() {
			break
		}
	}
	return nil, err
}

// explain adds to an error of spent work what was tried last.
func (m *maker) explain(err error) error {
	var u *unsatisfiable
	if errors.As(err, &u) && u.spent && m.last != nil {
		var last *unsatisfiable
		if errors.As(m.last, &last) && !last.spent {
			found := *last
			found.why = fmt.Sprintf("none found in %d attempts; the last: %s", maxWork, last.why)
			return &found
		}
	}
	return err
}

// unforgiven leaves out what cannot be judged of values that were set: patterns
// that cannot be read.
func (m *maker) unforgiven(all []Violation, set *wish, value any) []Violation {
	if !set.given() {
		return all
	}
	return slices.DeleteFunc(all, func(v Violation) bool {
		return strings.Contains(v.What, unreadable) && set.coversText(v.Where)
	})
}

// misfit is the error of a value that does not fit.
func misfit(wrong []Violation, set *wish) error {
	l := make([]string, len(wrong))
	for i, v := range wrong {
		l[i] = v.String()
		if set.given() && set.coversText(v.Where) {
			l[i] += " (set)"
		}
	}
	if set.given() {
		return sayAll("with what is set, the value does not fit its schema: ", l)
	}
	return sayAll("the value that was made does not fit its schema; give what does with set: ", l)
}

// spend counts a piece of work.
func (m *maker) spend() error {
	if m.work++; m.work > maxWork {
		return &unsatisfiable{at: "#" + m.schema.at, why: fmt.Sprintf("none found in %d attempts", maxWork), spent: true}
	}
	return nil
}

// never is the error that there is no value for a place.
func (m *maker) never(p place, at, format string, args ...any) *unsatisfiable {
	e := m.missed(p, at, format, args...)
	e.certain = true
	return e
}

// missed is the error that no value was found for a place.
func (m *maker) missed(p place, at, format string, args ...any) *unsatisfiable {
	e := &unsatisfiable{path: p.path, at: "#" + at, why: fmt.Sprintf(format, args...), optional: p.optional, wished: p.wish.inside()}
	m.last = e
	return e
}

// quotePath writes a path as a key of YAML.
func quotePath(path []any) string {
	s := pathText(path)
	if strings.ContainsAny(s, "[]'") {
		return `"` + s + `"`
	}
	return s
}

func isSpent(err error) bool {
	var u *unsatisfiable
	return errors.As(err, &u) && u.spent
}

// expand takes a place's schemas apart: what allOf and $ref lead to, each once,
// and the refs that were taken.
func (m *maker) expand(nodes []node) (flat []node, refs []string) {
	seen := map[string]bool{}
	var take func(n node)
	take = func(n node) {
		if seen[n.at] {
			return
		}
		seen[n.at] = true
		o := n.object()
		if o == nil {
			if n.body != true {
				flat = append(flat, n)
			}
			return
		}
		if to, ok := target(o); ok {
			body, _ := lookUp(m.schema.doc, to)
			refs = append(refs, to)
			take(node{to, body})
		}
		all, _ := o["allOf"].([]any)
		for i := range all {
			take(n.below("allOf", fmt.Sprint(i)))
		}
		if len(o) > 1 || o["$ref"] == nil && all == nil { // it says something itself
			flat = append(flat, n)
		}
	}
	for _, n := range nodes {
		take(n)
	}
	return flat, refs
}

// value makes the value of a place.
func (m *maker) value(p place) (any, error) {
	if p.wish != nil && p.wish.has {
		return clone(p.wish.value), nil
	}
	if err := m.spend(); err != nil {
		return nil, err
	}
	flat, refs := m.expand(p.nodes)
	for _, ref := range refs {
		if p.trail.count(ref) >= maxAgain {
			return nil, m.endless(p, ref)
		}
	}
	if _, _, err := m.allowedKinds(p, flat); err != nil {
		return nil, err // whatever is chosen
	}
	if c, ok := m.choice(p, flat); ok {
		return m.choose(p, c)
	}
	for _, n := range flat {
		if n.body == false {
			return nil, m.never(p, n.at, "the schema false lets nothing through")
		}
	}
	for _, ref := range refs {
		p.trail = &trail{ref, p.path, p.trail}
	}
	return m.tryPlace(p, flat)
}

// endless is the error of a schema that requires itself.
func (m *maker) endless(p place, ref string) error {
	again := p.path
	for t := p.trail; t != nil; t = t.up {
		if t.ref == ref {
			again, p.path = p.path, t.path
		}
	}
	e := m.never(p, ref, "the recursion never ends: it requires another of its kind inside, as at %s", sayPlace(again))
	e.endless = true
	return e
}

// tryPlace makes values until one fits what cannot be made by design.
func (m *maker) tryPlace(p place, flat []node) (any, error) {
	judges := slices.DeleteFunc(slices.Clone(flat), func(n node) bool { return !soft(n.object()) })
	const tries = 12
	for try := 1; ; try++ {
		v, err := m.settledValue(p, flat)
		if err != nil || len(judges) == 0 {
			return v, err
		}
		whole := v
		if p.wish.inside() {
			if whole, err = p.wish.apply(clone(v), true, p.path); err != nil {
				return nil, err
			}
		}
		at, wrong := m.wrong(judges, whole)
		if m.retry = wrong != ""; !m.retry {
			return v, nil
		}
		if try == tries {
			return nil, m.missed(p, at, "no value was found that fits all of it: %s", wrong)
		}
		if err := m.spend(); err != nil {
			return nil, err
		}
	}
}

// soft says whether a schema has a keyword that is met by trying.
func soft(o map[string]any) bool {
	for _, k := range []string{
		"oneOf", "anyOf", "not", "if", "contains", "propertyNames", "unevaluatedProperties", "unevaluatedItems", "dependentSchemas", "patternProperties",
		"minProperties", "maxProperties", "uniqueItems",
	} {
		if _, ok := o[k]; ok {
			return true
		}
	}
	return false
}

// wrong says which of several schemas a value does not fit, and why; "" when it
// fits them all.
func (m *maker) wrong(nodes []node, v any) (at, why string) {
	for _, n := range nodes {
		if n.at == textNode.at {
			continue
		}
		judge, err := m.schema.schemaAt(n.at)
		if err != nil {
			return n.at, sayCompile(err)
		}
		if all := m.schema.violations(v, judge.Validate(v)); len(all) > 0 {
			slices.SortFunc(all, func(a, b Violation) int { return strings.Compare(a.String(), b.String()) })
			return n.at, strings.TrimPrefix(all[0].String(), "$: ")
		}
	}
	return "", ""
}

func (m *maker) fits(nodes []node, v any) bool {
	_, wrong := m.wrong(nodes, v)
	return wrong == ""
}
