package assertions

import (
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxCombinations is how many combinations of $or alternatives one pattern may
// have: the product of the lengths of its $or lists (EventBridge User Guide,
// "Or" in "Comparison operators for use in event patterns").
const maxCombinations = 1000

// patternField is one field of a pattern: one of its values must hold.
type patternField struct {
	path   string // keys joined with dots, as EventBridge does it
	shown  string // the path as messages write it
	values []valueTest
	absent bool // exists: false is among the values
	want   any  // the values as they are written
}

// rule is one combination of $or alternatives: a field for each path.
type rule map[string]patternField

// patternCompiler makes rules of the nodes of a pattern, and gathers what is
// wrong with them.
type patternCompiler struct {
	problems, warnings patternProblems
	or                 bool // $or means alternatives
	combinations       int  // of the $or lists so far
}

func (c *patternCompiler) compile(n *schema.Node, p *EventPattern) {
	switch {
	case n.Kind != schema.Map:
		c.add(n.Pos, "an event pattern is a JSON object, found %s", n.Kind)
		return
	case len(n.Entries) == 0:
		c.add(n.Pos, "an event pattern needs at least one field")
		return
	}
	c.or, c.combinations = len(orFaults(n, patternPlace{}, false)) == 0, 1
	rules := c.object([]rule{{}}, patternPlace{}, n)
	p.names = c.names(n, nil)
	if len(c.problems) == 0 && !n.AnyOpen() { // what is left open would let too much through
		p.finish(rules)
	}
}

// names lists the fields at the top of a pattern, those of alternatives too.
func (c *patternCompiler) names(n *schema.Node, names []PatternName) []PatternName {
	for _, e := range n.Entries {
		switch {
		case e.Key == "$or" && c.or && e.Value.Kind == schema.List:
			for _, alternative := range e.Value.Items {
				names = c.names(alternative, names)
			}
		default:
			name, _, nested := strings.Cut(e.Key, ".")
			names = append(names, PatternName{Name: name, Pos: e.KeyPos, Nested: nested || e.Value.Kind == schema.Map})
		}
	}
	return names
}

// patternPlace is where a part of a pattern stands.
type patternPlace struct {
	path  string // as EventBridge joins it
	shown string // as messages write it
}

func (at patternPlace) below(key string) patternPlace {
	shown := childPath(at.shown, key)
	if key == "$or" {
		shown = joinPath(at.shown, key)
	}
	return patternPlace{joinPath(at.path, key), shown}
}

// object adds an object's fields to every rule. A path that comes again
// takes the place of what was written before it.
func (c *patternCompiler) object(rules []rule, at patternPlace, n *schema.Node) []rule {
	for _, e := range n.Entries {
		here := at.below(e.Key)
		switch v := e.Value; {
		case v.Hole():
		case v.Kind == schema.Map && len(v.Entries) == 0:
			c.add(v.Pos, "%s: an empty object says nothing; name at least one field in it", here.shown)
		case v.Kind == schema.Map:
			rules = c.object(rules, here, v)
		case v.Kind == schema.List && e.Key == "$or" && c.or:
			rules = c.alternatives(rules, at, v)
		case v.Kind == schema.List && e.Key == "$or" && !mayBeValues(v):
			c.notAlternatives(at, e)
		case v.Kind == schema.List:
			c.warnOfOperator(e, at)
			c.field(rules, here, e)
		case isOperator(e.Key) && at.path != "":
			c.add(e.KeyPos, "%s: an operator stands in a list: write [{%s: %s}]", at.shown, show(e.Key), show(v.Value()))
		default:
			c.add(v.Pos, "%s: values stand in a list: write [%s]", here.shown, show(v.Value()))
		}
	}
	return rules
}

// warnOfOperator says that an operator's name outside a list is no operator.
func (c *patternCompiler) warnOfOperator(e schema.Entry, at patternPlace) {
	if at.path != "" && isOperator(e.Key) {
		c.warn(e.KeyPos, "%s: %q outside a list is the name of a field; an operator stands in a list: [{%s: …}]", at.shown, e.Key, show(e.Key))
	}
}

// alternatives continues every rule with each alternative.
func (c *patternCompiler) alternatives(rules []rule, at patternPlace, n *schema.Node) []rule {
	if c.combinations *= len(n.Items); c.combinations > maxCombinations {
		c.add(n.Pos, "the $or alternatives make more than %d combinations; EventBridge takes at most that many", maxCombinations)
		return rules
	}
	var out []rule
	for _, alternative := range n.Items {
		branch := make([]rule, len(rules))
		for i, r := range rules {
			branch[i] = maps.Clone(r)
		}
		out = append(out, c.object(branch, at, alternative)...)
	}
	return out
}

// field adds one field with its values to every rule.
func (c *patternCompiler) field(rules []rule, at patternPlace, e schema.Entry) {
	n := e.Value
	if len(n.Items) == 0 {
		c.add(n.Pos, "%s: an empty list matches nothing; name at least one value", at.shown)
		return
	}
	f := patternField{path: at.path, shown: at.shown, want: n.Value()}
	if len(n.Items) == 1 {
		f.want = n.Items[0].Value()
	}
	for _, v := range n.Items {
		switch {
		case v.Hole():
		case v.Kind == schema.Map:
			test, absent := c.operator(at, v)
			f.absent = f.absent || absent
			if test.holds != nil {
				f.values = append(f.values, test)
			}
		case v.Kind == schema.List:
			c.add(v.Pos, "%s: a value is text, a number, true, false, null or an operator, found a list in the list", at.shown)
		default:
			f.values = append(f.values, exactly(v.Value()))
		}
	}
	if slices.ContainsFunc(rules, func(r rule) bool { _, ok := r[at.path]; return ok }) {
		c.warn(e.KeyPos, "%s: this takes the place of what is asked of the field before", at.shown)
	}
	for _, r := range rules {
		r[at.path] = f
	}
}
