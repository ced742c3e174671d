package expr

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
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
		{`order.body.items[0 - 1]`, []string{""}, false},
		{`order.body.items[vars.n - 4]`, []string{"indexes count from 0", "[length(@) - 1]"}, false},
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
				if strings.Contains(tt.source, "0 - 1") {
					return // constants are checked while parsing
				}
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

func TestParseErrors(t *testing.T) {
	tests := []struct {
		source string
		offset int
		want   string
	}{
		{``, 0, "empty"},
		{`  `, 0, "empty"},
		{`vars.`, 5, "ends too early"},
		{`1 +`, 3, "ends too early"},
		{`1 2`, 2, "unexpected 2"},
		{`a b`, 2, "unexpected b"},
		{`a and b`, 2, `"and" is not an operator; write "&&"`},
		{`not a`, 0, `write "!"`},
		{`(1`, 0, `'(' is not closed`},
		{`[1, {"a": 2]`, 11, `']' stands where '}' should close`},
		{`a)`, 1, "closes nothing"},
		{`"abc`, 0, `text that begins with " is not closed`},
		{`x + 'abc`, 4, `text that begins with ' is not closed`},
		{`"a\d"`, 2, "unknown escape"},
		{`"\ud83d"`, 1, "unknown escape"},
		{`uper("a")`, 0, `there is no function uper(); did you mean upper(s)?`},
		{`len("a")`, 0, "length(x) does that"},
		{`nothing_like_it(1)`, 0, "there are avg, base64"},
		{`1 + uper(x)`, 4, "uper()"},
		{`upper()`, 0, "upper() takes 1 argument, not 0"},
		{`upper("a", "b")`, 0, "upper() takes 1 argument, not 2"},
		{`date()`, 0, "1 argument or 2 arguments"},
		{`now(1)`, 0, "no arguments"},
		{`a.b(1)`, 3, "unexpected ("},
		{`012`, 0, "not a number as JSON writes it"},
		{`0x1F`, 0, "0x1F is not a number"},
		{`1_000`, 0, "1_000 is not a number"},
		{`1.`, 0, "not a number"},
		{`.5`, 0, "as in 0.5"},
		{`1 + .5`, 4, "as in 0.5"},
		{`a.0`, 2, "write [0]"},
		{`a = b`, 2, `write "=="`},
		{`a & b`, 2, `write "&&"`},
		{`a << b`, 2, "unexpected <"},
		{`a # b`, 2, "no comments"},
		{`a // b`, 3, "unexpected /"},
		{`a /* b */`, 3, "unexpected *"},
		{`“a”`, 0, "typographic quote"},
		{"a\u00a0b", 1, "U+00A0"},
		{"a\x00", 1, "U+0000"},
		{"\xff", 0, "U+FFFD"},
		{"'\xff'", 1, "not UTF-8"},
		{`"a" + 1`, 6, "joins text with text only"},
		{`1 / 0`, 4, "division by zero"},
		{`"a" =~ "("`, 7, "missing closing )"},
		{`a ? b`, 5, `expected ":"`},
		{`[1 2]`, 3, `unexpected 2; expected ","`},
		{`[1,]`, 3, "unexpected ]"},
		{`[,]`, 1, "unexpected ,"},
		{`{"a" 1}`, 5, `expected ":" after the key`},
		{`{a: 1}`, 1, `the keys of a document stand in quotes: {"a": …}`},
		{`{"a": 1, "a": 2}`, 9, "twice"},
		{`{"a": 1,}`, 8, "a key in quotes"},
		{`@.x`, 0, "only inside the brackets of a path"},
		{`items[]`, 6, "brackets are empty"},
		{`items[-1]`, 6, "[length(@) - 1]"},
		{`items[1.5]`, 6, "whole number"},
		{`items[true]`, 6, "not boolean"},
		{`items[1:2:3:4]`, 11, "a slice is"},
		{`items[1 2]`, 8, "unexpected 2"},
		{`items[*`, 5, "not closed"},
		{`items[* 1]`, 8, `"]" after "[*"`},
		{`items[?]`, 7, "unexpected ]"},
		{`items[1,]`, 8, "missing"},
		{`$.`, 2, "ends too early"},
		{`$x`, 1, "unexpected x"},
		{`$..`, 3, "ends too early"},
		{`a.'b'`, 2, "a['b c']"},
		{`${a}`, 0, "leave the inner"},
		{strings.Repeat("(", 100), 64, "brackets inside one another"},
		{strings.Repeat("1+", 1<<16) + "1", 0, "longer than"},
	}
	for _, tt := range tests {
		t.Run(shorten(tt.source), func(t *testing.T) {
			_, err := Parse(tt.source)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError", err)
			}
			if !strings.Contains(syntax.Msg, tt.want) {
				t.Errorf("%q lacks %q", syntax.Msg, tt.want)
			}
			if syntax.Offset != tt.offset {
				t.Errorf("offset %d, want %d: %s", syntax.Offset, tt.offset, syntax.Msg)
			}
		})
	}
}

func TestRefs(t *testing.T) {
	names := func(path ...string) Ref { return Ref{Path: path} }
	at := func(offset int, path ...string) Ref { return Ref{Path: path, Offset: offset} }
	optional := func(offset int, path ...string) Ref { return Ref{Path: path, Offset: offset, Optional: true} }
	tests := []struct {
		source string
		want   []Ref
	}{
		{`1 + 2`, nil},
		{`vars.stack`, []Ref{names("vars", "stack")}},
		{`vars['a-b'].c`, []Ref{names("vars", "a-b", "c")}},
		{`lifecycle.out[n].x`, []Ref{names("lifecycle", "out"), at(14, "n")}},
		{`lifecycle.out[0].x`, []Ref{names("lifecycle", "out")}},
		{`$.vars.stack`, []Ref{names("vars", "stack")}},
		{`$['vars']["x y"][*].z`, []Ref{names("vars", "x y")}},
		{`$.items[?(@.n == vars.n && @.m == $.b.c)].sku`, []Ref{names("items"), at(17, "vars", "n"), at(34, "b", "c")}},
		{`$`, []Ref{names()}},
		{`$..x`, []Ref{names()}},
		{`vars..x`, []Ref{names("vars")}},
		{`upper(vars.a) + lower(b)`, []Ref{at(6, "vars", "a"), at(22, "b")}},
		{`default(vars.a, vars.b) + vars.c`, []Ref{optional(8, "vars", "a"), at(16, "vars", "b"), at(26, "vars", "c")}},
		{`default(upper(default(a, b)), c)`, []Ref{optional(22, "a"), optional(25, "b"), at(30, "c")}},
		{`{"a": a.b}.a`, []Ref{at(6, "a", "b")}},
		{`x ? "a" : y`, []Ref{at(0, "x"), at(10, "y")}},
		{`  é.x + b`, []Ref{at(2, "é", "x"), at(9, "b")}},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			e, err := Parse(tt.source)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.Refs()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFiles(t *testing.T) {
	e, err := Parse(`file("a.txt") + render( 'b.json') + file(vars.x)`)
	if err != nil {
		t.Fatal(err)
	}
	want := []File{{Path: "a.txt", Offset: 5}, {Path: "b.json", Render: true, Offset: 24}}
	if diff := cmp.Diff(want, e.Files()); diff != "" {
		t.Error(diff)
	}
}

type lazyVars struct {
	fields map[string]func() (any, error)
	asked  []string
}

func (l *lazyVars) Field(name string) (any, bool, error) {
	f, ok := l.fields[name]
	if !ok {
		return nil, false, nil
	}
	l.asked = append(l.asked, name)
	v, err := f()
	return v, true, err
}

func (l *lazyVars) Fields() []string { return []string{"a", "b", "bad"} }

func TestLazyNames(t *testing.T) {
	vars := &lazyVars{fields: map[string]func() (any, error){
		"a":   func() (any, error) { return json.Number("1"), nil },
		"b":   func() (any, error) { return "b", nil },
		"bad": func() (any, error) { _, err := eval(t, "nothing_here", &Scope{}); return nil, err },
	}}
	s := &Scope{Names: map[string]any{"vars": vars}}
	t.Run("only what is asked for", func(t *testing.T) {
		got, err := eval(t, "vars.a + 1", s)
		if err != nil || !Equal(got, 2) {
			t.Fatal(got, err)
		}
		if !reflect.DeepEqual(vars.asked, []string{"a"}) {
			t.Errorf("asked for %v", vars.asked)
		}
	})
	t.Run("missing", func(t *testing.T) {
		if _, err := eval(t, "vars.bat", s); err == nil || !strings.Contains(err.Error(), `did you mean "bad"?`) {
			t.Error(err)
		}
	})
	t.Run("a failure is not a missing name", func(t *testing.T) {
		_, err := eval(t, "default(vars.bad, 1)", s)
		if err == nil || !strings.Contains(err.Error(), `vars.bad: ${nothing_here}: nothing is named "nothing_here"`) {
			t.Error(err)
		}
		if _, err := eval(t, "default(to_json(vars), 1)", s); err == nil {
			t.Error("default() hid it")
		}
	})
	t.Run("whole", func(t *testing.T) {
		delete(vars.fields, "bad")
		got, err := eval(t, "[vars, vars == {'a': 1, 'b': 'b'}, vars[*], $.vars, length(vars)]", s)
		if err != nil {
			t.Fatal(err)
		}
		doc := `{"a":1,"b":"b"}`
		if want := decode(t, `[`+doc+`,true,[1,"b"],`+doc+`,2]`); !Equal(got, want) {
			t.Errorf("got %v", got)
		}
	})
	t.Run("lookup goes first", func(t *testing.T) {
		s := &Scope{Names: map[string]any{"a": "names", "b": "names"}, Lookup: func(name string) (any, bool, error) {
			switch name {
			case "a":
				return "lookup", true, nil
			case "c":
				return nil, false, errors.New("broken")
			}
			return nil, false, nil
		}}
		if got, err := eval(t, "a + b", s); err != nil || got != "lookupnames" {
			t.Error(got, err)
		}
		if _, err := eval(t, "default(c, 1)", s); err == nil || !strings.Contains(err.Error(), "broken") {
			t.Error(err)
		}
	})
}

func TestBounds(t *testing.T) {
	tests := []struct{ source, want string }{
		{`range(1000001)`, "it goes from 0 to 1000000"},
		{`[range(1000000), range(1000000), range(1000000), range(1000000), range(1)]`, "values are visited"},
		{`range(2000)[?(length(range(1000000)) > 0)]`, "values are visited"},
		{`replace(join(split(text(range(1000000)), ","), "a"), "a", "` + strings.Repeat("b", 1000) + `")`, "longer than 64 MiB"},
		{`$..*..*..*..*..*..*..*..*`, "values are visited"},
	}
	deep := any("x")
	for range 60 {
		deep = map[string]any{"a": deep, "b": []any{"y"}}
	}
	s := &Scope{Names: map[string]any{"deep": deep}}
	for _, tt := range tests {
		t.Run(shorten(tt.source), func(t *testing.T) {
			_, err := eval(t, tt.source, s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Error(err)
			}
		})
	}
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		e, err := Parse("[1][?(true)]")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Eval(ctx, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
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
