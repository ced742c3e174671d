package sandbox

import (
	"bytes"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// condition is a compiled condition or filter expression of DynamoDB, asked about an item (nil when there is none).
type condition func(item) (bool, error)

// operand finds a value in an item; nil when there is none.
type operand func(item) types.AttributeValue

// conditionParser reads: or, and, not, parentheses, comparisons, IN, BETWEEN, attribute_exists, attribute_not_exists,
// attribute_type, begins_with, contains.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
type conditionParser struct {
	tokens []string
	names  map[string]string
	values item
	depth  int
}

var conditionToken = regexp.MustCompile(`\s*(<=|>=|<>|[=<>(),.\[\]]|[:#]?[A-Za-z0-9_]+|\S)`)

const deepest = 100 // nested parentheses and NOTs

// parseCondition compiles an expression; none always holds. It does not report names and values that are not used.
func parseCondition(text *string, names map[string]string, values item) (condition, error) {
	if text == nil {
		return func(item) (bool, error) { return true, nil }, nil
	}
	p := &conditionParser{names: names, values: values}
	for _, m := range conditionToken.FindAllStringSubmatch(*text, -1) {
		p.tokens = append(p.tokens, m[1])
	}
	c, err := p.or()
	if err == nil && len(p.tokens) > 0 {
		err = p.unexpected()
	}
	if err != nil {
		return nil, invalid("Invalid ConditionExpression: %v", err)
	}
	return c, nil
}

func (p *conditionParser) peek() string {
	if len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *conditionParser) unexpected() error {
	if len(p.tokens) == 0 {
		return syntax("Syntax error; token: <EOF>")
	}
	return syntax("Syntax error; token: %q", p.tokens[0])
}

// syntax makes an error in AWS's own words.
func syntax(format string, args ...any) error { return fmt.Errorf(format, args...) }

// accept takes the next token when it is the wanted one; words in any letter case.
func (p *conditionParser) accept(want string) bool {
	if len(p.tokens) > 0 && strings.EqualFold(p.tokens[0], want) {
		p.tokens = p.tokens[1:]
		return true
	}
	return false
}

func (p *conditionParser) expect(want string) error {
	if !p.accept(want) {
		return p.unexpected()
	}
	return nil
}

func (p *conditionParser) or() (condition, error) {
	left, err := p.and()
	for err == nil && p.accept("OR") {
		var right condition
		if right, err = p.and(); err == nil {
			left = either(left, right)
		}
	}
	return left, err
}

func either(a, b condition) condition {
	return func(i item) (bool, error) {
		if ok, err := a(i); ok || err != nil {
			return ok, err
		}
		return b(i)
	}
}

func (p *conditionParser) and() (condition, error) {
	left, err := p.not()
	for err == nil && p.accept("AND") {
		var right condition
		if right, err = p.not(); err == nil {
			left = both(left, right)
		}
	}
	return left, err
}

func both(a, b condition) condition {
	return func(i item) (bool, error) {
		if ok, err := a(i); !ok || err != nil {
			return false, err
		}
		return b(i)
	}
}

func (p *conditionParser) not() (condition, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > deepest {
		return nil, fmt.Errorf("the expression is nested too deeply")
	}
	if p.accept("NOT") {
		inner, err := p.not()
		return func(i item) (bool, error) {
			ok, err := inner(i)
			return !ok, err
		}, err
	}
	if p.accept("(") {
		inner, err := p.or()
		if err == nil {
			err = p.expect(")")
		}
		return inner, err
	}
	if len(p.tokens) > 1 && p.tokens[1] == "(" {
		return p.function()
	}
	return p.comparison()
}

func (p *conditionParser) function() (condition, error) {
	name := p.tokens[0]
	p.tokens = p.tokens[2:]
	first, err := p.operand()
	if err != nil {
		return nil, err
	}
	var second operand
	if p.accept(",") {
		if second, err = p.operand(); err != nil {
			return nil, err
		}
	}
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	test, two := conditionFunctions[name], true
	if test == nil {
		test, two = existence[name], false
	}
	if test == nil {
		return nil, syntax("Invalid function name; function: %s", name)
	}
	if two != (second != nil) {
		return nil, syntax("Incorrect number of operands for operator or function; operator or function: %s", name)
	}
	return func(i item) (bool, error) {
		if second == nil {
			return test(first(i), nil), nil
		}
		return test(first(i), second(i)), nil
	}, nil
}

var existence = map[string]func(a, b types.AttributeValue) bool{
	"attribute_exists":     func(a, _ types.AttributeValue) bool { return a != nil },
	"attribute_not_exists": func(a, _ types.AttributeValue) bool { return a == nil },
}

var conditionFunctions = map[string]func(a, b types.AttributeValue) bool{
	"attribute_type": func(a, b types.AttributeValue) bool {
		want, ok := b.(*types.AttributeValueMemberS)
		return ok && a != nil && kindOf(a) == want.Value
	},
	"begins_with": func(a, b types.AttributeValue) bool {
		s, ok := a.(*types.AttributeValueMemberS)
		prefix, ok2 := b.(*types.AttributeValueMemberS)
		return ok && ok2 && strings.HasPrefix(s.Value, prefix.Value)
	},
	"contains": containsValue,
}

func containsValue(a, b types.AttributeValue) bool {
	switch x := a.(type) {
	case *types.AttributeValueMemberS:
		y, ok := b.(*types.AttributeValueMemberS)
		return ok && strings.Contains(x.Value, y.Value)
	case *types.AttributeValueMemberSS:
		y, ok := b.(*types.AttributeValueMemberS)
		return ok && slices.Contains(x.Value, y.Value)
	case *types.AttributeValueMemberNS:
		y, ok := b.(*types.AttributeValueMemberN)
		return ok && slices.Contains(x.Value, y.Value)
	case *types.AttributeValueMemberL:
		return slices.ContainsFunc(x.Value, func(e types.AttributeValue) bool { return sameValue(e, b) })
	}
	return false
}

func (p *conditionParser) comparison() (condition, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	if p.accept("BETWEEN") {
		low, err := p.operand()
		if err != nil {
			return nil, err
		}
		if err := p.expect("AND"); err != nil {
			return nil, err
		}
		high, err := p.operand()
		return func(i item) (bool, error) {
			a, ok := order(left(i), low(i))
			b, ok2 := order(left(i), high(i))
			return ok && ok2 && a >= 0 && b <= 0, nil
		}, err
	}
	if p.accept("IN") {
		return p.in(left)
	}
	operator := p.peek()
	test, ok := comparisons[operator]
	if !ok {
		return nil, p.unexpected()
	}
	p.tokens = p.tokens[1:]
	right, err := p.operand()
	return func(i item) (bool, error) { return test(left(i), right(i)), nil }, err
}

func (p *conditionParser) in(left operand) (condition, error) {
	if err := p.expect("("); err != nil {
		return nil, err
	}
	var list []operand
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		list = append(list, o)
		if !p.accept(",") {
			break
		}
	}
	return func(i item) (bool, error) {
		return slices.ContainsFunc(list, func(o operand) bool { return sameValue(left(i), o(i)) }), nil
	}, p.expect(")")
}

var comparisons = map[string]func(a, b types.AttributeValue) bool{
	"=":  sameValue,
	"<>": func(a, b types.AttributeValue) bool { return a != nil && b != nil && !sameValue(a, b) },
	"<":  func(a, b types.AttributeValue) bool { n, ok := order(a, b); return ok && n < 0 },
	"<=": func(a, b types.AttributeValue) bool { n, ok := order(a, b); return ok && n <= 0 },
	">":  func(a, b types.AttributeValue) bool { n, ok := order(a, b); return ok && n > 0 },
	">=": func(a, b types.AttributeValue) bool { n, ok := order(a, b); return ok && n >= 0 },
}

func sameValue(a, b types.AttributeValue) bool {
	return a != nil && b != nil && compactJSON(sorted(encodeAttribute(a))) == compactJSON(sorted(encodeAttribute(b)))
}

// order compares two values of the same ordered kind.
func order(a, b types.AttributeValue) (int, bool) {
	switch x := a.(type) {
	case *types.AttributeValueMemberS:
		if y, ok := b.(*types.AttributeValueMemberS); ok {
			return strings.Compare(x.Value, y.Value), true
		}
	case *types.AttributeValueMemberB:
		if y, ok := b.(*types.AttributeValueMemberB); ok {
			return bytes.Compare(x.Value, y.Value), true
		}
	case *types.AttributeValueMemberN:
		if y, ok := b.(*types.AttributeValueMemberN); ok {
			m, ok1 := new(big.Rat).SetString(x.Value)
			n, ok2 := new(big.Rat).SetString(y.Value)
			if ok1 && ok2 {
				return m.Cmp(n), true
			}
		}
	}
	return 0, false
}

// operand reads a value (:v) or a path (a.#b[0]).
func (p *conditionParser) operand() (operand, error) {
	token := p.peek()
	if strings.HasPrefix(token, ":") {
		p.tokens = p.tokens[1:]
		v, ok := p.values[token]
		if !ok {
			return nil, syntax("An expression attribute value used in expression is not defined; attribute value: %s", token)
		}
		return func(item) types.AttributeValue { return v }, nil
	}
	name, err := p.name()
	if err != nil {
		return nil, err
	}
	path := []any{name}
	for {
		switch {
		case p.accept("."):
			name, err := p.name()
			if err != nil {
				return nil, err
			}
			path = append(path, name)
		case p.accept("["):
			n, err := strconv.Atoi(p.peek())
			if err != nil {
				return nil, p.unexpected()
			}
			p.tokens = p.tokens[1:]
			if err := p.expect("]"); err != nil {
				return nil, err
			}
			path = append(path, n)
		default:
			return func(i item) types.AttributeValue { return valueAt(i, path) }, nil
		}
	}
}

var attributeName = regexp.MustCompile(`^#?[A-Za-z_0-9]+$`)

func (p *conditionParser) name() (string, error) {
	token := p.peek()
	if !attributeName.MatchString(token) {
		return "", p.unexpected()
	}
	p.tokens = p.tokens[1:]
	if !strings.HasPrefix(token, "#") {
		return token, nil
	}
	name, ok := p.names[token]
	if !ok {
		return "", syntax("An expression attribute name used in the document path is not defined; attribute name: %s", token)
	}
	return name, nil
}

func valueAt(i item, path []any) types.AttributeValue {
	var v types.AttributeValue = &types.AttributeValueMemberM{Value: i}
	for _, step := range path {
		switch s := step.(type) {
		case string:
			m, ok := v.(*types.AttributeValueMemberM)
			if !ok || m.Value[s] == nil {
				return nil
			}
			v = m.Value[s]
		case int:
			l, ok := v.(*types.AttributeValueMemberL)
			if !ok || s < 0 || s >= len(l.Value) {
				return nil
			}
			v = l.Value[s]
		}
	}
	return v
}
