package expr

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

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
		{`a.b(1)`, 2, "there are no methods"},
		{`012`, 0, "not a number as JSON writes it"},
		{`0x1F`, 0, "0x1F is not a number"},
		{`1_000`, 0, "1_000 is not a number"},
		{`1.`, 0, "not a number"},
		{`.5`, 0, "as in 0.5"},
		{`1 + .5`, 4, "as in 0.5"},
		{`a.0`, 2, "write [0]"},
		{`a = b`, 2, `write "=="`},
		{`a & b`, 2, `write "&&"`},
		{`a << b`, 2, `unexpected "<"`},
		{`a # b`, 2, "no comments"},
		{`a // b`, 2, "no comments"},
		{`a /* b */`, 2, "no comments"},
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
		{`[1,]`, 3, `a value is missing between "," and "]"`},
		{`[,]`, 1, `unexpected ","`},
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
		{`items[?]`, 7, `unexpected "]"`},
		{`items[1,]`, 8, "missing"},
		{`$.`, 2, "ends too early"},
		{`$x`, 0, "write x, or $.x"},
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
