package assertions

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// logValue is what a condition looks at: text, and the number it is, if any.
type logValue struct {
	text   string
	number json.Number // "" for what is none
}

// logComparison is an operator and what stands behind it.
type logComparison struct {
	op         string                 // =, !=, <, <=, > or >=
	written    string                 // what stands behind it
	number     json.Number            // to compare with; "" when it is none
	test       func(text string) bool // for = and !=
	anyText    bool                   // the text has a wildcard, or is a regular expression
	hasSpace   bool                   // the text has a space
	scientific bool
}

var (
	logNumber     = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)
	logHalfNumber = regexp.MustCompile(`^[+-]?(\.[0-9]+|[0-9]+\.)([eE][+-]?[0-9]+)?$`)
	logOrders     = map[string]func(order int) bool{
		"<":  func(o int) bool { return o < 0 },
		"<=": func(o int) bool { return o <= 0 },
		">":  func(o int) bool { return o > 0 },
		">=": func(o int) bool { return o >= 0 },
	}
)

// holds compares exactly. Text has no order: < and > hold for numbers only.
func (c logComparison) holds(v logValue) bool {
	if order, ok := logOrders[c.op]; ok {
		if v.number == "" {
			return false
		}
		o, err := expr.Compare(v.number, c.number)
		return err == nil && order(o)
	}
	// Text has no exponents, as documented: 1e3 is a number and no text.
	equal := !c.scientific && c.test(v.text)
	if !equal && c.number != "" && v.number != "" {
		equal = expr.Equal(v.number, c.number)
	}
	return equal == (c.op == "=")
}

func (c logComparison) say() string { return c.op + " " + c.written }

// expected is what a difference shows.
func (c logComparison) expected() any {
	if c.op == "=" && c.number != "" {
		return c.number
	}
	return c.say()
}

// jsonNumber writes a number of the pattern or of a field the way JSON does; "" for other text.
func jsonNumber(s string) json.Number {
	if !logNumber.MatchString(s) {
		return ""
	}
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

// comparison reads an operator and what stands behind it.
func (p *logScanner) comparison(operators string) (logComparison, error) {
	p.space()
	from := p.at
	c := logComparison{op: p.run(func(r rune) bool { return strings.ContainsRune("=!<>~:", r) })}
	switch c.op {
	case "=", "!=", "<", "<=", ">", ">=":
	case "==", "===":
		return c, p.wrong(from, "equality is written with one =, found %s", c.op)
	case "<>", "!==", "=!":
		return c, p.wrong(from, "inequality is written !=, found %s", c.op)
	case "=<":
		return c, p.wrong(from, "less or equal is written <=, found =<")
	case "=>":
		return c, p.wrong(from, "greater or equal is written >=, found =>")
	case "=~", "~", "~=", "!~":
		return c, p.wrong(from, "a regular expression is compared with = or != and stands between %% and %%, as in = %%ERR.*%%; found %s", c.op)
	case ":":
		return c, p.wrong(from, "equality is written with =, found :")
	default:
		p.at = from
		return c, p.expected(operators)
	}
	p.space()
	from = p.at
	if err := p.value(&c); err != nil {
		return c, err
	}
	c.written = p.source[from:p.at]
	return c, nil
}

// value reads what stands behind an operator: a number, text or a regular expression.
func (p *logScanner) value(c *logComparison) error {
	at := p.at
	_, ordered := logOrders[c.op]
	text, quoted := "", false
	switch {
	case p.comes("%"):
		if ordered {
			return p.wrong(at, "%s compares with a number; a regular expression goes with = and !=", c.op)
		}
		re, err := p.regex()
		if err != nil {
			return err
		}
		c.test, c.anyText = re.re.MatchString, true
		return p.fewRegexes(at)
	case p.comes(`"`):
		var err error
		if text, err = p.quoted(); err != nil {
			return err
		}
		quoted = true
	default:
		var err error
		if text, err = p.bare(c.op); err != nil {
			return err
		}
		c.number = jsonNumber(text)
		c.scientific = c.number != "" && strings.ContainsAny(text, "eE")
	}
	if c.number != "" {
		if _, err := expr.Compare(c.number, c.number); err != nil {
			return p.wrong(at, "the exponent of %s is too long to compare with", showShort(c.number))
		}
	}
	if !ordered {
		return p.text(c, at, text)
	}
	switch {
	case c.number != "":
		return nil
	case quoted && jsonNumber(text) != "":
		return p.wrong(at, "%s compares numbers, and what stands in quotes is text: write %s", c.op, text)
	}
	return p.wrong(at, "%s compares numbers, found %s; text goes with = and !=", c.op, show(text))
}

// bare reads a number or text without quotes. Dots and asterisks are not in the
// documentation's list of characters but in its examples: 123.123.*, *.html*.
func (p *logScanner) bare(op string) (string, error) {
	at := p.at
	text := p.run(func(r rune) bool { return !strings.ContainsRune(logSpace+"&|,)]}", r) })
	switch {
	case text == "":
		return "", p.expected("a number or text behind " + op)
	case jsonNumber(text) != "":
		return text, nil
	case logHalfNumber.MatchString(text):
		return "", p.wrong(at, "a number has digits on both sides of its dot, as in 0.5; for the text write %s", inQuotes(text))
	case text[0] == '$':
		return "", p.wrong(at, "%s compares with a number or text, not with another field; for text with a $ write %s", op, inQuotes(text))
	}
	plain := strings.NewReplacer(".", "", "*", "").Replace(text)
	if !isBareText(plain) && plain != "" {
		for i, r := range text {
			if r != '.' && r != '*' && !isTermRune(r) {
				return "", p.needsQuotes(at+i, text[i:], inQuotes(strings.ReplaceAll(text, `"`, "")))
			}
		}
	}
	return text, nil
}

// text compares with text. * stands for any text at the beginning and at the
// end; the documentation of today does not say what it is in the middle.
func (p *logScanner) text(c *logComparison, at int, text string) error {
	c.hasSpace = strings.ContainsAny(text, logSpace)
	middle, before := strings.CutPrefix(text, "*")
	middle, after := strings.CutSuffix(middle, "*")
	switch {
	case strings.Contains(middle, "*"):
		return p.wrong(at, "a * stands for any text at the beginning and at the end only; with a * in the middle, write a regular expression: .* for any text, \\* for the character, as in = %%^a.*b$%%")
	case strings.Trim(text, "*") == "" && text != "" && c.op == "!=":
		return p.wrong(at, "nothing differs from *, which stands for any text: this never matches")
	case before && after, text == "*":
		c.test = func(s string) bool { return strings.Contains(s, middle) }
	case before:
		c.test = func(s string) bool { return strings.HasSuffix(s, middle) }
	case after:
		c.test = func(s string) bool { return strings.HasPrefix(s, middle) }
	default:
		c.test = func(s string) bool { return s == text }
	}
	c.anyText = before || after
	return nil
}
