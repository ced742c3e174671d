package assertions

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestDifferences(t *testing.T) {
	for _, c := range []struct {
		want, got string
		partial   bool
		diff      string
	}{
		{`1`, `1.0`, false, ``},
		{`1`, `2`, false, `$: expected 1, found 2`},
		{`1`, `"1"`, false, `$: expected 1 (number), found "1" (text)`},
		{`null`, `false`, false, `$: expected null, found false`},
		{`{"a":1}`, `{"a":1,"b":2}`, false, `b was not expected, found 2`},
		{`{"a":1}`, `{"a":1,"b":2}`, true, ``},
		{`{"a":1,"b":null}`, `{"a":1}`, true, `b is missing, expected null`},
		{`{"detail-type":1}`, `{"detail-type":2}`, true, `detail-type: expected 1, found 2`},
		{`{"a b":1}`, `{"a b":2}`, true, `$['a b']: expected 1, found 2`},
		{`{"x":{"it's \\":1}}`, `{"x":{}}`, true, `x['it\'s \\'] is missing, expected 1`},
		{`{"a":[{"b":1},2]}`, `{"a":[{"b":2},2]}`, true, `a[0].b: expected 1, found 2`},
		{`{"a":[1]}`, `{"a":[1,2]}`, true, `a[1] was not expected, found 2`},
		{`{"a":[1,2]}`, `{"a":[1]}`, false, `a[1] is missing, expected 2`},
		{`[1]`, `{"0":1}`, false, `$: expected [1], found {"0":1}`},
		{`[[1]]`, `[[2]]`, false, `$[0][0]: expected 1, found 2`},
	} {
		t.Run(fmt.Sprintf("%s %s %v", c.want, c.got, c.partial), func(t *testing.T) {
			if d := cmp.Diff(c.diff, sayDifferences(Differences(parse(t, c.want), parse(t, c.got), c.partial))); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestShow(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		{`{"b":[1,null,true,"<é>\n"],"a":{}}`, `{"a":{},"b":[1,null,true,"<é>\n"]}`},
		{`9007199254740993`, `9007199254740993`},
	} {
		if got := show(parse(t, c.doc)); got != c.want {
			t.Errorf("%s: %s", c.doc, got)
		}
	}
	deep := any("x")
	for range 10_000 {
		deep = []any{deep}
	}
	if n := len([]rune(show(deep))); n != shownLength+1 {
		t.Errorf("%d characters", n)
	}
}

// documents generates JSON documents. Mappings and lists are never empty, so
// that every part of one names something.
func documents() *rapid.Generator[any] {
	scalar := rapid.OneOf(
		rapid.Just[any](nil),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Map(rapid.String(), func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(i int64) any { return json.Number(fmt.Sprint(i)) }),
		rapid.Map(rapid.Float64Range(-1e6, 1e6), func(f float64) any { return json.Number(fmt.Sprintf("%g", f)) }),
	)
	var build func(depth int) *rapid.Generator[any]
	build = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		return rapid.OneOf(
			scalar,
			rapid.Map(rapid.SliceOfN(build(depth-1), 1, 4), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(rapid.StringN(0, 5, -1), build(depth-1), 1, 4), func(m map[string]any) any { return m }),
		)
	}
	return build(3)
}

func TestADocumentEqualsItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		if d := Differences(doc, doc, false); d != nil {
			t.Errorf("differs from itself: %v", d)
		}
		wrapped := map[string]any{"a": doc}
		c := Rule("a", "equals", doc).And(Rule("a", "one_of", []any{"other", doc})).And(Rule("$", "is", "object"))
		if _, unmet := c.Run(wrapped); unmet != nil {
			t.Error(messages(unmet))
		}
		if Rule("a", "not_equals", doc).Holds(wrapped) || Rule("a", "unique", true).Holds(map[string]any{"a": []any{doc, doc}}) {
			t.Error("is other than itself")
		}
	})
}

// part takes fields away from a document, never the last one.
func part(t *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, e := range v {
			if rapid.Bool().Draw(t, "keep") {
				out[k] = part(t, e)
			}
		}
		for k, e := range v {
			if len(out) == 0 {
				out[k] = part(t, e)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = part(t, e)
		}
		return out
	}
	return v
}

func TestAPartMatches(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		if d := Differences(part(t, doc), doc, true); d != nil {
			t.Errorf("a part does not match: %v", d)
		}
	})
}

// change puts another value into one leaf of a copy.
func change(t *rapid.T, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out, keys := map[string]any{}, []string{}
		for k, e := range v {
			out[k] = e
			keys = append(keys, k)
		}
		k := keys[rapid.IntRange(0, len(keys)-1).Draw(t, "key")]
		out[k] = change(t, out[k])
		return out
	case []any:
		out := append([]any(nil), v...)
		i := rapid.IntRange(0, len(out)-1).Draw(t, "index")
		out[i] = change(t, out[i])
		return out
	case json.Number:
		return v.String() // the same digits as text
	case string:
		return v + "x"
	case bool:
		return !v
	}
	return "null"
}

func TestAChangedLeafIsNeverEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		doc := documents().Draw(t, "doc")
		other := change(t, doc)
		for _, partial := range []bool{false, true} {
			if d := Differences(doc, other, partial); len(d) != 1 {
				t.Errorf("partial %v: %d differences: %v", partial, len(d), d)
			}
		}
		if Rule("a", "equals", doc).Holds(map[string]any{"a": other}) {
			t.Error("equals holds for another document")
		}
	})
}

// A check on a path that is missing holds only when it asks for just that.
func TestAMissingPathFailsEveryOperator(t *testing.T) {
	for _, o := range Operators() {
		t.Run(o.Name, func(t *testing.T) {
			if o.Name == "exists" {
				return
			}
			c := checksOf(t, o.Example)
			for _, doc := range []string{`{}`, `[]`, `null`, `""`, `{"other":1}`} {
				_, unmet := c.Run(parse(t, doc))
				if len(unmet) != 1 || !unmet[0].Missing {
					t.Errorf("%s: %+v", doc, unmet)
				}
			}
		})
	}
}
