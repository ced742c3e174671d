package assertions

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

func readEquals(_ *reader, n *schema.Node) func(finding) verdict {
	want := n.Value()
	return func(f finding) verdict { return isEqual(want, f.value) }
}

func isEqual(want, got any) verdict {
	if expr.Equal(want, got) {
		return yes(true)
	}
	_, isMap := want.(map[string]any)
	_, isList := want.([]any)
	if (isMap || isList) && kindName(want) == kindName(got) {
		return verdict{diff: Differences(want, got, false)}
	}
	return verdict{why: sayTypes(want, got) + sayWhereTextsPart(want, got)}
}

func readNotEquals(_ *reader, n *schema.Node) func(finding) verdict {
	refused := n.Value()
	return func(f finding) verdict { return yes(!expr.Equal(refused, f.value)) }
}

func compares(op string, holds func(order int) bool) func(*reader, *schema.Node) func(finding) verdict {
	return func(r *reader, n *schema.Node) func(finding) verdict {
		if n.Hole() {
			return nil
		}
		if n.Kind != schema.Number && n.Kind != schema.Text {
			r.wrong(n, op, "a number or text", nil)
			return nil
		}
		r.warnOfDigits(n, op)
		want := n.Value()
		return func(f finding) verdict {
			o, v := order(op, f.value, want)
			if v.unfit {
				return v
			}
			return yes(holds(o))
		}
	}
}

// warnOfDigits speaks of quoted numbers, which text compares by characters.
func (r *reader) warnOfDigits(n *schema.Node, op string) {
	if !n.Computed && !n.Open() && aNumber(n) != "" {
		r.p.Warn(n.Pos, "%s compares the text %s by its characters, so that \"10\" comes before \"9\"; write it without quotes to compare numbers", op, show(n.Scalar))
	}
}

// order compares numbers with numbers, timestamps with timestamps by their
// time, other text by its characters. Everything else does not fit.
func order(op string, got, want any) (int, verdict) {
	g, ok1 := got.(string)
	w, ok2 := want.(string)
	if ok1 && ok2 {
		a, err1 := parseTimestamp(g)
		b, err2 := parseTimestamp(w)
		switch {
		case err1 == nil && err2 == nil:
			return a.Compare(b), verdict{}
		case err2 == nil: // its characters would say something, but not what was asked
			return 0, unfit("%s is a timestamp, what was found is not (RFC 3339, such as 2026-01-31T12:00:00Z)", showShort(w))
		}
		return strings.Compare(g, w), verdict{}
	}
	if kindName(got) != kindName(want) {
		if s := sayTypes(want, got); s != "" {
			return 0, verdict{unfit: true, why: s}
		}
		return 0, unfit("%s compares numbers with numbers and text with text", op)
	}
	o, err := expr.Compare(got, want)
	if err != nil {
		return 0, unfit("%v", err)
	}
	return o, verdict{}
}

func parseTimestamp(s string) (time.Time, error) {
	if strings.Contains(s, ",") { // RFC 3339 knows no decimal comma
		return time.Time{}, errors.New("not RFC 3339")
	}
	return time.Parse(time.RFC3339Nano, s)
}

func readBetween(r *reader, n *schema.Node) func(finding) verdict {
	const takes = "two values, the lower one first, such as [10, 20]"
	if n.Hole() {
		return nil
	}
	if n.Kind != schema.List || len(n.Items) != 2 {
		r.wrong(n, "between", takes, nil)
		return nil
	}
	if n.AnyOpen() {
		return nil
	}
	low, high := n.Items[0], n.Items[1]
	for _, x := range n.Items {
		if x.Kind != schema.Number && x.Kind != schema.Text {
			r.wrong(x, "between", "numbers or texts", nil)
			return nil
		}
	}
	o, v := order("between", low.Value(), high.Value())
	switch {
	case v.unfit && low.Kind == high.Kind:
		r.p.Add(n.Pos, "between takes two timestamps (RFC 3339) or two other texts, found %s and %s", describe(low), describe(high))
		return nil
	case v.unfit:
		r.p.Add(n.Pos, "between takes two numbers or two texts, found %s and %s", describe(low), describe(high))
		return nil
	case o > 0:
		r.p.Add(n.Pos, "between takes the lower value first; nothing lies from %s to %s", show(low.Value()), show(high.Value()))
		return nil
	}
	r.warnOfDigits(low, "between")
	from, to := low.Value(), high.Value()
	return func(f finding) verdict {
		a, v := order("between", f.value, from)
		if v.unfit {
			return v
		}
		b, v := order("between", f.value, to)
		if v.unfit {
			return v
		}
		return yes(a >= 0 && b <= 0)
	}
}

func readOneOf(r *reader, n *schema.Node) func(finding) verdict {
	values, ok := r.list(n, "one_of", "a list of values", 1)
	if !ok {
		return nil
	}
	return func(f finding) verdict {
		if slices.ContainsFunc(values, func(v any) bool { return expr.Equal(v, f.value) }) {
			return yes(true)
		}
		for _, v := range values { // 178 and "178" look like a mistake of ours otherwise
			if why := sayLookalike(v, []any{f.value}); why != "" {
				return verdict{why: why}
			}
		}
		return yes(false)
	}
}

func readApprox(r *reader, n *schema.Node) func(finding) verdict {
	const takes = "a value and how far off it may be, such as {value: 0.5, within: 0.01}"
	if n.Hole() {
		return nil
	}
	if n.Kind != schema.Map {
		r.wrong(n, "approx", takes, nil)
		return nil
	}
	value, ok1 := n.Get("value")
	within, ok2 := n.Get("within")
	for _, e := range n.Entries {
		if e.Key != "value" && e.Key != "within" {
			r.p.Add(e.KeyPos, "approx takes %s, found %q%s", takes, e.Key, schema.DidYouMean(e.Key, []string{"value", "within"}))
			return nil
		}
	}
	if !ok1 || !ok2 {
		r.p.Add(n.Pos, "approx takes %s, and one of the two is missing", takes)
		return nil
	}
	a, b := r.number(value.Value, "approx: value"), r.number(within.Value, "approx: within")
	if !a || !b {
		return nil
	}
	want, err1 := rational(value.Value.Scalar)
	off, err2 := rational(within.Value.Scalar)
	if err := errors.Join(err1, err2); err != nil {
		r.p.Add(n.Pos, "approx: %v", err)
		return nil
	}
	if off.Sign() < 0 {
		r.p.Add(within.Value.Pos, "approx: within must not be negative, found %s", within.Value.Scalar)
		return nil
	}
	return func(f finding) verdict {
		num, ok := f.value.(json.Number)
		if !ok {
			return unfit("approx takes numbers, that is %s", kindName(f.value))
		}
		got, err := rational(string(num))
		if err != nil {
			return unfit("%v", err)
		}
		away := new(big.Rat).Sub(got, want)
		return yes(away.Abs(away).Cmp(off) <= 0)
	}
}

// rational reads a number to calculate with. Numbers whose digits would fill
// pages are refused.
func rational(s string) (*big.Rat, error) {
	if tooLong(s) {
		return nil, fmt.Errorf("%s is too large or too long to calculate with", showShort(json.Number(s)))
	}
	q, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, fmt.Errorf("%s is not a number", showShort(s))
	}
	return q, nil
}

func tooLong(s string) bool {
	const most = 400 // digits and powers of ten
	if len(s) > most {
		return true
	}
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return false
	}
	e, err := strconv.Atoi(s[i+1:])
	return err != nil || e > most || e < -most
}

// textTest is an operator that looks at text only.
func textTest(op string, holds func(s string) bool) func(finding) verdict {
	return func(f finding) verdict {
		s, ok := f.value.(string)
		if !ok {
			return unfit("%s takes text, that is %s", op, kindName(f.value))
		}
		return yes(holds(s))
	}
}

func readStartsWith(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.text(n, "starts_with", "text")
	if !ok {
		return nil
	}
	return textTest("starts_with", func(s string) bool { return strings.HasPrefix(s, want) })
}

func readEndsWith(r *reader, n *schema.Node) func(finding) verdict {
	want, ok := r.text(n, "ends_with", "text")
	if !ok {
		return nil
	}
	return textTest("ends_with", func(s string) bool { return strings.HasSuffix(s, want) })
}

func readMatches(r *reader, n *schema.Node) func(finding) verdict {
	pattern, ok := r.text(n, "matches", "a regular expression")
	if !ok {
		return nil
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		r.p.Add(n.Pos, "%s", sayRegexp(pattern, err))
		return nil
	}
	return textTest("matches", re.MatchString)
}

// sayRegexp says why a regular expression cannot be used.
func sayRegexp(pattern string, err error) string {
	why := err.Error()
	var s *syntax.Error
	if errors.As(err, &s) {
		why = inWords(s)
	}
	return fmt.Sprintf("%s is not a regular expression (RE2): %s", show(pattern), why)
}

// inWords says what is wrong with a regular expression.
func inWords(s *syntax.Error) string {
	switch s.Code {
	case syntax.ErrInvalidPerlOp, syntax.ErrInvalidNamedCapture:
		if strings.HasPrefix(s.Expr, "(?") {
			return fmt.Sprintf("%s has no meaning there; RE2 cannot look ahead or behind", s.Expr)
		}
	case syntax.ErrMissingRepeatArgument:
		return fmt.Sprintf("%s needs something before it that it repeats; any text is .*", s.Expr)
	case syntax.ErrInvalidRepeatOp:
		return fmt.Sprintf("%s repeats what is repeated already; leave one of the two out", s.Expr)
	case syntax.ErrMissingParen:
		return "a ( is never closed; the character is \\("
	case syntax.ErrUnexpectedParen:
		return "a ) closes nothing; the character is \\)"
	case syntax.ErrMissingBracket:
		return "a [ is never closed; the character is \\["
	case syntax.ErrInvalidCharRange:
		return fmt.Sprintf("the range %s goes backwards", s.Expr)
	case syntax.ErrInvalidRepeatSize:
		return fmt.Sprintf("%s is no count; it goes from less to more, up to 1000", s.Expr)
	case syntax.ErrInvalidEscape:
		return fmt.Sprintf("%s has no meaning; RE2 has no references to groups, and a backslash is \\\\", s.Expr)
	case syntax.ErrTrailingBackslash:
		return "a backslash stands at the end; the character is \\\\"
	}
	return fmt.Sprintf("%s: %s", s.Code, s.Expr)
}

func readContains(_ *reader, n *schema.Node) func(finding) verdict {
	want := n.Value()
	return func(f finding) verdict { return contains("contains", want, f.value) }
}

func readNotContains(_ *reader, n *schema.Node) func(finding) verdict {
	refused := n.Value()
	return func(f finding) verdict {
		v := contains("not_contains", refused, f.value)
		if v.unfit {
			return v
		}
		return yes(!v.holds)
	}
}

func isList(v any) bool {
	_, ok := v.([]any)
	return ok
}

func contains(op string, want, got any) verdict {
	switch g := got.(type) {
	case []any:
		if slices.ContainsFunc(g, func(e any) bool { return expr.Equal(e, want) }) {
			return yes(true)
		}
		if _, several := want.([]any); several && len(g) > 0 && !slices.ContainsFunc(g, isList) {
			return unfit("%s looks for one element, and none here is a list; for several write in_order, or for none of them each: {not: {one_of: […]}}", op)
		}
		return verdict{why: sayLookalike(want, g)}
	case string:
		w, ok := want.(string)
		switch {
		case !ok:
			return unfit("in text %s looks for text, %s is %s: types are never converted", op, showShort(want), kindName(want))
		case w == "":
			return unfit("%s with empty text checks nothing: every text contains it", op)
		}
		return yes(strings.Contains(g, w))
	case map[string]any:
		return unfit("%s looks for text in text and for an element in a list; for fields of a mapping write match, or a path to the field", op)
	}
	return unfit("%s looks for text in text and for an element in a list, that is %s", op, kindName(got))
}
