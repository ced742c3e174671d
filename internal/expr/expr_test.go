package expr

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// decode reads a JSON document as the product does: numbers as json.Number.
func decode(t testing.TB, s string) any {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(s))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return v
}

const sampleScope = `{
	"vars": {"stack": "video-dev", "n": 3, "big": 9007199254740993, "f": 0.1, "price": 1.50, "a-b": "dashed", "none": null,
		"yes": true, "no": false, "empty": "", "tags": [], "umlaut": "Köln"},
	"env": {"HOME": "/home", "PATH": "/bin"},
	"scenario": {"id": "s-1", "name": "First"},
	"order": {"status": 201, "body": {"id": "o-7", "items": [
		{"sku": "A1", "n": 3, "tags": ["new"]}, {"sku": "B2", "n": 5}, {"sku": "C3", "n": 9007199254740993}]}},
	"events": {"events": [{"source": "x", "detail-type": "done", "detail": {"run": "s-1", "n": 1}}, {"source": "y", "detail": {"n": 2}}]},
	"byname": {"zeta": 1, "alpha": 2, "mid": 3}
}`

func sample(t testing.TB) *Scope {
	t.Helper()
	return &Scope{Names: decode(t, sampleScope).(map[string]any)}
}

func eval(t testing.TB, source string, s *Scope) (any, error) {
	t.Helper()
	e, err := Parse(source)
	if err != nil {
		return nil, err
	}
	return e.Eval(context.Background(), s)
}

func TestEval(t *testing.T) {
	tests := []struct{ source, want string }{
		// literals
		{`"ab"`, `"ab"`},
		{`'ab'`, `"ab"`},
		{"`a\\d`", `"a\\d"`},
		{`'say "hi"'`, `"say \"hi\""`},
		{`"it's"`, `"it's"`},
		{`'it\'s'`, `"it's"`},
		{`"a\n\t\/\u00e9\ud83d\ude00"`, `"a\n\t/é😀"`},
		{`"http://x //y"`, `"http://x //y"`},
		{`true`, `true`},
		{`null`, `null`},
		{`9007199254740993`, `9007199254740993`},
		{`1.50`, `1.50`},
		{`-5`, `-5`},
		{`-1.50`, `-1.50`},
		{`1e3`, `1e3`},
		{`[1, "a", [true]]`, `[1,"a",[true]]`},
		{`[]`, `[]`},
		{`{}`, `{}`},
		{`{"a": 9007199254740993, 'b': {"c": vars.n}}`, `{"a":9007199254740993,"b":{"c":3}}`},
		{`{"a": 1}.a`, `1`},
		{`[1, 2, 3][1]`, `2`},
		{`(order).status`, `201`},
		// exact numbers
		{`vars.big`, `9007199254740993`},
		{`vars.big + 1`, `9007199254740994`},
		{`vars.big - 9007199254740992`, `1`},
		{`9007199254740993 == 9007199254740992`, `false`},
		{`vars.big == 9007199254740993`, `true`},
		{`vars.big > 9007199254740992`, `true`},
		{`vars.f + 0.2`, `0.3`},
		{`vars.f + 0.2 == 0.3`, `true`},
		{`1 == 1.0`, `true`},
		{`10 / 4`, `2.5`},
		{`1 / 3`, `0.33333333333333333`},
		{`-2 / 3`, `-0.66666666666666667`},
		{`1 / 3 * 0`, `0`},
		{`1 / 1024`, `0.0009765625`},
		{`7 % 3`, `1`},
		{`-7 % 3`, `-1`},
		{`5.5 % 2`, `1.5`},
		{`2 ** 64`, `18446744073709551616`},
		{`2 ** -1`, `0.5`},
		{`2 + 3 * 4`, `14`},
		{`(2 + 3) * 4`, `20`},
		{`1--1`, `2`},
		{`vars.n + 1`, `4`},
		{`-vars.n`, `-3`},
		{`1e400 == 10e399`, `true`},
		{`1e999999999 > 1e999999998`, `true`},
		{`0 == -0`, `true`},
		{`0e5 == 0.00`, `true`},
		// no conversion
		{`1 == "1"`, `false`},
		{`"1" != 1`, `true`},
		{`true == "true"`, `false`},
		{`null == false`, `false`},
		{`vars.none == null`, `true`},
		{`[1, {"a": 1.0}] == [1.0, {"a": 1}]`, `true`},
		{`{"a": 1} == {"a": 1, "b": 2}`, `false`},
		{`"abc" < "abd"`, `true`},
		{`"a" + 'b'`, `"ab"`},
		// logic
		{`true && false`, `false`},
		{`false && nosuch`, ``},
		{`vars.no && 1 / vars.n > 0`, `false`},
		{`vars.no && nothing_here.x`, `false`},
		{`vars.yes || nothing_here.x`, `true`},
		{`!vars.no`, `true`},
		{`!!vars.yes`, `true`},
		{`vars.yes ? "a" : nothing_here`, `"a"`},
		{`vars.n > 2 ? "many" : "few"`, `"many"`},
		{`vars.no ? 1 : vars.yes ? 2 : 3`, `2`},
		{`vars.n in [1, 2, 3.0]`, `true`},
		{`"3" in [1, 2, 3]`, `false`},
		{`"abc" =~ "^a.c$"`, `true`},
		{"'a1' =~ `^a\\d$`", `true`},
		{`"abc" !~ 'b'`, `false`},
		{`vars.stack =~ vars.stack`, `true`},
		{`vars.none ?? "x"`, `"x"`},
		{`vars.empty ?? "x"`, `"x"`},
		{`0 ?? 5`, `5`},
		{`vars.n ?? nothing_here`, `3`},
		{`vars.none ?? vars.none ?? 7`, `7`},
		// names and paths
		{`vars.stack`, `"video-dev"`},
		{`vars["a-b"]`, `"dashed"`},
		{`vars['a-b']`, `"dashed"`},
		{`vars["sta" + "ck"]`, `"video-dev"`},
		{`order.body.items[0].sku`, `"A1"`},
		{`order.body.items[vars.n - 2].sku`, `"B2"`},
		{`order.body.items[1.0].sku`, `"B2"`},
		{`order.body.items[length(@) - 1].sku`, `"C3"`},
		{`$.order.body.items[0].sku`, `"A1"`},
		{`$.order.body.items[vars.n - 3].sku`, `"A1"`},
		{`$['order'].status`, `201`},
		{`$.events.events[0]['detail-type']`, `"done"`},
		{`$.events.events[0]["detail-type"]`, `"done"`},
		{`vars.none`, `null`},
		// selections
		{`$.order.body.items[*].sku`, `["A1","B2","C3"]`},
		{`order.body.items[*].sku`, `["A1","B2","C3"]`},
		{`order.body.items.*.sku`, `["A1","B2","C3"]`},
		{`order.body.items[*].tags`, `[["new"]]`},
		{`order.body.items[*].tags[*]`, `["new"]`},
		{`$.order.body.items[?(@.n == 3)].sku`, `["A1"]`},
		{`$.order.body.items[?(@.n > 3)].sku`, `["B2","C3"]`},
		{`$.order.body.items[?(@.n == 9007199254740993)].sku`, `["C3"]`},
		{`$.order.body.items[?(@.n == 9007199254740992)].sku`, `[]`},
		{`$.order.body.items[?@.sku == 'B2'].n`, `[5]`},
		{`$.order.body.items[?(@.n == vars.n)].sku`, `["A1"]`},
		{`$.order.body.items[?(@.n == $.vars.n)].sku`, `["A1"]`},
		{`$.order.body.items[?(@.sku =~ "^[AB]")].sku`, `["A1","B2"]`},
		{`$.order.body.items[?(@.n in [3, 5])].sku`, `["A1","B2"]`},
		{`$.order.body.items[?(@.tags)].sku`, `["A1"]`},
		{`$.order.body.items[?(@.tags[*])].sku`, `["A1"]`},
		{`$.order.body.items[?(@.tags[0] == "new" || @.n == 5)].sku`, `["A1","B2"]`},
		{`$.order.body.items[?(@.n == 5 || @.tags[0] == "new")].sku`, `["A1","B2"]`},
		{`$.order.body.items[?(!(@.tags[0] == "old"))].sku`, `["A1"]`},
		{`$.order.body.items[?(@.tags[0] != "old")].sku`, `["A1"]`},
		{`$.order.body.items[?(default(@.tags, []) == [])].sku`, `["B2","C3"]`},
		{`$.order.body.items[0:1].sku`, `["A1"]`},
		{`$.order.body.items[-1:].sku`, `["C3"]`},
		{`$.order.body.items[:-1].sku`, `["A1","B2"]`},
		{`$.order.body.items[1:-1].sku`, `["B2"]`},
		{`$.order.body.items[::2].sku`, `["A1","C3"]`},
		{`$.order.body.items[::-1].sku`, `["C3","B2","A1"]`},
		{`$.order.body.items[1::-1].sku`, `["B2","A1"]`},
		{`$.order.body.items[:0:-1].sku`, `["C3","B2"]`},
		{`$.order.body.items[1:9223372036854775807:9223372036854775807].sku`, `["B2"]`},
		{`$.order.body.items[5:].sku`, `[]`},
		{`$.order.body.items[0, 2].sku`, `["A1","C3"]`},
		{`$.vars["n", 'stack', "nope"]`, `[3,"video-dev"]`},
		{`$..sku`, `["A1","B2","C3"]`},
		{`$.order..n`, `[3,5,9007199254740993]`},
		{`$.events..detail.n`, `[1,2]`},
		{`byname[*]`, `[2,3,1]`},
		{`byname.*`, `[2,3,1]`},
		{`byname[?(@ > 1)]`, `[2,3]`},
		{`$.order.body.items[?(@.n == 3)] == order.body.items[0:1]`, `true`},
		// default
		{`default(vars.nope, 5)`, `5`},
		{`default(nothing_here.a.b[3], 'x')`, `"x"`},
		{`default(vars.none, 'x')`, `"x"`},
		{`default(vars.no, true)`, `false`},
		{`default(vars.empty, 'x')`, `""`},
		{`default(vars.n, nothing_here)`, `3`},
		{`default(order.body.items[7].sku, 'x')`, `"x"`},
		{`default(vars.stack.deeper, 'x')`, `"x"`},
		{`default(default(vars.a, vars.none), 2)`, `2`},
	}
	s := sample(t)
	for _, tt := range tests {
		if tt.want == "" {
			continue
		}
		t.Run(tt.source, func(t *testing.T) {
			got, err := eval(t, tt.source, s)
			if err != nil {
				t.Fatal(err)
			}
			text, err := compact(got)
			if err != nil {
				t.Fatal(err)
			}
			if want, _ := compact(decode(t, tt.want)); text != want {
				t.Errorf("got %s, want %s", text, want)
			}
		})
	}
}

func TestEvalErrors(t *testing.T) {
	tests := []struct {
		source  string
		want    []string
		missing bool
	}{
		{`vras.stack`, []string{`nothing is named "vras"`, `did you mean "vars"?`, "there are byname, env"}, true},
		{`$.vras.stack`, []string{`$ has no "vras"`, `did you mean "vars"?`}, true},
		{`vars.stakc`, []string{`vars has no "stakc"`, `did you mean "stack"?`, "it has a-b, big"}, true},
		{`$.vars.stakc`, []string{`$.vars has no "stakc"`}, true},
		{`$.vars['a-c']`, []string{`did you mean "a-b"?`}, true},
		{`order.body.items[3].sku`, []string{"order.body.items has 3 elements, so there is no [3]"}, true},
		{`$.order.body.items[3]`, []string{"has 3 elements, so there is no [3]"}, true},
		{`vars.tags[0]`, []string{"vars.tags has 0 elements"}, true},
		{`order.body.items[vars.n].sku`, []string{"has 3 elements, so there is no [3]"}, true},
		{`order.body.items[vars.n - 4]`, []string{"has 3 elements, so there is no [-1]", "indexes count from 0", "[length(@) - 1]"}, true},
		{`order.body.items[vars.f]`, []string{"an index is a whole number"}, false},
		{`order.body.items[vars.none]`, []string{"brackets hold an index or the name of a field, not null"}, false},
		{`order.body.items.sku`, []string{`order.body.items is a list and has no field "sku"`, "[*]"}, true},
		{`order.body[0]`, []string{"order.body is a document, so it has no element [0]"}, true},
		{`vars.stack.x`, []string{`vars.stack is text, so it has no field "x"`}, true},
		{`vars.none.x`, []string{`vars.none is null, so it has no field "x"`}, true},
		{`$.vras[*]`, []string{`$ has no "vras"`}, true},
		{`vars.stack[*]`, []string{"vars.stack is text, and only a list or a document holds something to select"}, true},
		{`$.vars.nope..x`, []string{`$.vars has no "nope"`}, true},
		{`order.body.items[?(@.n > "3")]`, []string{"number > text", "no order"}, false},
		{`order.body.items[?(@.n == vars.nope)]`, []string{`vars has no "nope"`}, true},
		{`order.body.items[?(@.n + 1)]`, []string{"a filter wants a boolean, got number"}, false},
		{`order.body.items[::vars.n - 3]`, []string{"the step of a slice cannot be 0"}, false},
		{`order.body.items["a":]`, []string{"whole numbers, not text"}, false},
		{`vars.stack + vars.n`, []string{`text + number: "+" joins text with text only; write text(x)`}, false},
		{`vars.n + vars.stack`, []string{`number + text`}, false},
		{`vars.n - vars.stack`, []string{`number - text: "-" wants two numbers; number(x)`}, false},
		{`vars.none + 1`, []string{"null + number"}, false},
		{`vars.n < vars.stack`, []string{"number < text", "no order"}, false},
		{`vars.yes < vars.no`, []string{"boolean < boolean"}, false},
		{`vars.n / (vars.n - 3)`, []string{"division by zero"}, false},
		{`vars.n % (vars.n - 3)`, []string{"division by zero"}, false},
		{`vars.n ** 2000`, []string{"exponent of **"}, false},
		{`vars.big ** 999`, []string{"too large"}, false},
		{`vars.n && true`, []string{`"&&" wants two booleans, its left side is number`}, false},
		{`true && vars.n`, []string{`its right side is number`}, false},
		{`vars.stack || true`, []string{`"||" wants two booleans`}, false},
		{`!vars.n`, []string{`"!" wants a boolean, got number`}, false},
		{`vars.n ? 1 : 2`, []string{"wants a boolean before"}, false},
		{`vars.nope ?? 1`, []string{`vars has no "nope"`}, true},
		{`vars.n in vars.stack`, []string{`"in" looks in a list`}, false},
		{`vars.n =~ "3"`, []string{`"=~" matches text`}, false},
		{`vars.stack =~ vars.n`, []string{"regular expression"}, false},
		{`vars.stack =~ ("(" + vars.empty)`, []string{"missing closing )"}, false},
		{`default(vars.n + vars.stack, 1)`, []string{"number + text"}, false},
		{`default(1, vars.nope) + vars.nope`, []string{`vars has no "nope"`}, true},
		{`default(vars.a, vars.b)`, []string{`vars has no "b"`}, true},
		{`1e2000 + vars.n`, []string{"too large or too long to calculate with"}, false},
	}
	s := sample(t)
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			e, err := Parse(tt.source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Eval(context.Background(), s)
			var evalErr *EvalError
			if !errors.As(err, &evalErr) {
				t.Fatalf("got %v, %v; want an EvalError", got, err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
			if !strings.HasPrefix(err.Error(), "${"+tt.source+"}: ") {
				t.Errorf("%q does not begin with the expression", err)
			}
			if evalErr.Missing != tt.missing {
				t.Errorf("Missing is %v", evalErr.Missing)
			}
		})
	}
}

func TestString(t *testing.T) {
	e, err := Parse("  vars.a + 1 ")
	if err != nil {
		t.Fatal(err)
	}
	if e.String() != "vars.a + 1" {
		t.Errorf("%q", e)
	}
}
