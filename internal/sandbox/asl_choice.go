package sandbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// choice is a rule of a Choice state, or a part of one.
type choice struct {
	Next    string
	Comment string

	test func(doc, context any) (bool, error)
	raw  map[string]json.RawMessage
}

func (c *choice) UnmarshalJSON(b []byte) error {
	if err := json.Unmarshal(b, &c.raw); err != nil {
		return err
	}
	for name, into := range map[string]*string{"Next": &c.Next, "Comment": &c.Comment} {
		if raw, ok := c.raw[name]; ok {
			if err := json.Unmarshal(raw, into); err != nil {
				return fmt.Errorf("%s of a choice: %w", name, err)
			}
			delete(c.raw, name)
		}
	}
	return nil
}

// prepare compiles the rule: And, Or, Not, or a Variable with one comparison.
func (c *choice) prepare() error {
	for _, name := range []string{"And", "Or"} {
		if raw, ok := c.raw[name]; ok && len(c.raw) == 1 {
			return c.prepareAll(raw, name == "And")
		}
	}
	if raw, ok := c.raw["Not"]; ok && len(c.raw) == 1 {
		inner := &choice{}
		if err := json.Unmarshal(raw, inner); err != nil {
			return err
		}
		if err := inner.prepare(); err != nil {
			return err
		}
		c.test = func(doc, context any) (bool, error) {
			ok, err := inner.test(doc, context)
			return !ok, err
		}
		return nil
	}
	return c.prepareComparison()
}

func (c *choice) prepareAll(raw json.RawMessage, and bool) error {
	var parts []*choice
	if err := json.Unmarshal(raw, &parts); err != nil {
		return err
	}
	if len(parts) == 0 {
		return errors.New("a list of no rules")
	}
	for _, p := range parts {
		if err := p.prepare(); err != nil {
			return err
		}
	}
	c.test = func(doc, context any) (bool, error) {
		for _, p := range parts {
			if ok, err := p.test(doc, context); err != nil || ok != and {
				return ok, err
			}
		}
		return and, nil
	}
	return nil
}

func (c *choice) prepareComparison() error {
	var variable optionalPath
	if err := variable.UnmarshalJSON(c.raw["Variable"]); err != nil || variable.null {
		return errors.New("a choice needs a Variable, or And, Or, Not")
	}
	delete(c.raw, "Variable")
	if len(c.raw) != 1 {
		return errors.New("a choice needs exactly one comparison")
	}
	for name, raw := range c.raw {
		compare, ok := choiceComparisons[strings.TrimSuffix(name, "Path")]
		if !ok {
			return fmt.Errorf("the sandbox has no comparison %s", name)
		}
		literal, err := parseJSON(raw)
		if err != nil {
			return err
		}
		var other optionalPath
		if strings.HasSuffix(name, "Path") {
			if err := other.UnmarshalJSON(raw); err != nil {
				return err
			}
		}
		c.test = func(doc, context any) (bool, error) {
			v, found := variable.from(doc, context)
			want := literal
			if other.set {
				var ok bool
				if want, ok = other.from(doc, context); !ok {
					return false, fails("States.Runtime", "Invalid path '%s': The choice state's condition path references an invalid value.", other.path.text)
				}
			}
			if !found && name != "IsPresent" {
				return false, fails("States.Runtime", "Invalid path '%s': The choice state's condition path references an invalid value.", variable.path.text)
			}
			return compare(v, found, want), nil
		}
	}
	return nil
}

// from finds the value of a path.
func (o optionalPath) from(doc, context any) (any, bool) {
	if o.context {
		return o.path.get(context)
	}
	return o.path.get(doc)
}

// choiceComparisons tell whether a value (found or not) stands to another as the comparison says.
var choiceComparisons = func() map[string]func(v any, found bool, want any) bool {
	all := map[string]func(v any, found bool, want any) bool{
		"StringMatches": func(v any, _ bool, want any) bool {
			text, ok := v.(string)
			pattern, ok2 := want.(string)
			return ok && ok2 && wildcard(strings.ReplaceAll(pattern, "?", "\x00"), strings.ReplaceAll(text, "?", "\x00"))
		},
		"BooleanEquals": func(v any, _ bool, want any) bool {
			a, ok := v.(bool)
			b, ok2 := want.(bool)
			return ok && ok2 && a == b
		},
		"IsPresent": func(_ any, found bool, want any) bool { return found == want },
		"IsNull":    func(v any, _ bool, want any) bool { return (v == nil) == want },
		"IsString":  func(v any, _ bool, want any) bool { _, ok := v.(string); return ok == want },
		"IsNumeric": func(v any, _ bool, want any) bool { _, ok := v.(json.Number); return ok == want },
		"IsBoolean": func(v any, _ bool, want any) bool { _, ok := v.(bool); return ok == want },
	}
	for suffix, holds := range map[string]func(order int) bool{
		"Equals":            func(o int) bool { return o == 0 },
		"LessThan":          func(o int) bool { return o < 0 },
		"LessThanEquals":    func(o int) bool { return o <= 0 },
		"GreaterThan":       func(o int) bool { return o > 0 },
		"GreaterThanEquals": func(o int) bool { return o >= 0 },
	} {
		all["String"+suffix] = func(v any, _ bool, want any) bool {
			a, ok := v.(string)
			b, ok2 := want.(string)
			return ok && ok2 && holds(strings.Compare(a, b))
		}
		all["Numeric"+suffix] = func(v any, _ bool, want any) bool {
			a, ok := rational(v)
			b, ok2 := rational(want)
			return ok && ok2 && holds(a.Cmp(b))
		}
	}
	return all
}()

func rational(v any) (*big.Rat, bool) {
	n, ok := v.(json.Number)
	if !ok || len(n) > 60 || bytes.ContainsAny([]byte(n), "eE") && len(n) > 25 {
		return nil, false
	}
	return new(big.Rat).SetString(n.String())
}
