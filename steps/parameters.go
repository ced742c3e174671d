package steps

import (
	"context"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// Normal gives a step's parameters as the mapping they stand for: nothing is
// an empty one, a lone scalar the kind's shorthand, and a condition without
// ${} becomes an expression.
func (k Kind) Normal(n *schema.Node, p *schema.Problems) *schema.Node {
	if n.Kind == schema.Null && !n.Open() {
		n = &schema.Node{Pos: n.Pos, Kind: schema.Map} // "- listen:" with nothing behind it
	}
	if n.Kind != schema.Map && n.Kind != schema.List && k.Shorthand != "" {
		n = &schema.Node{Pos: n.Pos, Kind: schema.Map, Entries: []schema.Entry{{Key: k.Shorthand, KeyPos: n.Pos, Value: n}}}
	}
	if k.Condition == "" {
		return n
	}
	c := *n
	c.Entries = append([]schema.Entry(nil), n.Entries...)
	for i, e := range c.Entries {
		if e.Key == k.Condition {
			c.Entries[i].Value = schema.AsExpression(e.Value, p)
		}
	}
	return &c
}

// Check says everything that can be known to be wrong with a step's parameters
// before its expressions have values; n is Normal.
func (k Kind) Check(n *schema.Node, p *schema.Problems) {
	named := k.Params.Want == schema.Map && !k.Params.Custom
	switch {
	case n.Hole():
		p.Add(n.Pos, "the parameters of %s must be written out; expressions go into their values", k.Name)
		return
	case named && n.Kind != schema.Map:
		p.Add(n.Pos, "%s", k.withNames(n))
		return
	case named && k.Shorthand != "" && k.foreign(n):
		p.Add(n.Pos, "%s takes one %s, written %s: … or %s: {%s: …}; found a mapping with %q", k.Name, k.Shorthand, k.Name, k.Name, k.Shorthand, n.Entries[0].Key)
		return
	}
	before := p.Errors()
	k.Params.Check(k.withoutFields(n, p), "parameter", p)
	k.checkEmpty(n, p)
	k.checkCondition(n, p)
	if p.Errors() > before {
		return
	}
	checkRules(k.Name, k.Rules, n, p)
	if k.Selects != nil {
		k.Selects.check(n, p)
	}
	if k.check != nil {
		k.check(n, p)
	}
}

// simple is text that YAML takes for itself wherever it stands.
var simple = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*$`)

// withNames says how the parameters are written that stand there without their names.
func (k Kind) withNames(n *schema.Node) string {
	if k.Shorthand != "" {
		return k.Name + " takes one " + k.Shorthand + ", found " + n.Kind.String() + "; make each of them a step of its own"
	}
	names := k.mainNames()
	if n.Kind == schema.Text && len(names) == 1 {
		value := n.Scalar
		if !simple.MatchString(value) {
			value = strconv.Quote(value)
		}
		return k.Name + " takes its parameters by name; write " + k.Name + ": {" + names[0] + ": " + value + "}"
	}
	return k.Name + " takes its parameters by name, such as {" + strings.Join(names, ": …, ") + ": …}; found " + n.Kind.String()
}

// foreign says that a mapping has other keys than the kind's, and none that
// could be a slip for one of them.
func (k Kind) foreign(n *schema.Node) bool {
	return len(n.Entries) > 0 && !slices.ContainsFunc(n.Entries, func(e schema.Entry) bool {
		_, parameter := k.Params.Field(e.Key)
		_, field := schema.FieldsShape().Field(e.Key)
		return parameter || field || schema.DidYouMean(e.Key, k.Params.Names()) != ""
	})
}

// mainNames are the parameters that a step of the kind must have; of those of
// which one must be there, the first.
func (k Kind) mainNames() []string {
	var names []string
	for _, f := range k.Params.Fields {
		if f.Required {
			names = append(names, f.Name)
		}
	}
	for _, r := range k.Rules {
		if r.Exactly {
			names = append(names, r.Names[0])
		}
	}
	return names
}

// withoutFields leaves out the common fields of a step that stand one level
// too deep, and says where they belong.
func (k Kind) withoutFields(n *schema.Node, p *schema.Problems) *schema.Node {
	if k.Params.Fields == nil {
		return n // every name is a parameter
	}
	c := *n
	c.Entries = nil
	for _, e := range n.Entries {
		_, parameter := k.Params.Field(e.Key)
		if _, field := schema.FieldsShape().Field(e.Key); !field || parameter || e.Key == "name" && k.lacks(n) {
			c.Entries = append(c.Entries, e)
			continue
		}
		p.Add(e.KeyPos, "%q is not a parameter of %s but a field of the step; write it one level up, beside %s:", e.Key, k.Name, k.Name)
	}
	return &c
}

// lacks says whether a required parameter is not there: then a name may well
// be meant to be it.
func (k Kind) lacks(n *schema.Node) bool {
	return slices.ContainsFunc(k.Params.Fields, func(f schema.Field) bool {
		_, given := n.Get(f.Name)
		return f.Required && !given
	})
}

// checkEmpty refuses parameters that are there and say nothing: empty text
// would count as a parameter that was left out.
func (k Kind) checkEmpty(n *schema.Node, p *schema.Problems) {
	for _, f := range k.Params.Fields {
		e, given := n.Get(f.Name)
		if !given || f.Shape.Any || f.Shape.Custom || f.Shape.Enum != nil || f.Shape.Type == ListenerType {
			continue
		}
		v := e.Value
		text := f.Shape.Type.Kind() == reflect.String && v.Kind == schema.Text && !v.Open() && strings.TrimSpace(v.Scalar) == ""
		mapping := f.Required && f.Shape.Want == schema.Map && v.Kind == schema.Map && len(v.Entries) == 0
		if text || mapping {
			p.Add(v.Pos, "parameter %q is empty: %s", f.Name, f.Doc)
		}
	}
}

// checkCondition refuses what can never become true or false.
func (k Kind) checkCondition(n *schema.Node, p *schema.Problems) {
	if e, given := n.Get(k.Condition); k.Condition != "" && given {
		CheckCondition(k.Name, e.Value, p)
	}
}

// CheckCondition refuses a condition, read as an expression, that can never
// become true or false. what names it in messages.
func CheckCondition(what string, v *schema.Node, p *schema.Problems) {
	switch {
	case v.Kind == schema.Bool:
	case v.Hole():
		if kind, constant := constantKind(v); constant && kind != schema.Bool {
			p.Add(v.Pos, "%s takes an expression that is true or false; this one is always %s", what, kind)
		}
	case v.Open():
		p.Add(v.Pos, "text around ${…} makes text of it, which is never true or false; put the whole comparison into ${…}, or leave ${} out")
	case v.Kind != schema.Text: // text that is no expression was told
		p.Add(v.Pos, "%s takes an expression that is true or false, found %s", what, v.Kind)
	}
}

// constantKind is what an expression that uses no names always gives.
func constantKind(n *schema.Node) (schema.Kind, bool) {
	if len(n.Template.Holes()[0].Expr.Refs()) > 0 {
		return schema.Null, false
	}
	v, err := n.Template.Eval(context.Background(), &expr.Scope{})
	return schema.NodeOf(v, n.Pos).Kind, err == nil
}

// Rule is about several parameters of a kind together.
type Rule struct {
	Names []string
	// Exactly one of them must be given; else at most one may be.
	Exactly bool
}

// OneOf asks for exactly one of some parameters.
func OneOf(names ...string) Rule { return Rule{Names: names, Exactly: true} }

// AtMostOne forbids two of some parameters together.
func AtMostOne(names ...string) Rule { return Rule{Names: names} }

// checkRules tells what is wrong with parameters together. Rules that share a
// parameter are one matter: it stands for all the others, as a whole event
// does for its parts.
func checkRules(kind string, rules []Rule, n *schema.Node, p *schema.Problems) {
	whole := ""
	for i, r := range rules {
		for _, name := range r.Names {
			if slices.ContainsFunc(rules[i+1:], func(o Rule) bool { return slices.Contains(o.Names, name) }) {
				whole = name
			}
		}
	}
	var parts []Rule
	for _, r := range rules {
		if whole != "" && slices.Contains(r.Names, whole) {
			parts = append(parts, r)
		} else {
			r.check(kind, n, p)
		}
	}
	if parts != nil {
		checkParts(kind, whole, parts, n, p)
	}
}

func checkParts(kind, whole string, rules []Rule, n *schema.Node, p *schema.Problems) {
	var needed, given, missing []string
	for _, r := range rules {
		for _, name := range r.Names {
			_, there := n.Get(name)
			switch {
			case name == whole:
				continue
			case there:
				given = append(given, name)
			case r.Exactly:
				missing = append(missing, name)
			}
			if r.Exactly {
				needed = append(needed, name)
			}
		}
	}
	switch e, there := n.Get(whole); {
	case there && len(given) > 0:
		p.Add(e.KeyPos, "%s takes %s, or %s, not both; found %s", kind, list(needed), whole, list(append(given, whole)))
	case !there && len(missing) == len(needed):
		p.Add(n.Pos, "%s needs %s, or %s", kind, list(needed), whole)
	case !there && len(missing) > 0:
		p.Add(n.Pos, "%s lacks %s", kind, list(missing))
	}
}

func (r Rule) check(kind string, n *schema.Node, p *schema.Problems) {
	var given []schema.Entry
	for _, e := range n.Entries {
		if slices.Contains(r.Names, e.Key) {
			given = append(given, e)
		}
	}
	switch {
	case len(given) > 1:
		p.Add(given[1].KeyPos, "%s takes only one of %s; %s stands there already", kind, list(r.Names), given[0].Key)
	case len(given) == 0 && r.Exactly:
		p.Add(n.Pos, "%s needs one of %s", kind, list(r.Names))
	}
}

func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
