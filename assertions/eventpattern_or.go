package assertions

import (
	"fmt"
	"slices"

	"github.com/rehearse-dev/rehearse/schema"
)

// reservedNames may not be field names inside alternatives, beside those of
// operators: EventBridge keeps them for operators to come.
var reservedNames = []string{
	"=", "<", "<=", ">", ">=", "regex", "not-wildcard", "not-equals-ignore-case", "date-after", "date-on-or-after", "date-before",
	"date-on-or-before", "in-date-range", "ip-address-in-range", "ip-address-not-in-range",
}

// orFaults says why $or does not mean alternatives in a pattern; nothing when
// it does. Everywhere it must be a list of two or more objects in which no
// field has a reserved name. One $or of another form makes all of them fields
// like any other.
func orFaults(n *schema.Node, at patternPlace, inside bool) patternProblems {
	var faults patternProblems
	for _, e := range n.Entries {
		here := at.below(e.Key)
		switch {
		case inside && (isOperator(e.Key) || slices.Contains(reservedNames, e.Key)):
			faults = append(faults, patternProblem{e.KeyPos, fmt.Sprintf("%s: a field of an alternative of $or may not be called %q, which is an operator's name", here.shown, e.Key)})
		case e.Key == "$or":
			faults = append(faults, listFaults(e.Value, here)...)
		case e.Value.Kind == schema.Map:
			faults = append(faults, orFaults(e.Value, here, inside)...)
		}
	}
	return faults
}

// listFaults says why what stands behind $or is no list of alternatives.
func listFaults(n *schema.Node, at patternPlace) patternProblems {
	if n.Hole() {
		return nil
	}
	if n.Kind != schema.List || len(n.Items) < 2 {
		return patternProblems{{n.Pos, at.shown + " takes a list of two or more alternatives, each a pattern: [{…}, {…}]"}}
	}
	var faults patternProblems
	for i, alternative := range n.Items {
		here := patternPlace{at.path, fmt.Sprintf("%s[%d]", at.shown, i)}
		switch {
		case alternative.Hole():
		case alternative.Kind != schema.Map:
			faults = append(faults, patternProblem{alternative.Pos, fmt.Sprintf("%s: an alternative is an object that names fields, found %s", here.shown, alternative.Kind)})
		case len(alternative.Entries) == 0:
			faults = append(faults, patternProblem{alternative.Pos, here.shown + ": an alternative names at least one field"})
		default:
			faults = append(faults, orFaults(alternative, here, true)...)
		}
	}
	return faults
}

// mayBeValues says whether a list looks like the values of a field that is
// called $or.
func mayBeValues(n *schema.Node) bool {
	return len(n.Items) > 0 && !slices.ContainsFunc(n.Items, func(v *schema.Node) bool {
		isValue := v.Kind == schema.Map && len(v.Entries) == 1 && isOperator(v.Entries[0].Key)
		return (v.Kind == schema.Map || v.Kind == schema.List) && !isValue
	})
}

// notAlternatives reports a $or that is neither a list of alternatives nor of
// values, and what else is wrong inside it.
func (c *patternCompiler) notAlternatives(at patternPlace, e schema.Entry) {
	faults := listFaults(e.Value, at.below(e.Key))
	for _, f := range faults {
		c.add(f.pos, "%s", f.message)
	}
	if len(faults) == 0 {
		c.add(e.KeyPos, "%s: no $or of this pattern means alternatives, because another one does not have their form", at.below(e.Key).shown)
	}
	for _, alternative := range e.Value.Items {
		if alternative.Kind == schema.Map && len(alternative.Entries) > 0 {
			c.object([]rule{{}}, at, alternative)
		}
	}
}
