package mock

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Random schemas are drawn from a small grammar, in which every keyword that is
// understood occurs, and which often contradicts itself.

type drawing struct {
	*rapid.T
	draft  draft
	rank   int  // of the definition that is drawn
	inside bool // a part of the value is described, which may be anything again
}

// even is a number below n. Those of rapid are mostly small.
func (d drawing) even(n int) int {
	return int(rapid.Uint64().Draw(d.T, "n") * 0x9e3779b97f4a7c15 >> 33 % uint64(n))
}

func (d drawing) chance(percent int) bool { return d.even(100) >= 100-percent }

var definitions = []any{"A", "B", "C"}

func (d drawing) small(low, high int) json.Number {
	return json.Number(fmt.Sprint(low + d.even(high-low+1)))
}

func (d drawing) oneOf(all ...any) any { return all[d.even(len(all))] }

func (d drawing) value() any {
	return d.oneOf("a", "bb", "id-1", json.Number("0"), json.Number("3"), json.Number("2.5"), true, false, nil, []any{}, []any{"a"}, map[string]any{}, map[string]any{"a": "a"})
}

func (d drawing) list(low, high int, what func() any) []any {
	l := []any{}
	for range low + d.even(high-low+1) {
		l = append(l, what())
	}
	return l
}

func distinct(all []any) []any {
	var once []any
	for _, v := range all {
		if !contains(once, v) {
			once = append(once, v)
		}
	}
	return once
}

func (d drawing) schema(depth int) any {
	if d.draft >= draft6 && d.chance(4) {
		return d.chance(80)
	}
	s := map[string]any{}
	targets := definitions
	if !d.inside {
		targets = targets[d.rank:]
	}
	if len(targets) > 0 && d.chance(12) {
		return map[string]any{"$ref": d.prefix() + d.oneOf(targets...).(string)}
	}
	kind := d.oneOf("string", "integer", "number", "boolean", "array", "object", "object").(string)
	if d.chance(85) {
		s["type"] = kind
		if d.draft != openAPI30 && d.chance(10) {
			s["type"] = []any{kind, d.oneOf("null", "null2")}
			if s["type"].([]any)[1] == "null2" {
				s["type"] = []any{kind}
			}
		}
	}
	if d.chance(10) {
		s["enum"] = distinct(d.list(1, 3, d.value))
	}
	if d.draft == openAPI30 && d.chance(8) {
		s["nullable"] = true
	}
	if d.chance(8) {
		s[map[bool]string{true: "example", false: "default"}[d.chance(50)]] = d.value()
	}
	if d.draft >= draft6 && d.chance(4) {
		s["const"] = d.value()
	}
	switch kind {
	case "string":
		d.text(s)
	case "integer", "number":
		d.number(s)
	case "array":
		d.array(s, depth)
	case "object":
		d.object(s, depth)
	}
	if depth > 0 {
		d.combine(s, depth-1)
	}
	return s
}

func (d drawing) text(s map[string]any) {
	if d.chance(30) {
		s["minLength"] = d.small(0, 6)
	}
	if d.chance(30) {
		s["maxLength"] = d.small(2, 12)
	}
	if d.chance(25) {
		s["pattern"] = d.oneOf("^[a-z]+$", "^[a-z]{2,4}-[0-9]*$", "a", "^(aa|bb)*$", `\d{3}`, "^x?y?$", "^.{3,}$")
	}
	if d.chance(15) {
		s["format"] = d.oneOf("date-time", "email", "ipv4", "uri", "unheard-of")
	}
}

func (d drawing) number(s map[string]any) {
	if d.chance(40) {
		s["minimum"] = d.small(-5, 5)
	}
	if d.chance(40) {
		s["maximum"] = d.small(0, 12)
	}
	if d.chance(15) {
		s["multipleOf"] = d.oneOf(json.Number("2"), json.Number("3"), json.Number("0.5"))
	}
	for _, word := range []string{"exclusiveMinimum", "exclusiveMaximum"} {
		switch {
		case !d.chance(12):
		case d.draft > draft4:
			s[word] = d.small(-3, 8)
		case s[map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}[word]] != nil:
			s[word] = d.chance(70)
		}
	}
}

func (d drawing) array(s map[string]any, depth int) {
	d.inside = true
	inner := func() any {
		if depth == 0 {
			return map[string]any{"type": "integer"}
		}
		return d.schema(depth - 1)
	}
	tuple := "items"
	if d.draft == draft2020 {
		tuple = "prefixItems"
	}
	switch {
	case d.draft != openAPI30 && d.chance(20):
		s[tuple] = d.list(1, 2, inner)
		if d.draft < draft2020 && d.chance(30) {
			s["additionalItems"] = false
		}
	default:
		s["items"] = inner()
	}
	if d.chance(40) {
		s["minItems"] = d.small(0, 3)
	}
	if d.chance(30) {
		s["maxItems"] = d.small(0, 4)
	}
	if d.chance(20) {
		s["uniqueItems"] = true
	}
	if d.draft >= draft6 && d.chance(12) {
		s["contains"] = inner()
	}
}

var propertyNames = []string{"a", "b", "c", "d"}

func (d drawing) name() any { return rapid.SampledFrom(propertyNames).Draw(d.T, "name") }

func (d drawing) names() []any {
	return rapid.Map(rapid.SliceOfNDistinct(rapid.SampledFrom(propertyNames), 1, 3, rapid.ID[string]), func(l []string) []any {
		all := []any{}
		for _, s := range l {
			all = append(all, s)
		}
		return all
	}).Draw(d.T, "names")
}

func (d drawing) object(s map[string]any, depth int) {
	d.inside = true
	if depth > 0 {
		properties := map[string]any{}
		for _, name := range d.names() {
			properties[name.(string)] = d.schema(depth - 1)
		}
		s["properties"] = properties
	}
	if d.chance(60) {
		s["required"] = d.names()
	}
	if d.chance(30) {
		s["additionalProperties"] = d.oneOf(true, false, map[string]any{"type": "string"})
	}
	if d.chance(15) {
		s["minProperties"] = d.small(0, 3)
	}
	if d.chance(15) {
		s["maxProperties"] = d.small(1, 4)
	}
	if d.draft == openAPI30 {
		return
	}
	if d.chance(12) && depth > 0 {
		s["patternProperties"] = map[string]any{d.oneOf("^[ab]$", "^x", "d").(string): d.schema(depth - 1)}
	}
	if d.chance(10) {
		dependent := map[string]any{d.name().(string): any(d.names())}
		switch {
		case d.draft < draft2019:
			s["dependencies"] = dependent
		default:
			s["dependentRequired"] = dependent
		}
	}
	if d.draft >= draft6 && d.chance(8) {
		s["propertyNames"] = map[string]any{"maxLength": d.small(1, 5)}
	}
}

func (d drawing) combine(s map[string]any, depth int) {
	inner := func() any { return d.schema(depth) }
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		if d.chance(10) {
			s[word] = d.list(1, 3, inner)
		}
	}
	if d.chance(8) {
		s["not"] = inner()
	}
	if d.draft >= draft7 && d.chance(8) {
		s["if"] = inner()
		if d.chance(70) {
			s["then"] = inner()
		}
		if d.chance(50) {
			s["else"] = inner()
		}
	}
}

func (d drawing) prefix() string {
	switch d.draft {
	case openAPI30:
		return "#/components/schemas/"
	case draft2020:
		return "#/$defs/"
	}
	return "#/definitions/"
}

// document is a whole schema document.
func (d drawing) document() map[string]any {
	all := map[string]any{}
	for i, name := range definitions {
		of := d
		of.rank = i + 1
		all[name.(string)] = of.schema(2)
	}
	if d.draft == openAPI30 {
		all["Event"] = d.schema(3)
		return map[string]any{"openapi": "3.0.3", "info": map[string]any{"title": "t", "version": "1"}, "paths": map[string]any{}, "components": map[string]any{"schemas": all}}
	}
	url := map[draft]string{draft4: d4, draft7: d7, draft2020: d2020}[d.draft]
	word := strings.Trim(d.prefix(), "#/")
	doc := map[string]any{"$schema": url, word: all}
	if top, ok := d.schema(3).(map[string]any); ok && top["$ref"] == nil {
		maps.Copy(doc, top)
	} else {
		doc["allOf"] = []any{map[string]any{"$ref": d.prefix() + "A"}}
	}
	return doc
}

// randomDocument draws a document and names the part to make.
var randomDocument = rapid.Custom(func(t *rapid.T) []byte {
	d := drawing{t, rapid.SampledFrom([]draft{openAPI30, draft4, draft7, draft2020}).Draw(t, "draft"), 0, false}
	text, err := json.Marshal(d.document())
	if err != nil {
		t.Fatal(err)
	}
	return text
})

func partOf(text []byte) string {
	if strings.Contains(string(text), `"openapi"`) {
		return "Event"
	}
	return ""
}

// pool are some simple values.
func pool(t testing.TB) []any {
	var all []any
	for _, v := range []string{`null`, `true`, `false`, `0`, `1`, `2.5`, `-3`, `12`, `""`, `"a"`, `"bb"`, `"abc-12"`, `"aabb"`, `"123"`, `"xy"`, `[]`, `["a"]`, `[1,2]`, `[1,"a",true]`, `{}`, `{"a":"a"}`, `{"a":1,"b":2,"c":3}`, `{"d":[]}`} {
		all = append(all, value(t, v))
	}
	return all
}

// randomValues writes what random schemas make for the judges, and what does and
// does not fit these.
func randomValues(t *testing.T, out *judged) {
	for i := range 1500 {
		text := randomDocument.Example(i)
		s, err := Read(text, Detected, partOf(text))
		if err != nil {
			continue // refs in a circle
		}
		l := line{Name: fmt.Sprint("random ", i), Form: s.form, Part: s.at, Schema: text}
		for seed := range uint64(3) {
			r := seeded(seed)
			v, err := s.Make(Options{Rand: r, Now: now, RequiredOnly: seed == 1})
			if err != nil {
				break
			}
			for range 4 {
				l.Seed, l.RequiredOnly, l.Fits, l.Value = seed, seed == 1, len(s.Check(v)) == 0, v
				out.write(t, l)
				l.Schema = nil
				v = spoil(r, clone(v))
			}
		}
		for _, v := range pool(t) {
			l.Fits, l.Value = len(s.Check(v)) == 0, v
			out.write(t, l)
			l.Schema = nil
		}
	}
}

// A value is made and fits, or an error says why not; what is said to be
// impossible is not among many values; and all of it ends soon.
func TestRandomSchemas(t *testing.T) {
	pool := pool(t)
	count := map[string]int{}
	var overlooked []string
	t.Cleanup(func() { t.Log(count, strings.Join(overlooked, "\n")) })
	rapid.Check(t, func(t *rapid.T) {
		text := randomDocument.Draw(t, "document")
		s, err := Read(text, Detected, partOf(text))
		if err != nil && strings.Contains(err.Error(), "leads back to itself") {
			t.Skip("refs in a circle")
		}
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		only := rapid.Bool().Draw(t, "required only")
		begin := time.Now()
		v, err := s.Make(Options{Rand: seeded(rapid.Uint64().Draw(t, "seed")), Now: now, RequiredOnly: only})
		if took := time.Since(begin); took > 30*time.Second {
			t.Fatalf("%s\ntook %v", text, took)
		}
		var no *unsatisfiable
		switch {
		case err == nil:
			if all := s.Check(v); len(all) > 0 {
				t.Fatalf("%s\n%s\n%v", text, show(v), all)
			}
			count["made"]++
		case !errors.As(err, &no):
			t.Fatalf("%s\n%v", text, err)
		case no.certain && !no.optional:
			count["impossible"]++
			for _, v := range pool {
				if len(s.Check(v)) == 0 {
					t.Fatalf("%s\n%s would do, but: %v", text, show(v), err)
				}
			}
		case no.optional:
			count["not made, in what is optional"]++
		default:
			count["not found"]++
			for _, v := range pool {
				if len(s.Check(v)) == 0 {
					count["not found, though there is one"]++
					overlooked = append(overlooked, fmt.Sprintf("%s\n%s would do, but: %v", text, show(v), err))
					break
				}
			}
		}
	})
}
