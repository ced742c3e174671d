package mock

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// part is an OpenAPI document of one schema.
func part(schema string, more ...string) string {
	all := `"Event":` + schema
	for i := 0; i+1 < len(more); i += 2 {
		all += `,"` + more[i] + `":` + more[i+1]
	}
	return `{"openapi":"3.0.0","info":{"title":"t","version":"1"},"paths":{},"components":{"schemas":{` + all + `}}}`
}

// draft is a JSON Schema.
func schemaOf(draft, rest string) string {
	return `{"$schema":"` + draft + `",` + strings.TrimPrefix(rest, "{")
}

const (
	d4    = "http://json-schema.org/draft-04/schema#"
	d7    = "http://json-schema.org/draft-07/schema#"
	d2020 = "https://json-schema.org/draft/2020-12/schema"
)

type wrongCase struct {
	name, text string
	form       Form
	part       string
	set        map[string]any
}

// wrongDocuments cannot be read.
var wrongDocuments = []wrongCase{
	{name: "empty", text: " \n"},
	{name: "not JSON", text: "{\n  \"openapi\": \"3.0.0\",\n  info: {}\n}"},
	{name: "YAML", text: "openapi: 3.0.0\ninfo: {}\n"},
	{name: "cut off", text: `{"openapi": "3.0.0"`},
	{name: "two documents", text: "{}\n{}"},
	{name: "a list", text: `[1, 2]`},
	{name: "Swagger", text: `{"swagger": "2.0"}`},
	{name: "unknown form", text: `{}`, form: "Avro"},
	{name: "no OpenAPI document", text: `{"type": "object"}`, form: OpenAPI3},
	{name: "no JSON Schema", text: part(`{}`), form: JSONSchema},
	{name: "version of OpenAPI", text: `{"openapi": "4.0.0"}`},
	{name: "unknown draft", text: `{"$schema": "http://json-schema.org/draft-05/schema#"}`},
	{name: "no components", text: `{"openapi": "3.0.0", "info": {}, "paths": {}}`},
	{name: "no schemas", text: `{"openapi": "3.0.0", "components": {"schemas": {}}}`},
	{name: "several schemas", text: part(`{}`, "Order", `{}`, "Invoice", `{}`)},
	{name: "unknown part", text: part(`{}`, "Order", `{}`, "Invoice", `{}`), part: "order"},
	{name: "unknown part far from all", text: part(`{}`, "Order", `{}`, "Invoice", `{}`), part: "Shipment"},
	{name: "unknown definition", text: `{"definitions": {"Order": {}}}`, part: "Ordr"},
	{name: "no definitions", text: `{"type": "object"}`, part: "Order"},
	{name: "ref to nothing", text: part(`{"properties": {"a": {"$ref": "#/components/schemas/Oder"}}}`, "Order", `{}`), part: "Event"},
	{name: "ref to a file", text: part(`{"properties": {"a": {"$ref": "order.json#/Order"}}}`)},
	{name: "ref to the network", text: `{"items": {"$ref": "https://example.com/order.json"}}`},
	{name: "ref to an unknown name", text: `{"items": {"$ref": "#order"}}`},
	{name: "ref that is no text", text: schemaOf(d2020, `{"items": {"$ref": 5}}`)},
	{name: "ref to itself", text: part(`{"$ref": "#/components/schemas/Event"}`)},
	{name: "refs in a circle", text: schemaOf(d4, `{"$ref": "#/definitions/a", "definitions": {"a": {"allOf": [{"$ref": "#/definitions/b"}]}, "b": {"anyOf": [{"$ref": "#/definitions/a"}, {"type": "string"}]}}}`)},
	{name: "unknown type", text: part(`{"properties": {"a": {"type": "int"}, "b": {"type": "strng"}, "c": {"type": ["string", "undefined"]}}}`)},
	{name: "wrong keywords", text: part(`{"properties": {"a": {"minLength": -1, "enum": "x"}}, "required": "a", "allOf": {}}`)},
	{name: "a schema that is none", text: part(`{"properties": {"a": "string"}}`)},
	{name: "required of draft-03", text: `{"properties": {"a": {"type": "string", "required": true}}}`},
}

// impossible schemas can be read, but no value fits.
var impossible = []wrongCase{
	{name: "minimum above maximum", text: part(`{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 3}}}`)},
	{name: "minimum above maximum in allOf", text: part(`{"type": "object", "required": ["n"], "properties": {"n": {"allOf": [{"type": "number", "minimum": 5}, {"maximum": 3}]}}}`)},
	{name: "exclusive bounds that touch", text: schemaOf(d7, `{"type": "number", "exclusiveMinimum": 3, "maximum": 3}`)},
	{name: "no whole number", text: schemaOf(d4, `{"type": "integer", "minimum": 1.2, "maximum": 1.8}`)},
	{name: "no multiple", text: schemaOf(d4, `{"type": "integer", "minimum": 8, "maximum": 13, "multipleOf": 7}`)},
	{name: "lengths", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "minLength": 5, "maxLength": 3}}}`)},
	{name: "pattern longer than maxLength", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "pattern": "^ORD-[0-9]{8}$", "maxLength": 10}}}`)},
	{name: "pattern shorter than minLength", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "pattern": "^[a-z]{2}$", "minLength": 3}}}`)},
	{name: "two patterns", text: schemaOf(d4, `{"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "^b"}]}`)},
	{name: "pattern and format", text: schemaOf(d4, `{"type": "string", "pattern": "^x$", "format": "ipv4"}`)},
	{name: "a lookahead", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "pattern": "^(?=.*[0-9])[a-z0-9]+$"}}}`)},
	{name: "a back reference", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "pattern": "^(a|b)\\1$"}}}`)},
	{name: "a broken pattern", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "pattern": "^[a-z"}}}`)},
	{name: "enum of another type", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "enum": [1, 2]}}}`)},
	{name: "enum that does not fit", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "enum": ["a", "b"], "minLength": 2}}}`)},
	{name: "enums without a common value", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"allOf": [{"enum": ["a"]}, {"enum": ["b"]}]}}}`)},
	{name: "types in allOf", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"allOf": [{"type": "string"}, {"type": "integer"}]}}}`)},
	{name: "type and not", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "not": {"type": "string"}}}}`)},
	{name: "not everything", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"not": {}}}}`)},
	{name: "required but forbidden", text: part(`{"allOf": [{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}, {"required": ["b"], "properties": {"b": {"type": "string"}}}]}`)},
	{name: "required but false", text: schemaOf(d7, `{"type": "object", "required": ["a"], "properties": {"a": false}}`)},
	{name: "the schema false", text: schemaOf(d7, `{"type": "array", "minItems": 1, "items": false}`)},
	{name: "endless", text: part(`{"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/Event"}}}`)},
	{name: "endless in a circle", text: part(`{"type": "object", "required": ["b"], "properties": {"b": {"$ref": "#/components/schemas/B"}}}`, "B", `{"type": "array", "minItems": 1, "items": {"$ref": "#/components/schemas/Event"}}`), part: "Event"},
	{name: "endless in every alternative", text: part(`{"oneOf": [{"$ref": "#/components/schemas/A"}, {"$ref": "#/components/schemas/B"}]}`, "A", `{"type": "object", "required": ["x"], "properties": {"x": {"$ref": "#/components/schemas/Event"}}}`, "B", `{"type": "object", "required": ["y"], "properties": {"y": {"$ref": "#/components/schemas/Event"}}}`), part: "Event"},
	{name: "oneOf that always fits twice", text: schemaOf(d4, `{"oneOf": [{"type": "string"}, {"type": "string", "minLength": 1}, {"maxLength": 0, "type": "string"}]}`)},
	{name: "anyOf without a way", text: schemaOf(d4, `{"type": "string", "anyOf": [{"type": "integer"}, {"type": "object"}]}`)},
	{name: "items", text: schemaOf(d4, `{"type": "array", "minItems": 3, "maxItems": 2}`)},
	{name: "unique items", text: schemaOf(d4, `{"type": "object", "required": ["l"], "properties": {"l": {"type": "array", "minItems": 3, "uniqueItems": true, "items": {"enum": ["a", "b"]}}}}`)},
	{name: "unique booleans", text: schemaOf(d4, `{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "boolean"}}`)},
	{name: "unique numbers", text: schemaOf(d4, `{"type": "array", "minItems": 3, "uniqueItems": true, "items": {"type": "integer", "minimum": 1, "maximum": 2}}`)},
	{name: "tuple", text: schemaOf(d4, `{"type": "array", "minItems": 3, "items": [{"type": "string"}, {"type": "string"}], "additionalItems": false}`)},
	{name: "contains", text: schemaOf(d2020, `{"type": "array", "contains": {"const": 1}, "minContains": 3, "maxItems": 2}`)},
	{name: "contains against items", text: schemaOf(d7, `{"type": "array", "items": {"type": "string"}, "contains": {"type": "integer"}}`)},
	{name: "properties counted", text: schemaOf(d4, `{"type": "object", "required": ["a", "b"], "maxProperties": 1}`)},
	{name: "too few properties", text: schemaOf(d4, `{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false, "minProperties": 2}`)},
	{name: "names", text: schemaOf(d7, `{"type": "object", "required": ["lower"], "propertyNames": {"pattern": "^[A-Z]+$"}}`)},
	{name: "deep", text: part(`{"type": "object", "required": ["a"], "properties": {"a": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["b-c"], "properties": {"b-c": {"type": "integer", "minimum": 2, "maximum": 1}}}}}}`)},
	{name: "a huge text", text: schemaOf(d4, `{"type": "string", "minLength": 100000000}`)},
	{name: "a huge list", text: schemaOf(d4, `{"type": "array", "minItems": 1000000}`)},

	{name: "a lookahead in not", text: schemaOf(d7, `{"type": "object", "required": ["s"], "properties": {"s": {"type": "string", "not": {"pattern": "^(?=a)"}}}}`)},
	{name: "a lookahead in oneOf", text: part(`{"type": "object", "required": ["s"], "properties": {"s": {"oneOf": [{"type": "string", "maxLength": 40}, {"type": "string", "pattern": "^(?=a)"}]}}}`)},

	{name: "an optional property", text: part(`{"type": "object", "properties": {"o": {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 3}}}, "s": {"type": "string", "pattern": "(?!x)"}}}`)},
	{name: "an optional lookahead", text: part(`{"type": "object", "properties": {"s": {"type": "string", "pattern": "(?!x)"}}}`)},
	{name: "set a minimum above a maximum", text: part(`{"type": "object", "properties": {"n": {"type": "integer", "minimum": 5, "maximum": 3}}}`), set: map[string]any{"n": 4}},
	{name: "set to what does not fit", text: part(`{"type": "object", "properties": {"n": {"type": "integer"}, "s": {"enum": ["a", "b"]}}}`), set: map[string]any{"n": "x", "s": "c"}},
	{name: "set what is forbidden", text: part(`{"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": false}`), set: map[string]any{"b": 1}},
	{name: "set below text", text: part(`{"type": "object", "properties": {"a": {"type": "string"}}}`), set: map[string]any{"a.b": 1}},
	{name: "set a wildcard", text: part(`{"type": "object"}`), set: map[string]any{"a[*].b": 1, "..c": 2}},
	{name: "set a path that is none", text: part(`{"type": "object"}`), set: map[string]any{"a[": 1}},
	{name: "set beyond a list", text: part(`{"type": "object", "properties": {"a": {"type": "array", "maxItems": 2, "items": {"type": "string"}}}}`), set: map[string]any{"a[2]": "x"}},
	{name: "set too far into a list", text: part(`{"type": "object"}`), set: map[string]any{"a[2000000]": 1, "b[length(@) - 1]": 2}},
	{name: "set more than a tuple has", text: schemaOf(d2020, `{"type": "object", "properties": {"a": {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": false}}}`), set: map[string]any{"a[2]": 1}},
	{name: "several places", text: schemaOf(d7, `{"type": "object", "required": ["n", "s", "o", "l"], "properties": {
  "n": {"type": "integer", "minimum": 5, "maximum": 3}, "s": {"type": "string", "pattern": "(?!x)"}, "o": {"$ref": "#/definitions/o"},
  "l": {"type": "array", "minItems": 2, "items": {"$ref": "#/definitions/o"}}}, "definitions": {"o": {"type": "object", "required": ["a"], "properties": {"a": {"allOf": [{"type": "string"}, {"type": "number"}]}}}}}`)},
	{name: "set twice", text: part(`{"type": "object"}`), set: map[string]any{"a.b": 1, "$.a['b']": 2}},
	{name: "set a name and an element", text: part(`{"type": "object"}`), set: map[string]any{"a.b": 1, "a[0]": 2}},
	{name: "set an alternative that is none", text: part(`{"type": "object", "required": ["v"], "properties": {"v": {"oneOf": [{"type": "object", "properties": {"kind": {"enum": ["a"]}}}, {"type": "object", "properties": {"kind": {"enum": ["b"]}}}]}}}`), set: map[string]any{"v.kind": "c"}},
}

// What is wrong with a schema is said in words; the golden file shows them all.
func TestWrong(t *testing.T) {
	var b strings.Builder
	for _, c := range append(append([]wrongCase{}, wrongDocuments...), impossible...) {
		t.Run(c.name, func(t *testing.T) {
			s, err := Read([]byte(c.text), c.form, c.part)
			if err == nil {
				for seed := range uint64(5) { // the reason depends on no chance
					_, e := s.Make(Options{Rand: seeded(seed), Now: now, Set: c.set})
					if e == nil {
						t.Fatalf("seed %d: a value was made", seed)
					}
					if err == nil {
						err = e
					}
				}
			}
			set := ""
			if c.set != nil {
				set = fmt.Sprintf("set: %s\n", show(c.set))
			}
			fmt.Fprintf(&b, "== %s\n%s\n%s-> %v\n\n", c.name, c.text, set, err)
		})
	}
	const file = "testdata/wrong.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Error(diff)
	}
}
