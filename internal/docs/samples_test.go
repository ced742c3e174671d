package docs

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps/catalogue"
)

// orderJSON is the file that the page of functions speaks of.
const orderJSON = `{"sku": "A1", "quantity": ${vars.quantity}}`

// TestFunctionSamples evaluates what the page says of functions.
func TestFunctionSamples(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"order.json": orderJSON, "list.json": "[1, 2]"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	page, err := templates.ReadFile("pages/expressions.md")
	if err != nil || !regexp.MustCompile("```json\n"+regexp.QuoteMeta(orderJSON)+"\n```").Match(page) {
		t.Errorf("the page shows another order.json: %v", err)
	}
	scope := &expr.Scope{Dir: dir, Names: map[string]any{"vars": map[string]any{"quantity": json.Number("2")}}}
	for name, samples := range functionSamples {
		for _, s := range samples {
			t.Run(name, func(t *testing.T) {
				e, err := expr.Parse(s.source)
				if err != nil {
					t.Fatal(err)
				}
				got, err := e.Eval(t.Context(), scope)
				if err != nil {
					t.Fatal(err)
				}
				if s.gives == "" {
					return
				}
				want, err := schema.ParseJSON([]byte(s.gives))
				if err != nil || !expr.Equal(got, want) {
					t.Errorf("%s gives %v, not %v (%v)", s.source, got, want, err)
				}
			})
		}
	}
}

// TestMissingPaths holds what the page of checks says of them in words.
func TestMissingPaths(t *testing.T) {
	for _, c := range []struct {
		check, doc string
		want       bool
	}{
		{"list[*].field: {length: 0}", `{"list": []}`, true},
		{"list[*].field: {empty: true}", `{"list": []}`, true},
		{"list[*].field: {each: 1}", `{"list": []}`, false},
		{"list: {any: 1}", `{"list": []}`, false},
		{"list: {share: {where: 1, lt: 1}}", `{"list": []}`, false},
		{"nowhere: {not: {equals: 1}}", `{}`, false},
		{"nowhere: {not_equals: 1}", `{}`, false},
		{"nowhere: {not_contains: 1}", `{}`, false},
		{"nowhere: {length: 0}", `{}`, false},
		{"nowhere: {empty: true}", `{}`, false},
		{"nowhere: {exists: false}", `{}`, true},
		{"here: {exists: true}", `{"here": null}`, true},
	} {
		t.Run(c.check, func(t *testing.T) {
			var p schema.Problems
			var checks assertions.Checks
			checks.ReadNode(schema.ReadDocuments("check", []byte(c.check), &p)[0], &p)
			doc, err := schema.ParseJSON([]byte(c.doc))
			if err != nil || p.Err() != nil {
				t.Fatal(err, p.Err())
			}
			if got := checks.Holds(doc); got != c.want {
				t.Errorf("holds: %v", got)
			}
		})
	}
}

// TestEverythingIsDocumented finds keys, operators and functions without a word.
func TestEverythingIsDocumented(t *testing.T) {
	for name, typ := range shapes {
		for _, e := range catalogue.EntriesOf(schema.ShapeOf(typ)) {
			if e.Doc == "" {
				t.Errorf("%s: %s is not documented", name, e.Name)
			}
		}
	}
	for _, o := range assertions.Operators() {
		if o.Doc == "" || o.Example == "" {
			t.Errorf("the operator %s has no documentation or no example", o.Name)
		}
	}
	for _, f := range expr.Functions() {
		if f.Doc == "" || f.Signature == "" {
			t.Errorf("the function %s is not documented", f.Name)
		}
	}
}

func TestCell(t *testing.T) {
	for in, want := range map[string]string{
		"a|b":            `a\|b`,
		"* stands for x": `\* stands for x`,
		"`a_*` and b_c":  "`a_*` and b\\_c",
		"one\ntwo <x>":   `one two \<x\>`,
	} {
		if got := cell(in); got != want {
			t.Errorf("%q became %q, not %q", in, got, want)
		}
	}
}
