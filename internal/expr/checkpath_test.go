package expr

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

const sampleResult = `{
	"status": "SUCCEEDED", "none": null, "count": 0, "text": "abc",
	"headers": {"content-type": "text/html", "x": "1", "2xx": true},
	"body": {"items": [{"sku": "A1", "n": 3}, {"sku": "B2", "n": 9007199254740993}, {"n": 1}], "empty": [], "map": {"b": 2, "a": 1}},
	"events": [{"detail-type": "done", "detail": {"n": 3}}, {"detail-type": "open", "detail": {}}]
}`

func TestPath(t *testing.T) {
	const missing = "missing"
	tests := []struct {
		path, want string
		many       bool
		leading    []string
	}{
		{`status`, `"SUCCEEDED"`, false, []string{"status"}},
		{`$.status`, `"SUCCEEDED"`, false, []string{"status"}},
		{` status `, `"SUCCEEDED"`, false, []string{"status"}},
		{`['status']`, `"SUCCEEDED"`, false, []string{"status"}},
		{`none`, `null`, false, []string{"none"}},
		{`count`, `0`, false, []string{"count"}},
		{`headers.content-type`, `"text/html"`, false, []string{"headers", "content-type"}},
		{`headers['content-type']`, `"text/html"`, false, []string{"headers", "content-type"}},
		{`$.headers["content-type"]`, `"text/html"`, false, []string{"headers", "content-type"}},
		{`headers['2xx']`, `true`, false, []string{"headers", "2xx"}},
		{`events[0].detail-type`, `"done"`, false, []string{"events"}},
		{`$.events[0]['detail-type']`, `"done"`, false, []string{"events"}},
		{`body.items[0].sku`, `"A1"`, false, []string{"body", "items"}},
		{`body.items[length(@) - 1].n`, `1`, false, []string{"body", "items"}},
		{`body.items[*].sku`, `["A1","B2"]`, true, []string{"body", "items"}},
		{`$.body.items[*].n`, `[3,9007199254740993,1]`, true, []string{"body", "items"}},
		{`body.items[?(@.n == 9007199254740993)].sku`, `["B2"]`, true, []string{"body", "items"}},
		{`events[?(@['detail-type'] == "done")].detail.n`, `[3]`, true, []string{"events"}},
		{`events[?(@.detail.n == $.body.items[0].n)].detail-type`, `["done"]`, true, []string{"events"}},
		{`body.map.*`, `[1,2]`, true, []string{"body", "map"}},
		{`body.items[-1:].n`, `[1]`, true, []string{"body", "items"}},
		{`..sku`, ``, true, nil},
		{`$..sku`, `["A1","B2"]`, true, nil},
		{`true`, missing, false, []string{"true"}},
		{`staus`, missing, false, []string{"staus"}},
		{`status.x`, missing, false, []string{"status", "x"}},
		{`none.x`, missing, false, []string{"none", "x"}},
		{`status[0]`, missing, false, []string{"status"}},
		{`body.items[3].sku`, missing, false, []string{"body", "items"}},
		{`body.empty[length(@) - 1]`, missing, false, []string{"body", "empty"}},
		{`body.items[0 - $.body.items[2].n]`, missing, false, []string{"body", "items"}},
		{`body.items.sku`, missing, false, []string{"body", "items", "sku"}},
		{`body[0]`, missing, false, []string{"body"}},
		{`body.empty[*]`, `[]`, true, []string{"body", "empty"}},
		{`body.items[*].nope`, `[]`, true, []string{"body", "items"}},
		{`body.itmes[*]`, missing, true, []string{"body", "itmes"}},
		{`status[*]`, missing, true, []string{"status"}},
	}
	doc := decode(t, sampleResult)
	for _, tt := range tests {
		if tt.want == "" {
			continue
		}
		t.Run(tt.path, func(t *testing.T) {
			p, err := ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			got, found, err := p.Get(doc)
			if err != nil {
				t.Fatal(err)
			}
			if wantFound := tt.want != missing && tt.want != "[]"; found != wantFound {
				t.Errorf("found %v: %v", found, got)
			}
			if tt.want == missing {
				if got != nil {
					t.Errorf("got %v", got)
				}
			} else if !Equal(got, decode(t, tt.want)) {
				t.Errorf("got %v, want %s", got, tt.want)
			}
			if p.Many() != tt.many {
				t.Errorf("many %v", p.Many())
			}
			if !slices.Equal(p.Leading(), tt.leading) {
				t.Errorf("leading %q", p.Leading())
			}
			if p.String() != strings.TrimSpace(tt.path) {
				t.Errorf("string %q", p)
			}
		})
	}
	t.Run("$", func(t *testing.T) {
		p, err := ParsePath("$")
		if err != nil {
			t.Fatal(err)
		}
		if got, found, err := p.Get(doc); !found || err != nil || !Equal(got, doc) {
			t.Error(got, found, err)
		}
	})
	t.Run("list", func(t *testing.T) {
		p, err := ParsePath("[1].a")
		if err != nil {
			t.Fatal(err)
		}
		if got, found, err := p.Get(decode(t, `[0, {"a": 7}]`)); !found || err != nil || !Equal(got, 7) {
			t.Error(got, found, err)
		}
	})
}

func TestPathErrors(t *testing.T) {
	parse := []struct {
		path   string
		offset int
		want   string
	}{
		{``, 0, "$ is the whole result"},
		{`a b`, 2, "the end of the path"},
		{`a + b`, 2, `unexpected "+"`},
		{`a == 1`, 2, `unexpected "=="`},
		{`"a"`, 0, "expected a path such as"},
		{`3`, 0, "expected a path"},
		{`..a`, 0, "expected a path"},
		{`a.`, 2, "ends too early"},
		{`a.2xx`, 2, `["0a"]`},
		{`a[`, 1, "not closed"},
		{`a[-1]`, 2, "[length(@) - 1]"},
		{`a[b]`, 2, "knows no names"},
		{`events[?(@.detail-type == "x")]`, 18, "@['a-b']"},
		{`a[?(@.n == vars.n)]`, 11, "knows no names"},
		{`a[?(@.n == file("x"))]`, 11, "file() cannot be used"},
		{`a[?(uper(@) == "x")]`, 4, "upper(s)"},
		{`a()`, 1, "a check's path calls no functions"},
		{`@.a`, 0, "expected a path"},
	}
	for _, tt := range parse {
		t.Run(tt.path, func(t *testing.T) {
			_, err := ParsePath(tt.path)
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Msg, tt.want) || syntax.Offset != tt.offset {
				t.Errorf("got %#v", err)
			}
		})
	}
	get := []struct{ path, want string }{
		{`body.items[?(@.n > "3")]`, `body.items[?(@.n > "3")]: number > text`},
		{`body.items[?(@.sku)][$.none]`, "not null"},
	}
	for _, tt := range get {
		t.Run(tt.path, func(t *testing.T) {
			p, err := ParsePath(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			v, found, err := p.Get(decode(t, sampleResult))
			var evalErr *EvalError
			if !errors.As(err, &evalErr) || !strings.Contains(err.Error(), tt.want) || found {
				t.Error(v, found, err)
			}
		})
	}
}

func TestPathKeys(t *testing.T) {
	for _, c := range []struct {
		path string
		want []any // nil: the path may lead to many places
	}{
		{"$", []any{}},
		{"detail.state", []any{"detail", "state"}},
		{"$.detail.items[0].id", []any{"detail", "items", 0, "id"}},
		{"['detail-type']", []any{"detail-type"}},
		{"$['a b'][2][3]", []any{"a b", 2, 3}},
		{"a[1 + 1]", []any{"a", 2}},
		{"a[*]", nil},
		{"a.*", nil},
		{"a..b", nil},
		{"a[0:2]", nil},
		{"a[0, 1]", nil},
		{"a[?(@.b == 1)]", nil},
		{"a[length(@) - 1]", nil},
		{"a[99999999999]", nil},
	} {
		t.Run(c.path, func(t *testing.T) {
			p, err := ParsePath(c.path)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := p.Keys()
			if ok != (c.want != nil) || ok && !slices.Equal(got, c.want) {
				t.Errorf("%v %v, want %v", got, ok, c.want)
			}
		})
	}
}
