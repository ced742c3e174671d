package assertions

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// patternOperators are the operators that look at a value. exists asks about
// the field; it is among them for its name.
var patternOperators = map[string]func(arg any) (valueTest, error){
	"prefix":             affix("prefix"),
	"suffix":             affix("suffix"),
	"equals-ignore-case": onText("equals-ignore-case"),
	"wildcard":           onText("wildcard"),
	"numeric":            numeric,
	"cidr":               cidr,
	"anything-but":       anythingBut,
	"exists":             nil,
}

// maxNumeric bounds what numeric compares, on both sides of zero: EventBridge
// refuses larger operands, and larger values of an event never match.
const maxNumeric = json.Number("5000000000")

// compileOperator gives the test of one {operator: argument}; absent is exists: false.
func compileOperator(path string, o ordered) (test valueTest, absent bool, err error) {
	if len(o) != 1 {
		names := make([]string, len(o))
		for i, m := range o {
			names[i] = m.key
		}
		return nil, false, fmt.Errorf("%s: a value takes exactly one operator, found %d (%s)", path, len(o), strings.Join(names, ", "))
	}
	name, arg := o[0].key, o[0].value
	compile, ok := patternOperators[name]
	if !ok {
		known := slices.Collect(maps.Keys(patternOperators))
		return nil, false, fmt.Errorf("%s: unknown operator %q%s", path, name, schema.DidYouMean(name, known))
	}
	if name == "exists" {
		there, ok := arg.(bool)
		if !ok {
			return nil, false, fmt.Errorf("%s: exists takes true or false, found %s", path, kindName(arg))
		}
		return func(any) bool { return true }, !there, nil
	}
	test, err = compile(arg)
	if err != nil {
		return nil, false, fmt.Errorf("%s: %s: %w", path, name, err)
	}
	return test, false, nil
}

// exactly holds for the value itself. Numbers that EventBridge takes for
// numbers are equal whatever their notation, larger ones only as they are written.
func exactly(want any) valueTest {
	if n, ok := want.(json.Number); ok && !withinNumeric(n) {
		return func(leaf any) bool { return leaf == want }
	}
	return func(leaf any) bool { return expr.Equal(leaf, want) }
}

// textTests make tests of text; anything-but takes each of them too.
var textTests = map[string]func(want string) (func(string) bool, error){
	"prefix": func(want string) (func(string) bool, error) {
		return func(s string) bool { return strings.HasPrefix(s, want) }, nil
	},
	"suffix": func(want string) (func(string) bool, error) {
		return func(s string) bool { return strings.HasSuffix(s, want) }, nil
	},
	"equals-ignore-case": func(want string) (func(string) bool, error) {
		return func(s string) bool { return equalIgnoringCase([]rune(s), []rune(want)) }, nil
	},
	"wildcard": func(want string) (func(string) bool, error) { return wildcard(want) },
}

func onText(name string) func(any) (valueTest, error) {
	return func(arg any) (valueTest, error) {
		want, ok := arg.(string)
		if !ok {
			return nil, fmt.Errorf("takes text, found %s", kindName(arg))
		}
		test, err := textTests[name](want)
		if err != nil {
			return nil, err
		}
		return func(leaf any) bool {
			s, ok := leaf.(string)
			return ok && test(s)
		}, nil
	}
}

// affix is prefix or suffix: text, or {equals-ignore-case: text}.
func affix(name string) func(any) (valueTest, error) {
	return func(arg any) (valueTest, error) {
		o, ok := arg.(ordered)
		if !ok {
			return onText(name)(arg)
		}
		if len(o) != 1 || o[0].key != "equals-ignore-case" {
			return nil, errors.New("takes text or {equals-ignore-case: text}")
		}
		text, ok := o[0].value.(string)
		if !ok {
			return nil, fmt.Errorf("equals-ignore-case: takes text, found %s", kindName(o[0].value))
		}
		want := []rune(text)
		return func(leaf any) bool {
			s, ok := leaf.(string)
			r := []rune(s)
			if !ok || len(r) < len(want) {
				return false
			}
			if name == "prefix" {
				return equalIgnoringCase(r[:len(want)], want)
			}
			return equalIgnoringCase(r[len(r)-len(want):], want)
		}, nil
	}
}

// equalIgnoringCase compares rune by rune; each may be the pattern's in either case.
func equalIgnoringCase(s, want []rune) bool {
	if len(s) != len(want) {
		return false
	}
	for i, w := range want {
		if r := s[i]; r != w && r != unicode.ToLower(w) && r != unicode.ToUpper(w) {
			return false
		}
	}
	return true
}

// wildcard matches text in which * stands for any characters; \* and \\ are
// the characters themselves.
func wildcard(pattern string) (func(string) bool, error) {
	parts := []string{""}
	star := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '*' && star:
			return nil, fmt.Errorf("%q has two * in a row; write one", pattern)
		case c == '*':
			parts, star = append(parts, ""), true
			continue
		case c == '\\':
			i++
			if i == len(pattern) || (pattern[i] != '*' && pattern[i] != '\\') {
				return nil, fmt.Errorf(`%q: after \ only * or \ may stand`, pattern)
			}
			c = pattern[i]
		}
		parts[len(parts)-1] += string([]byte{c})
		star = false
	}
	return func(s string) bool { return matchParts(s, parts) }, nil
}

// matchParts says whether the parts stand in the text in their order, the
// first at its beginning, the last at its end.
func matchParts(s string, parts []string) bool {
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return s == first
	}
	if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(s, p)
		if i < 0 {
			return false
		}
		s = s[i+len(p):]
	}
	return true
}

// cidr holds for text that is an address of the range.
func cidr(arg any) (valueTest, error) {
	text, ok := arg.(string)
	if !ok {
		return nil, fmt.Errorf("takes a range such as 10.0.0.0/8, found %s", kindName(arg))
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return nil, fmt.Errorf("%q is no range such as 10.0.0.0/8 or 2001:db8::/32", text)
	}
	if p.IsSingleIP() {
		return nil, fmt.Errorf("%q is a single address, which EventBridge refuses here; write it as a plain value", text)
	}
	return func(leaf any) bool {
		s, ok := leaf.(string)
		if !ok {
			return false
		}
		a, err := netip.ParseAddr(s)
		return err == nil && a.Zone() == "" && p.Contains(a)
	}, nil
}

// anythingBut holds for every leaf that is none of what its argument names.
func anythingBut(arg any) (valueTest, error) {
	var refused []valueTest
	switch a := arg.(type) {
	case string, json.Number:
		if err := oneKind([]any{a}); err != nil {
			return nil, err
		}
		refused = append(refused, exactly(a))
	case []any:
		if err := oneKind(a); err != nil {
			return nil, err
		}
		for _, v := range a {
			refused = append(refused, exactly(v))
		}
	case ordered:
		var err error
		if refused, err = butText(a); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("takes text, a number, a list of them or one of %s, found %s", schema.KnownNames(textTestNames()), kindName(arg))
	}
	return func(leaf any) bool {
		return !slices.ContainsFunc(refused, func(t valueTest) bool { return t(leaf) })
	}, nil
}

func oneKind(values []any) error {
	if len(values) == 0 {
		return errors.New("the list is empty; name at least one value")
	}
	for _, v := range values {
		switch v := v.(type) {
		case string:
		case json.Number:
			if !withinNumeric(v) {
				return errBeyondNumeric(v)
			}
		default:
			return fmt.Errorf("a list holds text or numbers, found %s", kindName(v))
		}
		if kindName(v) != kindName(values[0]) {
			return errors.New("a list holds text only or numbers only")
		}
	}
	return nil
}

func errBeyondNumeric(n json.Number) error {
	return fmt.Errorf("EventBridge compares numbers from -%[1]s to %[1]s only, found %[2]s", maxNumeric, n)
}

// butText is the nested form: {prefix: "a"}, {wildcard: ["a*", "*b"]}.
func butText(o ordered) ([]valueTest, error) {
	if len(o) != 1 {
		return nil, fmt.Errorf("takes exactly one operator, found %d", len(o))
	}
	name := o[0].key
	if _, ok := textTests[name]; !ok {
		return nil, fmt.Errorf("unknown operator %q%s; known here are %s", name, schema.DidYouMean(name, textTestNames()), schema.KnownNames(textTestNames()))
	}
	values, ok := o[0].value.([]any)
	if !ok {
		values = []any{o[0].value}
	}
	if len(values) == 0 {
		return nil, fmt.Errorf("%s: the list is empty; name at least one text", name)
	}
	var tests []valueTest
	for _, v := range values {
		if v == "" && (name == "prefix" || name == "suffix") {
			return nil, fmt.Errorf("%s: empty text excludes everything", name)
		}
		t, err := onText(name)(v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		tests = append(tests, t)
	}
	return tests, nil
}

func textTestNames() []string { return slices.Collect(maps.Keys(textTests)) }

// numeric compares numbers: ["=", 5], [">", 0] or a range [">=", 0, "<", 5].
func numeric(arg any) (valueTest, error) {
	const shape = `takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]`
	terms, ok := arg.([]any)
	if !ok || (len(terms) != 2 && len(terms) != 4) {
		return nil, errors.New(shape)
	}
	var holds []func(json.Number) bool
	for i := 0; i < len(terms); i += 2 {
		op, _ := terms[i].(string)
		operand, ok := terms[i+1].(json.Number)
		if !ok {
			return nil, fmt.Errorf("%s; found %s where a number belongs", shape, kindName(terms[i+1]))
		}
		if !withinNumeric(operand) {
			return nil, errBeyondNumeric(operand)
		}
		test, ok := comparisons[op]
		if !ok || (len(terms) == 4 && op[0] != "><"[i/2]) {
			return nil, fmt.Errorf("%s; found %s where an operator belongs", shape, show(terms[i]))
		}
		holds = append(holds, func(n json.Number) bool {
			o, err := expr.Compare(n, operand)
			return err == nil && test(o)
		})
	}
	if len(terms) == 4 && !lessThan(terms[1], terms[3]) {
		return nil, fmt.Errorf("the lower end %s must be less than the upper end %s", terms[1], terms[3])
	}
	return func(leaf any) bool {
		n, ok := leaf.(json.Number)
		if !ok || !withinNumeric(n) {
			return false
		}
		for _, h := range holds {
			if !h(n) {
				return false
			}
		}
		return true
	}, nil
}

var comparisons = map[string]func(order int) bool{
	"=":  func(o int) bool { return o == 0 },
	"<":  func(o int) bool { return o < 0 },
	"<=": func(o int) bool { return o <= 0 },
	">":  func(o int) bool { return o > 0 },
	">=": func(o int) bool { return o >= 0 },
}

func withinNumeric(n json.Number) bool {
	return !lessThan(maxNumeric, n) && !lessThan(n, "-"+maxNumeric)
}

func lessThan(a, b any) bool {
	o, err := expr.Compare(a, b)
	return err == nil && o < 0
}
