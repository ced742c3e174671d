package expr

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestTemplate(t *testing.T) {
	tests := []struct {
		source, want string
		whole        bool
		holes        int
	}{
		{``, `""`, false, 0},
		{`plain`, `"plain"`, false, 0},
		{`a $ b } {`, `"a $ b } {"`, false, 0},
		{`$${vars.n}`, `"${vars.n}"`, false, 0},
		{`$$${vars.n}`, `"$${vars.n}"`, false, 0},
		{`$$`, `"$$"`, false, 0},
		{`${vars.n}`, `3`, true, 1},
		{`${ vars.n }`, `3`, true, 1},
		{`${vars.big}`, `9007199254740993`, true, 1},
		{`${vars.yes}`, `true`, true, 1},
		{`${vars.none}`, `null`, true, 1},
		{`${vars.tags}`, `[]`, true, 1},
		{`${ {"a": 1}.a }`, `1`, true, 1},
		{`${"}"}`, `"}"`, true, 1},
		{`${'}'}`, `"}"`, true, 1},
		{`${"\"}"}`, `"\"}"`, true, 1},
		{`${"$${x}"}`, `"${x}"`, true, 1},
		{`${{"a": {"b": vars.n}}}`, `{"a":{"b":3}}`, true, 1},
		{` ${vars.n}`, `" 3"`, false, 1},
		{`${vars.n}${vars.n}`, `"33"`, false, 2},
		{`${vars.n}$${x}`, `"3${x}"`, false, 1},
		{`a ${vars.stack}-${vars.big} b`, `"a video-dev-9007199254740993 b"`, false, 2},
		{`n=${vars.price}`, `"n=1.50"`, false, 1},
		{`is ${vars.yes}`, `"is true"`, false, 1},
		{`x${vars.empty}x`, `"xx"`, false, 1},
		{`doc ${order.body.items[0]}`, `"doc {\"n\":3,\"sku\":\"A1\",\"tags\":[\"new\"]}"`, false, 1},
		{`list ${[1, "<&>"]}`, `"list [1,\"<&>\"]"`, false, 1},
		{`${vars.n}}`, `"3}"`, false, 1},
		{`{"id": "${scenario.id}"}`, `"{\"id\": \"s-1\"}"`, false, 1},
		{`${$.events.events[0]['detail-type']} ok`, `"done ok"`, false, 1},
	}
	s := sample(t)
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			tpl, err := ParseTemplate(tt.source)
			if err != nil {
				t.Fatal(err)
			}
			got, err := tpl.Eval(context.Background(), s)
			if err != nil {
				t.Fatal(err)
			}
			if !Equal(got, decode(t, tt.want)) {
				t.Errorf("got %#v, want %s", got, tt.want)
			}
			if tpl.Whole() != tt.whole || len(tpl.Holes()) != tt.holes {
				t.Errorf("whole %v, %d holes", tpl.Whole(), len(tpl.Holes()))
			}
			if text, ok := tpl.Constant(); ok != (tt.holes == 0) || ok && !Equal(text, got) {
				t.Errorf("constant %q, %v", text, ok)
			}
			for _, h := range tpl.Holes() {
				if !strings.HasPrefix(strings.TrimSpace(tt.source[h.Offset:]), h.Expr.String()) {
					t.Errorf("hole %q is not at %d", h.Expr, h.Offset)
				}
			}
		})
	}
}

func TestTemplateErrors(t *testing.T) {
	tests := []struct {
		source string
		offset int
		want   string
	}{
		{`${`, 0, `"${" is not closed with "}"`},
		{`ab ${vars.n`, 3, `for a literal "${" write "$${"`},
		{`ab ${"vars.n}`, 5, "is not closed"},
		{`ab ${(vars.n}`, 5, `'(' is not closed`},
		{`ab ${vars[{"a": 1]}`, 17, `should close`},
		{`ab ${}`, 5, "empty"},
		{`ab ${ }`, 5, "empty"},
		{`ab ${a b}`, 7, "unexpected b"},
		{`${vars.n} ${uper(x)}`, 12, "upper(s)"},
		{`${a ${b}}`, 4, `leave the inner`},
		{`${a +}`, 5, "ends too early"},
	}
	for _, tt := range tests {
		t.Run(tt.source, func(t *testing.T) {
			_, err := ParseTemplate(tt.source)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, tt.want) || syntax.Offset != tt.offset {
				t.Errorf("got %#v", err)
			}
		})
	}
	t.Run("null in text", func(t *testing.T) {
		tpl, err := ParseTemplate("a ${vars.none}")
		if err != nil {
			t.Fatal(err)
		}
		_, err = tpl.Eval(context.Background(), sample(t))
		var evalErr *EvalError
		if !errors.As(err, &evalErr) || !strings.Contains(err.Error(), "${vars.none}: the value is null") {
			t.Error(err)
		}
	})
	t.Run("missing name", func(t *testing.T) {
		tpl, err := ParseTemplate("a ${vars.n} ${vars.nope}")
		if err != nil {
			t.Fatal(err)
		}
		_, err = tpl.Eval(context.Background(), sample(t))
		var evalErr *EvalError
		if !errors.As(err, &evalErr) || !evalErr.Missing || evalErr.Expr != "vars.nope" {
			t.Error(err)
		}
	})
}
