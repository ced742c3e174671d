package expr

import (
	"context"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"
	"time"

	"github.com/PaesslerAG/gval"
)

// operators is the table of what stands between and before operands. gval
// knows how tightly each binds.
func operators() gval.Language {
	return gval.NewLanguage(
		gval.InfixOperator("+", add),
		arithmetic("-", func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Sub(a, b), nil }),
		arithmetic("*", func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Mul(a, b), nil }),
		arithmetic("/", divide),
		arithmetic("%", remainder),
		arithmetic("**", power),
		gval.PrefixOperator("-", negate),

		gval.InfixOperator("==", func(a, b any) (any, error) { return Equal(a, b), nil }),
		gval.InfixOperator("!=", func(a, b any) (any, error) { return !Equal(a, b), nil }),
		order("<", func(c int) bool { return c < 0 }),
		order("<=", func(c int) bool { return c <= 0 }),
		order(">", func(c int) bool { return c > 0 }),
		order(">=", func(c int) bool { return c >= 0 }),
		gval.InfixOperator("in", in),
		gval.InfixEvalOperator("=~", matching("=~", true)),
		gval.InfixEvalOperator("!~", matching("!~", false)),

		gval.PrefixOperator("!", not),
		gval.InfixEvalOperator("&&", logic("&&", false)),
		gval.InfixEvalOperator("||", logic("||", true)),
		gval.InfixEvalOperator("??", otherwise),
		gval.PostfixOperator("?", conditional),
	)
}

// arithmetic is an operator over two numbers.
func arithmetic(op string, f func(a, b *big.Rat) (*big.Rat, error)) gval.Language {
	return gval.InfixOperator(op, func(a, b any) (any, error) { return calculate(op, a, b, f) })
}

func calculate(op string, a, b any, f func(a, b *big.Rat) (*big.Rat, error)) (any, error) {
	for _, v := range []any{a, b} {
		if _, ok := numberText(v); !ok {
			wants := "wants two numbers"
			if op == "+" {
				wants = "adds two numbers or joins two texts"
			}
			return nil, faultf("%s %s %s: %q %s%s", typeName(a), op, typeName(b), op, wants, textHint(v))
		}
	}
	x, problem := rational(a)
	if problem != nil {
		return nil, problem
	}
	y, problem := rational(b)
	if problem != nil {
		return nil, problem
	}
	r, err := f(x, y)
	if err != nil {
		return nil, err
	}
	return number(r), nil
}

// textHint says how to calculate with a text, as the end of a message.
func textHint(v any) string {
	s, ok := v.(string)
	if !ok {
		return ""
	}
	if isTime(s) {
		return `; this text is a time: date("%Y-%m-%dT%H:%M:%SZ", "-5m") is one five minutes ago, unix_ms() a number`
	}
	return "; number(x) makes a number of text"
}

func isTime(s string) bool {
	_, err := time.Parse(time.RFC3339, s)
	return err == nil
}

// add joins two texts or adds two numbers.
func add(a, b any) (any, error) {
	x, ok1 := a.(string)
	y, ok2 := b.(string)
	switch {
	case ok1 && ok2:
		if err := checkText(len(x) + len(y)); err != nil {
			return nil, err
		}
		return x + y, nil
	case ok1 && isTime(x), ok2 && isTime(y):
	case ok1 || ok2:
		return nil, faultf(`%s + %s: "+" joins text with text only; write text(x), or put it into text as "…${x}…"`, typeName(a), typeName(b))
	}
	return calculate("+", a, b, func(a, b *big.Rat) (*big.Rat, error) { return new(big.Rat).Add(a, b), nil })
}

func divide(a, b *big.Rat) (*big.Rat, error) {
	if b.Sign() == 0 {
		return nil, faultf("division by zero")
	}
	return new(big.Rat).Quo(a, b), nil
}

// remainder has the sign of a, as in most languages: -7 % 3 is -1.
func remainder(a, b *big.Rat) (*big.Rat, error) {
	q, err := divide(a, b)
	if err != nil {
		return nil, err
	}
	whole := new(big.Rat).SetInt(new(big.Int).Quo(q.Num(), q.Denom()))
	return new(big.Rat).Sub(a, whole.Mul(whole, b)), nil
}

func power(a, b *big.Rat) (*big.Rat, error) {
	const most = 1_000
	if !b.IsInt() || !b.Num().IsInt64() || b.Num().Int64() > most || b.Num().Int64() < -most {
		return nil, faultf("the exponent of ** must be a whole number between -%d and %d", most, most)
	}
	n := b.Num().Int64()
	if n < 0 {
		if a.Sign() == 0 {
			return nil, faultf("division by zero: 0 ** %d", n)
		}
		a, n = new(big.Rat).Inv(a), -n
	}
	if bits := int64(max(a.Num().BitLen(), a.Denom().BitLen())); bits*n > 4*maxExponent {
		return nil, faultf("the result of ** is too large to calculate with")
	}
	exponent := big.NewInt(n)
	return new(big.Rat).SetFrac(new(big.Int).Exp(a.Num(), exponent, nil), new(big.Int).Exp(a.Denom(), exponent, nil)), nil
}

func negate(_ context.Context, v any) (any, error) {
	if _, ok := numberText(v); !ok {
		return nil, faultf(`"-" wants a number, got %s`, typeName(v))
	}
	// As written: -1.50 keeps its zero, and no number is too large.
	text, _ := numberText(v)
	if d, ok := parseDecimal(text); ok && d.sign() == 0 {
		return json.Number("0"), nil
	}
	if positive, ok := strings.CutPrefix(text, "-"); ok {
		return json.Number(positive), nil
	}
	return json.Number("-" + text), nil
}

func order(op string, holds func(c int) bool) gval.Language {
	return gval.InfixOperator(op, func(a, b any) (any, error) {
		c, err := Compare(a, b)
		if err != nil {
			return nil, faultf("%s %s %s: %v%s", typeName(a), op, typeName(b), err, orderHint(a, b))
		}
		return holds(c), nil
	})
}

// orderHint says how two values can be compared, as the end of a message.
func orderHint(a, b any) string {
	_, text1 := a.(string)
	_, text2 := b.(string)
	_, number1 := numberText(a)
	_, number2 := numberText(b)
	_, bool1 := a.(bool)
	switch {
	case text1 && number2 || number1 && text2:
		return "; number(x) makes a number of text"
	case bool1 && number2:
		return "; for two limits write a < b && b < c"
	}
	return ""
}

func in(a, b any) (any, error) {
	list, ok := b.([]any)
	if !ok {
		hint := ""
		switch b.(type) {
		case string:
			hint = `; for a part of a text write text =~ "part"`
		case map[string]any:
			hint = "; the list of a document's names is keys(x)"
		}
		return nil, faultf(`%s in %s: "in" looks in a list%s`, typeName(a), typeName(b), hint)
	}
	for _, v := range list {
		if Equal(a, v) {
			return true, nil
		}
	}
	return false, nil
}

// matching is =~ and !~: RE2, anywhere in the text unless anchored.
func matching(op string, want bool) func(a, b gval.Evaluable) (gval.Evaluable, error) {
	return func(a, b gval.Evaluable) (gval.Evaluable, error) {
		compiled := func(ctx context.Context, p any) (*regexp.Regexp, error) {
			v, err := b(ctx, p)
			if err != nil {
				return nil, err
			}
			s, ok := v.(string)
			if !ok {
				return nil, faultf("%q wants a regular expression in quotes on its right, got %s", op, typeName(v))
			}
			re, err := regexp.Compile(s)
			if err != nil {
				return nil, faultf("%s is no regular expression (RE2): %s", describe(s), strings.TrimPrefix(err.Error(), "error parsing regexp: "))
			}
			return re, nil
		}
		if b.IsConst() {
			re, err := compiled(context.Background(), nil)
			if err != nil {
				return nil, err
			}
			compiled = func(context.Context, any) (*regexp.Regexp, error) { return re, nil }
		}
		return func(ctx context.Context, p any) (any, error) {
			v, err := a(ctx, p)
			if err != nil {
				return nil, err
			}
			s, ok := v.(string)
			if !ok {
				return nil, faultf("%s %s …: %q matches text; text(x) makes text of a value", typeName(v), op, op)
			}
			re, err := compiled(ctx, p)
			if err != nil {
				return nil, err
			}
			return re.MatchString(s) == want, nil
		}, nil
	}
}

func not(_ context.Context, v any) (any, error) {
	b, ok := v.(bool)
	if !ok {
		return nil, faultf(`"!" wants a boolean, got %s; it belongs to what follows at once: write !(a == b)`, typeName(v))
	}
	return !b, nil
}

// logic is && and ||: decisive is the left value that ends the matter. In a
// filter, an operand that asks for what the element lacks is neither true nor
// false: the other one may still decide.
func logic(op string, decisive bool) func(a, b gval.Evaluable) (gval.Evaluable, error) {
	operand := func(ctx context.Context, p any, e gval.Evaluable, side string) (bool, error) {
		v, err := e(ctx, p)
		if err != nil {
			return false, err
		}
		b, ok := v.(bool)
		if !ok {
			return false, faultf("%q wants two booleans, its %s side is %s", op, side, typeName(v))
		}
		return b, nil
	}
	return func(a, b gval.Evaluable) (gval.Evaluable, error) {
		return func(ctx context.Context, p any) (any, error) {
			left, absent := operand(ctx, p, a, "left")
			if absent != nil && !isAbsent(absent) {
				return nil, absent
			}
			if absent == nil && left == decisive {
				return decisive, nil
			}
			right, err := operand(ctx, p, b, "right")
			if err != nil {
				return nil, err
			}
			if absent != nil && right != decisive {
				return nil, absent
			}
			return right, nil
		}, nil
	}
}

// otherwise is gval's ??: the left value unless it is null, false, 0 or empty
// text. A missing name is an error here as everywhere.
func otherwise(a, b gval.Evaluable) (gval.Evaluable, error) {
	return func(ctx context.Context, p any) (any, error) {
		v, err := a(ctx, p)
		if err != nil {
			return nil, err
		}
		if v == nil || v == false || v == "" || Equal(v, 0) {
			return b(ctx, p)
		}
		return v, nil
	}, nil
}

// conditional is a ? b : c.
func conditional(c context.Context, p *gval.Parser, condition gval.Evaluable) (gval.Evaluable, error) {
	yes, err := p.ParseExpression(c)
	if err != nil {
		return nil, err
	}
	if p.Scan() != ':' {
		return nil, parsing(c).unexpected(p, `":" and what holds otherwise`)
	}
	no, err := p.ParseExpression(c)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, param any) (any, error) {
		v, err := condition(ctx, param)
		if err != nil {
			return nil, err
		}
		b, ok := v.(bool)
		if !ok {
			return nil, faultf(`"? :" wants a boolean before the "?", got %s`, typeName(v))
		}
		if b {
			return yes(ctx, param)
		}
		return no(ctx, param)
	}, nil
}
