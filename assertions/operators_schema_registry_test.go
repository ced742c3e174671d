package assertions

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rehearse-dev/rehearse/schema"
)

func TestSchemaRefsThatAreWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"{registry: shop}", "1:5: a schema of a registry is named by its registry and its name: name is missing, such as {registry: shop, name: OrderPlaced}"},
		{"{name: OrderPlaced}", "1:5: a schema of a registry is named by its registry and its name: registry is missing, such as {registry: shop, name: OrderPlaced}"},
		{"{registy: shop, name: OrderPlaced}", "1:5: a schema of a registry is named by its registry and its name: registry is missing, such as {registry: shop, name: OrderPlaced}\n" + `1:6: unknown key "registy" of a schema of a registry; did you mean "registry"?`},
		{"{registry: shop, name: OrderPlaced, colour: red}", `1:41: unknown key "colour" of a schema of a registry; they are registry, name, version, type`},
		{"{registry: shop, name: OrderPlaced, required: [id]}", `1:41: "required" belongs to a JSON Schema written here, and this names one of a registry: write the one or the other; two checks stand in two operators, such as match beside schema`},
		{"{registry: shop, type: object, properties: {a: {type: string}}}", "1:5: a schema of a registry is named by its registry and its name: name is missing, such as {registry: shop, name: OrderPlaced}\n" + `1:36: "properties" belongs to a JSON Schema written here, and this names one of a registry: write the one or the other; two checks stand in two operators, such as match beside schema`},
		{"{registry: '', name: 5}", "1:16: registry is empty\n1:26: name takes text, found the number 5; to mean the text write \"5\""},
		{"{registry: [a], name: b, version: 0}", "1:16: registry takes text, found a list; text that begins with [ or { needs quotes\n1:39: a version of a schema is a whole number from 1 on, found 0"},
		{"{registry: a, name: b, version: 1.5}", "1:37: a version of a schema is a whole number from 1 on, found 1.5"},
	} {
		t.Run(c.yaml, func(t *testing.T) {
			var p schema.Problems
			var k Checks
			k.ReadNode(schemaCheck(t, c.yaml), &p)
			if d := cmp.Diff(c.want, said(&p)); d != "" {
				t.Error(d)
			}
			if len(k.Schemas()) != 0 {
				t.Error("a schema that is named wrongly is listed")
			}
		})
	}
}

// Wherever checks stand, the schemas that they need are listed, and nothing can
// be said before they are bound.
func TestSchemaRefsEverywhere(t *testing.T) {
	const ref = "schema: {registry: shop, name: OrderPlaced, version: 2, type: Order}"
	good, bad := `{"a": {"id": "x"}, "l": [{"id": "x"}], "t": "{\"id\": \"x\"}"}`, `{"a": {"id": 1}, "l": [{"id": 1}], "t": "{\"id\": 1}"}`
	for _, c := range []struct{ name, yaml, reason string }{
		{"below a path", "a: {" + ref + "}", "a: expected schema OrderPlaced of registry shop (version 7), found {\"id\":1}; id: expected type string, found 1 (number)"},
		{"each", "l: {each: {" + ref + "}}", "[0]: expected schema OrderPlaced of registry shop (version 7)"},
		{"each by path", "l: {each: {$: {" + ref + "}}}", "[0]: $: expected schema OrderPlaced"},
		{"any", "l: {any: {" + ref + "}}", "[0]: expected schema OrderPlaced"},
		{"share", "l: {share: {where: {" + ref + "}, gte: 1}}", "0 of 1 element hold"},
		{"json", "t: {json: {$: {" + ref + "}}}", "t > $: expected schema OrderPlaced"},
		{"json in each", "l: {each: {$: {json: {$: {" + ref + "}}}}}", "expected schema OrderPlaced"},
		{"length beside it", "a: {length: 1, " + ref + "}", "a: expected schema OrderPlaced"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var p schema.Problems
			k := readChecks(t, c.yaml, &p)
			if s := said(&p); s != "" {
				t.Fatal(s)
			}
			k = Rule("a", "exists", true).And(k).Uncovered(Rule("b", "exists", true))
			if n := len(k.Schemas()); n != 1 || k.Known() {
				t.Fatalf("%d schemas, known %v", n, k.Known())
			}
			if !panics(func() { k.Run(parse(t, good)) }) {
				t.Error("an unread schema was judged")
			}
			r := k.Schemas()[0]
			if r.Registry != "shop" || r.Name != "OrderPlaced" || r.Version != "2" || r.Type != "Order" || r.Pos.Line != 1 {
				t.Errorf("%+v", r)
			}
			bind(t, r)
			if _, unmet := k.Run(parse(t, good)); !k.Known() || unmet != nil {
				t.Errorf("known %v: %s", k.Known(), messages(unmet))
			}
			if _, unmet := k.Run(parse(t, bad)); !strings.Contains(messages(unmet), c.reason) {
				t.Errorf("%q", messages(unmet))
			}
		})
	}
	t.Run("not", func(t *testing.T) {
		var p schema.Problems
		k := readChecks(t, "a: {not: {"+ref+"}}", &p)
		bind(t, k.Schemas()[0])
		if k.Holds(parse(t, good)) || !k.Holds(parse(t, bad)) || k.Holds(parse(t, `{}`)) {
			t.Error("not turns it round, and a missing path fails all the same")
		}
	})
	t.Run("open", func(t *testing.T) {
		var p schema.Problems
		k := readChecks(t, `a: {schema: {registry: "${vars.r}", name: b}}`, &p)
		if s := said(&p); s != "" || k.Known() || len(k.Schemas()) != 1 || k.Schemas()[0].Name != "b" || k.Holds(parse(t, good)) {
			t.Errorf("%s, known %v, %d schemas", s, k.Known(), len(k.Schemas()))
		}
	})
}

func bind(t *testing.T, r *SchemaRef) {
	t.Helper()
	s, err := ReadJSONSchema("OrderPlaced", []byte(`{"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}`), "")
	if err != nil {
		t.Fatal(err)
	}
	r.Bind(s, "7")
}

func panics(f func()) (yes bool) {
	defer func() { yes = recover() != nil }()
	f()
	return false
}

func readChecks(t *testing.T, yaml string, p *schema.Problems) Checks {
	t.Helper()
	var k Checks
	for _, n := range schema.ReadDocuments("c.yaml", []byte(yaml), p) {
		k.ReadNode(n, p)
	}
	return k
}

func TestReadJSONSchema(t *testing.T) {
	for _, c := range []struct{ name, text, part, want string }{
		{"not JSON", `{"type": string}`, "", "S:1:10: cannot be read as JSON: invalid character 's' looking for beginning of value"},
		{"unknown keyword", `{"typ": "string"}`, "", `S:1:2: unknown keyword "typ" of JSON Schema draft-04; did you mean "type"?`},
		{"nothing checked", `{"title": "x"}`, "", "S:1:1: nothing is checked: this schema lets everything through; name a keyword that checks, such as type or required"},
		{"out of the document", `{"$ref": "other.json"}`, "", `S:1:10: $ref "other.json" leads out of this document, and nothing else is read`},
		{"twice", `{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"$id": "a"}, "b": {"$id": "a"}}, "type": "object"}`, "", `S:1:104: $id "a" stands here twice (first in line 1)`},
		{"no definitions", `{"type": "object"}`, "Order", `S: it defines no "Order", nor anything else: leave type out`},
		{"no such definition", `{"definitions": {"Order": {"type": "object"}}}`, "Ordr", `S: it defines no "Ordr"; did you mean "Order"?`},
		{"nor a near one", `{"definitions": {"Order": {"type": "object"}}}`, "Zebra", `S: it defines no "Zebra"; it defines Order`},
		{"of a later draft", `{"type": "object", "const": 5}`, "", `S:1:20: "const" is not a keyword of JSON Schema draft-04: draft-06 and later have it; write enum: [the value]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ReadJSONSchema("S", []byte(c.text), c.part)
			if err == nil || err.Error() != c.want {
				t.Errorf("%v", err)
			}
		})
	}
	s, err := ReadJSONSchema("S", []byte(`{"definitions": {"a/b~c": {"properties": {"n": {"$ref": "#/definitions/n"}}}, "n": {"minimum": 5, "exclusiveMinimum": true}}, "x-amazon-events-source": "shop"}`), "a/b~c")
	if err != nil {
		t.Fatal(err)
	}
	for text, holds := range map[string]bool{`{"n": 6}`: true, `{"n": 5}`: false} {
		if v := s.judge(finding{value: parse(t, text)}); v.holds != holds {
			t.Errorf("%s: %+v", text, v)
		}
	}
}

func TestNewSchema(t *testing.T) {
	s := NewSchema(func(value any) []Difference {
		if value == "fits" {
			return nil
		}
		return []Difference{{Path: "$", Kind: Changed, Message: "$: is no order"}}
	})
	for _, c := range []struct{ text, want string }{
		{`"fits"`, ""},
		{`{"n": 1e99999}`, "a: expected schema N of registry R (version 3), found {\"n\":1e99999}; 1e99999 in it is too large or too long to calculate with"},
		{`5`, "a: expected schema N of registry R (version 3), found 5; $: is no order"},
		{`"{}"`, `a: expected schema N of registry R (version 3), found "{}"; the text holds JSON: to look inside write json: {$: {schema: …}}; $: is no order`},
	} {
		t.Run(c.text, func(t *testing.T) {
			var p schema.Problems
			k := readChecks(t, "a: {schema: {registry: R, name: N}}", &p)
			k.Schemas()[0].Bind(s, "3")
			_, unmet := k.Run(map[string]any{"a": parse(t, c.text)})
			if d := cmp.Diff(c.want, messages(unmet)); d != "" {
				t.Error(d)
			}
		})
	}
}
