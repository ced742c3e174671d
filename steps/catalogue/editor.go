package catalogue

import (
	"bytes"
	"encoding/json"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// EditorSchemas gives the JSON Schemas for editors, by their name, as text.
func EditorSchemas() (map[string][]byte, error) {
	kinds := map[string]map[string]any{}
	for _, k := range Kinds() {
		kinds[k.Name] = kindSchema(k)
	}
	checks, more := assertions.EditorDefinitions()
	all := schema.EditorSchemas(schema.Definitions{
		Step: schema.StepSchema(kinds, schema.FieldsShape()), Checks: checks, More: more,
	})
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

// kindSchema describes a kind's parameters; a lone scalar may stand for one of them.
func kindSchema(k steps.Kind) map[string]any {
	s := k.Params.EditorSchema()
	if k.Shorthand != "" {
		f, _ := k.Params.Field(k.Shorthand)
		short := f.EditorSchema()
		if k.Condition == k.Shorthand {
			short = map[string]any{"type": []any{"string", "boolean"}}
		}
		s = map[string]any{"anyOf": []any{s, short}}
	}
	s["description"] = k.Summary
	return s
}
