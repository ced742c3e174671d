package mock

import (
	"encoding/json"
	"math/big"
	"strings"
)

// bound is a limit of a number, and the schema that sets it.
type bound struct {
	value *big.Rat
	open  bool // the limit itself is outside
	at    string
	word  string
	text  string
}

// span is what schemas ask of a number.
type span struct {
	low, high *bound
	step      *big.Rat // nil: any
	stepAt    string
	below     bool // not only numbers above zero, which look most usual
	more      int  // numbers that are taken already
}

func rat(v any) (*big.Rat, string, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return nil, "", false
	}
	if _, bad := unwieldy(n); bad {
		return nil, "", false
	}
	r, ok := new(big.Rat).SetString(string(n))
	return r, string(n), ok
}

// formatSpans are the limits of the formats of numbers.
// Source: OpenAPI 3.0.3, Data Types.
var formatSpans = map[string][2]json.Number{
	"int32": {"-2147483648", "2147483647"},
	"int64": {"-9223372036854775808", "9223372036854775807"},
	"float": {"-3e38", "3e38"},
}

func spanOf(flat []node, integer bool) span {
	var s span
	if integer {
		s.step = big.NewRat(1, 1)
	}
	for _, n := range flat {
		o := n.object()
		for _, word := range []string{"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"} {
			if r, text, ok := rat(o[word]); ok {
				s.tighten(&bound{r, strings.HasPrefix(word, "ex"), n.at, word, text})
			}
		}
		if r, _, ok := rat(o["multipleOf"]); ok && r.Sign() > 0 {
			s.step, s.stepAt = common(s.step, r), n.at
		}
		format, _ := o["format"].(string)
		if f, ok := formatSpans[format]; ok {
			low, _, _ := rat(f[0])
			high, _, _ := rat(f[1])
			s.tighten(&bound{low, false, n.at, "minimum", string(f[0])})
			s.tighten(&bound{high, false, n.at, "maximum", string(f[1])})
		}
		if format == "int32" || format == "int64" {
			s.step = common(s.step, big.NewRat(1, 1))
		}
	}
	return s
}

func (s *span) tighten(b *bound) {
	if strings.HasSuffix(strings.ToLower(b.word), "minimum") {
		if s.low == nil || tighter(b.value.Cmp(s.low.value), b.open) {
			s.low = b
		}
		return
	}
	if s.high == nil || tighter(s.high.value.Cmp(b.value), b.open) {
		s.high = b
	}
}

func tighter(cmp int, open bool) bool { return cmp > 0 || cmp == 0 && open }

// common is the least number that is a multiple of both.
func common(a, b *big.Rat) *big.Rat {
	if a == nil {
		return b
	}
	gcd := new(big.Int).GCD(nil, nil, a.Num(), b.Num())
	num := new(big.Int).Div(new(big.Int).Mul(a.Num(), b.Num()), gcd)
	return new(big.Rat).SetFrac(num, new(big.Int).GCD(nil, nil, a.Denom(), b.Denom()))
}

// number makes a number.
func (m *maker) number(p place, flat []node, integer, whole bool) (any, error) {
	s := spanOf(flat, integer)
	s.below = m.retry && m.rand.IntN(2) == 0
	s.more = len(p.avoid)
	for _, o := range m.ruledOut(flat) {
		s.turn(o)
	}
	if s.low != nil && s.high != nil {
		if c := s.low.value.Cmp(s.high.value); c > 0 || c == 0 && (s.low.open || s.high.open) {
			where := ""
			if s.low.at != s.high.at {
				where = " (#" + s.low.at + ")"
			}
			above := "is above"
			if c == 0 {
				above = "leaves nothing below"
			}
			return nil, m.never(p, s.high.at, "%s %s%s %s %s %s", s.low.word, s.low.text, where, above, s.high.word, s.high.text)
		}
	}
	step, low, high, ok := s.multiples(!integer && (!whole || m.retry && m.rand.IntN(2) == 0))
	if !ok {
		word := "multiple of " + string(decimal(s.step))
		if s.step.Cmp(big.NewRat(1, 1)) == 0 && s.stepAt == "" {
			word = "whole number"
		}
		return nil, m.never(p, s.low.at, "no %s lies between %s %s and %s %s", word, s.low.word, s.low.text, s.high.word, s.high.text)
	}
	for try := range 40 {
		k := m.between(low, high)
		if try >= 20 { // one after the other, for the last free ones
			k = new(big.Int).Add(low, big.NewInt(int64(try-20)))
			if k.Cmp(high) > 0 {
				break
			}
		}
		n := decimal(new(big.Rat).Mul(step, new(big.Rat).SetInt(k)))
		if !contains(p.avoid, n) {
			return n, nil
		}
	}
	return nil, m.never(p, nodeAt(flat), "too few different numbers fit where uniqueItems asks for different ones")
}

func nodeAt(flat []node) string {
	if len(flat) == 0 {
		return ""
	}
	return flat[0].at
}

// turn makes a limit of one that is ruled out, when it is ruled out alone.
func (s *span) turn(o map[string]any) {
	turned := map[string]string{"minimum": "exclusiveMaximum", "exclusiveMinimum": "maximum", "maximum": "exclusiveMinimum", "exclusiveMaximum": "minimum"}
	for word, other := range turned {
		r, text, ok := rat(o[word])
		if ok && (len(o) == 1 || len(o) == 2 && o["type"] == "number") {
			s.tighten(&bound{r, strings.HasPrefix(other, "ex"), "", other, text})
		}
	}
}

// multiples are the numbers to choose from: step times low to high. Where the
// schema has no step, one is chosen that is fine enough.
func (s *span) multiples(fraction bool) (step *big.Rat, low, high *big.Int, ok bool) {
	if s.step != nil {
		low, high, ok = s.within(s.step)
		return s.step, low, high, ok
	}
	step = big.NewRat(1, 1) // most numbers of events are whole, whatever their schemas say
	if fraction {
		step = big.NewRat(1, 100)
	}
	for range 400 {
		if low, high, ok = s.within(step); ok {
			return step, low, high, true
		}
		step = new(big.Rat).Mul(step, big.NewRat(1, 10))
	}
	return step, nil, nil, false
}

// reach is how far from its limit a number is chosen.
const reach = 1000

// within are the multiples of a step that the limits leave, near zero or near a
// limit.
func (s *span) within(step *big.Rat) (low, high *big.Int, ok bool) {
	if s.low != nil {
		low = floor(new(big.Rat).Quo(s.low.value, step))
		for new(big.Rat).Mul(step, new(big.Rat).SetInt(low)).Cmp(s.low.value) < 0 || s.low.open && new(big.Rat).Mul(step, new(big.Rat).SetInt(low)).Cmp(s.low.value) == 0 {
			low = new(big.Int).Add(low, big.NewInt(1))
		}
	}
	if s.high != nil {
		high = floor(new(big.Rat).Quo(s.high.value, step))
		if s.high.open && new(big.Rat).Mul(step, new(big.Rat).SetInt(high)).Cmp(s.high.value) == 0 {
			high = new(big.Int).Sub(high, big.NewInt(1))
		}
	}
	if low != nil && high != nil && low.Cmp(high) > 0 {
		return nil, nil, false
	}
	one, far := big.NewInt(1), floor(new(big.Rat).Quo(big.NewRat(reach, 1), step))
	if far.Cmp(big.NewInt(reach)) < 0 || !far.IsInt64() {
		far = big.NewInt(reach)
	}
	far = new(big.Int).Add(far, big.NewInt(int64(2*s.more)))
	if !s.below && (low == nil || low.Cmp(one) < 0) && (high == nil || high.Cmp(one) >= 0) {
		low = one
	}
	switch {
	case low == nil && high == nil:
		low, high = new(big.Int).Neg(far), far
	case low == nil:
		low = new(big.Int).Sub(high, far)
	case high == nil || new(big.Int).Sub(high, low).Cmp(far) > 0:
		high = new(big.Int).Add(low, far)
	}
	return low, high, true
}

func floor(r *big.Rat) *big.Int {
	return new(big.Int).Div(r.Num(), r.Denom()) // Euclidean: below, as denominators are positive
}

// between is a random number from low to high, both among them.
func (m *maker) between(low, high *big.Int) *big.Int {
	width := new(big.Int).Sub(high, low)
	if !width.IsInt64() || width.Int64() < 0 || width.Int64() == 1<<63-1 {
		return low
	}
	return new(big.Int).Add(low, big.NewInt(m.rand.Int64N(width.Int64()+1)))
}

// decimal writes a number as JSON does.
func decimal(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	places, exact := r.FloatPrec()
	if !exact {
		places = 20
	}
	return json.Number(r.FloatString(places))
}
