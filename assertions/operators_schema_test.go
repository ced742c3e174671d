package assertions

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

// Schemas that are wrong, each at the place of what is wrong.
func TestSchemasThatAreWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"5", "1:5: schema takes a JSON Schema, such as {type: object, required: [id]}, the path of a file with one, or one of a registry, such as {registry: shop, name: OrderPlaced}, found the number 5"},
		{`""`, `1:5: schema takes a JSON Schema, such as {type: object, required: [id]}, the path of a file with one, or one of a registry, such as {registry: shop, name: OrderPlaced}, found the text ""`},
		{"[{type: string}]", "1:5: schema takes a JSON Schema, such as {type: object, required: [id]}, the path of a file with one, or one of a registry, such as {registry: shop, name: OrderPlaced}, found a list"},
		{"https://example.com/a.json", "1:5: nothing is read from the network: save the schema in a file beside this one and write its name"},
		// nothing is checked
		{"{}", nothingChecked},
		{"true", "1:5: nothing is checked: the schema true lets everything through; to expect that something is there write exists: true"},
		{"false", "1:5: the schema false lets nothing through; to expect that nothing is there write exists: false"},
		{"{title: x, x-mine: {a: 1}}", nothingChecked},
		{"{$ref: '#'}", nothingChecked},
		{"{allOf: [{$ref: '#/definitions/a'}], definitions: {a: {anyOf: [{type: string}, {}]}}}", nothingChecked + `, or check with what it defines: schema: {$ref: "#/definitions/a"}`},
		{"{properties: {a: {}, b: true}, additionalProperties: true, minItems: 0, required: [], uniqueItems: false, if: {type: string}, then: {}}", nothingChecked},
		// keywords
		{"{openapi: 3.0.0, info: {title: t}, paths: {}, components: {}}", `1:6: this is an OpenAPI document, and this check takes a JSON Schema: write the schema that is meant into a file of its own, or name it in a registry, such as {registry: shop, name: OrderPlaced}`},
		{"{type: object, requird: [id]}", `1:20: unknown keyword "requird" of JSON Schema 2020-12; did you mean "required"?`},
		{"{properties: {a: {allOf: [{not: {minlength: 1}}]}}}", `1:38: unknown keyword "minlength" of JSON Schema 2020-12; did you mean "minLength"?`},
		{"{$defs: {a: {typ: string}}, type: object}", `1:18: unknown keyword "typ" of JSON Schema 2020-12; did you mean "type"?`},
		{"{type: object, status: {type: string}}", `1:20: unknown keyword "status" of JSON Schema 2020-12; to describe a property of that name write properties: {status: …}`},
		{"{type: object, owner: me}", `1:20: unknown keyword "owner" of JSON Schema 2020-12; a note of your own begins with x-`},
		{"{type: string, nullable: true}", `1:20: unknown keyword "nullable" of JSON Schema 2020-12; it is OpenAPI's; write type: [the type, "null"]`},
		{"{items: {}, additionalItems: false}", `1:17: "additionalItems" is not a keyword of JSON Schema 2020-12: draft-04 to 2019-09 have it; write items beside prefixItems`},
		{"{id: x, type: string}", `1:6: "id" is not a keyword of JSON Schema 2020-12: draft-04 alone has it; write $id`},
		{"{$schema: 'http://json-schema.org/draft-07/schema#', prefixItems: [{}], $defs: {}}", `1:58: "prefixItems" is not a keyword of JSON Schema draft-07: 2020-12 alone has it; write items: [the schemas]` + "\n" +
			`1:77: "$defs" is not a keyword of JSON Schema draft-07: 2019-09 and later have it; write definitions`},
		{"{$schema: 'http://json-schema.org/draft-04/schema#', const: 5}", `1:58: "const" is not a keyword of JSON Schema draft-04: draft-06 and later have it; write enum: [the value]`},
		{"{$schema: 'http://json-schema.org/draft-03/schema#', type: string}", `1:15: $schema names the draft, such as https://json-schema.org/draft/2020-12/schema; known are draft-04, draft-06, draft-07, 2019-09, 2020-12; found the text "http://json-schema.org/draft-03/schema#"`},
		{"{properties: {a: {$schema: 'http://json-schema.org/draft-07/schema#', type: string}}}", "1:23: $schema belongs to the top of a file: one file holds schemas of one draft"},
		// values
		{"{type: obect}", `1:12: unknown type "obect"; did you mean "object"?`},
		{"{type: int}", `1:12: unknown type "int"; did you mean "integer"?`},
		{"{type: whatever}", `1:12: unknown type "whatever"; known are null, boolean, number, integer, string, array, object`},
		{"{type: [string, null]}", `1:21: type takes the names of types, found null; to mean the type write "null" in quotes`},
		{"{type: []}", "1:12: type takes a type or a list of them, found an empty list"},
		{"{type: [string, string]}", `1:21: type names "string" twice`},
		{"{type: }", `1:12: nothing stands after "type:"; write null to mean null`},
		{"{const: }", `1:13: nothing stands after "const:"; write null to mean null`},
		{"{const: {a: }}", `1:17: const: nothing stands after "a:"; write null to mean null`},
		{"{const: 1e999}", "1:13: const: 1e999 is too large or too long to calculate with"},
		{"{enum: []}", "1:12: enum takes a list of values, found an empty list"},
		{"{enum: a}", `1:12: enum takes a list of values, found the text "a"; write [a]`},
		{"{required: name}", `1:16: required takes a list of names, found the text "name"; write [name]`},
		{"{required: [a, a, 5]}", `1:20: required names "a" twice` + "\n" + `1:23: required takes names, found the number 5; to mean the text write "5"`},
		{"{properties: {a: {required: true}}}", "1:33: required takes a list of names and stands beside properties, not inside one of them, found true"},
		{"{properties: {a: string}}", `1:22: a JSON Schema is a mapping of keywords, such as {type: string}, found the text "string"; write {type: string}`},
		{"{properties: [a]}", "1:18: properties takes a mapping of names to schemas, found a list"},
		{"{anyOf: {type: string}}", "1:13: anyOf takes a list of schemas, found a mapping"},
		{"{anyOf: []}", "1:13: anyOf takes a list of schemas, found an empty list"},
		{"{items: [{type: string}]}", "1:13: items takes one schema for every element; a list with a schema for each place is prefixItems in JSON Schema 2020-12"},
		{"{minLength: -1}", "1:17: minLength takes a whole number of 0 or more, found the number -1"},
		{"{minLength: 1.5}", "1:17: minLength takes a whole number of 0 or more, found the number 1.5"},
		{`{minLength: "3"}`, `1:17: minLength takes a whole number of 0 or more, found the text "3"; write it without quotes`},
		{"{maxItems: 99999999999999999999}", "1:16: maxItems: 99999999999999999999 is more than any document can have"},
		{"{multipleOf: 0}", "1:18: multipleOf takes a number above 0, found the number 0"},
		{"{maximum: 1e999}", "1:15: maximum: 1e999 is too large or too long to calculate with"},
		{"{minimum: 1, exclusiveMinimum: true}", "1:36: exclusiveMinimum takes a number, found true: since draft-06 it is the bound itself, such as exclusiveMinimum: 10"},
		{"{$schema: 'http://json-schema.org/draft-04/schema#', minimum: 1, exclusiveMinimum: 1}", "1:88: exclusiveMinimum takes true or false in JSON Schema draft-04, found the number 1: it is the bound itself since draft-06"},
		{"{$schema: 'http://json-schema.org/draft-04/schema#', properties: {a: true}}", "1:74: a schema of draft-04 is a mapping, found true: true and false are schemas since draft-06; write {} or {not: {}}"},
		{"{uniqueItems: yes}", `1:19: uniqueItems takes true or false, found the text "yes"; write true`},
		{`{pattern: "(?=x)"}`, "1:15: \"(?=x)\" is not a regular expression (RE2): (?= has no meaning there; RE2 cannot look ahead or behind"},
		{`{patternProperties: {"[": {type: string}}}`, "1:26: \"[\" is not a regular expression (RE2): a [ is never closed; the character is \\["},
		{"{format: emial}", `1:14: the format "emial" cannot be checked; did you mean "email"?`},
		{"{format: int64}", `1:14: the format "int64" cannot be checked; known are date, date-time, duration, email, hostname, ipv4, ipv6, iri, iri-reference, json-pointer, period, regex, relative-json-pointer, semver, time, uri, uri-reference, uri-template, uuid`},
		{"{contentEncoding: hex}", `1:23: contentEncoding takes base64, which is all that rehearse can check, found the text "hex"`},
		{"{contentMediaType: image/png}", `1:24: contentMediaType takes application/json, which is all that rehearse can check, found the text "image/png"`},
		// what does nothing
		{"{then: {type: string}}", "1:6: then checks nothing without if"},
		{"{if: {type: string}}", "1:6: if checks nothing without then or else"},
		{"{type: array, minContains: 2}", "1:19: minContains checks nothing without contains"},
		{"{type: string, contentSchema: {type: object}}", "1:20: contentSchema checks nothing without contentMediaType"},
		{"{$schema: 'http://json-schema.org/draft-07/schema#', items: {type: string}, additionalItems: false}", "1:81: additionalItems checks nothing here: items is one schema, which holds for every element"},
		{"{$schema: 'http://json-schema.org/draft-07/schema#', $ref: '#/definitions/a', minLength: 2, definitions: {a: {type: string}}}", "1:83: beside $ref draft-07 ignores every other keyword, so minLength checks nothing; write allOf: [{$ref: …}], and minLength beside it"},
		{"{$schema: 'http://json-schema.org/draft-04/schema#', exclusiveMaximum: true}", "1:58: exclusiveMaximum checks nothing without maximum"},
		// references
		{"{$ref: '#/definitions/adress', definitions: {address: {type: string}}}", `1:12: $ref "#/definitions/adress" leads nowhere: #/definitions has no "adress"; did you mean "address"?`},
		{"{$ref: '#/definitions/a', type: object}", `1:12: $ref "#/definitions/a" leads nowhere: # has no "definitions"; it has $ref, type`},
		{"{$ref: '#adress', $defs: {a: {$anchor: address, type: string}}}", `1:12: $ref "#adress" leads nowhere: no schema there has the anchor "adress"; did you mean "address"?; a place in a schema begins with #/`},
		{"{$ref: 5}", `1:12: $ref takes text such as "#/definitions/address" or "address.json", found the number 5`},
		{"{$ref: 'https://example.com/a.json'}", `1:12: $ref "https://example.com/a.json": nothing is read from the network; save that schema in a file beside this one and write the file's name`},
		{"{$id: 'https://example.com/a/b.json', $ref: nowhere.json}", `1:49: $ref "nowhere.json" leads to https://example.com/a/nowhere.json, since it counts from the $id of its schema; nothing is read from the network, and there is no such file beside this one`},
		{"{$ref: nowhere.json}", `1:12: $ref "nowhere.json": there is no file "nowhere.json" (looked at nowhere.json)`},
		{"{$ref: 'ftp://example.com/a'}", `1:12: $ref "ftp://example.com/a": nothing is read from the network; save that schema in a file beside this one and write the file's name`},
		{"{$defs: {a: {$id: a, type: string}, b: {$id: a, type: number}}, type: object}", `1:50: $id "a" stands here twice (first in line 1)`},
		{"{$defs: {a: {$anchor: a, type: string}, b: {$anchor: a, type: number}}, type: object}", `1:48: the anchor "a" stands here twice (first in line 1)`},
		{"{properties: {a: {$ref: '#/required'}}, required: [a]}", "1:55: a JSON Schema is a mapping of keywords, such as {type: string}, found a list"},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(schemaCheck(t, c.yaml), &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
		})
	}
}

const nothingChecked = "1:5: nothing is checked: this schema lets everything through; name a keyword that checks, such as type or required"

// schemaCheck is {$: {schema: …}} with the schema at line 1, column 5.
func schemaCheck(t testing.TB, yaml string) *schema.Node {
	t.Helper()
	n := nodeOf(t, "s:  "+yaml)
	return &schema.Node{Kind: schema.Map, Entries: []schema.Entry{{Key: "$", Value: &schema.Node{
		Kind: schema.Map, Entries: []schema.Entry{{Key: "schema", Value: n.Entries[0].Value}},
	}}}}
}

// What is said of documents that do not fit; nothing of those that do.
func TestSchemasRun(t *testing.T) {
	const d4, d7, d2019 = "$schema: 'http://json-schema.org/draft-04/schema#'", "$schema: 'http://json-schema.org/draft-07/schema#'", "$schema: 'https://json-schema.org/draft/2019-09/schema'"
	for _, c := range []struct{ yaml, doc, want string }{
		{"{type: integer}", `3.0`, ""},
		{"{type: integer}", `"5"`, `found "5"; $: expected type integer, found "5" (text)`},
		{"{type: [integer, 'null']}", `true`, `found true; $: expected type integer or null, found true`},
		{"{type: object}", `"{\"a\":1}"`, `found "{\"a\":1}"; the text holds JSON: to look inside write json: {$: {schema: …}}; $: expected type object, found "{\"a\":1}" (text)`},
		{"{enum: [a, 1]}", `1.0`, ""},
		{"{enum: [a, 1]}", `"1"`, `found "1"; $: expected enum ["a",1], found "1"`},
		{"{const: null}", `null`, ""},
		{"{const: null}", `0`, `found 0; $: expected const null, found 0`},
		{"{maximum: 9007199254740992}", `9007199254740992`, ""},
		{"{maximum: 9007199254740992}", `9007199254740993`, `found 9007199254740993; $: expected maximum 9007199254740992, found 9007199254740993`},
		{"{exclusiveMaximum: 0.3}", `0.3`, `found 0.3; $: expected exclusiveMaximum 0.3, found 0.3`},
		{"{exclusiveMaximum: 0.3}", `0.29999999999999999999`, ""},
		{"{" + d4 + ", minimum: 5, exclusiveMinimum: true}", `5`, `found 5; $: expected exclusiveMinimum 5, found 5`},
		{"{multipleOf: 0.1}", `0.3`, ""},
		{"{multipleOf: 0.1}", `1e400`, ""},
		{"{multipleOf: 0.1}", `0.35`, `found 0.35; $: expected multipleOf 0.1, found 0.35`},
		{"{minLength: 3, pattern: '^a'}", `"é€"`, `found "é€"; $: expected minLength 3, found "é€" with 2 characters; $: expected pattern "^a", found "é€"`},
		{"{maxLength: 1}", `"é"`, ""},
		{"{format: date-time}", `"2026-01-01"`, `found "2026-01-01"; $: expected format date-time, found "2026-01-01"`},
		{"{" + d2019 + ", format: email}", `"x"`, `found "x"; $: expected format email, found "x"`},
		{"{format: regex}", `"("`, `found "("; $: expected format regex, found "("`},
		{"{contentEncoding: base64, contentMediaType: application/json, contentSchema: {type: object}}", `"e30="`, ""},
		{"{contentEncoding: base64, contentMediaType: application/json, contentSchema: {type: object}}", `"W10="`, `found "W10="; $: expected contentSchema {"type":"object"}, found "W10="`},
		{"{contentEncoding: base64}", `"?"`, `found "?"; $: expected contentEncoding "base64", found "?"`},
		// mappings
		{"{required: [id, sku]}", `{"id": 1, "skuu": 2}`, `found {"id":1,"skuu":2}; sku is missing (required); there is "skuu"`},
		{"{properties: {name: {type: string}}, additionalProperties: false}", `{"nmae": 1, "b": 2}`, `found {"b":2,"nmae":1}; b was not expected (additionalProperties: false), found 2; nmae was not expected (additionalProperties: false), found 1; did you mean "name"?`},
		{"{properties: {a: false}}", `{"a": 1}`, `found {"a":1}; a was not expected (its schema: false), found 1`},
		{"{patternProperties: {'^n': {type: number}}}", `{"n1": "x", "m": "x"}`, `found {"m":"x","n1":"x"}; n1: expected type number, found "x" (text)`},
		{"{propertyNames: {pattern: '^[a-z]+$'}}", `{"B": 1}`, `found {"B":1}; $: expected propertyNames {"pattern":"^[a-z]+$"}, found the name "B": expected pattern "^[a-z]+$", found "B"`},
		{"{minProperties: 2}", `{"a": 1}`, `found {"a":1}; $: expected minProperties 2, found 1 field`},
		{"{maxProperties: 0}", `{"a": 1}`, `found {"a":1}; $: expected maxProperties 0, found 1 field`},
		{"{dependentRequired: {a: [b]}}", `{"a": 1}`, `found {"a":1}; b is missing (dependentRequired, as "a" is there)`},
		{"{dependencies: {a: [b], c: {required: [d]}}}", `{"a": 1, "c": 1}`, `found {"a":1,"c":1}; b is missing (dependencies, as "a" is there); d is missing (required)`},
		{"{properties: {a: {type: number}}, unevaluatedProperties: false}", `{"a": 1, "b": 1}`, `found {"a":1,"b":1}; b was not expected (unevaluatedProperties: false), found 1`},
		{"{properties: {detail-type: {type: object, properties: {'a b': {type: string}}}}}", `{"detail-type": {"a b": 1}}`, `found {"detail-type":{"a b":1}}; detail-type['a b']: expected type string, found 1 (number)`},
		// lists
		{"{items: {type: integer}, uniqueItems: true, maxItems: 2, contains: {const: 5}}", `[1, 1.0, "x"]`, `found [1,1.0,"x"]; $: expected contains {"const":5}, found no such element among 3; $: expected maxItems 2, found 3 elements; $: expected uniqueItems true, found [0] and [1] both 1; $[2]: expected type integer, found "x" (text)`},
		{"{items: {type: string}}", `[1,2,3,4,5,6,7,8,9,10,11,12]`, `found [1,2,3,4,5,6,7,8,9,10,11,12]; $[0]: expected type string, found 1 (number); $[1]: expected type string, found 2 (number); $[2]: expected type string, found 3 (number); $[3]: expected type string, found 4 (number); $[4]: expected type string, found 5 (number); $[5]: expected type string, found 6 (number); $[6]: expected type string, found 7 (number); $[7]: expected type string, found 8 (number); $[8]: expected type string, found 9 (number); $[9]: expected type string, found 10 (number); and 2 more`},
		{"{prefixItems: [{type: string}], items: false, minItems: 3}", `["a", 2]`, `found ["a",2]; $: expected minItems 3, found 2 elements; $[1] was not expected (items: false), found 2`},
		{"{" + d7 + ", items: [{type: string}], additionalItems: false}", `[1, 2]`, `found [1,2]; $[0]: expected type string, found 1 (number); $[1] was not expected (additionalItems: false), found 2`},
		{"{contains: {type: string}, minContains: 2, maxContains: 3}", `["a", 1]`, `found ["a",1]; $: expected minContains 2, found 1 such element`},
		{"{contains: {type: string}, maxContains: 1}", `["a", "b"]`, `found ["a","b"]; $: expected maxContains 1, found 2 such elements`},
		// combinations
		{"{allOf: [{required: [a]}, {required: [a, b]}]}", `{}`, `found {}; a is missing (required); b is missing (required)`},
		{"{anyOf: [{type: string}, {type: 'null'}]}", `5`, `found 5; $: expected anyOf [{"type":"string"},{"type":"null"}], of which none fits, found 5 (number)`},
		{"{anyOf: [{type: string, minLength: 3}, {type: 'null'}]}", `"a"`, `found "a"; $ fits none of the 2 schemas of anyOf; [0] comes nearest; $: expected minLength 3, found "a" with 1 character`},
		{"{oneOf: [{properties: {k: {const: card}}, required: [k, number]}, {properties: {k: {const: cash}}, required: [k, a, b]}]}", `{"k": "cash"}`, `found {"k":"cash"}; $ fits none of the 2 schemas of oneOf; [1] comes nearest; a is missing (required); b is missing (required)`},
		{"{oneOf: [{type: string}, {minLength: 2}]}", `"abc"`, `found "abc"; $: expected oneOf [{"type":"string"},{"minLength":2}], found that both [0] and [1] of them fit: "abc"`},
		{"{not: {required: [b]}}", `{"b": 1}`, `found {"b":1}; $: expected not {"required":["b"]}, found {"b":1}`},
		{"{if: {properties: {k: {const: 1}}}, then: {required: [x]}, else: {required: [y]}}", `{"k": 2}`, `found {"k":2}; y is missing (required)`},
		// references
		{"{properties: {child: {$ref: '#'}}, required: [v]}", `{"v": 1, "child": {"v": 1, "child": {}}}`, `found {"child":{"child":{},"v":1},"v":1}; child.child.v is missing (required)`},
		{"{$ref: '#/$defs/a~1b%25', $defs: {'a/b%': {type: string}}}", `1`, `found 1; $: expected type string, found 1 (number)`},
		{"{$ref: '#a', minLength: 2, $defs: {x: {$anchor: a, type: string}}}", `"x"`, `found "x"; $: expected minLength 2, found "x" with 1 character`},
		{"{$ref: other, $defs: {x: {$id: other, type: string}}}", `1`, `found 1; $: expected type string, found 1 (number)`},
		{"{$ref: 'urn:x:y', $id: 'urn:x:z', $defs: {x: {$id: 'urn:x:y', type: string}}}", `1`, `found 1; $: expected type string, found 1 (number)`},
		{"{" + d7 + ", $ref: '#/definitions/a', definitions: {a: {$id: '#a', type: string}}}", `1`, `found 1; $: expected type string, found 1 (number)`},
		{"{" + d2019 + ", properties: {c: {$recursiveRef: '#'}}, unevaluatedProperties: false}", `{"c": {"x": 1}}`, `found {"c":{"x":1}}; c.x was not expected (unevaluatedProperties: false), found 1`},
		{"{$dynamicAnchor: n, properties: {c: {$dynamicRef: '#n'}}, unevaluatedProperties: false}", `{"c": {"x": 1}}`, `found {"c":{"x":1}}; c.x was not expected (unevaluatedProperties: false), found 1`},
		{"{$ref: 'http://json-schema.org/draft-07/schema#'}", `{"minLength": -1}`, `found {"minLength":-1}; minLength: expected minimum 0, found -1`},
	} {
		t.Run(c.yaml+" "+c.doc, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(schemaCheck(t, c.yaml), &p)
			if s := said(&p); s != "" {
				t.Fatal(s)
			}
			_, unmet := k.Run(parse(t, c.doc))
			want := c.want
			if want != "" {
				want = "$: expected schema, " + want
			}
			if d := cmp.Diff(want, messages(unmet)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A mismatch holds every place that does not fit, for reports.
func TestSchemaDifferences(t *testing.T) {
	c := checksOf(t, "body: {schema: {required: [id], properties: {n: {minimum: 1}}, additionalProperties: false}}")
	results, unmet := c.Run(parse(t, `{"body": {"n": 0, "x": true}}`))
	want := []Difference{
		{Path: "id", Expected: map[string]any{"required": []any{"id"}}, Kind: Missing, Message: "id is missing (required)"},
		{Path: "n", Expected: map[string]any{"minimum": parse(t, "1")}, Found: parse(t, "0"), Kind: Changed, Message: "n: expected minimum 1, found 0"},
		{Path: "x", Expected: map[string]any{"additionalProperties": false}, Found: true, Kind: Extra, Message: "x was not expected (additionalProperties: false), found true"},
	}
	if len(unmet) != 1 || len(results) != 1 {
		t.Fatalf("%d mismatches, %d results", len(unmet), len(results))
	}
	if d := cmp.Diff(want, unmet[0].Diff); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want, results[0].Diff); d != "" {
		t.Error(d)
	}
}

// The library would not survive a number with a billion digits.
func TestSchemaOfHugeNumbers(t *testing.T) {
	for _, yaml := range []string{"{minimum: 1}", "{type: integer}", "{uniqueItems: true}", "{multipleOf: 2}", "{const: 5}"} {
		t.Run(yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(schemaCheck(t, yaml), &p)
			for _, doc := range []string{"1e1000000000", "[1, {\"a\": -1e-999999999999999999999}]"} {
				_, unmet := k.Run(parse(t, doc))
				if len(unmet) != 1 || !strings.Contains(unmet[0].Message, "in it is too large or too long to calculate with") {
					t.Errorf("%s: %s", doc, messages(unmet))
				}
			}
		})
	}
}

// An expression gives the schema, or a part of it.
func TestSchemasWithExpressions(t *testing.T) {
	for _, yaml := range []string{`"${s}"`, `"a-${s}.json"`, `{type: "${t}"}`, `{properties: {a: "${s}"}}`, `{pattern: "^${run}-"}`, `{unknown: "${s}"}`} {
		t.Run(yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(schemaCheck(t, yaml), &p)
			if s := said(&p); s != "" || k.Known() || k.Holds(nil) {
				t.Errorf("known %v, holds %v, problems %s", k.Known(), k.Holds(nil), s)
			}
		})
	}
	if c := Rule("a", "schema", parse(t, `{"type":"string"}`)); !c.Holds(parse(t, `{"a":"x"}`)) || c.Holds(parse(t, `{"a":1}`)) || c.Holds(parse(t, `{}`)) {
		t.Error("a computed schema")
	}
}

// files writes files into a folder of their own and reads the check that
// stands in its c.yaml.
func files(t testing.TB, all map[string]string) (dir string, read func() (Checks, string)) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir, func() (Checks, string) {
		var p schema.Problems
		var c Checks
		for _, n := range schema.ReadDocuments(filepath.Join(dir, "c.yaml"), []byte(all["c.yaml"]), &p) {
			c.ReadNode(n, &p)
		}
		var l []string
		for _, x := range p.Sorted() {
			l = append(l, strings.ReplaceAll(strings.ReplaceAll(x.Error(), filepath.ToSlash(dir)+"/", ""), dir+string(filepath.Separator), ""))
		}
		return c, strings.Join(l, "\n")
	}
}

func TestSchemaFilesThatAreWrong(t *testing.T) {
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"missing", map[string]string{"c.yaml": "a: {schema: oder.json}", "order.json": "{}"}, `c.yaml:1:13: schema: there is no file "oder.json" (looked at oder.json); did you mean "order.json"?`},
		{"a folder", map[string]string{"c.yaml": "a: {schema: x}", "x/y": ""}, `c.yaml:1:13: schema: "x" is a folder, not a file (looked at x)`},
		{"a part of a file", map[string]string{"c.yaml": `a: {schema: "x.json#/$defs/a"}`}, `c.yaml:1:13: schema: there is no file "a" (looked at x.json#/$defs/a); to use a part of a file write schema: {$ref: "x.json#/$defs/a"}`},
		{"too large", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": strings.Repeat(" ", maxSchema+1)}, `c.yaml:1:13: schema: "x.json" has more than 4 MiB, which is the most that is read of a schema (looked at x.json)`},
		{"not JSON", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": "{\n  \"é\": 1,\n \"type\": string}"}, `x.json:3:10: cannot be read as JSON: invalid character 's' looking for beginning of value`},
		{"cut off", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": "{\"type\":\n  ["}, `x.json:2:4: cannot be read as JSON: the file ends in the middle`},
		{"empty", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": ""}, `x.json:1:1: cannot be read as JSON: the file ends in the middle`},
		{"more behind", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": "{\"type\": \"string\"}\n5"}, `x.json:2:1: cannot be read as JSON: invalid character '5' after top-level value`},
		{"too deep", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": strings.Repeat("[", 300) + strings.Repeat("]", 300)}, `x.json:1:202: cannot be read as JSON: more than 200 levels of nesting`},
		{"keys twice", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": "{\"type\": \"string\",\n\"type\": \"number\"}"}, `x.json:2:1: key "type" stands here twice (first in line 1); one would silently win`},
		{"not YAML", map[string]string{"c.yaml": "a: {schema: x.yaml}", "x.yaml": "type: string\n---\ntype: number\n"}, `x.yaml: one JSON Schema belongs here, as JSON or YAML; the file holds 2 documents`},
		{"text", map[string]string{"c.yaml": "a: {schema: x.txt}", "x.txt": "hello"}, `x.txt:1:1: a JSON Schema is a mapping of keywords, such as {type: string}, found the text "hello"`},
		{"an expression", map[string]string{"c.yaml": "a: {schema: x.yaml}", "x.yaml": "const: \"${vars.x}\""}, `x.yaml:1:8: this file is data, so nothing in it is evaluated: write $${ to mean the text ${, or put the schema into the check itself`},
		{"keywords", map[string]string{"c.yaml": "a: {schema: x.json}\nb: {schema: x.json}", "x.json": "{\n  \"type\": \"object\",\n  \"properties\": {\"a\": {\"minLenght\": 1}}\n}"}, `x.json:3:24: unknown keyword "minLenght" of JSON Schema 2020-12; did you mean "minLength"?`},
		{"definitions alone", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"definitions": {"a": {"type": "string"}}}`}, `x.json:1:1: nothing is checked: this schema lets everything through; name a keyword that checks, such as type or required, or check with what it defines: schema: {$ref: "x.json#/definitions/a"}`},
		{"a reference to nothing", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"items": {"$ref": "itm.json"}}`, "item.json": "{}"}, `x.json:1:20: $ref "itm.json": there is no file "itm.json" (looked at itm.json); did you mean "item.json"?`},
		{"a reference to a wrong place", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"items": {"$ref": "d/item.json#/definitions/a"}}`, "d/item.json": `{"definitions": {"b": {"type": "string"}}}`}, `x.json:1:20: $ref "d/item.json#/definitions/a" leads nowhere: #/definitions has no "a"; it has b`},
		{"a reference to a wrong schema", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"items": {"$ref": "item.json"}}`, "item.json": `{"typ": "string"}`}, `item.json:1:2: unknown keyword "typ" of JSON Schema 2020-12; did you mean "type"?`},
		{"a reference from a file to the network", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"items": {"$ref": "https://example.com/x"}}`}, `x.json:1:20: $ref "https://example.com/x": nothing is read from the network; save that schema in a file beside this one and write the file's name`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, read := files(t, c.files)
			for range 2 { // and again from what is kept
				if _, got := read(); got != c.want {
					t.Error(cmp.Diff(c.want, got))
				}
			}
		})
	}
}

func TestSchemaFiles(t *testing.T) {
	for _, c := range []struct {
		name              string
		files             map[string]string
		good, bad, reason string
	}{
		{"JSON with a mark", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": "\ufeff{\"type\": \"string\"}"}, `"x"`, `1`, `type string`},
		{"YAML", map[string]string{"c.yaml": "a: {schema: ./x.yml}", "x.yml": "type: string\npattern: ^a\n"}, `"a"`, `"b"`, `pattern "^a"`},
		{"neither by its name", map[string]string{"c.yaml": "a: {schema: x.schema}", "x.schema": " {\"type\":\t\"string\", \"pattern\": \"\\u00e9\\/\"}"}, `"é/"`, `"b"`, `pattern "é/"`},
		{"a name that URLs would read otherwise", map[string]string{"c.yaml": "a: {schema: 'x %41#?.json'}", "x %41#?.json": `{"$ref": "#/definitions/a", "definitions": {"a": {"type": "string"}}}`}, `"b"`, `1`, `type string`},
		{"files beside it", map[string]string{"c.yaml": "a: {schema: s/x.json}", "s/x.json": `{"properties": {"i": {"$ref": "i.yaml#/definitions/i"}, "o": {"$ref": "../o.json"}}}`, "s/i.yaml": "definitions: {i: {$ref: '#/definitions/j'}, j: {type: string}}", "o.json": `{"$ref": "s/i.yaml#/definitions/j"}`}, `{"i": "x", "o": "x"}`, `{"i": 1, "o": 2}`, `i: expected type string, found 1 (number); o: expected type string, found 2 (number)`},
		{"files beside a schema with an $id of the network", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"$id": "https://example.com/s/x.json", "items": {"$ref": "i.json"}}`, "i.json": `{"$id": "https://example.com/s/i.json", "properties": {"j": {"$ref": "sub/j.json#/$defs/j"}}}`, "sub/j.json": `{"$defs": {"j": {"$ref": "k.json"}}}`, "sub/k.json": `{"type": "string"}`}, `[{"j": "x"}]`, `[{"j": 1}]`, `$[0].j: expected type string`},
		{"from a schema in the check", map[string]string{"c.yaml": "a: {schema: {items: {$ref: 'i%20j.json'}}}", "i j.json": `{"type": "string"}`}, `["x"]`, `[1]`, `$[0]: expected type string`},
		{"a part of a document that is no schema", map[string]string{"c.yaml": "a: {schema: {$ref: 'api.yaml#/components/schemas/Order'}}", "api.yaml": "openapi: 3.1.0\npaths: {}\ncomponents: {schemas: {Order: {required: [id], properties: {next: {$ref: '#/components/schemas/Order'}}}}}"}, `{"id": 1}`, `{"id": 1, "next": {}}`, `next.id is missing (required)`},
		{"files that refer to one another", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"properties": {"y": {"$ref": "y.json"}}}`, "y.json": `{"type": "object", "properties": {"x": {"$ref": "x.json"}}}`}, `{"y": {"x": {"y": {}}}}`, `{"y": {"x": {"y": 5}}}`, `y.x.y: expected type object`},
		{"the draft of the one that refers", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"$schema": "http://json-schema.org/draft-04/schema#", "items": {"$ref": "y.json"}}`, "y.json": `{"minimum": 5, "exclusiveMinimum": true}`}, `[6]`, `[5]`, `$[0]: expected exclusiveMinimum 5, found 5`},
		{"a draft of its own", map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"items": {"$ref": "y.json"}}`, "y.json": `{"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": true}`}, `[6]`, `[5]`, `$[0]: expected exclusiveMinimum 5, found 5`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, read := files(t, c.files)
			k, problems := read()
			if problems != "" {
				t.Fatal(problems)
			}
			if _, unmet := k.Run(map[string]any{"a": parse(t, c.good)}); unmet != nil {
				t.Error(messages(unmet))
			}
			if _, unmet := k.Run(map[string]any{"a": parse(t, c.bad)}); !strings.Contains(messages(unmet), c.reason) {
				t.Errorf("%q", messages(unmet))
			}
		})
	}
}

// A file is read once, and again when it, or one it refers to, has changed.
func TestSchemaFilesAreKept(t *testing.T) {
	dir, read := files(t, map[string]string{"c.yaml": "a: {schema: x.json}\nb: {schema: x.json}", "x.json": `{"$ref": "y.json"}`, "y.json": `{"type": "string"}`})
	kept := func() *schemaRead {
		schemasRead.Lock()
		defer schemasRead.Unlock()
		return schemasRead.by[filepath.Join(dir, "x.json")]
	}
	if _, problems := read(); problems != "" {
		t.Fatal(problems)
	}
	first := kept()
	read()
	if kept() != first || first == nil {
		t.Error("read twice")
	}
	change := func(text string, at time.Time) {
		t.Helper()
		path := filepath.Join(dir, "y.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, at, at); err != nil {
			t.Fatal(err)
		}
	}
	change(`{"type": "number"}`, time.Unix(1, 0))
	if c, problems := read(); problems != "" || !c.Holds(parse(t, `{"a": 1, "b": 2}`)) {
		t.Errorf("not read again: %s", problems)
	}
	change(`{"type": "nomber"}`, time.Unix(2, 0))
	if _, problems := read(); !strings.Contains(problems, `unknown type "nomber"`) {
		t.Errorf("the mistake: %q", problems)
	}
	if err := os.Remove(filepath.Join(dir, "y.json")); err != nil {
		t.Fatal(err)
	}
	if _, problems := read(); !strings.Contains(problems, `there is no file "y.json"`) {
		t.Errorf("removed: %q", problems)
	}
	change(`{"type": "number"}`, time.Unix(3, 0))
	if _, problems := read(); problems != "" {
		t.Errorf("there again: %q", problems)
	}
}

// A schema in a check is kept too, but not its problems, nor what files that it
// refers to were before.
func TestSchemasInChecksAreKept(t *testing.T) {
	dir, read := files(t, map[string]string{"c.yaml": "a: {schema: {$ref: y.json}}\nb: {schema: {$ref: y.json}}", "y.json": `{"type": "string"}`})
	if c, problems := read(); problems != "" || !c.Holds(parse(t, `{"a": "x", "b": "x"}`)) {
		t.Fatal(problems)
	}
	if err := os.WriteFile(filepath.Join(dir, "y.json"), []byte(`{"type": "integer"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if c, problems := read(); problems != "" || !c.Holds(parse(t, `{"a": 1, "b": 1}`)) {
		t.Errorf("not read again: %s", problems)
	}
	_, read = files(t, map[string]string{"c.yaml": "a: {schema: {typ: x}}\nb: {schema: {typ: x}}"})
	for range 2 {
		if _, problems := read(); strings.Count(problems, "unknown keyword") != 2 {
			t.Errorf("problems: %s", problems)
		}
	}
}

func TestSchemasTogether(t *testing.T) {
	_, read := files(t, map[string]string{"c.yaml": "a: {schema: x.json}", "x.json": `{"properties": {"n": {"type": "integer"}}, "required": ["n"]}`})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			c, problems := read()
			for j := range 50 {
				if good := c.Holds(parse(t, fmt.Sprintf(`{"a": {"n": %d.%d}}`, i, j%2))); problems != "" || good != (j%2 == 0) {
					t.Errorf("%v %s", good, problems)
				}
			}
		})
	}
	all.Wait()
}

func BenchmarkSchema(b *testing.B) {
	const text = "{type: object, required: [id, items], properties: {id: {type: string}, items: {type: array, items: {type: object, properties: {sku: {type: string}, n: {minimum: 0}}}}}}"
	_, read := files(b, map[string]string{"c.yaml": "a: {schema: x.yaml}", "x.yaml": text})
	b.Run("read inline", func(b *testing.B) {
		n := schemaCheck(b, text)
		for b.Loop() {
			var c Checks
			c.ReadNode(n, &schema.Problems{})
		}
	})
	b.Run("read file", func(b *testing.B) {
		for b.Loop() {
			read()
		}
	})
	b.Run("run", func(b *testing.B) {
		c, _ := read()
		doc := parse(b, `{"a": {"id": "x", "items": [{"sku": "a", "n": 1}, {"sku": "b", "n": 2}]}}`)
		for b.Loop() {
			c.Holds(doc)
		}
	})
}
