package assertions

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// maxCombinations is how many combinations of $or alternatives one pattern may
// have (EventBridge User Guide, "OR matching in event patterns").
const maxCombinations = 1000

// EventPattern is a compiled EventBridge event pattern. It is safe for
// concurrent use.
type EventPattern struct {
	rules  [][]patternField // alternatives; each holds when all its fields do
	wanted map[string]bool  // the paths of the fields and of everything above them
}

// patternField is one field of a pattern: one of its values must hold.
type patternField struct {
	path   string // keys joined with dots, as EventBridge does it
	values []valueTest
	absent bool // exists: false is among the values
}

// valueTest is what one value of a pattern asks of a leaf of the event.
type valueTest func(leaf any) bool

// ParseEventPattern compiles an event pattern. What EventBridge refuses is an
// error that names the field and what would be right.
//
// Source: "Amazon EventBridge event patterns" and "Comparison operators" of the
// EventBridge User Guide, and the behaviour of AWS's Event Ruler where these
// are silent.
func ParseEventPattern(pattern []byte) (*EventPattern, error) {
	if _, err := schema.ParseJSON(pattern); err != nil {
		return nil, fmt.Errorf("an event pattern is a JSON document; this is none: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(pattern))
	d.UseNumber()
	v, err := readOrdered(d)
	if err != nil {
		return nil, fmt.Errorf("an event pattern is a JSON document; this is none: %w", err)
	}
	top, ok := v.(ordered)
	if !ok {
		return nil, fmt.Errorf("an event pattern is a JSON object, found %s", kindName(v))
	}
	if len(top) == 0 {
		return nil, errors.New("an event pattern needs at least one field")
	}
	c := patternCompiler{or: orIsOperator(top, false)}
	rules, err := c.object([]rule{{}}, "", top)
	if err != nil {
		return nil, err
	}
	return newEventPattern(rules), nil
}

// Matches says whether the pattern lets the event through. An event that is not
// an object matches nothing.
func (p *EventPattern) Matches(event any) bool {
	doc, ok := event.(map[string]any)
	if !ok {
		return false
	}
	f := flattener{wanted: p.wanted, leaves: map[string][]leaf{}}
	f.object("", doc, nil)
	for _, fields := range p.rules {
		if f.matches(fields) {
			return true
		}
	}
	return false
}

func newEventPattern(rules []rule) *EventPattern {
	p := &EventPattern{wanted: map[string]bool{}}
	for _, r := range rules {
		fields := make([]patternField, 0, len(r))
		for _, f := range r {
			fields = append(fields, f)
			p.wanted[f.path] = true
			for i, c := range f.path {
				if c == '.' {
					p.wanted[f.path[:i]] = true
				}
			}
		}
		// Order matters: whether a field is absent is asked of the array
		// elements that the fields before it chose.
		slices.SortFunc(fields, func(a, b patternField) int { return strings.Compare(a.path, b.path) })
		p.rules = append(p.rules, fields)
	}
	return p
}

// rule is one combination of $or alternatives: a field for each path.
type rule map[string]patternField

type patternCompiler struct{ or bool }

// object adds an object's fields to every rule. A path that comes again
// takes the place of what was written before it.
func (c patternCompiler) object(rules []rule, path string, obj ordered) ([]rule, error) {
	for _, m := range obj {
		at := joinPath(path, m.key)
		switch v := m.value.(type) {
		case ordered:
			if len(v) == 0 {
				return nil, fmt.Errorf("%s: an empty object says nothing; name at least one field in it", at)
			}
			var err error
			if rules, err = c.object(rules, at, v); err != nil {
				return nil, err
			}
		case []any:
			var err error
			if m.key == "$or" && c.or {
				rules, err = c.alternatives(rules, path, v)
			} else if err = compileField(rules, at, v); err != nil && m.key == "$or" {
				err = fmt.Errorf("%w (to mean alternatives, $or takes two or more objects that name fields, none of them with an operator's name)", err)
			}
			if err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("%s: values stand in a list: write [%s]", at, show(m.value))
		}
	}
	return rules, nil
}

// orIsOperator says whether $or means alternatives in this pattern: everywhere
// it is a list of two or more objects in which no field has an operator's name.
// One $or of another form makes all of them fields like any other.
func orIsOperator(o ordered, inside bool) bool {
	for _, m := range o {
		if _, ok := patternOperators[m.key]; ok && inside {
			return false
		}
		switch v := m.value.(type) {
		case ordered:
			if m.key == "$or" || !orIsOperator(v, inside) {
				return false
			}
		case []any:
			if m.key == "$or" && !areAlternatives(v) {
				return false
			}
		}
	}
	return true
}

func areAlternatives(values []any) bool {
	for _, v := range values {
		if o, ok := v.(ordered); !ok || len(o) == 0 || !orIsOperator(o, true) {
			return false
		}
	}
	return len(values) >= 2
}

func (c patternCompiler) alternatives(rules []rule, path string, alternatives []any) ([]rule, error) {
	var out []rule
	for _, alt := range alternatives {
		branch := make([]rule, len(rules))
		for i, r := range rules {
			branch[i] = make(rule, len(r)+1)
			for k, v := range r {
				branch[i][k] = v
			}
		}
		branch, err := c.object(branch, path, alt.(ordered))
		if err != nil {
			return nil, err
		}
		if out = append(out, branch...); len(out) > maxCombinations {
			return nil, fmt.Errorf("the $or alternatives make more than %d combinations; EventBridge takes at most that many", maxCombinations)
		}
	}
	return out, nil
}

func compileField(rules []rule, path string, values []any) error {
	if len(values) == 0 {
		return fmt.Errorf("%s: an empty list matches nothing; name at least one value", path)
	}
	f := patternField{path: path}
	for _, v := range values {
		switch v := v.(type) {
		case ordered:
			test, absent, err := compileOperator(path, v)
			if err != nil {
				return err
			}
			if absent {
				f.absent = true
			} else {
				f.values = append(f.values, test)
			}
		case []any:
			return fmt.Errorf("%s: a value is text, a number, true, false, null or an operator, found a list in the list", path)
		default:
			f.values = append(f.values, exactly(v))
		}
	}
	for _, r := range rules {
		r[path] = f
	}
	return nil
}

func joinPath(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// ordered is a JSON object with its members in the order of the text.
type ordered []member

type member struct {
	key   string
	value any
}

// readOrdered reads one value of JSON text that is known to be valid.
func readOrdered(d *json.Decoder) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	object, list := ordered{}, []any{}
	for d.More() {
		var key string
		if delim == '{' {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			key, _ = k.(string)
		}
		v, err := readOrdered(d)
		if err != nil {
			return nil, err
		}
		if delim == '{' {
			object = append(object, member{key, v})
		} else {
			list = append(list, v)
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, err
	}
	if delim == '{' {
		return object, nil
	}
	return list, nil
}
