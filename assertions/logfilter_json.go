package assertions

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// logJSON is the form for messages that are JSON objects.
type logJSON struct{ conditions logTree[any] }

// maxNesting bounds parentheses; a pattern of 1,024 characters needs no more.
const maxNesting = 100

const jsonOperators = "=, !=, <, <=, >, >=, IS NULL, IS TRUE, IS FALSE or NOT EXISTS"

// jsonForm reads { condition }.
func (p *logScanner) jsonForm() (logForm, error) {
	open := p.at
	p.at++
	if p.comes("}") {
		return nil, p.wrong(open, `between these braces stands no condition, such as { $.level = "ERROR" }; to match every message write no pattern`)
	}
	t, err := readTree(p, p.jsonCondition)
	if err != nil {
		return nil, err
	}
	if !p.take("}") {
		if p.space(); p.rest() == "" {
			return nil, p.wrong(open, "this { is never closed: a } is missing at the pattern's end")
		}
		if p.comes(")") {
			return nil, p.wrong(p.at, "nothing is open that this ) could close")
		}
		return nil, p.notJoined("&&, || or }")
	}
	if p.space(); p.rest() != "" {
		return nil, p.wrong(p.at, "behind the closing } stands %s; all conditions stand within one pair of braces, joined with && or ||", showShort(p.rest()))
	}
	return logJSON{t}, nil
}

// jsonCondition reads one condition or several in parentheses.
func (p *logScanner) jsonCondition() (logTree[any], error) {
	var none logTree[any]
	if p.comes("(") {
		open := p.at
		p.at++
		if p.depth++; p.depth > maxNesting {
			return none, p.wrong(open, "more than %d parentheses inside each other", maxNesting)
		}
		t, err := readTree(p, p.jsonCondition)
		p.depth--
		switch {
		case err != nil:
			return none, err
		case p.take(")"):
			return t, nil
		case p.rest() == "" || p.comes("}"):
			return none, p.wrong(open, "this ( is never closed")
		}
		return none, p.notJoined("&&, || or )")
	}
	if !p.comes("$") {
		return none, p.noSelector()
	}
	from := p.at
	s, err := p.selector()
	if err != nil {
		return none, err
	}
	leaf := logJSONLeaf{selector: s}
	if w := p.word(); w != "" {
		err = p.jsonWord(&leaf, from)
	} else {
		err = p.jsonComparison(&leaf)
	}
	return logTree[any]{leaf: leaf}, err
}

// noSelector says what is wrong where a condition begins without its field.
func (p *logScanner) noSelector() error {
	at := p.at
	w := p.run(func(r rune) bool { return isTermRune(r) || r == '.' || r == '-' || r == '[' || r == ']' })
	p.space()
	switch rest := p.rest(); {
	case strings.HasPrefix(p.source[at:], "!"):
		return p.wrong(at, "there is no ! before conditions; write != in the comparison, or NOT EXISTS behind the field")
	case strings.HasPrefix(p.source[at:], `"`) && w == "":
		p.at = at
		if name, err := p.quoted(); err == nil && isBareText(name) {
			return p.wrong(at, "a condition begins with a field: write $.%s without quotes", name)
		}
		return p.wrong(at, `a condition begins with a field, such as $.level = "ERROR"`)
	case w == "AND" || w == "OR" || w == "NOT":
		return p.wrong(at, "%s does not begin a condition; conditions are joined with && and ||, and a field that must not be there is written $.level NOT EXISTS", w)
	case jsonNumber(w) != "":
		return p.wrong(at, "a condition begins with a field, the value stands behind the operator, as in $.n > %s", w)
	case w != "" && rest != "" && (strings.ContainsRune("=!<>", rune(rest[0])) || strings.HasPrefix(rest, "IS ") || strings.HasPrefix(rest, "NOT ")):
		return p.wrong(at, "a field begins with $.: write $.%s", strings.TrimPrefix(w, "."))
	}
	p.at = at
	return p.expected("a condition that begins with a field, such as $.level")
}

// jsonWord reads IS NULL, IS TRUE, IS FALSE or NOT EXISTS.
func (p *logScanner) jsonWord(leaf *logJSONLeaf, from int) error {
	at, w := p.at, p.word()
	switch {
	case p.takeWord("IS"):
		for _, word := range []string{"NULL", "TRUE", "FALSE"} {
			if p.takeWord(word) {
				leaf.is = map[string]any{"NULL": nil, "TRUE": true, "FALSE": false}[word]
				leaf.kind, leaf.say = logIs, "IS "+word
				return nil
			}
		}
		if next := p.word(); strings.EqualFold(next, "not") {
			return p.wrong(at, `IS NOT is not supported; for a field that is there and not null write %s = "*"`, leaf.selector.say)
		} else if u := strings.ToUpper(next); u == "NULL" || u == "TRUE" || u == "FALSE" {
			return p.wrong(p.at, "keywords are written in capitals: %s", u)
		}
		return p.expected("NULL, TRUE or FALSE behind IS")
	case p.takeWord("NOT"):
		switch {
		case leaf.selector.wild:
			return p.wrong(from, "NOT EXISTS takes one field; the documentation does not say what it means of several: name the element or field")
		case p.takeWord("EXISTS"):
			leaf.kind, leaf.say = logAbsent, "NOT EXISTS"
			return nil
		case strings.EqualFold(p.word(), "exists"):
			return p.wrong(p.at, "keywords are written in capitals: EXISTS")
		}
		return p.expected("EXISTS behind NOT")
	}
	switch strings.ToUpper(w) {
	case "IS", "NOT":
		return p.wrong(at, "keywords are written in capitals: %s", strings.ToUpper(w))
	case "EXISTS":
		return p.wrong(at, `EXISTS without NOT is not supported; for a field with any text or number write %s = "*"`, leaf.selector.say)
	case "LIKE", "MATCHES", "CONTAINS":
		return p.wrong(at, `there is no %s; text that contains text is written = "*text*", a regular expression = %%text%%`, w)
	case "IN":
		return p.wrong(at, "there is no %s; write one condition for each value and join them with ||", w)
	}
	return p.expected(jsonOperators)
}

func (p *logScanner) jsonComparison(leaf *logJSONLeaf) error {
	p.space()
	at := p.at
	c, err := p.comparison(jsonOperators)
	if err != nil {
		return err
	}
	if c.op == "!=" && leaf.selector.wild {
		return p.wrong(at, "the documentation does not say whether != behind a selector with * is about one of the values or about all: name the element or field")
	}
	switch word := strings.ToUpper(c.written); word {
	case "TRUE", "FALSE", "NULL":
		return p.wrong(at, "a truth value or null is asked for with IS: write %s IS %s; for the text write %s %s", leaf.selector.say, word, c.op, inQuotes(c.written))
	}
	leaf.kind, leaf.compare, leaf.say = logCompares, c, c.say()
	return nil
}

// The kinds of conditions of the JSON form.
const (
	logCompares = iota
	logIs
	logAbsent
)

// logJSONLeaf is one condition of the JSON form.
type logJSONLeaf struct {
	selector logSelector
	kind     int
	say      string // what is asked of the field, as it is written
	compare  logComparison
	is       any // for logIs: nil, true or false
}

// holds looks at every value that the selector lands on; with a wildcard one
// that fits is enough. Only text and numbers are compared: a selector that
// lands on something else, or on nothing, makes a comparison false, != too.
func (l logJSONLeaf) holds(doc any) bool {
	values := l.selector.values(doc)
	if l.kind == logAbsent {
		return len(values) == 0
	}
	return slices.ContainsFunc(values, func(v any) bool {
		if l.kind == logIs {
			return expr.Equal(v, l.is)
		}
		switch v := v.(type) {
		case string:
			return l.compare.holds(logValue{text: v})
		case json.Number:
			return l.compare.holds(logValue{string(v), v})
		}
		return false
	})
}

func (l logJSONLeaf) reason(doc any) Reason {
	r := Reason{Difference: Difference{Path: l.selector.say, Expected: l.say, Kind: Changed}}
	if l.kind == logCompares {
		r.Expected = l.compare.expected()
	}
	said := l.selector.say + " " + l.say
	values := l.selector.values(doc)
	switch {
	case l.kind == logAbsent:
		r.Kind, r.Expected, r.Found = Extra, nil, values[0]
		r.Message = fmt.Sprintf("%s: found %s", said, showShort(values[0]))
	case len(values) == 0:
		r.Kind = Missing
		r.Message = fmt.Sprintf("%s: found nothing there%s", said, l.selector.sayLost(doc))
	case len(values) > 1:
		r.Found = values
		r.Message = fmt.Sprintf("%s: found none among %s", said, showShort(values))
	default:
		r.Found = values[0]
		r.Message = fmt.Sprintf("%s: found %s%s", said, l.show(values[0]), l.sayUnfit(values[0]))
	}
	return r
}

// show names the type of a value that differs from what it is compared with.
func (l logJSONLeaf) show(v any) string {
	_, isText := v.(string)
	_, isNumber := v.(json.Number)
	if l.kind == logCompares && (isText && l.compare.number == "" || isNumber && l.compare.number != "") {
		return showShort(v)
	}
	return showTyped(v)
}

// sayUnfit says why a value could not be compared at all.
func (l logJSONLeaf) sayUnfit(v any) string {
	_, ordered := logOrders[l.compare.op]
	switch v := v.(type) {
	case map[string]any:
		return "; a condition is about text or a number, so name a field inside it"
	case []any:
		if l.selector.wild {
			return "; a condition is about text or a number"
		}
		return fmt.Sprintf("; a condition is about text or a number, so name an element, such as %s[0]", l.selector.say)
	case bool:
		if l.kind == logCompares {
			return fmt.Sprintf("; write %s IS %s", l.selector.say, strings.ToUpper(fmt.Sprint(v)))
		}
	case nil:
		if l.kind == logCompares {
			return fmt.Sprintf("; write %s IS NULL", l.selector.say)
		}
	case string:
		if l.kind == logCompares && ordered {
			return "; " + l.compare.op + " compares numbers"
		}
	}
	return ""
}

// document reads a message; only an object has fields to select.
func (f logJSON) document(message string) (doc any, ok bool) {
	if !strings.HasPrefix(strings.TrimLeft(message, logSpace), "{") {
		return nil, false
	}
	doc, err := schema.ParseJSON([]byte(message))
	return doc, err == nil
}

func (f logJSON) matches(message string) bool {
	doc, ok := f.document(message)
	return ok && f.conditions.holds(doc)
}

func (f logJSON) reasons(message string) []Reason {
	if doc, ok := f.document(message); ok {
		return f.conditions.reasons(doc)
	}
	why := "the message is no JSON object"
	if strings.Contains(message, "{") && !strings.HasPrefix(strings.TrimLeft(message, logSpace), "{") {
		why = "the message is no JSON object alone, other text stands before its {"
	}
	return []Reason{{Difference{Path: "$", Expected: "a JSON object", Found: message, Kind: Type}, why}}
}
