package assertions

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// condition is a part of the JSON form: it looks at a parsed message.
type condition func(doc any) bool

// parseJSONFilter reads { condition }. Text that is not JSON never matches.
func parseJSONFilter(s string) (func(string) bool, error) {
	p := &filterParser{rest: s[1:]}
	c, err := p.alternatives()
	if err != nil {
		return nil, err
	}
	if !p.take("}") {
		return nil, p.expected("&&, || or }")
	}
	if p.space(); p.rest != "" {
		return nil, fmt.Errorf("after the closing brace stands %s", show(p.rest))
	}
	return func(message string) bool {
		doc, err := schema.ParseJSON([]byte(message))
		return err == nil && c(doc)
	}, nil
}

// filterParser reads conditions by recursive descent: () before && before ||.
type filterParser struct {
	rest  string
	depth int
}

// maxNesting bounds parentheses; a pattern of 1,024 characters needs no more.
const maxNesting = 100

func (p *filterParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take consumes a token if it comes next.
func (p *filterParser) take(token string) bool {
	p.space()
	if !strings.HasPrefix(p.rest, token) {
		return false
	}
	p.rest = p.rest[len(token):]
	return true
}

// takeWord consumes a keyword, in capitals.
func (p *filterParser) takeWord(word string) bool {
	p.space()
	after, ok := strings.CutPrefix(p.rest, word)
	if !ok || after != "" && isTermRune(rune(after[0])) {
		return false
	}
	p.rest = after
	return true
}

func (p *filterParser) expected(what string) error {
	if p.space(); p.rest == "" {
		return fmt.Errorf("expected %s at its end", what)
	}
	return fmt.Errorf("expected %s before %s", what, showShort(p.rest))
}

func (p *filterParser) alternatives() (condition, error) {
	return p.joined("||", p.both, func(a, b condition) condition {
		return func(doc any) bool { return a(doc) || b(doc) }
	})
}

func (p *filterParser) both() (condition, error) {
	return p.joined("&&", p.single, func(a, b condition) condition {
		return func(doc any) bool { return a(doc) && b(doc) }
	})
}

func (p *filterParser) joined(token string, part func() (condition, error), join func(a, b condition) condition) (condition, error) {
	c, err := part()
	for err == nil && p.take(token) {
		var next condition
		if next, err = part(); err == nil {
			c = join(c, next)
		}
	}
	return c, err
}

func (p *filterParser) single() (condition, error) {
	if p.take("(") {
		if p.depth++; p.depth > maxNesting {
			return nil, fmt.Errorf("more than %d parentheses inside each other", maxNesting)
		}
		c, err := p.alternatives()
		p.depth--
		if err == nil && !p.take(")") {
			err = p.expected("&&, || or )")
		}
		return c, err
	}
	s, err := p.selector()
	if err != nil {
		return nil, err
	}
	switch {
	case p.takeWord("IS"):
		return p.word(s)
	case p.takeWord("NOT"):
		if !p.takeWord("EXISTS") {
			return nil, p.expected("EXISTS after NOT")
		}
		return func(doc any) bool { _, found := s.in(doc); return !found }, nil
	}
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			return p.comparison(s, op)
		}
	}
	return nil, p.expected("=, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS")
}

func (p *filterParser) word(s selector) (condition, error) {
	for word, want := range map[string]any{"NULL": nil, "TRUE": true, "FALSE": false} {
		if p.takeWord(word) {
			return func(doc any) bool {
				v, found := s.in(doc)
				return found && expr.Equal(v, want)
			}, nil
		}
	}
	return nil, p.expected("NULL, TRUE or FALSE after IS")
}

// selector is the way from the root: names and indexes.
type selector []any

var (
	selectorName  = regexp.MustCompile(`^\.([A-Za-z0-9_-]+)`)
	selectorIndex = regexp.MustCompile(`^\[([0-9]{1,9})\]`)
)

func (p *filterParser) selector() (selector, error) {
	if !p.take("$") {
		return nil, p.expected("a selector such as $.level")
	}
	var s selector
	for {
		if m := selectorName.FindStringSubmatch(p.rest); m != nil {
			s, p.rest = append(s, m[1]), p.rest[len(m[0]):]
			continue
		}
		m := selectorIndex.FindStringSubmatch(p.rest)
		if m == nil {
			break
		}
		i, err := strconv.Atoi(m[1])
		if err != nil {
			return nil, err
		}
		s, p.rest = append(s, i), p.rest[len(m[0]):]
	}
	switch {
	case strings.HasPrefix(p.rest, "."), strings.HasPrefix(p.rest, "["):
		return nil, fmt.Errorf("a selector is made of names of letters, digits, - and _ and of indexes, such as $.users[0].id; found %s", showShort(p.rest))
	case len(s) == 0:
		return nil, errors.New("a selector names a field, such as $.level; $ alone does not")
	}
	return s, nil
}

// in gives what the selector lands on.
func (s selector) in(doc any) (v any, found bool) {
	for _, step := range s {
		switch step := step.(type) {
		case string:
			m, ok := doc.(map[string]any)
			if !ok {
				return nil, false
			}
			if doc, ok = m[step]; !ok {
				return nil, false
			}
		case int:
			l, ok := doc.([]any)
			if !ok || step >= len(l) {
				return nil, false
			}
			doc = l[step]
		}
	}
	return doc, true
}

var (
	filterNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	filterBare   = regexp.MustCompile(`^[A-Za-z0-9_.*+-]+`)
)

// comparison reads what stands behind an operator. Only text and numbers are
// ever compared: a selector that lands elsewhere, or nowhere, matches nothing.
func (p *filterParser) comparison(s selector, op string) (condition, error) {
	text, quoted, err := p.operand()
	if err != nil {
		return nil, err
	}
	number := json.Number("")
	if !quoted && filterNumber.MatchString(text) {
		number = jsonNumber(text)
	}
	if op != "=" && op != "!=" {
		if number == "" {
			return nil, fmt.Errorf("%s compares numbers, found %s", op, show(text))
		}
		test := comparisons[op]
		return func(doc any) bool {
			v, _ := s.in(doc)
			n, ok := v.(json.Number)
			if !ok {
				return false
			}
			o, err := expr.Compare(n, number)
			return err == nil && test(o)
		}, nil
	}
	same := wildcardEnds(text)
	return func(doc any) bool {
		v, _ := s.in(doc)
		var equal bool
		switch v := v.(type) {
		case string:
			equal = same(v)
		case json.Number:
			equal = same(string(v)) || number != "" && expr.Equal(v, number)
		default:
			return false
		}
		return equal == (op == "=")
	}, nil
}

func (p *filterParser) operand() (text string, quoted bool, err error) {
	p.space()
	switch {
	case strings.HasPrefix(p.rest, `"`):
		text, p.rest, err = readQuoted(p.rest)
		return text, true, err
	case strings.HasPrefix(p.rest, "%"):
		return "", false, errRegex
	}
	text = filterBare.FindString(p.rest)
	p.rest = p.rest[len(text):]
	if text == "" || p.rest != "" && !strings.ContainsRune(" \t\r\n)}&|", rune(p.rest[0])) {
		return "", false, fmt.Errorf("text with other characters than letters, digits, _ . * + - needs double quotes, at %s", showShort(text+p.rest))
	}
	return text, false, nil
}

// jsonNumber writes a number of the pattern the way JSON does.
func jsonNumber(s string) json.Number {
	sign := ""
	switch s[0] {
	case '-':
		sign, s = "-", s[1:]
	case '+':
		s = s[1:]
	}
	for len(s) > 1 && s[0] == '0' && s[1] >= '0' && s[1] <= '9' {
		s = s[1:]
	}
	return json.Number(sign + s)
}

// wildcardEnds compares text; * at the beginning and at the end of the pattern
// stands for any text, elsewhere for itself.
func wildcardEnds(pattern string) func(string) bool {
	middle, before := strings.CutPrefix(pattern, "*")
	middle, after := strings.CutSuffix(middle, "*")
	switch {
	case before && after, pattern == "*":
		return func(s string) bool { return strings.Contains(s, middle) }
	case before:
		return func(s string) bool { return strings.HasSuffix(s, middle) }
	case after:
		return func(s string) bool { return strings.HasPrefix(s, middle) }
	}
	return func(s string) bool { return s == pattern }
}
