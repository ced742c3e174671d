package assertions

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// valueTest is what one value of a pattern asks of a leaf of the event.
type valueTest struct {
	holds func(leaf any) bool
	say   string // what is expected, in words
}

// exists is the operator that asks about the field and not about its value.
const exists = "exists"

// patternOperators are the operators that look at a value.
func patternOperators() map[string]func(operand) valueTest {
	return map[string]func(operand) valueTest{
		"prefix":             func(o operand) valueTest { return o.affix("prefix") },
		"suffix":             func(o operand) valueTest { return o.affix("suffix") },
		"equals-ignore-case": func(o operand) valueTest { return o.textTest("equals-ignore-case") },
		"wildcard":           func(o operand) valueTest { return o.textTest("wildcard") },
		"numeric":            operand.numeric,
		"cidr":               operand.cidr,
		"anything-but":       operand.anythingBut,
		"exactly":            operand.exactly,
	}
}

func operatorNamed(name string) (func(operand) valueTest, bool) {
	f, ok := patternOperators()[name]
	return f, ok
}

func isOperator(name string) bool {
	_, ok := operatorNamed(name)
	return ok || name == exists
}

// patternInstead is what EventBridge has in place of operators that other languages
// have, this one's checks among them.
var patternInstead = map[string]string{
	"equals": `write the value itself, such as ["x"]`, "eq": `write the value itself, such as ["x"]`,
	"not": `write [{"anything-but": "x"}]`, "not_equals": `write [{"anything-but": "x"}]`,
	"one_of": `list the values, such as ["x", "y"]`, "in": `list the values, such as ["x", "y"]`,
	"starts_with": `write [{"prefix": "x"}]`, "ends_with": `write [{"suffix": "x"}]`,
	"contains": `write [{"wildcard": "*x*"}]`, "matches": `write [{"wildcard": "x*y"}]`, "regex": `write [{"wildcard": "x*y"}]`,
	"gt": `write [{"numeric": [">", 5]}]`, ">": `write [{"numeric": [">", 5]}]`,
	"gte": `write [{"numeric": [">=", 5]}]`, ">=": `write [{"numeric": [">=", 5]}]`,
	"lt": `write [{"numeric": ["<", 5]}]`, "<": `write [{"numeric": ["<", 5]}]`,
	"lte": `write [{"numeric": ["<=", 5]}]`, "<=": `write [{"numeric": ["<=", 5]}]`,
	"=": `write [{"numeric": ["=", 5]}]`, "between": `write [{"numeric": [">=", 1, "<=", 5]}]`,
}

// operator gives the test of one {operator: argument}; absent is exists: false.
func (c *patternCompiler) operator(at patternPlace, n *schema.Node) (test valueTest, absent bool) {
	if len(n.Entries) != 1 {
		names := make([]string, len(n.Entries))
		for i, e := range n.Entries {
			names[i] = e.Key
		}
		c.add(n.Pos, "%s: a value takes exactly one operator, found %d%s", at.shown, len(names), inBrackets(names))
		return valueTest{}, false
	}
	e := n.Entries[0]
	o := operand{c: c, place: at.shown, n: e.Value}
	if e.Key == exists {
		return o.exists()
	}
	compile, ok := operatorNamed(e.Key)
	if !ok {
		known := append(slices.Collect(maps.Keys(patternOperators())), exists)
		hint := schema.DidYouMean(e.Key, known)
		switch other, ok := patternInstead[e.Key]; {
		case ok:
			hint = "; " + other
		case hint == "":
			hint = "; known are " + schema.KnownNames(known)
		}
		c.add(e.KeyPos, "%s: unknown operator %q%s", at.shown, e.Key, hint)
		return valueTest{}, false
	}
	o.place += ": " + e.Key
	return compile(o), false
}

func inBrackets(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

// operand is the argument of an operator, and where it stands.
type operand struct {
	c     *patternCompiler
	place string // such as "detail.state: prefix"
	n     *schema.Node
}

// refuse reports a wrong argument.
func (o operand) refuse(format string, args ...any) valueTest {
	o.c.add(o.n.Pos, "%s: %s", o.place, fmt.Sprintf(format, args...))
	return valueTest{}
}

// of is an argument inside this one.
func (o operand) of(n *schema.Node) operand { return operand{o.c, o.place, n} }

// inside is the argument of an operator inside this one's.
func (o operand) inside(e schema.Entry) operand {
	return operand{o.c, o.place + ": " + e.Key, e.Value}
}

// text gives an argument that must be text; false while it is open or wrong.
func (o operand) text() (string, bool) {
	switch {
	case o.n.Hole() || o.n.Open():
		return "", false
	case o.n.Kind != schema.Text:
		o.refuse("takes text, found %s", o.n.Kind)
		return "", false
	}
	return o.n.Scalar, true
}

func (o operand) exists() (test valueTest, absent bool) {
	switch {
	case o.n.Hole():
		return valueTest{}, false
	case o.n.Kind != schema.Bool:
		o.refuse("exists takes true or false, found %s", o.n.Kind)
		return valueTest{}, false
	case o.n.Scalar == "false":
		return valueTest{}, true
	}
	return valueTest{holds: func(any) bool { return true }, say: sayExists}, false
}

// sayExists is what exists: true expects.
const sayExists = "any value"

// exactly holds for the value itself. Numbers that EventBridge takes for
// numbers are equal whatever their notation, larger ones only as they are written.
func exactly(want any) valueTest {
	t := valueTest{func(leaf any) bool { return expr.Equal(leaf, want) }, show(want)}
	if n, ok := want.(json.Number); ok && !withinNumeric(n) {
		t.holds = func(leaf any) bool { return leaf == want }
	}
	return t
}

func (o operand) exactly() valueTest {
	text, ok := o.text()
	if !ok {
		return valueTest{}
	}
	return exactly(text)
}

// anythingBut holds for every leaf that is none of what its argument names.
func (o operand) anythingBut() valueTest {
	var refused []valueTest
	switch {
	case o.n.Hole():
		return valueTest{}
	case o.n.Kind == schema.Text || o.n.Kind == schema.Number:
		refused = o.plain([]*schema.Node{o.n})
	case o.n.Kind == schema.List:
		refused = o.plain(o.n.Items)
	case o.n.Kind == schema.Map:
		refused = o.butText()
	default:
		return o.refuse("takes text, a number, a list of them or one of %s, found %s", schema.KnownNames(textTestNames()), o.n.Kind)
	}
	if len(refused) == 0 {
		return valueTest{}
	}
	said := make([]string, len(refused))
	for i, t := range refused {
		said[i] = t.say
	}
	return valueTest{func(leaf any) bool {
		return !slices.ContainsFunc(refused, func(t valueTest) bool { return t.holds(leaf) })
	}, "anything but " + strings.Join(said, ", ")}
}

// plain gives tests for plain values, which are all texts or all numbers.
func (o operand) plain(values []*schema.Node) []valueTest {
	if len(values) == 0 {
		o.refuse("the list is empty; name at least one value")
		return nil
	}
	var tests []valueTest
	for _, v := range values {
		switch {
		case v.Hole():
			continue
		case v.Kind != schema.Text && v.Kind != schema.Number:
			o.of(v).refuse("a list holds text or numbers, found %s", v.Kind)
			continue
		case v.Kind != values[0].Kind && !values[0].Hole():
			o.of(v).refuse("a list holds text only or numbers only, found %s and %s", values[0].Kind, v.Kind)
			return nil
		case v.Kind == schema.Number && !withinNumeric(json.Number(v.Scalar)):
			o.of(v).beyondNumeric()
			continue
		}
		tests = append(tests, exactly(v.Value()))
	}
	return tests
}

// butText is the nested form: {prefix: "a"}, {wildcard: ["a*", "*b"]}.
func (o operand) butText() []valueTest {
	if len(o.n.Entries) != 1 {
		o.refuse("takes exactly one operator, found %d", len(o.n.Entries))
		return nil
	}
	e := o.n.Entries[0]
	in := o.inside(e)
	if _, ok := textTests[e.Key]; !ok {
		o.c.add(e.KeyPos, "%s: unknown operator %q%s; known here are %s", o.place, e.Key, schema.DidYouMean(e.Key, textTestNames()), schema.KnownNames(textTestNames()))
		return nil
	}
	values := []*schema.Node{e.Value}
	if e.Value.Kind == schema.List {
		values = e.Value.Items
	}
	if len(values) == 0 {
		in.refuse("the list is empty; name at least one text")
	}
	var tests []valueTest
	for _, v := range values {
		if v.Kind == schema.Text && v.Scalar == "" && (e.Key == "prefix" || e.Key == "suffix") {
			in.of(v).refuse("empty text excludes every text")
			continue
		}
		if t := in.of(v).textTest(e.Key); t.holds != nil {
			tests = append(tests, t)
		}
	}
	return tests
}
