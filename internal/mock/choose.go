package mock

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// choice is a keyword that more than one schema can follow.
type choice struct {
	at      string // the keyword's pointer
	options []option
}

// option is one way to follow it.
type option struct {
	nodes   []node // schemas that the value must fit as well
	without string // a property that must not be there
}

// choice finds the first keyword of a place that is still to be decided.
func (m *maker) choice(p place, flat []node) (choice, bool) {
	for _, n := range flat {
		o := n.object()
		for _, word := range []string{"oneOf", "anyOf"} {
			list, _ := o[word].([]any)
			c := choice{at: pointer(n.at, word)}
			if len(list) == 0 || p.settled[c.at] {
				continue
			}
			for i := range list {
				c.options = append(c.options, option{nodes: []node{n.below(word, fmt.Sprint(i))}})
			}
			m.order(p, c.options)
			return c, true
		}
		if at := pointer(n.at, "if"); o["if"] != nil && !p.settled[at] {
			return choice{at, m.condition(n)}, true
		}
		all, _ := o["dependentSchemas"].(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if at := pointer(n.at, "dependentSchemas", name); !p.settled[at] {
				return choice{at, m.dependent(p, flat, n.below("dependentSchemas", name), name)}, true
			}
		}
	}
	return choice{}, false
}

// order mixes alternatives; those that are nothing, null, or contain the place
// itself come last.
func (m *maker) order(p place, options []option) {
	m.rand.Shuffle(len(options), func(i, j int) { options[i], options[j] = options[j], options[i] })
	slices.SortStableFunc(options, func(a, b option) int { return m.dislike(p, a) - m.dislike(p, b) })
}

func (m *maker) dislike(p place, o option) int {
	flat, refs := m.expand(o.nodes)
	n := 0
	for _, ref := range refs {
		n = max(n, 2*p.trail.count(ref))
	}
	for _, x := range flat {
		if x.body == false {
			return 100
		}
		if x.object()["type"] == "null" || isNull(x.object()) {
			n = max(n, 1)
		}
	}
	return n
}

func isNull(o map[string]any) bool {
	c, ok := o["const"]
	enum, _ := o["enum"].([]any)
	return ok && c == nil || len(enum) == 1 && enum[0] == nil
}

func (m *maker) condition(n node) []option {
	yes, no := option{nodes: []node{n.below("if")}}, option{}
	if o := n.object(); o["then"] != nil {
		yes.nodes = append(yes.nodes, n.below("then"))
	}
	if o := n.object(); o["else"] != nil {
		no.nodes = append(no.nodes, n.below("else"))
	}
	if m.rand.IntN(2) == 0 {
		return []option{yes, no}
	}
	return []option{no, yes}
}

// dependent is what follows when a property is there, or that it is not.
func (m *maker) dependent(p place, flat []node, then node, name string) []option {
	with, without := option{nodes: []node{then}}, option{without: name}
	if _, required := requiredNames(flat)[name]; required || slices.Contains(p.wish.wanted(), name) {
		return []option{with}
	}
	if m.o.RequiredOnly {
		return []option{without, with}
	}
	return []option{with, without}
}

// choose tries the options one after the other.
func (m *maker) choose(p place, c choice) (any, error) {
	p.settled = with(p.settled, c.at)
	var first error
	certain, optional := true, false
	for _, o := range c.options {
		q := p
		q.nodes = append(slices.Clone(p.nodes), o.nodes...)
		if o.without != "" {
			q.without = with(p.without, o.without)
		}
		v, err := m.value(q)
		if err == nil || isSpent(err) {
			return v, err
		}
		if first == nil || isEndless(first) {
			first = err
		}
		var u *unsatisfiable
		if errors.As(err, &u) {
			certain, optional = certain && u.certain && !u.optional, optional || u.optional
		}
	}
	if len(c.options) == 1 || isEndless(first) {
		return nil, first
	}
	e := m.missed(p, c.at, "none of the %d alternatives can be met; the first tried: %s", len(c.options), reason(first))
	e.certain, e.optional = certain, optional
	return nil, e
}

func with(set map[string]bool, name string) map[string]bool {
	more := maps.Clone(set)
	if more == nil {
		more = map[string]bool{}
	}
	more[name] = true
	return more
}

// ruledOut are the schemas in the not of a place's schemas, alternatives in them
// taken apart.
func (m *maker) ruledOut(flat []node) []map[string]any {
	var all []map[string]any
	var take func(nodes []node)
	take = func(nodes []node) {
		in, _ := m.expand(nodes)
		if len(in) != 1 { // all of several at once: left to trying
			return
		}
		o := in[0].object()
		any, _ := o["anyOf"].([]any)
		if len(o) == 1 && len(any) > 0 {
			for i := range any {
				take([]node{in[0].below("anyOf", fmt.Sprint(i))})
			}
			return
		}
		all = append(all, o)
	}
	for _, n := range flat {
		if n.object()["not"] != nil {
			take([]node{n.below("not")})
		}
	}
	return all
}
