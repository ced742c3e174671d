package schema

import (
	"reflect"
	"strings"
)

// draft is the JSON Schema dialect that editors understand best.
const draft = "http://json-schema.org/draft-07/schema#"

// Definition names of the parts that every schema shares.
const (
	stepRef   = "#/definitions/step"
	checksRef = "#/definitions/checks"
)

// hole is what may stand wherever something else than text is expected.
var hole = map[string]any{"type": "string", "pattern": `\$\{`}

// EditorSchema describes the shape to editors, as JSON Schema.
func (s *Shape) EditorSchema() map[string]any {
	switch {
	case s.Any:
		return map[string]any{}
	case s.Custom:
		if d, ok := reflect.New(elem(s.Type)).Interface().(Describer); ok {
			return d.EditorSchema()
		}
		return map[string]any{}
	case s.IsDuration():
		return map[string]any{"type": "string", "pattern": `^(.*\$\{.*|([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+)$`}
	case s.Enum != nil:
		return OrExpression(map[string]any{"enum": s.Enum})
	case s.Want == Text:
		return map[string]any{"type": "string"}
	case s.Want == Number && elem(s.Type).Kind() == reflect.Float64:
		return OrExpression(map[string]any{"type": "number"})
	case s.Want == Number:
		return OrExpression(map[string]any{"type": "integer"})
	case s.Want == Bool:
		return OrExpression(map[string]any{"type": "boolean"})
	case s.Want == List:
		return OrExpression(map[string]any{"type": "array", "items": s.Elem.EditorSchema()})
	case s.Elem != nil:
		return OrExpression(map[string]any{"type": "object", "additionalProperties": s.Elem.EditorSchema()})
	}
	return s.objectSchema()
}

// OrExpression allows an expression in place of what a schema describes.
func OrExpression(m map[string]any) map[string]any {
	return map[string]any{"anyOf": []any{m, hole}}
}

func (s *Shape) objectSchema() map[string]any {
	properties := map[string]any{}
	var required []string
	for _, f := range s.Fields {
		if f.Later {
			continue
		}
		properties[f.Name] = f.EditorSchema()
		if f.Required {
			required = append(required, f.Name)
		}
	}
	m := map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	if required != nil {
		m["required"] = required
	}
	return m
}

// EditorSchema describes a field with its documentation.
func (f Field) EditorSchema() map[string]any {
	x := f.Shape.EditorSchema()
	if f.Doc == "" && f.Default == "" {
		return x
	}
	out := map[string]any{}
	for k, v := range x {
		out[k] = v
	}
	if _, ref := out["$ref"]; ref { // beside $ref draft-07 ignores everything
		out = map[string]any{"allOf": []any{x}}
	}
	out["description"] = f.Doc
	if f.Default != "" {
		out["description"] = strings.TrimSuffix(f.Doc, ".") + " (default: " + f.Default + ")."
	}
	return out
}

// EditorSchema points to the description of steps, which needs the kinds.
func (Step) EditorSchema() map[string]any { return map[string]any{"$ref": stepRef} }

// Definitions are the parts of the editor schemas that are not known here:
// what a step is, for which the kinds are needed, and what checks are.
type Definitions struct {
	Step, Checks map[string]any
	More         map[string]any // what these refer to
}

// EditorSchemas gives the JSON Schemas for editors by their name: scenario and suite.
func EditorSchemas(d Definitions) map[string]map[string]any {
	definitions := map[string]any{"step": d.Step, "checks": d.Checks}
	for k, v := range d.More {
		definitions[k] = v
	}
	return map[string]map[string]any{
		"scenario": root("A rehearse scenario", scenarioType, definitions),
		"suite":    root("A rehearse suite (rehearse.yaml)", suiteType, definitions),
	}
}

func root(title string, t reflect.Type, definitions map[string]any) map[string]any {
	m := ShapeOf(t).EditorSchema()
	m["$schema"] = draft
	m["title"] = title
	m["definitions"] = definitions
	m["patternProperties"] = map[string]any{"^x-": map[string]any{}}
	return m
}

// StepSchema describes a step: one kind key of several, and the common fields.
func StepSchema(kinds map[string]map[string]any, fields *Shape) map[string]any {
	properties := fields.objectSchema()["properties"].(map[string]any)
	properties["expect"] = map[string]any{"$ref": checksRef, "description": fieldDoc(fields, "expect")}
	properties["when"] = map[string]any{"type": []any{"string", "boolean"}, "description": fieldDoc(fields, "when")}
	var one []any
	for _, k := range sortedKeys(kinds) {
		properties[k] = kinds[k]
		one = append(one, map[string]any{"required": []any{k}})
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties, "oneOf": one}
}

func fieldDoc(s *Shape, name string) string {
	f, _ := s.Field(name)
	return f.Doc
}
