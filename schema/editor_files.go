package schema

import (
	"maps"
)

// draft is the JSON Schema dialect that editors understand best.
const draft = "http://json-schema.org/draft-07/schema#"

// Definitions are the parts of the editor schemas that are not known here:
// what a step is, for which the kinds are needed, and what checks are.
type Definitions struct {
	Step, Checks map[string]any
	More         map[string]any // what these refer to
}

// EditorSchemas gives the JSON Schemas for editors by their name: scenario,
// suite and steps.
func EditorSchemas(d Definitions) map[string]map[string]any {
	definitions := sharedDefinitions()
	definitions["step"], definitions["checks"] = d.Step, d.Checks
	maps.Copy(definitions, d.More)
	return map[string]map[string]any{
		"scenario": root("A scenario: what to arrange, what to do, what must then be true and what to clean up.", scenarioSchema(), definitions),
		"suite":    root("What the scenarios of a folder share: rehearse.yaml at its root.", suiteSchema(), definitions),
		"steps":    root("Lists of steps with a name, which scenarios run with use.", stepsFileSchema(), definitions),
	}
}

// root completes the schema of a file: the top-level keys that begin with x-
// are the user's own. It has no title: editors would show it above every key.
func root(description string, m, definitions map[string]any) map[string]any {
	m["$schema"] = draft
	m["description"] = description
	m["definitions"] = definitions
	m["patternProperties"] = map[string]any{"^x-": map[string]any{}}
	return m
}

func scenarioSchema() map[string]any {
	shape := ShapeOf(scenarioType)
	m := shape.object(false)
	p := m["properties"].(map[string]any)
	p["scenario"] = described(shape, "scenario", notBlank())
	p["description"] = described(shape, "description", ref(textRef))
	p["timeout"] = described(shape, "timeout", ref(positiveFixedRef))
	p["skip"] = described(shape, "skip", skipReason())
	p["cases"] = described(shape, "cases", casesSchema())
	for _, phase := range []string{"arrange", "act", "diagnose", "cleanup"} {
		p[phase] = described(shape, phase, stepList(phase))
	}
	assert := stepList("assert")
	assert["minItems"] = 1
	p["assert"] = described(shape, "assert", assert)
	var one []any // a scenario without steps checks nothing
	for _, phase := range []string{"arrange", "act", "assert"} {
		one = append(one, Required(phase))
	}
	m["anyOf"] = one
	return m
}

// stepList is a list of steps. Only those of assert wait for others by after: in
// the other phases they run in their order.
func stepList(phase string) map[string]any {
	step := ref(stepRef)
	if phase != "assert" {
		step = map[string]any{"type": "object", "allOf": []any{step}, "properties": map[string]any{"after": false}}
	}
	return map[string]any{"type": "array", "items": step}
}

func casesSchema() map[string]any {
	list := ShapeOf(listOfCases).written(false)
	list["minItems"] = 1
	from := ShapeOf(fromType).object(false)
	for shape, m := range map[*Shape]map[string]any{ShapeOf(listOfCases).Elem: list["items"].(map[string]any), ShapeOf(fromType): from} {
		p := m["properties"].(map[string]any)
		p["timeout"] = described(shape, "timeout", ref(positiveFixedRef))
		p["skip"] = described(shape, "skip", skipReason())
		if shape.Type == fromType {
			p["name"] = described(shape, "name", ref(textRef))
		} else {
			p["name"] = described(shape, "name", notBlank())
		}
	}
	return map[string]any{"anyOf": []any{list, from}}
}

func suiteSchema() map[string]any {
	shape := ShapeOf(suiteType)
	m := shape.object(false)
	p := m["properties"].(map[string]any)
	p["format"] = described(shape, "format", map[string]any{"const": Format})
	p["mask"] = described(shape, "mask", map[string]any{"type": "array", "items": notBlank()})
	defaults, _ := shape.Field("defaults")
	longer(p["defaults"].(map[string]any), defaults.Shape, positiveFixedRef)
	p["arrange"] = described(shape, "arrange", stepList("arrange"))
	p["cleanup"] = described(shape, "cleanup", stepList("cleanup"))
	environments, _ := shape.Field("environments") // their expressions see env
	environment := environments.Shape.Elem.object(true)
	inside := environment["properties"].(map[string]any)
	inside["vars"] = described(environments.Shape.Elem, "vars", map[string]any{"type": "object", "propertyNames": noHole()})
	inside["account"] = described(environments.Shape.Elem, "account", accountSchema())
	inside["accounts"] = described(environments.Shape.Elem, "accounts", accountsSchema())
	p["accounts"] = described(shape, "accounts", accountsSchema())
	p["limits"] = described(shape, "limits", limitsSchema())
	inside["endpoint_url"] = described(environments.Shape.Elem, "endpoint_url", map[string]any{"type": "string", "pattern": `^https?://|` + holePattern})
	inside["defaults"] = defaults.described(longer(defaults.Shape.object(true), defaults.Shape, positiveDurationRef))
	p["environments"] = described(shape, "environments", map[string]any{"type": "object", "additionalProperties": environment})
	return m
}

// longer wants the durations of defaults that nothing could work with to be
// longer than nothing.
func longer(m map[string]any, shape *Shape, duration string) map[string]any {
	for _, name := range []string{"timeout", "within", "every", "step_timeout"} {
		m["properties"].(map[string]any)[name] = described(shape, name, ref(duration))
	}
	return m
}

func stepsFileSchema() map[string]any {
	shape := ShapeOf(definitionType)
	definition := shape.object(false)
	p := definition["properties"].(map[string]any)
	p["steps"] = described(shape, "steps", map[string]any{"type": "array", "minItems": 1, "items": ref(stepRef)})
	p["cleanup"] = described(shape, "cleanup", stepList("cleanup"))
	params, _ := shape.Field("params")
	param := params.Shape.Elem.object(false)
	param["properties"].(map[string]any)["doc"] = described(params.Shape.Elem, "doc", ref(textRef))
	// What is required has no use for a default.
	param["dependencies"] = map[string]any{"default": map[string]any{"properties": map[string]any{"required": map[string]any{"const": false}}}}
	p["params"] = described(shape, "params", map[string]any{"type": "object", "additionalProperties": param})
	return map[string]any{
		"type": "object", "minProperties": 1,
		"additionalProperties": Described(definition, "A list of steps with a name: use: {steps: \"FILE.steps.yaml#NAME\"} runs it."),
	}
}

// StepSchema describes a step: one kind key of several, and the common fields.
// Beside is what else must hold of a step of a kind, by the kind's name.
func StepSchema(kinds, beside map[string]map[string]any) map[string]any {
	shape := FieldsShape()
	m := shape.object(true)
	p := m["properties"].(map[string]any)
	p["name"] = described(shape, "name", ref(plainTextRef))
	p["id"] = described(shape, "id", idSchema())
	p["after"] = described(shape, "after", idSchema())
	p["mask"] = described(shape, "mask", map[string]any{"type": "array", "items": notBlank()})
	p["keep"] = described(shape, "keep", map[string]any{"type": "boolean"})
	p["when"] = described(shape, "when", Condition())
	p["expect"] = described(shape, "expect", OrExpression(ref(checksRef)))
	p["for_each"] = described(shape, "for_each", forEachSchema())
	for _, name := range []string{"within", "throughout", "every", "attempt_timeout", "warn_after"} {
		p[name] = described(shape, name, ref(positiveDurationRef))
	}
	dependencies := NoneBeside(map[string][]string{"throughout": {"within", "hold", "warn_after"}})
	for k, s := range beside {
		dependencies[k] = s
	}
	m["dependencies"] = dependencies
	var one []any
	for _, k := range sortedKeys(kinds) {
		p[k] = kinds[k]
		one = append(one, Required(k))
	}
	m["oneOf"] = one
	return m
}

// forEachSchema is a list with something in it, an expression with or without
// ${}, or both of them as items.
func forEachSchema() map[string]any {
	list := map[string]any{"type": "array", "minItems": 1}
	text := map[string]any{"type": "string", "minLength": 1}
	shape := ShapeOf(forEachType)
	whole := shape.object(true)
	p := whole["properties"].(map[string]any)
	p["items"] = described(shape, "items", map[string]any{"anyOf": []any{list, text}})
	p["concurrency"] = described(shape, "concurrency", OrExpression(map[string]any{"type": "integer", "minimum": 1}))
	p["rate"] = described(shape, "rate", OrExpression(map[string]any{"type": "number", "exclusiveMinimum": 0}))
	return map[string]any{"anyOf": []any{list, text, whole}}
}

// NoneBeside forbids keys where another one stands, by that one's name.
func NoneBeside(keys map[string][]string) map[string]any {
	m := map[string]any{}
	for k, names := range keys {
		m[k] = map[string]any{"properties": None(names...)}
	}
	return m
}

// Required asks for a key. Strict validators want it named as a property beside.
func Required(name string) map[string]any {
	return map[string]any{"required": []any{name}, "properties": map[string]any{name: true}}
}

// None forbids keys: they are properties that nothing satisfies.
func None(names ...string) map[string]any {
	m := map[string]any{}
	for _, n := range names {
		m[n] = false
	}
	return m
}

// Condition describes an expression that is true or false, with or without ${}.
func Condition() map[string]any {
	return map[string]any{"anyOf": []any{map[string]any{"type": "string", "minLength": 1}, map[string]any{"type": "boolean"}}}
}

// skipReason is why something is skipped: a text or an expression, or nothing.
func skipReason() map[string]any {
	return map[string]any{"anyOf": []any{
		ref(textRef), map[string]any{"type": "boolean"}, map[string]any{"type": "number"}, map[string]any{"type": "null"},
	}}
}

func notBlank() map[string]any {
	return map[string]any{"allOf": []any{ref(plainTextRef)}, "type": "string", "pattern": notBlankPattern}
}

// idSchema is what can be an id: no name that expressions use for something else.
func idSchema() map[string]any {
	taken := []any{}
	for _, name := range ReservedIDs() {
		taken = append(taken, name)
	}
	return map[string]any{"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "not": map[string]any{"enum": taken}}
}

// described gives a schema the documentation of a field.
func described(s *Shape, name string, m map[string]any) map[string]any {
	f, _ := s.Field(name)
	return f.described(m)
}
