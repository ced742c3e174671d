package expr

import (
	"cmp"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
)

// decimal is a number as JSON writes it, taken apart: 0.digits × 10^point,
// digits without zeros at either end; no digits is zero. It compares exactly
// whatever the exponent, without ever being written out.
type decimal struct {
	negative bool
	digits   string
	point    int64
}

// numberPrefix is the length of the longest prefix of s that is a number
// without a sign in JSON's syntax; 0 if there is none.
func numberPrefix(s string) int {
	n := digitRun(s)
	if n == 0 {
		return 0
	}
	if s[0] == '0' {
		n = 1
	}
	if n+1 < len(s) && s[n] == '.' {
		if d := digitRun(s[n+1:]); d > 0 {
			n += 1 + d
		}
	}
	if n < len(s) && (s[n] == 'e' || s[n] == 'E') {
		at := n + 1
		if at < len(s) && (s[at] == '+' || s[at] == '-') {
			at++
		}
		if d := digitRun(s[at:]); d > 0 {
			n = at + d
		}
	}
	return n
}

func digitRun(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// isNumberText reports whether s is a number in JSON's syntax.
func isNumberText(s string) bool {
	s = strings.TrimPrefix(s, "-")
	return s != "" && numberPrefix(s) == len(s)
}

// parseDecimal reads a JSON number; exponents of more than 17 digits are
// refused.
func parseDecimal(s string) (decimal, bool) {
	if !isNumberText(s) {
		return decimal{}, false
	}
	var d decimal
	s, d.negative = strings.CutPrefix(s, "-")
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		exponent, err := strconv.ParseInt(s[i+1:], 10, 64)
		if err != nil || exponent > 1e17 || exponent < -1e17 {
			return decimal{}, false
		}
		s, d.point = s[:i], exponent
	}
	whole, fraction, _ := strings.Cut(s, ".")
	d.point += int64(len(whole))
	all := whole
	if fraction != "" {
		all += fraction
	}
	d.digits = strings.TrimLeft(all, "0")
	d.point -= int64(len(all) - len(d.digits))
	d.digits = strings.TrimRight(d.digits, "0")
	if d.digits == "" {
		return decimal{}, true
	}
	return d, true
}

func (d decimal) sign() int {
	switch {
	case d.digits == "":
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func (d decimal) compare(o decimal) int {
	if c := cmp.Compare(d.sign(), o.sign()); c != 0 || d.digits == "" {
		return c
	}
	c := cmp.Compare(d.point, o.point)
	if c == 0 {
		c = strings.Compare(d.digits, o.digits)
	}
	if d.negative {
		return -c
	}
	return c
}

// numberText is a number value as text. Documents hold json.Number; Go's own
// numbers are taken too, for callers that make them.
func numberText(v any) (string, bool) {
	switch n := v.(type) {
	case json.Number:
		return string(n), true
	case int:
		return strconv.Itoa(n), true
	case int64:
		return strconv.FormatInt(n, 10), true
	case float64:
		return strconv.FormatFloat(n, 'g', -1, 64), true
	}
	return "", false
}

const (
	maxExponent = 1_000 // powers of ten that arithmetic goes up to
	maxDigits   = 2_000
)

// rational is v for arithmetic.
func rational(v any) (*big.Rat, *fault) {
	text, ok := numberText(v)
	if !ok {
		return nil, faultf("%s is not a number", typeName(v))
	}
	d, ok := parseDecimal(text)
	if !ok || len(d.digits) > maxDigits || d.point > maxExponent || d.point < -maxExponent {
		return nil, faultf("the number %s is too large or too long to calculate with", shorten(text))
	}
	if d.digits == "" {
		return new(big.Rat), nil
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	r, ok := new(big.Rat).SetString(sign + d.digits + "e" + strconv.FormatInt(d.point-int64(len(d.digits)), 10))
	if !ok {
		return nil, faultf("%s is not a number", shorten(text))
	}
	return r, nil
}

// number writes r exactly where its decimals end, else with 17 significant
// digits.
func number(r *big.Rat) json.Number {
	if r.IsInt() {
		return json.Number(r.Num().String())
	}
	// The decimals end if the denominator has no other prime factors than 2 and
	// 5; there are as many of them as the larger of the two powers.
	twos := r.Denom().TrailingZeroBits()
	rest := new(big.Int).Rsh(r.Denom(), twos)
	five, remainder, quotient := big.NewInt(5), new(big.Int), new(big.Int)
	fives := uint(0)
	for {
		if quotient.QuoRem(rest, five, remainder); remainder.Sign() != 0 {
			break
		}
		rest, quotient = quotient, rest
		fives++
	}
	if rest.IsInt64() && rest.Int64() == 1 {
		return json.Number(r.FloatString(int(max(twos, fives))))
	}
	return json.Number(new(big.Float).SetPrec(512).SetRat(r).Text('g', 17))
}

// integer is v as an int, if it is a whole number that fits.
func integer(v any) (int, bool) {
	text, ok := numberText(v)
	if !ok {
		return 0, false
	}
	if i, err := strconv.Atoi(text); err == nil {
		return i, true
	}
	d, ok := parseDecimal(text)
	if !ok || d.digits == "" {
		return 0, ok
	}
	if d.point > 19 || d.point < int64(len(d.digits)) {
		return 0, false
	}
	digits := d.digits + strings.Repeat("0", int(d.point)-len(d.digits))
	if d.negative {
		digits = "-" + digits
	}
	i, err := strconv.Atoi(digits)
	return i, err == nil
}
