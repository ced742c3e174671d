package catalogue

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// SchemaNames are the names of the editor schemas.
func SchemaNames() []string { return []string{"scenario", "suite", "steps"} }

// EditorSchemas gives the JSON Schemas for editors, by their name, as text.
func EditorSchemas() (map[string][]byte, error) {
	kinds, beside := map[string]map[string]any{}, map[string]map[string]any{}
	for _, k := range Kinds() {
		kinds[k.Name] = kindSchema(k)
		if fields := fieldsOf(k); len(fields) > 0 {
			beside[k.Name] = map[string]any{"properties": fields}
		}
	}
	checks, more := assertions.EditorDefinitions()
	all := schema.EditorSchemas(schema.Definitions{Step: schema.StepSchema(kinds, beside), Checks: checks, More: more})
	out := map[string][]byte{}
	for name, s := range all {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(s); err != nil {
			return nil, err
		}
		out[name] = b.Bytes()
	}
	return out, nil
}

// fieldsOf says what is particular to the common fields of a kind's steps.
func fieldsOf(k steps.Kind) map[string]any {
	refused := []string{}
	switch {
	case k.Control:
		refused = append(refused, "within", "every", "hold", "throughout", "warn_after", "mask")
	case !k.Facts(&schema.Node{Kind: schema.Map}).Reads:
		refused = append(refused, "hold", "throughout")
	}
	if k.Control && !k.FreeResult {
		refused = append(refused, "expect") // there is no result
	}
	fields := schema.None(refused...)
	if _, ok := k.Result.Field("listener"); ok {
		fields["keep"] = map[string]any{"const": false} // the whole run shares a listener
	}
	if len(k.Result.Fields) > 0 && !k.FreeResult {
		fields["expect"] = expectSchema(k.Result)
	}
	return fields
}

// expectSchema names the parts of a kind's result, from which the paths of
// checks start.
func expectSchema(result *schema.Shape) map[string]any {
	known := map[string]any{}
	for _, f := range result.Fields {
		known[f.Name] = map[string]any{"description": f.Doc}
	}
	names := `(` + strings.Join(result.Names(), "|") + `)`
	paths := `^(\$|\$?\.?` + names + `[.\[].*|\$\.?` + names + `|\$?\[\s*['"]` + names + `['"].*|\$?\.?\*.*|\$?\.\..*|\$?\[\s*[*?].*)$`
	return map[string]any{"anyOf": []any{
		map[string]any{
			"type": "object", "properties": known, "additionalProperties": false,
			"patternProperties": map[string]any{paths: map[string]any{"description": assertions.ExpectedDoc}},
		},
		map[string]any{"type": "string"},
	}}
}

// kindSchema describes a kind's parameters; a lone scalar may stand for one of them.
func kindSchema(k steps.Kind) map[string]any {
	s := k.Params.EditorSchema()
	if k.Control {
		s = k.Params.FixedSchema() // it is planned before anything is evaluated
	}
	if k.Params.Want == schema.List {
		s["minItems"] = 1
	}
	addForms(s, k)
	addRules(s, k)
	if k.Selects != nil {
		s["properties"].(map[string]any)["match"] = matchSchema(k)
	}
	if k.Condition != "" {
		f, _ := k.Params.Field(k.Condition)
		s["properties"].(map[string]any)[k.Condition] = schema.Described(schema.Condition(), f.Doc)
	}
	if k.Shorthand != "" {
		short := maps.Clone(s["properties"].(map[string]any)[k.Shorthand].(map[string]any))
		delete(short, "description") // the kind's own stands beside
		s = map[string]any{"anyOf": []any{s, short}}
	}
	doc := k.Summary
	if k.Doc != "" {
		doc += "\n\n" + paragraphs(k.Doc)
	}
	return schema.Described(s, doc)
}

// addForms refuses parameters that are there and say nothing, and buckets that
// are paths or URLs.
func addForms(s map[string]any, k steps.Kind) {
	for _, f := range k.Params.Fields {
		p, _ := s["properties"].(map[string]any)[f.Name].(map[string]any)
		switch {
		case f.Later || f.Shape.Any || f.Shape.Custom || f.Shape.Enum != nil || k.Control:
		case f.Shape.Type.Kind() == reflect.String:
			p["allOf"] = []any{schema.SomeText()}
		case f.Required && f.Shape.Want == schema.Map:
			p["anyOf"].([]any)[0].(map[string]any)["minProperties"] = 1
		}
		if f.Name == "bucket" {
			p["type"], p["pattern"] = "string", `^[^/]*$|^arn:|\$\{`
		}
	}
}

// paragraphs joins the lines of each paragraph: editors show every line as one of its own.
func paragraphs(text string) string {
	var l []string
	for _, p := range strings.Split(text, "\n\n") {
		l = append(l, strings.Join(strings.Fields(p), " "))
	}
	return strings.Join(l, "\n\n")
}

// addRules adds what a kind says of several parameters together.
func addRules(s map[string]any, k steps.Kind) {
	excluded := map[string][]string{}
	var present []any
	for _, r := range k.Rules {
		var one []any
		for i, name := range r.Names {
			one = append(one, schema.Required(name))
			if i+1 < len(r.Names) {
				excluded[name] = append(excluded[name], r.Names[i+1:]...)
			}
		}
		if r.Exactly {
			present = append(present, map[string]any{"anyOf": one})
		}
	}
	if len(excluded) > 0 {
		s["dependencies"] = schema.NoneBeside(excluded)
	}
	if present != nil {
		s["allOf"] = present
	}
}

// matchSchema names the fields of the documents among which a kind selects.
func matchSchema(k steps.Kind) map[string]any {
	f, _ := k.Params.Field("match")
	fields := map[string]any{}
	for _, name := range k.Selects.Text {
		text := map[string]any{"type": "string"}
		fields[name] = schema.Described(text, "The "+name+" of "+k.Selects.Noun+": text, compared as a whole.")
	}
	for _, name := range k.Selects.Free {
		fields[name] = schema.Described(assertions.FieldSchema(), "The "+name+" of "+k.Selects.Noun+": what is named here must be there and be equal.")
	}
	m := map[string]any{"type": "object", "minProperties": 1, "additionalProperties": false, "properties": fields}
	return schema.Described(schema.OrExpression(m), f.Doc)
}
