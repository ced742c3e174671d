package assertions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// Reason is one field for which a pattern does not let an event through. Its
// Difference holds what the pattern asks for and what the event has there.
type Reason struct {
	Difference
	Message string // a sentence that stands alone
}

// Explain says why the pattern does not let the event through, field by field
// in the order of their paths; nothing when it does. Of several $or
// alternatives it speaks of the one that comes nearest.
func (p *EventPattern) Explain(event any) []Reason {
	f, ok := p.flatten(event)
	switch {
	case len(p.rules) == 0:
		return []Reason{{Difference{Path: "$", Kind: Missing}, "there is no pattern, or an expression in it has no value yet"}}
	case !ok:
		return []Reason{{Difference{Path: "$", Found: event, Kind: Type}, "an event pattern looks at a mapping, found " + kindName(event)}}
	}
	var nearest []Reason
	for _, fields := range p.rules {
		reasons := f.reasons(fields, event)
		if len(reasons) == 0 {
			return nil
		}
		if nearest == nil || len(reasons) < len(nearest) {
			nearest = reasons
		}
	}
	if n := len(p.rules); n > 1 {
		nearest[0].Message += fmt.Sprintf(" (of %d $or combinations the nearest)", n)
	}
	return nearest
}

// SayReasons gives reasons as one line.
func SayReasons(reasons []Reason) string {
	var said []string
	for _, r := range reasons[:min(len(reasons), saidDifferences)] {
		said = append(said, r.Message)
	}
	if more := len(reasons) - saidDifferences; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(said, "; ")
}

// reasons says which fields of one combination do not hold.
func (f *flattener) reasons(fields []patternField, event any) []Reason {
	if f.matches(fields) {
		return nil
	}
	var reasons []Reason
	for _, field := range fields {
		if !f.matches([]patternField{field}) {
			reasons = append(reasons, f.reason(field, event))
		}
	}
	if reasons == nil {
		reasons = append(reasons, f.apart(fields))
	}
	return reasons
}

// reason says why a field does not hold by itself.
func (f *flattener) reason(field patternField, event any) Reason {
	r := Reason{Difference: Difference{Path: field.shown, Expected: field.want, Kind: Changed}}
	leaves := f.leaves[field.path]
	if len(leaves) == 0 {
		r.Kind = Missing
		r.Message = fmt.Sprintf("%s: expected %s, found %s", r.Path, field.say(), f.nothing(field, event))
		if field.say() == sayExists {
			r.Message = fmt.Sprintf("%s must exist, found %s", r.Path, f.nothing(field, event))
		}
		return r
	}
	found := showShort(leaves[0].value)
	if r.Found = leaves[0].value; len(leaves) > 1 {
		all := make([]any, len(leaves))
		for i, l := range leaves {
			all[i] = l.value
		}
		r.Found, found = all, showShort(all)
	}
	if len(field.values) == 0 { // exists: false alone
		r.Kind, r.Expected = Extra, nil
		r.Message = fmt.Sprintf("%s must not exist, found %s", r.Path, found)
		return r
	}
	r.Message = fmt.Sprintf("%s: expected %s, found %s", r.Path, field.say(), found)
	switch field.want.(type) {
	case string, json.Number, bool:
		if len(leaves) == 1 {
			r.Message += sayTypes(field.want, leaves[0].value)
		}
	}
	if strings.Contains(field.say(), "numeric") && slices.ContainsFunc(leaves, func(l leaf) bool {
		n, ok := l.value.(json.Number)
		return ok && !withinNumeric(n)
	}) {
		r.Message += fmt.Sprintf("; EventBridge compares numbers from -%[1]s to %[1]s only", maxNumeric)
	}
	return r
}

// say gives what a field expects, in words.
func (f patternField) say() string {
	var said []string
	for _, v := range f.values {
		said = append(said, v.say)
	}
	if f.absent {
		said = append(said, "nothing there")
	}
	if len(said) == 1 {
		return said[0]
	}
	return "one of " + strings.Join(said, ", ")
}

// nothing says what stands at a field's path in place of a value.
func (f *flattener) nothing(field patternField, event any) string {
	path, err := expr.ParsePath(field.shown)
	if err != nil {
		return "nothing there"
	}
	switch v, found, err := path.Get(event); {
	case err != nil || !found:
		if why := sayLost(path, event); why != "" {
			return "nothing there; " + why
		}
		return "nothing there"
	default:
		switch v := v.(type) {
		case map[string]any:
			return "a mapping; a pattern compares values, so name the fields inside it"
		case []any:
			if len(v) == 0 {
				return "an empty list"
			}
		}
	}
	return "no value there"
}

// apart says that fields hold, but not together: in different elements of a list.
func (f *flattener) apart(fields []patternField) Reason {
	names := func(l ...patternField) (shown []string) {
		for _, x := range l {
			shown = append(shown, x.shown)
		}
		return shown
	}
	for i, a := range fields {
		for _, b := range fields[i+1:] {
			if f.matches([]patternField{a, b}) {
				continue
			}
			r := Reason{Difference: Difference{
				Path: commonPath(a.shown, b.shown), Kind: Changed, Found: "in different elements of the list",
				Expected: strings.Join(names(a, b), " and ") + " in the same element",
			}}
			r.Message = fmt.Sprintf("no element of the list %s has what is expected of both %s and %s", r.Path, a.shown, b.shown)
			return r
		}
	}
	all := strings.Join(names(fields...), ", ")
	return Reason{
		Difference{Path: "$", Kind: Changed, Expected: all + " in the same elements", Found: "in different elements of lists"},
		"no elements of the event's lists have what is expected of " + all + " together",
	}
}

// commonPath is how far two paths go the same way.
func commonPath(a, b string) string {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	n := 0
	for n < len(x) && n < len(y) && x[n] == y[n] {
		n++
	}
	if n == 0 {
		return "$"
	}
	return strings.Join(x[:n], ".")
}
