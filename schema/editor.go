package schema

import (
	"maps"
	"reflect"
	"strings"
)

// Names under which the editor schemas know the parts that they share.
const (
	stepRef             = "#/definitions/step"
	checksRef           = "#/definitions/checks"
	expressionRef       = "#/definitions/expression"
	textRef             = "#/definitions/text"
	someTextRef         = "#/definitions/some_text"
	plainTextRef        = "#/definitions/plain_text"
	durationRef         = "#/definitions/duration"
	positiveDurationRef = "#/definitions/positive_duration"
	fixedDurationRef    = "#/definitions/fixed_duration"
	positiveFixedRef    = "#/definitions/positive_fixed_duration"
)

var stepType = reflect.TypeFor[Step]()

// Patterns of text. A ${ that a further $ stands before is literal text.
const (
	holePattern      = `(^|[^$])\$\{`
	wholeHolePattern = `^\$\{[\s\S]*\}$`
	durationPattern  = `([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+`
	zeroPattern      = `^([0.]+(ns|us|µs|ms|s|m|h))+$`
	notBlankPattern  = `\S`
)

// sharedDefinitions are the parts of the editor schemas that any of them may
// use. They have no descriptions: editors would show them in place of what a
// field is.
func sharedDefinitions() map[string]any {
	fixed, open := `^`+durationPattern+`$`, `^`+durationPattern+`$|`+holePattern
	nothing := map[string]any{"pattern": zeroPattern}
	return map[string]any{
		"expression":              map[string]any{"type": "string", "pattern": wholeHolePattern},
		"text":                    map[string]any{"type": "string"},
		"some_text":               map[string]any{"type": "string", "pattern": notBlankPattern},
		"plain_text":              map[string]any{"type": "string", "not": map[string]any{"pattern": holePattern}},
		"duration":                map[string]any{"type": "string", "pattern": open},
		"positive_duration":       map[string]any{"type": "string", "pattern": open, "not": nothing},
		"fixed_duration":          map[string]any{"type": "string", "pattern": fixed},
		"positive_fixed_duration": map[string]any{"type": "string", "pattern": fixed, "not": nothing},
	}
}

// ref points to a shared part.
func ref(to string) map[string]any { return map[string]any{"$ref": to} }

// EditorSchema describes the shape to editors, as JSON Schema: what must be
// written out at its top, and below it values or expressions.
func (s *Shape) EditorSchema() map[string]any { return s.written(true) }

// FixedSchema is the EditorSchema of what is read before anything is
// evaluated, so that no expression may stand in it.
func (s *Shape) FixedSchema() map[string]any { return s.written(false) }

// SomeText is text that is not blank; it may hold expressions.
func SomeText() map[string]any { return ref(someTextRef) }

// OrExpression allows an expression in place of what a schema describes.
func OrExpression(m map[string]any) map[string]any {
	if l, ok := m["anyOf"].([]any); ok && len(m) == 1 {
		if last, ok := l[len(l)-1].(map[string]any); ok && last["$ref"] == expressionRef {
			return m
		}
	}
	return map[string]any{"anyOf": []any{m, ref(expressionRef)}}
}

// EditorSchema points to the description of steps, which needs the kinds.
func (Step) EditorSchema() map[string]any { return ref(stepRef) }

// value describes what may stand at a place: where it is open, an expression too.
func (s *Shape) value(open bool) map[string]any {
	m := s.written(open)
	if !open || s.Any || s.Want == Text || s.Custom && (elem(s.Type) == stepType || takesText(m)) {
		return m
	}
	return OrExpression(m)
}

// written describes what is written out, with values and, where it is open, expressions inside.
func (s *Shape) written(open bool) map[string]any {
	switch {
	case s.Any:
		return map[string]any{}
	case s.Custom:
		if d, ok := reflect.New(elem(s.Type)).Interface().(Describer); ok {
			return portable(d.EditorSchema())
		}
		return map[string]any{}
	case s.IsDuration() && open:
		return ref(durationRef)
	case s.IsDuration():
		return ref(fixedDurationRef)
	case s.Enum != nil && open:
		return map[string]any{"anyOf": []any{map[string]any{"enum": s.Enum}, map[string]any{"type": "string", "pattern": holePattern}}}
	case s.Enum != nil:
		return map[string]any{"enum": s.Enum}
	case s.Want == Text && open:
		return ref(textRef)
	case s.Want == Text:
		return ref(plainTextRef)
	case s.Want == Number && elem(s.Type).Kind() == reflect.Float64:
		return map[string]any{"type": "number"}
	case s.Want == Number:
		return map[string]any{"type": "integer"}
	case s.Want == Bool:
		return map[string]any{"type": "boolean"}
	case s.Want == List:
		return map[string]any{"type": "array", "items": s.Elem.value(open)}
	case s.Elem != nil:
		return map[string]any{"type": "object", "additionalProperties": s.Elem.value(open), "propertyNames": noHole()}
	}
	return s.object(open)
}

func (s *Shape) object(open bool) map[string]any {
	properties := map[string]any{}
	var required []any
	for _, f := range s.Fields {
		if f.Later {
			continue
		}
		properties[f.Name] = f.described(f.Shape.value(open))
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

// described adds what the field is, and its default.
func (f Field) described(m map[string]any) map[string]any {
	doc := f.Doc
	if f.Default != "" {
		doc = strings.TrimSpace(doc + " Default: " + f.Default + ".")
	}
	return Described(m, doc)
}

// Described adds a text that editors show to a schema.
func Described(m map[string]any, doc string) map[string]any {
	if doc == "" {
		return m
	}
	out := maps.Clone(m)
	if _, isRef := m["$ref"]; isRef { // beside $ref draft-07 ignores everything
		out = map[string]any{"allOf": []any{m}}
	}
	out["description"] = doc
	return out
}

// takesText says whether a schema lets any text through, and with it expressions.
func takesText(m map[string]any) bool {
	if m["type"] == "string" && m["pattern"] == nil && m["enum"] == nil {
		return true
	}
	l, _ := m["anyOf"].([]any)
	for _, x := range l {
		if x, ok := x.(map[string]any); ok && (takesText(x) || x["$ref"] == textRef) {
			return true
		}
	}
	return len(m) == 0
}

// keywordOf is the type that a keyword of JSON Schema speaks of.
var keywordOf = map[string]string{
	"pattern": "string", "minLength": "string", "maxLength": "string",
	"items": "array", "minItems": "array", "maxItems": "array", "uniqueItems": "array",
	"properties": "object", "additionalProperties": "object", "propertyNames": "object",
	"minProperties": "object", "required": "object",
}

// noHole is for keys: they are never expanded.
func noHole() map[string]any { return map[string]any{"not": map[string]any{"pattern": holePattern}} }

// portable writes what a type says of itself so that strict validators take
// it: one type at a time, and a pattern in place of a format. The keys of
// mappings are never expanded.
func portable(m map[string]any) map[string]any {
	out := maps.Clone(m)
	if items, ok := m["items"].(map[string]any); ok {
		out["items"] = portable(items)
	}
	if m["format"] == "date-time" {
		delete(out, "format")
		out["pattern"] = `^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})$`
	}
	if m["type"] == "object" && m["properties"] == nil {
		out["propertyNames"] = noHole()
	}
	types := textsOf(m["type"])
	if len(types) < 2 {
		return out
	}
	delete(out, "type")
	var branches []any
	for _, t := range types {
		branch := map[string]any{"type": t}
		for k, v := range out {
			if keywordOf[k] == t {
				branch[k] = v
			}
		}
		branch = portable(branch)
		branches = append(branches, branch)
	}
	maps.DeleteFunc(out, func(k string, _ any) bool { return keywordOf[k] != "" })
	out["anyOf"] = branches
	return out
}

func textsOf(v any) []string {
	switch l := v.(type) {
	case []string:
		return l
	case []any:
		var out []string
		for _, x := range l {
			if s, ok := x.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}
