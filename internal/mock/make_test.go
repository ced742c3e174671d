package mock

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// read reads a schema that a test knows to be good.
func read(t testing.TB, text, part string) *Schema {
	t.Helper()
	s, err := Read([]byte(text), Detected, part)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func made(t testing.TB, s *Schema, o Options) any {
	t.Helper()
	v, err := s.Make(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// value is a value from its JSON.
func value(t testing.TB, text string) any {
	t.Helper()
	v, err := decode([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// event is an OpenAPI document as the registry has them.
func event(detail string, more ...string) string {
	return part(`{"type": "object"}`, append([]string{
		"AWSEvent", `{"type": "object", "required": ["detail-type", "resources", "detail", "id", "source", "time", "region", "version", "account"],
			"x-amazon-events-detail-type": "Order Placed", "x-amazon-events-source": "shop.orders",
			"properties": {"detail": {"$ref": "#/components/schemas/OrderPlaced"}, "account": {"type": "string"}, "detail-type": {"type": "string"},
				"id": {"type": "string"}, "region": {"type": "string"}, "resources": {"type": "array", "items": {"type": "string"}},
				"source": {"type": "string"}, "time": {"type": "string", "format": "date-time"}, "version": {"type": "string"}}}`,
		"OrderPlaced", detail,
	}, more...)...)
}

func TestEnvelope(t *testing.T) {
	s := read(t, event(`{"type": "object", "properties": {"id": {"type": "string"}}}`), "")
	for _, only := range []bool{false, true} {
		v := made(t, s, Options{Rand: seeded(3), Now: now, RequiredOnly: only}).(map[string]any)
		for name, pattern := range map[string]string{
			"version": "^0$", "id": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", "account": "^[0-9]{12}$",
			"time": "^2026-03-14T14:09:26Z$", "region": "^[a-z]{2}-[a-z]+-[0-9]$", "source": "^shop.orders$", "detail-type": "^Order Placed$",
		} {
			if text, _ := v[name].(string); !regexp.MustCompile(pattern).MatchString(text) {
				t.Errorf("%s is %v", name, v[name])
			}
		}
		if l, ok := v["resources"].([]any); !ok || len(l) != 0 {
			t.Errorf("resources are %v", v["resources"])
		}
	}
	v := made(t, s, Options{Set: map[string]any{"source": "other", "['detail-type']": "Order Changed", "resources": []string{"arn:aws:x"}, "account": "000000000001", "time": "2020-01-01T00:00:00Z"}}).(map[string]any)
	if v["source"] != "other" || v["detail-type"] != "Order Changed" || !reflect.DeepEqual(v["resources"], []any{"arn:aws:x"}) || v["account"] != "000000000001" || v["time"] != "2020-01-01T00:00:00Z" {
		t.Errorf("not set: %v", v)
	}
}

// The envelope fits what its schema asks for beyond the usual.
func TestEnvelopeWithoutTheRegistrysWords(t *testing.T) {
	s := read(t, schemaOf(d7, `{"type": "object", "required": ["source", "detail-type", "detail", "resources"], "properties": {
		"source": {"type": "string"}, "detail-type": {"type": "string"}, "region": {"type": "string", "examples": ["xx-test-1"]},
		"resources": {"type": "array", "items": {"type": "string"}, "minItems": 1}, "detail": {"$ref": "#/definitions/Paid"}, "account": {"type": "string", "maxLength": 5}},
		"definitions": {"Paid": {"type": "object"}}}`), "")
	v := made(t, s, Options{Now: now}).(map[string]any)
	if v["source"] != "example.events" || v["detail-type"] != "Paid" || v["region"] != "xx-test-1" || len(v["resources"].([]any)) == 0 {
		t.Errorf("%v", v)
	}
}

// A detail that is the event again once broke the name of its type.
func TestEnvelopeInItself(t *testing.T) {
	s := read(t, schemaOf(d4, `{"properties": {"source": {"type": "string"}, "detail-type": {"type": "string"}, "detail": {"$ref": "#"}}}`), "")
	if v := made(t, s, Options{}).(map[string]any); v["detail-type"] != "Example Event" {
		t.Errorf("%v", v)
	}
}

func TestSet(t *testing.T) {
	const list = `{"type": "object", "required": ["id"], "properties": {
		"id": {"type": "string"}, "state": {"enum": ["open", "closed"]}, "items": {"type": "array", "items": {"type": "object", "required": ["sku"], "properties": {"sku": {"type": "string"}, "n": {"type": "integer"}}}},
		"shape": {"oneOf": [{"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["circle"]}, "r": {"type": "integer"}}}, {"type": "object", "required": ["kind", "w"], "properties": {"kind": {"enum": ["square"]}, "w": {"type": "integer"}}}]},
		"next": {"$ref": "#/components/schemas/OrderPlaced"}, "none": {"type": "string", "nullable": true},
		"free": {"type": "object"}, "a.b": {"type": "integer"}}}`
	s := read(t, event(list), "OrderPlaced")
	for _, c := range []struct {
		name string
		set  map[string]any
		only bool
		path string // and what must stand there
		want string
	}{
		{name: "a property", set: map[string]any{"state": "closed"}, path: "state", want: `"closed"`},
		{name: "one that is not required", set: map[string]any{"state": "open"}, only: true, path: "", want: `"open"`},
		{name: "with $", set: map[string]any{"$.state": "closed"}, path: "state", want: `"closed"`},
		{name: "a dotted name", set: map[string]any{"['a.b']": 7}, path: "a.b", want: `7`},
		{name: "an element", set: map[string]any{"items[2].n": 9}, path: "items/2/n", want: `9`},
		{name: "an element when nothing else is there", set: map[string]any{"items[1].sku": "x"}, only: true, path: "items/1/sku", want: `"x"`},
		{name: "an alternative follows", set: map[string]any{"shape.kind": "square"}, path: "shape/kind", want: `"square"`},
		{name: "the other alternative", set: map[string]any{"shape.kind": "circle", "shape.r": json.Number("5")}, path: "shape/r", want: `5`},
		{name: "deeper than recursion goes", set: map[string]any{"next.next.next.next.next.id": "deep"}, path: "next/next/next/next/next/id", want: `"deep"`},
		{name: "null", set: map[string]any{"none": nil}, path: "none", want: `null`},
		{name: "below what is open", set: map[string]any{"free.x.y": true, "free.l[0]": 1.5}, path: "free/x/y", want: `true`},
		{name: "an object and a part of it", set: map[string]any{"free": map[string]int{"x": 1}, "free.y": 2}, path: "free", want: `{"x":1,"y":2}`},
		{name: "everything", set: map[string]any{"$": map[string]any{"id": "x"}}, path: "", want: `{"id":"x"}`},
		{name: "numbers stay as they are", set: map[string]any{"free.n": json.Number("9007199254740993")}, path: "free/n", want: `9007199254740993`},
	} {
		t.Run(c.name, func(t *testing.T) {
			for seed := range uint64(10) {
				v := made(t, s, Options{Rand: seeded(seed), Now: now, RequiredOnly: c.only, Set: c.set})
				if c.name == "one that is not required" {
					v = v.(map[string]any)["state"]
				}
				at := ""
				if c.path != "" && c.name != "one that is not required" {
					at = "/" + c.path
				}
				got, why := lookUp(v, at)
				if why != "" || show(got) != c.want {
					t.Fatalf("seed %d: %s %s, want %s in %s", seed, show(got), why, c.want, show(v))
				}
			}
		})
	}
}

// A pattern that cannot be read is no reason to refuse what somebody sets, nor to
// let anything else through.
func TestSetWhatCannotBeRead(t *testing.T) {
	s := read(t, part(`{"type": "object", "required": ["look"], "properties": {"look": {"type": "string", "pattern": "^(?=x)", "maxLength": 3}, "l": {"type": "array", "maxItems": 0}}}`), "")
	v := made(t, s, Options{Set: map[string]any{"look": "abc"}})
	if v.(map[string]any)["look"] != "abc" {
		t.Errorf("%v", v)
	}
	if all := s.Check(v); len(all) != 1 || all[0].Where != "look" || !strings.Contains(all[0].What, "cannot be checked here: it looks ahead") {
		t.Errorf("%v", all)
	}
	if _, err := s.Make(Options{Set: map[string]any{"look": "abcd"}}); err == nil || !strings.Contains(err.Error(), "maxLength is 3") {
		t.Errorf("%v", err)
	}
}

// What is set belongs to the caller, and is not changed.
func TestSetIsCopied(t *testing.T) {
	s := read(t, schemaOf(d4, `{"type": "object"}`), "")
	inner := map[string]any{"x": "1"}
	v := made(t, s, Options{Set: map[string]any{"a": inner, "a.y": "2"}}).(map[string]any)
	v["a"].(map[string]any)["x"] = "changed"
	if len(inner) != 1 || inner["x"] != "1" {
		t.Errorf("changed: %v", inner)
	}
}

func TestRecursion(t *testing.T) {
	s := read(t, part(`{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "parent": {"$ref": "#/components/schemas/Event"}, "children": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}}}`), "")
	v := made(t, s, Options{Rand: seeded(1)})
	if text := mustJSON(v); !strings.Contains(text, "parent") {
		t.Errorf("one level is shown: %s", text)
	}
	if n := strings.Count(mustJSON(v), `"name"`); n > 40 {
		t.Errorf("%d values", n)
	}
	if text := show(made(t, s, Options{Rand: seeded(1), RequiredOnly: true})); !regexp.MustCompile(`^{"name":"[^"]+"}$`).MatchString(text) {
		t.Errorf("required only: %s", text)
	}
}

func mustJSON(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// Examples and defaults are taken when they are valid, and passed over when not.
func TestExamples(t *testing.T) {
	for _, c := range []struct{ name, schema, want string }{
		{"example", `{"type": "string", "example": "x"}`, `^"x"$`},
		{"default", `{"type": "integer", "default": 3}`, `^3$`},
		{"too long", `{"type": "string", "example": "xyz", "maxLength": 2}`, `^".?.?"$`},
		{"of another type", `{"type": "integer", "example": "x"}`, `^\d+$`},
		{"enum comes first", `{"type": "string", "enum": ["a"], "example": "b"}`, `^"a"$`},
		{"behind allOf", `{"allOf": [{"type": "string", "example": "x"}, {"minLength": 1}]}`, `^"x"$`},
		{"only of one part", `{"allOf": [{"type": "string", "example": "x"}, {"minLength": 2}]}`, `^".*-.*"$`},
		{"false", `{"type": "boolean", "default": false}`, `^false$`},
		{"an object", `{"type": "object", "properties": {"a": {"type": "integer"}}, "example": {"a": 5}}`, `^{"a":5}$`},
		{"format", `{"type": "string", "format": "date-time", "example": "yesterday"}`, `^"2026-03-14T14:09:26(\.535)?Z"$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := read(t, part(c.schema), "")
			for seed := range uint64(5) {
				if got := show(made(t, s, Options{Rand: seeded(seed), Now: now})); !regexp.MustCompile(c.want).MatchString(got) {
					t.Errorf("%s, want %s", got, c.want)
				}
			}
		})
	}
}

// What users of other kits met: booleans, allOf and properties without a type.
func TestUntyped(t *testing.T) {
	for _, c := range []struct{ schema, want string }{
		{`{}`, `^"`},
		{`{"description": "anything"}`, `^"`},
		{`{"properties": {"a": {"type": "boolean"}}}`, `^{"a":(true|false)}$`},
		{`{"items": {"type": "boolean"}, "minItems": 1}`, `^\[(true|false)`},
		{`{"minimum": 3, "maximum": 4}`, `^[34]$`},
		{`{"pattern": "^a+$"}`, `^"a+"$`},
		{`{"format": "ipv4"}`, `^"192\.0\.2\.\d+"$`},
		{`{"format": "int64"}`, `^\d+$`},
		{`{"maxLength": 0}`, `^""$`},
		{`{"additionalProperties": {"type": "integer"}}`, `^{"[^"]+":\d+`},
		{`{"allOf": [{"type": "boolean"}]}`, `^(true|false)$`},
		{`{"allOf": [{"properties": {"a": {"enum": [1]}}}, {"properties": {"b": {"enum": [2]}}}]}`, `^{"a":1,"b":2}$`},
		{`{"type": "number"}`, `^\d+$`},
		{`{"type": "number", "minimum": 0.5, "maximum": 0.6}`, `^0\.[56]\d*$`},
		{`{"type": "number", "minimum": 0, "maximum": 1}`, `^1$`},
	} {
		t.Run(c.schema, func(t *testing.T) {
			s := read(t, part(c.schema), "")
			for seed := range uint64(10) {
				if got := mustJSON(made(t, s, Options{Rand: seeded(seed)})); !regexp.MustCompile(c.want).MatchString(got) {
					t.Errorf("%s, want %s", got, c.want)
				}
			}
		})
	}
}

// Without a source of chance and a time, the value is still the same each time.
func TestNoOptions(t *testing.T) {
	s := read(t, event(`{"type": "object", "properties": {"at": {"type": "string", "format": "date-time"}}}`), "")
	a, b := made(t, s, Options{}), made(t, s, Options{})
	if !reflect.DeepEqual(a, b) || a.(map[string]any)["time"] != "2024-01-01T00:00:00Z" {
		t.Errorf("%v and %v", a, b)
	}
	if c := made(t, s, Options{Rand: seeded(2)}); reflect.DeepEqual(a, c) {
		t.Error("chance changes nothing")
	}
}

// A schema may be used by many at once.
func TestTogether(t *testing.T) {
	s := read(t, string(corpus(t)["combined_everything"]), "")
	want := mustJSON(made(t, s, Options{Rand: seeded(7), Now: now}))
	fresh := read(t, string(corpus(t)["combined_everything"]), "")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			v, err := fresh.Make(Options{Rand: rand.New(rand.NewPCG(7, 1)), Now: now})
			if err != nil || mustJSON(v) != want || len(fresh.Check(v)) > 0 {
				t.Errorf("%v %v", v, err)
			}
		})
	}
	all.Wait()
}

// The work for one value is bounded, however hard its schema.
func TestBounded(t *testing.T) {
	wide := `{"type": "object", "properties": {`
	for i := range 30 {
		if i > 0 {
			wide += ","
		}
		wide += `"p` + string(rune('a'+i%26)) + string(rune('a'+i/26)) + `": {"$ref": "#/definitions/wide"}`
	}
	wide += `}}`
	deep := ""
	for range 12 {
		deep += `{"allOf": [{"anyOf": [{"type": "integer"}, {"type": "boolean"}, {"type": "null"}]},`
	}
	deep += `{"type": "string"}` + strings.Repeat(`]}`, 12)
	for _, c := range []struct{ name, schema string }{
		{"wide recursion", `{"$ref": "#/definitions/wide", "definitions": {"wide": ` + wide + `}}`},
		{"required recursion on both sides", `{"$ref": "#/definitions/n", "definitions": {"n": {"anyOf": [{"type": "object", "required": ["l", "r"], "properties": {"l": {"$ref": "#/definitions/n"}, "r": {"$ref": "#/definitions/n"}}}, {"type": "object", "required": ["l", "r", "m"], "properties": {"l": {"$ref": "#/definitions/n"}, "r": {"$ref": "#/definitions/n"}}}]}}}`},
		{"alternatives in alternatives", deep},
		{"nested repetition", `{"type": "string", "pattern": "^(((a{0,5}b){0,5}c){0,5}d){3}$", "minLength": 300, "maxLength": 301}`},
		{"a hard pattern", `{"type": "string", "allOf": [{"pattern": "^[a-z]*1[a-z]*$"}, {"pattern": "^[a-z]*2[a-z]*$"}]}`},
		{"long list", `{"type": "array", "minItems": 15000, "items": {"type": "integer"}, "uniqueItems": false}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			s := read(t, c.schema, "")
			v, err := s.Make(Options{Rand: seeded(1)})
			if took := time.Since(begin); took > 20*time.Second {
				t.Errorf("took %v", took)
			} else {
				t.Logf("%v: %s %v", took, show(v), err)
			}
		})
	}
}

func TestTooDeep(t *testing.T) {
	text := strings.Repeat(`{"properties": {"a": `, 400) + `{}` + strings.Repeat(`}}`, 400)
	if _, err := Read([]byte(text), Detected, ""); err == nil || !strings.Contains(err.Error(), "nested more than 300 levels deep") {
		t.Error(err)
	}
	text = strings.Repeat(`{"properties": {"a": `, 140) + `{}` + strings.Repeat(`}}`, 140)
	read(t, text, "")
}

// TestMoreThanAnEventHolds: each text alone would be allowed.
func TestMoreThanAnEventHolds(t *testing.T) {
	s := read(t, `{"type": "array", "minItems": 20000, "items": {"type": "string", "minLength": 1000000}}`, "")
	if _, err := s.Make(Options{Rand: seeded(1)}); err == nil || !strings.Contains(err.Error(), "together longer than an event can hold") {
		t.Error(err)
	}
}

// TestManyDifferentNumbers: more than are near a limit.
func TestManyDifferentNumbers(t *testing.T) {
	s := read(t, `{"type": "array", "minItems": 1200, "uniqueItems": true, "items": {"type": "integer"}}`, "")
	if n := len(made(t, s, Options{Rand: seeded(1)}).([]any)); n != 1200 {
		t.Error(n)
	}
}
