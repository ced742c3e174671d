package assertions

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
)

// elementTest is what is expected of each element of a list: what does not
// hold, and whether nothing but what could not be judged is among it.
type elementTest func(element any) (unmet []Mismatch, unfit bool)

// inside reads what is expected of the elements of a list: a value, operators,
// or checks by path inside each element.
func (r *reader) inside(n *schema.Node, op string) elementTest {
	if n.Kind == schema.Map && !n.Computed && len(n.Entries) > 0 {
		var operators, paths []string
		for _, e := range n.Entries {
			if _, ok := r.operators[e.Key]; ok {
				operators = append(operators, e.Key)
			} else {
				paths = append(paths, e.Key)
			}
		}
		switch {
		case len(operators) > 0 && len(paths) > 0:
			r.p.Add(n.Pos, "%s takes operators or paths, found both: %s is an operator, %s a path; write $.%s to mean a field of that name%s",
				op, operators[0], paths[0], operators[0], schema.DidYouMean(paths[0], r.names()))
			return nil
		case len(paths) > 0:
			return r.insideByPath(n)
		}
	}
	ops := r.expectation(schema.Entry{Key: op, KeyPos: n.Pos, Value: n})
	return func(element any) (unmet []Mismatch, unfit bool) {
		f, unfit := finding{value: element}, true
		for _, o := range ops {
			v := o.judge(f)
			if v.holds {
				continue
			}
			unfit = unfit && v.unfit
			m := Mismatch{Op: o.name, Expected: o.expected, Found: element, Diff: v.diff, Pos: o.pos, Message: o.sentence(f, v)}
			if len(v.inner) > 0 {
				m.Message = sayAll(v.inner)
			}
			unmet = append(unmet, m)
		}
		return unmet, unfit && len(unmet) > 0
	}
}

// insideByPath reads checks inside each element. A key that is near to an
// operator may have been meant as one; no file can tell, but a document can.
func (r *reader) insideByPath(n *schema.Node) elementTest {
	c := r.checks(n)
	meant := map[string]string{}
	for _, e := range n.Entries {
		meant[e.Key] = schema.DidYouMean(e.Key, r.names())
	}
	return func(element any) (unmet []Mismatch, unfit bool) {
		out := c.run(element)
		for i, m := range out.unmet {
			_, fields := element.(map[string]any)
			near := meant[m.Path]
			if m.Missing && near != "" && (!fields || len(m.Path) > 2 && !strings.Contains(m.Message, "did you mean")) {
				out.unmet[i].Message += "; " + m.Path + " was read as a path" + near
			}
		}
		return out.unmet, out.unfit()
	}
}

// sayAll joins what does not hold of one element.
func sayAll(unmet []Mismatch) string {
	said := make([]string, 0, len(unmet))
	for _, m := range unmet {
		said = append(said, m.Message)
	}
	return strings.Join(said, ", and ")
}

// tally is how many elements do not hold, and why.
type tally struct {
	failed int
	unfit  int      // of them, those that could not be judged
	why    []string // of the first three
}

func count(l []any, test elementTest) (t tally) {
	for i, e := range l {
		unmet, unfit := test(e)
		if len(unmet) == 0 {
			continue
		}
		if t.failed++; t.failed <= 3 {
			t.why = append(t.why, fmt.Sprintf("[%d]: %s", i, sayAll(unmet)))
		}
		if unfit {
			t.unfit++
		}
	}
	return t
}

// say lists which elements failed and why, the first three of them.
func (t tally) say() string {
	if t.failed == 0 {
		return ""
	}
	why := t.why
	if more := t.failed - len(t.why); more > 0 {
		why = append(why[:len(why):len(why)], fmt.Sprintf("and %d more", more))
	}
	return "; " + strings.Join(why, "; ")
}

// elementsTest is an operator that asks the elements of a list, of which there
// must be one at least.
func elementsTest(op string, test elementTest, judge func(l []any, t tally) verdict) func(finding) verdict {
	if test == nil {
		return nil // told already
	}
	return listTest(op, func(l []any) verdict {
		if len(l) == 0 {
			return unfit("there is no element to look at")
		}
		return judge(l, count(l, test))
	})
}

func readEach(r *reader, n *schema.Node) func(finding) verdict {
	return elementsTest("each", r.inside(n, "each"), func(_ []any, t tally) verdict {
		if t.failed == 0 {
			return yes(true)
		}
		return verdict{unfit: t.unfit == t.failed, why: t.say()} // one clear no is enough
	})
}

func readAny(r *reader, n *schema.Node) func(finding) verdict {
	return elementsTest("any", r.inside(n, "any"), func(l []any, t tally) verdict {
		if t.failed < len(l) {
			return yes(true)
		}
		return verdict{unfit: t.unfit > 0, why: t.say()} // what could not be judged might hold
	})
}

func readShare(r *reader, n *schema.Node) func(finding) verdict {
	where, ok := n.Get("where")
	switch {
	case n.Kind == schema.Map && !n.Computed && !ok:
		r.p.Add(n.Pos, "share does not say what an element must hold to count: add where, such as {where: {ok: true}, gte: 0.99}")
		return nil
	case n.Kind != schema.Map || n.Computed:
		r.wrong(n, "share", "where, which says what an element must hold, and operators for the share, such as {where: {ok: true}, gte: 0.99}", nil)
		return nil
	case len(n.Entries) < 2:
		r.p.Add(n.Pos, "nothing is checked: share does not say how large the share must be; add an operator beside where, such as gte: 0.99")
		return nil
	}
	rest := *n
	rest.Entries = nil
	for _, e := range n.Entries {
		if e.Key != "where" {
			rest.Entries = append(rest.Entries, e)
		}
	}
	inside, ops := r.inside(where.Value, "where"), r.numeric(&rest, "share", "a share", r.proportion)
	return elementsTest("share", inside, func(l []any, t tally) verdict {
		hold := len(l) - t.failed
		v := holdAll(ops, shareOf(hold, l))
		for might := range t.unfit { // hold, of those that could not be judged
			if holdAll(ops, shareOf(hold+might+1, l)).holds != v.holds {
				return unfit("%d of %s could not be judged%s", t.unfit, elements(len(l)), t.say())
			}
		}
		if !v.holds {
			v.why = fmt.Sprintf("; %d of %s hold%s%s", hold, elements(len(l)), v.why, t.say())
		}
		return v
	})
}

// shareOf is the part of a list that some of its elements are.
func shareOf(some int, l []any) finding {
	return finding{value: json.Number(big.NewRat(int64(some), int64(len(l))).FloatString(18))}
}

// numberOperators are those that a number can be held against.
var numberOperators = []string{"equals", "not_equals", "gt", "gte", "lt", "lte", "between", "one_of", "approx", "not"}

// numeric reads operators for a number that rehearse works out: others could
// not be meant, and what is not a number would never be equal to it.
func (r *reader) numeric(n *schema.Node, op, what string, check func(op string, n *schema.Node)) []operation {
	before := r.p.Errors()
	ops := r.operations(n)
	if r.p.Errors() > before {
		return nil
	}
	r.numbersOnly(n, op, what, check)
	return ops
}

func (r *reader) numbersOnly(n *schema.Node, op, what string, check func(op string, n *schema.Node)) {
	for _, e := range n.Entries {
		values := []*schema.Node{e.Value}
		switch e.Key {
		case "not":
			r.numbersOnly(e.Value, op, what, check)
			continue
		case "between", "one_of":
			if e.Value.Kind == schema.List {
				values = e.Value.Items
			}
		case "approx":
			values = nil
			if v, ok := e.Value.Get("value"); ok {
				values = append(values, v.Value)
			}
		default:
			if !slices.Contains(numberOperators, e.Key) {
				r.p.Add(e.KeyPos, "%s is a number, and %s is not for numbers; %s takes %s", what, e.Key, op, strings.Join(numberOperators, ", "))
				continue
			}
		}
		for _, v := range values {
			switch {
			case v.Open():
			case v.Kind != schema.Number:
				r.p.Add(v.Pos, "%s is a number and is compared with numbers, found %s%s", what, describe(v), aNumber(v))
			case check != nil:
				check(e.Key, v)
			}
		}
	}
}

// proportion refuses numbers that no share can be held against: percentages,
// and bounds that every share keeps.
func (r *reader) proportion(op string, n *schema.Node) {
	q, err := rational(n.Scalar)
	one := big.NewRat(1, 1)
	switch {
	case err != nil:
		r.p.Add(n.Pos, "share: %v", err)
	case q.Sign() < 0 || q.Cmp(one) > 0:
		r.p.Add(n.Pos, "a share lies between 0 and 1, found %s%s", n.Scalar, asShare(q))
	case op == "gte" && q.Sign() == 0, op == "lte" && q.Cmp(one) == 0:
		r.p.Add(n.Pos, "nothing is checked: %s: %s holds for every share", op, n.Scalar)
	}
}

// asShare says how a percentage is written.
func asShare(q *big.Rat) string {
	hundred := big.NewRat(100, 1)
	if q.Sign() < 0 || q.Cmp(hundred) > 0 || !q.IsInt() {
		return ""
	}
	s := new(big.Rat).Quo(q, hundred).FloatString(2)
	return fmt.Sprintf("; for %s%% write %s", q.Num(), strings.TrimSuffix(strings.TrimRight(s, "0"), "."))
}
