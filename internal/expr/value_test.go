package expr

import (
	"cmp"
	"context"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEqual(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{`1`, `1.0`, true},
		{`1`, `10e-1`, true},
		{`100`, `1e2`, true},
		{`0`, `-0.0e9`, true},
		{`-1`, `1`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`0.1`, `0.1000000000000000055511151231257827`, false},
		{`1e400`, `1e401`, false},
		{`1e99999999999999999999`, `1e99999999999999999999`, true},
		{`1e99999999999999999999`, `2e99999999999999999999`, false},
		{`"1"`, `1`, false},
		{`true`, `"true"`, false},
		{`null`, `false`, false},
		{`null`, `null`, true},
		{`null`, `{}`, false},
		{`[]`, `{}`, false},
		{`[1, 2]`, `[1.0, 2]`, true},
		{`[1, 2]`, `[2, 1]`, false},
		{`[1]`, `[1, 2]`, false},
		{`{"a": {"b": [1]}}`, `{"a": {"b": [1.00]}}`, true},
		{`{"a": null}`, `{}`, false},
		{`{"a": null}`, `{"b": null}`, false},
	}
	for _, tt := range tests {
		t.Run(tt.a+" "+tt.b, func(t *testing.T) {
			a, b := decode(t, tt.a), decode(t, tt.b)
			if Equal(a, b) != tt.want || Equal(b, a) != tt.want {
				t.Errorf("want %v", tt.want)
			}
		})
	}
	for _, one := range []any{1, int64(1), 1.0, json.Number("1")} {
		if !Equal(one, json.Number("1.0")) || Equal(one, "1") || Equal(one, true) {
			t.Errorf("%T", one)
		}
	}
}

func TestCompare(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{
		{`1`, `2`, -1},
		{`-1`, `-2`, 1},
		{`10`, `9`, 1},
		{`0.09`, `0.1`, -1},
		{`-0.5`, `0`, -1},
		{`0`, `1e-5`, -1},
		{`9007199254740993`, `9007199254740992.9`, 1},
		{`1e1000000000`, `9e999999999`, 1},
		{`"a"`, `"b"`, -1},
		{`"10"`, `"9"`, -1},
		{`"a"`, `"a"`, 0},
	}
	for _, tt := range tests {
		t.Run(tt.a+" "+tt.b, func(t *testing.T) {
			got, err := Compare(decode(t, tt.a), decode(t, tt.b))
			back, _ := Compare(decode(t, tt.b), decode(t, tt.a))
			if err != nil || got != tt.want || back != -tt.want {
				t.Errorf("got %d, %d, %v", got, back, err)
			}
		})
	}
	for _, pair := range [][2]string{{`1`, `"1"`}, {`null`, `null`}, {`true`, `false`}, {`[1]`, `[2]`}, {`{}`, `1`}} {
		if _, err := Compare(decode(t, pair[0]), decode(t, pair[1])); err == nil || !strings.Contains(err.Error(), " and ") {
			t.Errorf("%v: %v", pair, err)
		}
	}
}

// TestNumbersAgainstRationals judges comparison and arithmetic by math/big.
func TestNumbersAgainstRationals(t *testing.T) {
	numbers := rapid.StringMatching(`-?(0|[1-9][0-9]{0,18})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?`)
	rapid.Check(t, func(t *rapid.T) {
		a, b := numbers.Draw(t, "a"), numbers.Draw(t, "b")
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		got, err := Compare(json.Number(a), json.Number(b))
		if err != nil || got != cmp.Compare(x.Cmp(y), 0) {
			t.Fatalf("compare: %d, %v", got, err)
		}
		sum, err := eval2("a + b", a, b)
		if want := new(big.Rat).Add(x, y); err != nil || !sameNumber(sum, want) {
			t.Fatalf("sum %v, %v", sum, err)
		}
		product, err := eval2("a * b", a, b)
		if want := new(big.Rat).Mul(x, y); err != nil || !sameNumber(product, want) {
			t.Fatalf("product %v, %v", product, err)
		}
		if y.Sign() == 0 {
			return
		}
		quotient, err := eval2("a / b", a, b)
		if err != nil {
			t.Fatal(err)
		}
		q, ok := new(big.Rat).SetString(string(quotient.(json.Number)))
		if !ok || !isNumberText(string(quotient.(json.Number))) {
			t.Fatalf("%v is no JSON number", quotient)
		}
		want := new(big.Rat).Quo(x, y)
		off := new(big.Rat).Sub(q, want)
		bound := new(big.Rat).Mul(want, big.NewRat(1, 10_000_000_000_000_000))
		if off.Abs(off).Cmp(bound.Abs(bound)) > 0 {
			t.Fatalf("quotient %v is off by %v", quotient, off)
		}
	})
}

func eval2(source, a, b string) (any, error) {
	e, err := Parse(source)
	if err != nil {
		return nil, err
	}
	return e.evalIn(context.Background(), newFrame(&Scope{Names: map[string]any{"a": json.Number(a), "b": json.Number(b)}}))
}

func sameNumber(v any, want *big.Rat) bool {
	n, ok := v.(json.Number)
	if !ok || !isNumberText(string(n)) {
		return false
	}
	got, ok := new(big.Rat).SetString(string(n))
	return ok && got.Cmp(want) == 0
}
