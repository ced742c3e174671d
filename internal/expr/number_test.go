package expr

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// exact are numbers that a float64 or an int64 would change.
var exact = []string{
	"9007199254740993", "-9007199254740993", "0.1", "1e2", "1.0", "1.50", "12345678901234567890.123", "18446744073709551617", "1e400", "-1e-400",
	"1E+2", "0.30000000000000004", "1e999999999",
}

// TestNumbersStayAsWritten takes each number through everything that only hands
// it on.
func TestNumbersStayAsWritten(t *testing.T) {
	for _, n := range exact {
		s := &Scope{Names: map[string]any{"n": json.Number(n), "list": []any{json.Number(n)}, "doc": map[string]any{"n": json.Number(n)}}}
		for _, source := range []string{
			n, `n`, `[n][0]`, `list[*][0]`, `{"n": n}.n`, `default(n, 1)`, `default(nope, ` + n + `)`, `n ?? 1`, `true ? n : 1`,
			`from_json(to_json(n))`, `from_json(to_json(doc)).n`, `from_json("` + n + `")`, `number(text(n))`, `number("` + n + `")`,
			`list[?(@ == n)][0]`, `doc.*`, `$..n`, `min(list)`, `max([n])`, `percentile(list, 50)`, `--n`, `-(-n)`,
		} {
			got, err := eval(t, source, s)
			if err != nil {
				t.Errorf("%s: %s: %v", n, source, err)
				continue
			}
			if list, ok := got.([]any); ok {
				if len(list) == 0 {
					continue // [0] of each number selects nothing
				}
				got = list[0]
			}
			if got != any(json.Number(n)) && !(strings.HasPrefix(source, "-") && Equal(got, json.Number(n))) {
				t.Errorf("%s: %s gave %v", n, source, got)
			}
		}
		tpl, err := ParseTemplate("is ${n}, ${doc}")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tpl.Eval(context.Background(), s); err != nil || got != "is "+n+`, {"n":`+n+"}" {
			t.Error(got, err)
		}
	}
}

func TestExactArithmetic(t *testing.T) {
	tests := []struct{ source, want string }{
		{`9007199254740993 + 0`, `9007199254740993`},
		{`9007199254740993 - 1 == 9007199254740992`, `true`},
		{`9007199254740993 * 1 == 9007199254740992`, `false`},
		{`9007199254740993 / 1`, `9007199254740993`},
		{`9007199254740993 % 10`, `3`},
		{`9007199254740993 in [9007199254740992]`, `false`},
		{`max(9007199254740992, 9007199254740993)`, `9007199254740993`},
		{`12345678901234567890.123 + 0`, `12345678901234567890.123`},
		{`12345678901234567890.123 > 12345678901234567890.122`, `true`},
		{`0.1 + 0.2 == 0.3`, `true`},
		{`0.1 * 3 == 0.3`, `true`},
		{`1.1 - 1`, `0.1`},
		{`sum([0.1, 0.2])`, `0.3`},
		{`1.0 == 1`, `true`},
		{`1e2 == 100`, `true`},
		{`1e2 + 0`, `100`},
		{`10 ** 18 + 1`, `1000000000000000001`},
		{`7 / 2`, `3.5`},
		{`(7 - 7 % 2) / 2`, `3`},
		{`-7 % 3`, `-1`},
		{`7 % -3`, `1`},
		{`0.5 % 0.2`, `0.1`},
		{`-0`, `0`},
		{`-0.0`, `0`},
		{`-(0e5)`, `0`},
		{`-1e999999999 < 0`, `true`},
		{`-1e999999999`, `-1e999999999`},
		{`--1e999999999 > 0`, `true`},
		{`1e999999999 > 1e999999998`, `true`},
		{`1e-999999999 > 0`, `true`},
		{`1e999999999 == 10e999999998`, `true`},
		{`1e99999999999999999999 == 1e99999999999999999999`, `true`},
		{`"1" == 1`, `false`},
		{`"1" != 1`, `true`},
		{`"9007199254740993" == 9007199254740993`, `false`},
		{`1 in ["1"]`, `false`},
		{`true == 1`, `false`},
		{`null == 0`, `false`},
		{`[1] == ["1"]`, `false`},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, nil)
			if err != nil {
				t.Fatal(err)
			}
			if text, _ := compact(got); text != tt.want {
				t.Errorf("got %s", text)
			}
		})
	}
}

// TestHugeNumbersAreRefused holds arithmetic to its bounds: it says no at once.
func TestHugeNumbersAreRefused(t *testing.T) {
	big := strings.Repeat("9", 2100)
	for _, source := range []string{
		`n + 1`, `n - n`, `n * 0`, `1 / n`, `n % 3`, `n ** 2`, `2 ** n`, `sum([n])`, `avg([n, n])`, `10 ** 1001`, `0.1 ** 1001`, `1e999 ** 999`,
		big + ` + 1`, `1e99999999999999999999 < 2`, `1e99999999999999999999 + 1`, `n in [1] || n + 1 > 0`,
	} {
		t.Run(shorten(source), func(t *testing.T) {
			begun := time.Now()
			got, err := eval(t, source, &Scope{Names: map[string]any{"n": json.Number("1e999999999")}})
			if err == nil || time.Since(begun) > 5*time.Second {
				t.Errorf("%.40v", got)
			}
		})
	}
}

// TestComparingTypes holds comparisons to naming both types.
func TestComparingTypes(t *testing.T) {
	values := map[string]string{"text": `"a"`, "number": `1`, "boolean": `true`, "null": `null`, "list": `[1]`, "document": `{"a": 1}`}
	for a, x := range values {
		for b, y := range values {
			for _, op := range []string{"<", "<=", ">", ">="} {
				_, err := eval(t, x+" "+op+" "+y, nil)
				if a == b && (a == "text" || a == "number") {
					if err != nil {
						t.Error(err)
					}
					continue
				}
				if err == nil || !strings.Contains(err.Error(), a+" "+op+" "+b) {
					t.Errorf("%s %s %s: %v", x, op, y, err)
				}
			}
			if got, err := eval(t, x+" == "+y, nil); err != nil || got != (a == b) {
				t.Errorf("%s == %s: %v, %v", x, y, got, err)
			}
		}
	}
}
