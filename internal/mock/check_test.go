package mock

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What does not fit is told place by place, in words, in paths as checks write
// them.
func TestCheck(t *testing.T) {
	const order = `{"type": "object", "required": ["id", "n"], "additionalProperties": false, "properties": {
		"id": {"type": "string", "format": "uuid"}, "n": {"type": "integer", "minimum": 1, "maximum": 9}, "s": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]+$"},
		"e": {"enum": ["a", "b"]}, "l": {"type": "array", "maxItems": 2, "uniqueItems": true, "items": {"type": "object", "required": ["a b"], "properties": {"a b": {"type": "number", "multipleOf": 0.5}}}},
		"v": {"oneOf": [{"type": "string"}, {"type": "string", "minLength": 3}, {"type": "boolean"}]}, "v2": {"oneOf": [{"properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, {"type": "object", "properties": {"a": {"type": "string"}}}]}, "none": {"type": "string", "nullable": true}, "any": {},
		"not": {"not": {"type": "string"}}, "o": {"type": "object", "minProperties": 2}, "a": {"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "d-t": {"type": "string", "format": "date-time"}}}`
	const good = `"id": "3f0c2c52-7d1c-4f2e-9a3b-0d9d1b6a4c11", "n": 1`
	s := read(t, part(order), "")
	for _, c := range []struct{ value, want string }{
		{`{` + good + `}`, ``},
		{`{` + good + `, "none": null, "any": null, "v": true, "l": [{"a b": 1.5}]}`, ``},
		{`5`, `$: it must be object, not number`},
		{`{}`, `$: it lacks id, n`},
		{`{` + good + `, "x": 1, "y": 2}`, `$: it may not have x, y`},
		{`{"id": "x", "n": 12.5}`, `id: "x" is no uuid; n: it must be integer, not number`},
		{`{` + good + `, "s": "A"}`, `s: "A" does not match the pattern "^[a-z]+$"; s: it has 1 characters, minLength is 2`},
		{`{` + good + `, "e": "<c&d>"}`, `e: "<c&d>" is none of "a","b"`},
		{`{` + good + `, "e": "c"}`, `e: "c" is none of "a","b"`},
		{`{` + good + `, "l": [{}, {"a b": 0.3}, {}]}`, `l: elements 0 and 2 are the same, which uniqueItems forbids; l: it has 3 elements, maxItems is 2; l[0]: it lacks a b; l[1]['a b']: 0.3 is no multiple of 0.5; l[2]: it lacks a b`},
		{`{` + good + `, "v": "long"}`, `v: it fits 2 of the schemas in oneOf, where it must fit exactly one`},
		{`{` + good + `, "v": 5}`, `v: it fits none of the schemas in oneOf (it must be string, not number; it must be string, not number; it must be boolean, not number)`},
		{`{` + good + `, "v2": {"b": 1, "a": 1}}`, `v2: it fits none of the schemas in oneOf (a it must be string, not number; a it must be string, not number)`},
		{`{` + good + `, "a": "x"}`, `a: it fits none of the schemas in anyOf (it must be integer, not string; it must be boolean, not string)`},
		{`{` + good + `, "not": "x"}`, `not: it fits the schema in not`},
		{`{` + good + `, "o": {"a": 1}}`, `o: it has 1 properties, minProperties is 2`},
		{`{` + good + `, "d-t": "yesterday"}`, `d-t: "yesterday" is no date-time`},
		{`{` + good + `, "any": 1e99999}`, `$: 1e99999 in it is too large or too long to calculate with`},
	} {
		t.Run(c.value, func(t *testing.T) {
			for range 10 { // in the same words each time
				var l []string
				for _, v := range s.Check(value(t, c.value)) {
					l = append(l, v.String())
				}
				if diff := cmp.Diff(c.want, strings.Join(l, "; ")); diff != "" {
					t.Fatal(diff)
				}
			}
		})
	}
}

// Numbers are compared by all their digits.
func TestCheckIsExact(t *testing.T) {
	s := read(t, schemaOf(d7, `{"maximum": 9007199254740992}`), "")
	if len(s.Check(value(t, `9007199254740993`))) != 1 || len(s.Check(value(t, `9007199254740992`))) != 0 {
		t.Error("digits are lost")
	}
}

// The form and the part are found, or are as they are asked for.
func TestRead(t *testing.T) {
	for _, c := range []struct{ name, text, part, good, bad string }{
		{"AWSEvent among others", event(`{"type": "object"}`), "", `{"detail-type":"a","resources":[],"detail":{},"id":"a","source":"a","time":"2024-01-01T00:00:00Z","region":"a","version":"0","account":"1"}`, `{}`},
		{"another part", event(`{"type": "integer"}`), "OrderPlaced", `5`, `"5"`},
		{"the only one", part(`{"type": "integer"}`), "", `5`, `"5"`},
		{"a JSON Schema", `{"type": "integer"}`, "", `5`, `"5"`},
		{"a definition", `{"type": "string", "definitions": {"n": {"type": "integer"}}}`, "n", `5`, `"5"`},
		{"draft-04 by default", `{"minimum": 5, "exclusiveMinimum": true}`, "", `6`, `5`},
		{"the draft it names", schemaOf(d2020, `{"prefixItems": [{"type": "integer"}]}`), "", `[5]`, `["5"]`},
		{"with a mark", "\ufeff" + part(`{"type": "integer"}`), "", `5`, `"5"`},
		{"listed twice, and an empty list", `{"properties": {"a": {"enum": [1, 1.0]}, "required": {"enum": [2]}}, "required": []}`, "", `{"a": 1}`, `{"a": 2}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := read(t, c.text, c.part)
			if wrong := s.Check(value(t, c.good)); len(wrong) > 0 {
				t.Errorf("%s: %v", c.good, wrong)
			}
			if len(s.Check(value(t, c.bad))) == 0 {
				t.Errorf("%s passes", c.bad)
			}
		})
	}
}

// Any text is read or refused, never more.
func FuzzRead(f *testing.F) {
	for _, text := range corpus(f) {
		f.Add(text)
	}
	for _, c := range wrongDocuments {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Read(text, Detected, "")
		if err != nil {
			return
		}
		v, err := s.Make(Options{Rand: seeded(1), Now: now})
		if err == nil && len(s.Check(v)) > 0 {
			t.Errorf("%s does not fit %s", show(v), text)
		}
	})
}

// What fits only because a pattern that cannot be read matches nothing does not
// surely fit.
func TestUnreadablePatternsLetNothingPass(t *testing.T) {
	for _, c := range []struct {
		name, text string
		fits       bool
	}{
		{"plain", `{"type": "string", "pattern": "^(?=a)"}`, false},
		{"in not", `{"type": "string", "not": {"pattern": "^(?=a)"}}`, false},
		{"in oneOf", `{"oneOf": [{"type": "string"}, {"type": "string", "pattern": "^(?=a)"}]}`, false},
		{"in anyOf beside what fits", `{"anyOf": [{"type": "string"}, {"type": "string", "pattern": "^(?=a)"}]}`, true},
		{"of another value", `{"type": "string", "x": {"pattern": "^(?=a)"}}`, true},
	} {
		for form, text := range map[string]string{"JSON Schema": schemaOf(d7, c.text), "OpenAPI": part(c.text)} {
			t.Run(c.name+" "+form, func(t *testing.T) {
				s, err := Read([]byte(text), Detected, "")
				if err != nil {
					t.Fatal(err)
				}
				if got := s.Check("abc"); (len(got) == 0) != c.fits || !c.fits && !strings.Contains(got[0].What, "looks ahead") {
					t.Errorf("%v", got)
				}
			})
		}
	}
}
