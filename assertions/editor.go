package assertions

import (
	"maps"

	"github.com/rehearse-dev/rehearse/schema"
)

// The names under which the editor schemas know these parts.
const (
	checksRef       = "#/definitions/checks"
	operatorsRef    = "#/definitions/operators"
	expectedRef     = "#/definitions/expected"
	elementRef      = "#/definitions/element"
	fieldRef        = "#/definitions/field"
	eventPatternRef = "#/definitions/event_pattern"
)

// ExpectedDoc says what stands below a path of checks, for editors.
const ExpectedDoc = "What is expected here: a value, which means equals, or operators, all of which must hold."

// form is what an operator takes as its argument, as far as an editor can know.
type form uint8

const (
	formAnything  form = iota
	formOrdered        // a number or text
	formText           // and not empty
	formTruth          // true or false
	formOnlyTrue       // true
	formList           // with an element at least
	formAnyList        // perhaps empty
	formPair           // two numbers or texts
	formApprox         // {value, within}
	formLength         // a number of 0 or more, or operators
	formTypeName       // one of the types that is knows
	formPartial        // a document whose fields must be there
	formPattern        // an EventBridge event pattern
	formChecks         // a mapping of paths to checks
	formOperators      // a mapping of operators
	formElement        // a value, operators or checks
	formShare          // where and operators
	formSchema         // a JSON Schema, the path of a file with one, or one of a registry
)

// EditorSchema points editors to the definition of checks.
func (c Checks) EditorSchema() map[string]any { return ref(checksRef) }

// EditorDefinitions describes checks to editors, as JSON Schema: what stands
// under "#/definitions/checks", and the further definitions that it refers to.
func EditorDefinitions() (checks, more map[string]any) {
	properties := map[string]any{}
	for _, o := range operatorTable() {
		argument := schema.Described(o.argument.schema(), o.Doc)
		if e, ok := o.exampleArgument(); ok {
			argument["examples"] = []any{e}
		}
		properties[o.Name] = argument
	}
	noHole := map[string]any{"not": map[string]any{"pattern": `(^|[^$])\$\{`}} // keys are never expanded
	checks = map[string]any{
		"type": "object", "minProperties": 1, "propertyNames": noHole,
		"additionalProperties": ref(expectedRef),
	}
	noOperator := map[string]any{"not": map[string]any{"enum": operatorNames()}}
	return checks, map[string]any{
		"operators": map[string]any{"type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties},
		"expected":  eitherOf(append(plainValues(), ref(operatorsRef))...),
		"element": eitherOf(append(
			plainValues(), ref(operatorsRef),
			map[string]any{"type": "object", "allOf": []any{ref(checksRef)}, "propertyNames": noOperator},
		)...),
		"field": eitherOf(append(
			plainFields(),
			map[string]any{
				"type": "object", "minProperties": 1, "additionalProperties": ref(fieldRef), "propertyNames": noHole,
				"not": map[string]any{"propertyNames": map[string]any{"enum": operatorNames()}},
			},
		)...),
		"event_pattern": map[string]any{
			"type": "object", "minProperties": 1,
			"additionalProperties": schema.OrExpression(eitherOf(map[string]any{"type": "array", "minItems": 1}, ref(eventPatternRef))),
		},
	}
}

// exampleArgument is the operator's argument in its example.
func (o operator) exampleArgument() (any, bool) {
	var p schema.Problems
	for _, n := range schema.ReadDocuments("example", []byte(o.Example), &p) {
		for _, path := range n.Entries {
			if e, ok := path.Value.Get(o.Name); ok {
				return e.Value.Value(), true
			}
		}
	}
	return nil, false
}

// schema describes what an operator takes.
func (f form) schema() map[string]any {
	orderedValue := eitherOf(map[string]any{"type": "number"}, map[string]any{"type": "string"})
	switch f {
	case formOrdered:
		return orderedValue
	case formText:
		return map[string]any{"type": "string", "minLength": 1}
	case formTruth:
		return schema.OrExpression(map[string]any{"type": "boolean"})
	case formOnlyTrue:
		return schema.OrExpression(map[string]any{"const": true})
	case formList:
		return schema.OrExpression(map[string]any{"type": "array", "minItems": 1})
	case formAnyList:
		return schema.OrExpression(map[string]any{"type": "array"})
	case formPair:
		return schema.OrExpression(map[string]any{"type": "array", "minItems": 2, "maxItems": 2, "items": orderedValue})
	case formApprox:
		number := schema.OrExpression(map[string]any{"type": "number"})
		within := schema.OrExpression(map[string]any{"type": "number", "minimum": 0})
		return schema.OrExpression(map[string]any{
			"type": "object", "required": []any{"value", "within"}, "additionalProperties": false,
			"properties": map[string]any{
				"value":  schema.Described(number, "The number in the middle."),
				"within": schema.Described(within, "How far off it may be."),
			},
		})
	case formLength:
		return schema.OrExpression(eitherOf(map[string]any{"type": "integer", "minimum": 0}, ofNumbers()))
	case formTypeName:
		names := []any{nil} // YAML's null names the type too
		for _, n := range typeNames() {
			names = append(names, n)
		}
		return eitherOf(map[string]any{"enum": names}, map[string]any{"type": "string", "pattern": `\$\{`})
	case formPartial:
		return schema.OrExpression(eitherOf(
			map[string]any{"type": "object", "minProperties": 1, "additionalProperties": ref(fieldRef)},
			map[string]any{"type": "array", "minItems": 1, "items": ref(fieldRef)},
		))
	case formPattern:
		return schema.OrExpression(ref(eventPatternRef))
	case formChecks:
		return schema.OrExpression(ref(checksRef))
	case formOperators:
		return ref(operatorsRef)
	case formElement:
		return ref(elementRef)
	case formShare:
		return shareSchema()
	case formSchema:
		return eitherOf(schemaRefSchema(), map[string]any{"type": "object", "minProperties": 1}, map[string]any{"type": "string", "minLength": 1})
	}
	return map[string]any{}
}

// schemaRefSchema names a schema of a registry.
func schemaRefSchema() map[string]any {
	text := map[string]any{"type": "string", "minLength": 1}
	return map[string]any{
		"type": "object", "required": []any{"registry", "name"}, "additionalProperties": false,
		"properties": map[string]any{
			"registry": schema.Described(text, "Name or ARN of a schema registry."),
			"name":     schema.Described(text, "Name or ARN of a schema in it."),
			"version":  schema.Described(eitherOf(map[string]any{"type": "integer", "minimum": 1}, text), "A version (default: the latest)."),
			"type":     schema.Described(text, "One of the document's schemas (default: the whole event)."),
		},
	}
}

// shareSchema has where, and the operators that a number can hold.
func shareSchema() map[string]any {
	m := ofNumbers()
	m["properties"].(map[string]any)["where"] = schema.Described(ref(elementRef), "What an element must hold to count.")
	m["required"], m["minProperties"] = []any{"where"}, 2
	return m
}

// ofNumbers has the operators that a number can hold.
func ofNumbers() map[string]any {
	properties := map[string]any{}
	for _, o := range []string{"equals", "not_equals", "gt", "gte", "lt", "lte", "between", "one_of", "approx", "not"} {
		properties[o] = ref(operatorsRef + "/properties/" + o)
	}
	return map[string]any{"type": "object", "minProperties": 1, "additionalProperties": false, "properties": properties}
}

// plainValues are all values but mappings.
func plainValues() []map[string]any {
	var l []map[string]any
	for _, t := range []string{"string", "number", "boolean", "null", "array"} {
		l = append(l, map[string]any{"type": t})
	}
	return l
}

// plainFields are the values of a partial document but mappings.
func plainFields() []map[string]any {
	l := plainValues()
	l[len(l)-1] = map[string]any{"type": "array", "items": ref(fieldRef)}
	return l
}

func operatorNames() []any {
	var l []any
	for _, o := range Operators() {
		l = append(l, o.Name)
	}
	return l
}

// eitherOf allows any of several forms.
func eitherOf(schemas ...map[string]any) map[string]any {
	l := make([]any, 0, len(schemas))
	for _, s := range schemas {
		l = append(l, maps.Clone(s))
	}
	return map[string]any{"anyOf": l}
}

func ref(to string) map[string]any { return map[string]any{"$ref": to} }

// FieldSchema describes to editors a field of a partial document, as match
// takes it: any document that is no mapping of operators.
func FieldSchema() map[string]any { return ref(fieldRef) }
