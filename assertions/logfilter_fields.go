package assertions

import (
	"fmt"
	"strings"
)

// logFields is the form for space-delimited messages.
type logFields struct {
	before, after []logField // the fields around ...; all are in before without it
	ellipsis      bool
	open          bool // the last field stands for the rest of the message
}

// logField is one field of the pattern.
type logField struct {
	say        string // its name, or its number
	at         int
	conditions *logTree[string] // nil: none
}

const fieldOperators = "=, !=, <, <=, > or >="

// fieldsForm reads [field, field = condition, ...].
func (p *logScanner) fieldsForm() (logForm, error) {
	open := p.at
	p.at++
	if p.comes("]") {
		return nil, p.wrong(open, `between these brackets stands no field, such as [ip, status = 404, ...]; to match every message write no pattern, for the text [] write "[]"`)
	}
	var f logFields
	n := 0 // fields, for the names of those without
	for {
		n++
		if err := p.field(&f, n); err != nil {
			return nil, err
		}
		if p.take("]") {
			break
		}
		if !p.take(",") {
			return nil, p.noNextField(open)
		}
	}
	if p.space(); p.rest() != "" {
		return nil, p.wrong(p.at, `behind the closing ] stands %s; for text with brackets put double quotes around it, as in "[ERROR] failed"`, showShort(p.rest()))
	}
	return f, p.finish(&f, open)
}

func (p *logScanner) noNextField(open int) error {
	if p.space(); p.rest() == "" {
		return p.wrong(open, "this [ is never closed: a ] is missing at the pattern's end")
	}
	switch {
	case p.word() != "" || p.comes("&") || p.comes("|") || p.comes(`"`):
		return p.notJoined("&&, ||, a comma or ]")
	case p.comes(")"):
		return p.wrong(p.at, "parentheses are part of the JSON form only")
	}
	return p.expected(", or ]")
}

// field reads one field, which may be empty.
func (p *logScanner) field(f *logFields, number int) error {
	p.space()
	at := p.at
	switch {
	case p.comes("..."):
		p.at += len("...")
		if f.ellipsis {
			return p.wrong(at, "with more than one ... it is not certain which fields the others are; leave one")
		}
		f.ellipsis = true
		return nil
	case p.comes("…"):
		return p.wrong(at, "the ellipsis is written with three dots: ...")
	}
	field := logField{say: fmt.Sprintf("field %d", number), at: at}
	if !p.comes(",") && !p.comes("]") {
		if err := p.namedField(&field); err != nil {
			return err
		}
	}
	if f.ellipsis {
		f.after = append(f.after, field)
	} else {
		f.before = append(f.before, field)
	}
	return nil
}

// namedField reads a name and its conditions.
func (p *logScanner) namedField(field *logField) error {
	at := p.at
	name, err := p.fieldName()
	if err != nil {
		return err
	}
	field.say = name
	if p.rest() == "" || p.comes(",") || p.comes("]") {
		return nil
	}
	if p.comes("&") || p.comes("|") {
		return p.expected(fieldOperators + " behind the field's name")
	}
	p.at = at
	t, err := readTree(p, func() (logTree[string], error) { return p.fieldCondition(name) })
	if err != nil {
		return err
	}
	field.conditions = &t
	return nil
}

func (p *logScanner) fieldName() (string, error) {
	p.space()
	at := p.at
	name := p.run(isTermRune)
	odd := ""
	if !strings.HasPrefix(p.rest(), "=") {
		odd = p.run(func(r rune) bool { return !strings.ContainsRune(logSpace+",]=!<>&|", r) })
	}
	switch {
	case strings.HasPrefix(odd, "("):
		return "", p.wrong(at, "parentheses are part of the JSON form only; && binds closer than ||")
	case strings.HasPrefix(odd, `"`), strings.HasPrefix(odd, "%"), name == "" && odd == "":
		return "", p.wrong(at, "a field begins with its name, such as w1 = ERROR; found %s", showShort(p.source[at:]))
	case strings.HasPrefix(odd, "$"):
		return "", p.wrong(at, "fields of space-delimited messages have names without $; conditions on JSON stand in braces: { $.level = \"ERROR\" }")
	case strings.HasPrefix(odd, ".."):
		return "", p.wrong(at, "an ellipsis has three dots and stands alone between commas: ...")
	case odd != "":
		return "", p.wrong(at, `the name of a field is made of letters, digits and _, found %s; for text with brackets put double quotes around all of it, as in "[my-service] failed"`, show(name+odd))
	}
	return name, nil
}

// fieldCondition reads name operator value.
func (p *logScanner) fieldCondition(name string) (logTree[string], error) {
	var none logTree[string]
	p.space()
	at := p.at
	again, err := p.fieldName()
	switch {
	case err != nil:
		return none, err
	case again != name:
		return none, p.wrong(at, "a condition of the field %s begins with its name, found %s; another field has its own place, behind a comma", name, again)
	}
	p.space()
	from := p.at
	c, err := p.comparison(fieldOperators)
	return logTree[string]{leaf: logFieldLeaf{name: name, at: from, compare: c}}, err
}

// finish settles how far the last field goes.
func (p *logScanner) finish(f *logFields, open int) error {
	conditions := 0
	for _, field := range append(f.before[:len(f.before):len(f.before)], f.after...) {
		if field.conditions != nil {
			conditions++
		}
	}
	if len(f.before)+len(f.after) == 0 {
		return p.wrong(open, "... alone names no field; to match every message write no pattern")
	}
	if conditions == 0 {
		p.warn("none of the fields has a condition, so every message of enough fields matches; for the text %s put double quotes around it", p.source[open:])
	}
	if f.ellipsis {
		return nil
	}
	last := f.before[len(f.before)-1]
	// In the documentation [w1=ERROR, w2] finds messages of any length whose
	// first word is ERROR, so a last field without a condition stands for the
	// rest of the message.
	if f.open = last.conditions == nil; f.open {
		return nil
	}
	// Whether one with a condition does so too remains open. It makes no
	// difference where the rest could not meet the condition anyway.
	var err error
	last.conditions.leaves(func(l logLeaf[string]) {
		leaf, ok := l.(logFieldLeaf)
		if c := leaf.compare; ok && err == nil && (c.anyText || c.hasSpace || c.op == "!=") {
			err = p.wrong(leaf.at, "the documentation asks for a field without a condition behind this one and does not say how much of a longer message %s is without it; write [%s, ...] to let more follow, or [..., %[2]s] for the last field of the message", leaf.name, leaf.name+" "+c.say())
		}
	})
	return err
}

// logFieldLeaf is one condition on a field.
type logFieldLeaf struct {
	name    string
	at      int // of the operator in the pattern
	compare logComparison
}

func (l logFieldLeaf) holds(field string) bool {
	return l.compare.holds(logValue{field, jsonNumber(field)})
}

func (l logFieldLeaf) reason(field string) Reason {
	r := Reason{
		Difference{Path: l.name, Expected: l.compare.expected(), Found: field, Kind: Changed},
		fmt.Sprintf("%s %s: found %s", l.name, l.compare.say(), showShort(field)),
	}
	if _, ordered := logOrders[l.compare.op]; ordered && jsonNumber(field) == "" {
		r.Message += "; " + l.compare.op + " compares numbers"
	}
	return r
}

// bind puts the fields of the pattern beside those of a message; false when
// they are too many or too few.
func (f logFields) bind(fields []string) (front, back []string, ok bool) {
	n := len(f.before) + len(f.after)
	if len(fields) < n || len(fields) > n && !f.open && !f.ellipsis {
		return nil, nil, false
	}
	return fields[:len(f.before)], fields[len(fields)-len(f.after):], true
}

func (f logFields) matches(message string) bool {
	front, back, ok := f.bind(splitFields(message))
	return ok && allHold(f.before, front) && allHold(f.after, back)
}

func allHold(pattern []logField, fields []string) bool {
	for i, field := range pattern {
		if field.conditions != nil && !field.conditions.holds(fields[i]) {
			return false
		}
	}
	return true
}

// failing gives why fields do not meet their conditions.
func failing(pattern []logField, fields []string) []Reason {
	var l []Reason
	for i, field := range pattern {
		if field.conditions != nil && !field.conditions.holds(fields[i]) {
			l = append(l, field.conditions.reasons(fields[i])...)
		}
	}
	return l
}

func (f logFields) reasons(message string) []Reason {
	fields := splitFields(message)
	front, back, ok := f.bind(fields)
	if ok {
		return append(failing(f.before, front), failing(f.after, back)...)
	}
	n := len(f.before) + len(f.after)
	var shown []any
	for _, field := range fields[:min(len(fields), shownShortLength)] {
		shown = append(shown, field)
	}
	r := Reason{
		Difference{Path: "$", Expected: fmt.Sprintf("fields: %d", n), Found: fmt.Sprintf("fields: %d", len(fields)), Kind: Changed},
		fmt.Sprintf("the pattern has fields: %d, the message: %d, %s", n, len(fields), showShort(shown)),
	}
	if len(fields) > n {
		r.Message += "; to let more follow write , ... behind the last field"
	}
	return []Reason{r}
}

// splitFields takes a message apart at its white space. What stands between
// brackets or double quotes is one field, without them; one that is never
// closed is a character like any other.
func splitFields(message string) []string {
	var fields []string
	unclosed := map[byte]bool{} // or a message of many [ would take time without end
	for i := 0; i < len(message); {
		c := message[i]
		if strings.IndexByte(logSpace, c) >= 0 {
			i++
			continue
		}
		if closing, ok := map[byte]byte{'[': ']', '"': '"'}[c]; ok && !unclosed[c] {
			if n := strings.IndexByte(message[i+1:], closing); n >= 0 {
				fields = append(fields, message[i+1:i+1+n])
				i += n + 2
				continue
			}
			unclosed[c] = true
		}
		end := strings.IndexAny(message[i:], logSpace)
		if end < 0 {
			end = len(message) - i
		}
		fields = append(fields, message[i:i+end])
		i += end
	}
	return fields
}
