package mock

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// kinds is a set of kinds of JSON values.
type kinds uint8

const (
	kindNull kinds = 1 << iota
	kindBool
	kindObject
	kindArray
	kindString
	kindInteger
	kindNumber // one that is not whole
	anyKind    = kindNumber<<1 - 1
)

var kindsByType = map[string]kinds{
	"null": kindNull, "boolean": kindBool, "object": kindObject, "array": kindArray,
	"string": kindString, "integer": kindInteger, "number": kindInteger | kindNumber,
}

// typesOf are the kinds that one schema allows.
func typesOf(o map[string]any) (kinds, bool) {
	switch t := o["type"].(type) {
	case string:
		return kindsByType[t], true
	case []any:
		var k kinds
		for _, name := range t {
			s, _ := name.(string)
			k |= kindsByType[s]
		}
		return k, true
	}
	return anyKind, false
}

// allowedKinds are the kinds that all schemas of a place allow; typed says
// whether any of them names one.
func (m *maker) allowedKinds(p place, flat []node) (allowed kinds, typed bool, err error) {
	allowed = anyKind
	var before node
	for _, n := range flat {
		k, ok := typesOf(n.object())
		if !ok {
			continue
		}
		if allowed&k == 0 {
			return 0, true, m.never(p, n.at, "allOf and what else applies here contradict each other: type %s (#%s) and type %s (#%s)",
				sayType(before), before.at, sayType(n), n.at)
		}
		if allowed&k != allowed || !typed {
			before = n
		}
		allowed, typed = allowed&k, true
	}
	for _, o := range m.ruledOut(flat) {
		if k, ok := typesOf(o); ok && len(o) == 1 {
			if allowed&^k == 0 {
				return 0, true, m.never(p, flat[0].at, "not rules out every type that is allowed")
			}
			allowed &^= k
		}
	}
	return allowed, typed, nil
}

func sayType(n node) string {
	s := show(n.object()["type"])
	return strings.Trim(s, `"`)
}

// settledValue makes a value for schemas in which nothing is left to choose.
func (m *maker) settledValue(p place, flat []node) (any, error) {
	allowed, typed, err := m.allowedKinds(p, flat)
	if err != nil {
		return nil, err
	}
	if p.wish.inside() {
		if allowed, err = m.wishedKinds(p, flat, allowed); err != nil {
			return nil, err
		}
		typed = true
	} else if v, ok, err := m.listed(p, flat, allowed); ok || err != nil {
		return v, err
	}
	if v, ok := m.offered(p, flat); ok {
		return v, nil
	}
	var first error
	for _, k := range m.kindOrder(flat, allowed, typed) {
		v, err := m.make(p, flat, k, allowed)
		if err == nil || isSpent(err) {
			return v, err
		}
		if first == nil {
			first = err
		}
	}
	var u *unsatisfiable
	if !typed && errors.As(first, &u) {
		u.certain = false // perhaps another type was meant
	}
	return nil, first
}

func (m *maker) wishedKinds(p place, flat []node, allowed kinds) (kinds, error) {
	want := kindObject
	if len(p.wish.items) > 0 {
		want = kindArray
	}
	if allowed&want == 0 {
		return 0, m.missed(p, typeNode(flat).at, "it is of type %s, so nothing can be set inside", sayType(typeNode(flat)))
	}
	return want, nil
}

func typeNode(flat []node) node {
	for _, n := range flat {
		if n.object()["type"] != nil {
			return n
		}
	}
	return flat[0]
}

// listed takes a value of enum or const.
func (m *maker) listed(p place, flat []node, allowed kinds) (value any, ok bool, err error) {
	var in []node
	var values []any
	for _, n := range flat {
		o := n.object()
		list, isEnum := o["enum"].([]any)
		if c, isConst := o["const"]; isConst {
			if isEnum {
				list = slices.DeleteFunc(slices.Clone(list), func(v any) bool { return !same(v, c) })
			} else {
				list, isEnum = []any{c}, true
			}
		}
		if !isEnum {
			continue
		}
		if in = append(in, n); len(in) == 1 {
			values = list
			continue
		}
		values = slices.DeleteFunc(slices.Clone(values), func(v any) bool { return !contains(list, v) })
	}
	if len(in) == 0 {
		return nil, false, nil
	}
	if len(values) == 0 {
		return nil, false, m.never(p, in[len(in)-1].at, "the lists of allowed values have none in common%s", others(in))
	}
	var good []any
	var wrong string
	for _, v := range values {
		if err := m.spend(); err != nil {
			return nil, false, err
		}
		if at, why := m.wrong(flat, v); why != "" {
			if wrong == "" {
				wrong = fmt.Sprintf("%s does not: %s (#%s)", show(v), why, at)
			}
		} else if !contains(p.avoid, v) {
			good = append(good, v)
		}
	}
	if len(good) == 0 && wrong == "" {
		return nil, false, m.never(p, in[0].at, "enum has %d values, and all of them are taken already where uniqueItems asks for different ones", len(values))
	}
	if len(good) == 0 {
		return nil, false, m.never(p, in[0].at, "no value of enum fits what else applies here; %s", wrong)
	}
	if some := slices.DeleteFunc(slices.Clone(good), func(v any) bool { return v == nil }); len(some) > 0 {
		good = some
	}
	return clone(good[m.rand.IntN(len(good))]), true, nil
}

func others(in []node) string {
	if len(in) < 2 {
		return ""
	}
	return fmt.Sprintf(" (#%s and #%s)", in[0].at, in[len(in)-1].at)
}

// offered takes a hint, an example or a default if one fits.
func (m *maker) offered(p place, flat []node) (any, bool) {
	if p.wish.inside() {
		return nil, false
	}
	fitting := func(all []any) []any {
		return slices.DeleteFunc(all, func(v any) bool {
			return m.o.RequiredOnly && holdsSome(v) || contains(p.avoid, v) || m.spend() != nil || !m.fits(flat, v)
		})
	}
	if good := fitting(slices.Clone(p.hints)); len(good) > 0 {
		return clone(good[0]), true
	}
	if len(p.path) == 0 && isEnvelope(flat) {
		return nil, false
	}
	if good := fitting(examples(flat)); len(good) > 0 {
		return clone(good[m.rand.IntN(len(good))]), true
	}
	return nil, false
}

// holdsSome says whether a value has parts, some of which may be left out.
func holdsSome(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return false
}

// examples are those of schemas, and their defaults.
func examples(flat []node) []any {
	var all []any
	for _, n := range flat {
		o := n.object()
		list, _ := o["examples"].([]any)
		all = append(all, list...)
		if d, ok := o["default"]; ok {
			all = append(all, d)
		}
	}
	return all
}

// kindOrder is which kinds to try, one after the other.
func (m *maker) kindOrder(flat []node, allowed kinds, typed bool) []kinds {
	if !typed && (!m.retry || m.rand.IntN(2) == 0) {
		return []kinds{guess(flat, allowed)}
	}
	var order []kinds
	for k := kindBool; k < anyKind; k <<= 1 {
		if allowed&k != 0 && (k != kindNumber || allowed&kindInteger == 0 || guessed(flat)&kindNumber != 0) {
			order = append(order, k)
		}
	}
	if allowed&kindNumber != 0 && allowed&kindInteger != 0 { // number alone makes both
		order = slices.DeleteFunc(order, func(k kinds) bool { return k == kindInteger || k == kindNumber })
		order = append(order, kindNumber)
	}
	m.rand.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	if allowed&kindNull != 0 {
		order = append(order, kindNull)
		if m.retry && m.rand.IntN(4) == 0 {
			slices.Reverse(order)
		}
	}
	return order
}

// keywordKinds are the kinds that a keyword speaks of.
var keywordKinds = map[string]kinds{
	"properties": kindObject, "required": kindObject, "additionalProperties": kindObject, "patternProperties": kindObject, "propertyNames": kindObject,
	"minProperties": kindObject, "maxProperties": kindObject, "dependentRequired": kindObject, "dependentSchemas": kindObject, "unevaluatedProperties": kindObject,
	"items": kindArray, "prefixItems": kindArray, "contains": kindArray, "minItems": kindArray, "maxItems": kindArray, "uniqueItems": kindArray,
	"unevaluatedItems": kindArray,
	"minimum":          kindNumber, "maximum": kindNumber, "exclusiveMinimum": kindNumber, "exclusiveMaximum": kindNumber, "multipleOf": kindNumber,
	"minLength": kindString, "maxLength": kindString, "pattern": kindString, "format": kindString, "contentEncoding": kindString,
}

// guessed are the kinds that the keywords of schemas speak of.
func guessed(flat []node) kinds {
	var k kinds
	for _, n := range flat {
		for word := range n.object() {
			k |= keywordKinds[word]
		}
	}
	return k
}

// guess finds the kind that schemas without a type mean.
func guess(flat []node, allowed kinds) kinds {
	k := guessed(flat) & allowed
	for _, n := range flat {
		if numericFormat(n.object()) {
			k = k&^kindString | kindNumber
		}
	}
	for _, one := range []kinds{kindObject, kindArray, kindNumber, kindString, kindString & allowed, kindObject & allowed, kindInteger, kindBool, kindNull} {
		if k&one != 0 || one&allowed != 0 && k&allowed == 0 && one == kindString {
			return one
		}
	}
	for one := kindBool; one < anyKind; one <<= 1 {
		if allowed&one != 0 {
			return one
		}
	}
	return kindNull
}

func numericFormat(o map[string]any) bool {
	return o["type"] == nil && slices.Contains([]any{"int32", "int64", "float", "double"}, o["format"])
}

// make makes a value of a kind.
func (m *maker) make(p place, flat []node, k, allowed kinds) (any, error) {
	switch k {
	case kindNull:
		return nil, nil
	case kindBool:
		no, yes := contains(p.avoid, false), contains(p.avoid, true)
		if no && yes {
			return nil, m.never(p, nodeAt(flat), "true and false are taken already, and uniqueItems asks for different elements")
		}
		return no || !yes && m.rand.IntN(2) == 0, nil
	case kindObject:
		return m.object(p, flat)
	case kindArray:
		return m.array(p, flat)
	case kindString:
		return m.text(p, flat)
	}
	return m.number(p, flat, allowed&kindNumber == 0, allowed&kindInteger != 0)
}

// same compares JSON values, numbers by what they are worth.
func same(a, b any) bool {
	return reflect.DeepEqual(a, b) || expr.Equal(a, b)
}

func contains(all []any, v any) bool {
	return slices.ContainsFunc(all, func(x any) bool { return same(x, v) })
}

// reason is why a place cannot be satisfied, with the place in the schema.
func reason(err error) string {
	var u *unsatisfiable
	if errors.As(err, &u) {
		return fmt.Sprintf("%s: %s", u.at, u.why)
	}
	return fmt.Sprint(err)
}

func isEndless(err error) bool {
	var u *unsatisfiable
	return errors.As(err, &u) && u.endless
}
