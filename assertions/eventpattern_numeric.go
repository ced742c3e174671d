package assertions

import (
	"encoding/json"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// maxNumeric bounds what numeric compares, on both sides of zero: EventBridge
// refuses larger operands, and larger values of an event never match.
const maxNumeric = json.Number("5000000000")

func withinNumeric(n json.Number) bool {
	return !lessThan(maxNumeric, n) && !lessThan(n, "-"+maxNumeric)
}

func lessThan(a, b json.Number) bool {
	o, err := expr.Compare(a, b)
	return err == nil && o < 0
}

func (o operand) beyondNumeric() valueTest {
	return o.refuse("EventBridge compares numbers from -%[1]s to %[1]s only, found %[2]s", maxNumeric, o.n.Scalar)
}

var comparisons = map[string]func(order int) bool{
	"=":  func(o int) bool { return o == 0 },
	"<":  func(o int) bool { return o < 0 },
	"<=": func(o int) bool { return o <= 0 },
	">":  func(o int) bool { return o > 0 },
	">=": func(o int) bool { return o >= 0 },
}

// numericForm is what numeric takes, for messages.
const numericForm = `takes an operator and a number, such as ["=", 5], or a range such as [">", 0, "<=", 5]`

// numeric compares numbers: ["=", 5], [">", 0] or a range [">=", 0, "<", 5].
func (o operand) numeric() valueTest {
	switch {
	case o.n.Hole():
		return valueTest{}
	case o.n.Kind != schema.List:
		return o.refuse(numericForm+", found %s", o.n.Kind)
	case len(o.n.Items) != 2 && len(o.n.Items) != 4:
		return o.refuse(numericForm+", found a list of %d", len(o.n.Items))
	}
	before := len(o.c.problems)
	var all []func(json.Number) bool
	var said []string
	for i := 0; i < len(o.n.Items); i += 2 {
		holds, say := o.comparison(o.n.Items[i], o.n.Items[i+1])
		if holds == nil {
			continue
		}
		all, said = append(all, holds), append(said, say)
	}
	if len(all) < len(o.n.Items)/2 {
		return valueTest{}
	}
	if len(o.n.Items) == 4 {
		o.checkRange(o.n.Items)
	}
	if len(o.c.problems) > before {
		return valueTest{}
	}
	return valueTest{func(leaf any) bool {
		n, ok := leaf.(json.Number)
		if !ok || !withinNumeric(n) {
			return false
		}
		for _, holds := range all {
			if !holds(n) {
				return false
			}
		}
		return true
	}, "numeric " + strings.Join(said, " and ")}
}

// comparison is one operator with its number; nil while one of them is wrong or open.
func (o operand) comparison(operator, number *schema.Node) (holds func(json.Number) bool, say string) {
	if operator.Hole() || operator.Open() || number.Hole() {
		return nil, ""
	}
	test, known := comparisons[operator.Scalar]
	operand := json.Number(number.Scalar)
	switch {
	case operator.Kind != schema.Text || !known:
		o.of(operator).refuse(numericForm+"; found %s where one of =, <, <=, >, >= belongs", show(operator.Value()))
		return nil, ""
	case number.Kind != schema.Number:
		o.of(number).refuse(numericForm+"; found %s where a number belongs", number.Kind)
		return nil, ""
	case !withinNumeric(operand):
		o.of(number).beyondNumeric()
		return nil, ""
	}
	return func(n json.Number) bool {
		order, err := expr.Compare(n, operand)
		return err == nil && test(order)
	}, operator.Scalar + " " + number.Scalar
}

// checkRange sees that a range has its lower end first and its ends apart.
func (o operand) checkRange(terms []*schema.Node) {
	first, second := terms[0].Scalar, terms[2].Scalar
	a, b := terms[1].Scalar, terms[3].Scalar
	switch {
	case first[0] == '<' && second[0] == '>':
		o.refuse("a range has its lower end first: write [%q, %s, %q, %s]", second, b, first, a)
	case first[0] != '>' || second[0] != '<':
		o.refuse("a range has a lower and an upper end, such as [\">\", 0, \"<=\", 5]; found %s and %s", first, second)
	case !lessThan(json.Number(a), json.Number(b)):
		o.refuse("the lower end %s must be less than the upper end %s", a, b)
	}
}
