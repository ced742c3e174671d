package expr

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

var seeds = []string{
	`vars.stack`, `$.order.body.items[?(@.n == 3)].sku`, `default(vars.x, 'y') + "é\u00e9"`, `1 + 2 * -3 ** 2`, `{"a": [1, {"b": 2}]}.a[1]`,
	`a ? b : c ?? d`, `x =~ "^a" && !y || z in [1, 2]`, `$..a[*]..b[-1:]`, `range(3)[1:2:1]`, `percentile($.order.body.items[*].n, 95)`,
	`byname[length(@) - 1]`, "`raw`", `1e999999999`, `"a" + 1`, `events[0]['detail-type']`, `a.**'x'`, `!~!~'a'`, `[??`, `$.a.* * 2`, `1.5.2`,
	`{{ vars.n }}`, `'$${a}' + "${b}"`, `vars.n?.x`, `vars.stack | upper`, `vars.a-b.c-d`, `vars.stack.upper().x()`, `x not in [1] and y`, `vars.tags[length(@) - 1]`,
}

// reasonable bounds what a fuzzed evaluation may take on a busy machine.
const reasonable = 20 * time.Second

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	scope := sample(f)
	f.Fuzz(func(t *testing.T, source string) {
		e, err := Parse(source)
		if err != nil {
			checkSyntaxError(t, err, source)
			return
		}
		for _, r := range e.Refs() {
			if r.Offset < 0 || r.Offset >= len(source) {
				t.Errorf("%+v is outside", r)
			}
			if len(r.Path) > 0 && source[r.Offset] != '$' && !strings.HasPrefix(source[r.Offset:], r.Path[0]) {
				t.Errorf("%+v is not there", r)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), reasonable)
		defer cancel()
		v, err := e.Eval(ctx, scope)
		checkValue(t, v, err)
		if ctx.Err() != nil {
			t.Error("took too long")
		}
	})
}

func FuzzTemplate(f *testing.F) {
	for _, s := range seeds {
		f.Add("a ${" + s + "} $${b} ${" + s + "}")
		f.Add("${" + s + "}")
	}
	scope := sample(f)
	f.Fuzz(func(t *testing.T, source string) {
		tpl, err := ParseTemplate(source)
		if err != nil {
			checkSyntaxError(t, err, source)
			return
		}
		if text, ok := tpl.Constant(); ok != (len(tpl.Holes()) == 0) || ok && strings.ReplaceAll(source, "$${", "${") != text {
			t.Errorf("constant %q, %v", text, ok)
		}
		v, err := tpl.Eval(t.Context(), scope)
		checkValue(t, v, err)
		if _, isText := v.(string); err == nil && !isText && !tpl.Whole() {
			t.Errorf("text with holes became %T", v)
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	for _, s := range []string{`headers.content-type`, `$.body.items[*].sku`, `$`, `[0].a-b`, `a..b-c[1,2]`} {
		f.Add(s)
	}
	doc := decode(f, sampleResult)
	f.Fuzz(func(t *testing.T, source string) {
		p, err := parsePath(source)
		if err != nil {
			checkSyntaxError(t, err, source)
			return
		}
		v, found, err := p.Get(doc)
		checkValue(t, v, err)
		if found && err != nil || !found && err == nil && v != nil && len(v.([]any)) > 0 {
			t.Errorf("found %v, %v, %v", found, v, err)
		}
		if list, isList := v.([]any); p.Many() && err == nil && v != nil && (!isList || found != (len(list) > 0)) {
			t.Errorf("many: %v, %v", found, v)
		}
	})
}

func checkSyntaxError(t *testing.T, err error, source string) {
	t.Helper()
	var syntax *SyntaxError
	if !errors.As(err, &syntax) {
		t.Fatalf("%T: %v", err, err)
	}
	if syntax.Offset < 0 || syntax.Offset > len(source) || syntax.Msg == "" {
		t.Errorf("%#v in %q", syntax, source)
	}
}

// checkValue holds a result to what the package promises: a plain document or
// an EvalError.
func checkValue(t *testing.T, v any, err error) {
	t.Helper()
	if err != nil {
		var evalErr *EvalError
		if !errors.As(err, &evalErr) || evalErr.Msg == "" {
			t.Fatalf("%T: %v", err, err)
		}
		return
	}
	checkPlain(t, v)
}

func checkPlain(t *testing.T, v any) {
	t.Helper()
	switch x := v.(type) {
	case nil, bool, string:
	case json.Number:
		if !isNumberText(string(x)) {
			t.Errorf("%q is no JSON number", x)
		}
	case []any:
		for _, e := range x {
			checkPlain(t, e)
		}
	case map[string]any:
		for _, e := range x {
			checkPlain(t, e)
		}
	default:
		t.Errorf("%T is no JSON value", v)
	}
}
