package mock

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

// draft is the meaning that a document's keywords have.
type draft int

const (
	openAPI30 draft = 3 // a draft-05 with changes of its own
	draft4    draft = 4
	draft6    draft = 6
	draft7    draft = 7
	draft2019 draft = 2019
	draft2020 draft = 2020 // and OpenAPI 3.1
)

// normaliser writes schemas of any draft as schemas of 2020-12, each at the
// place where it stood, so that places in messages are those of the document.
// What is not a schema stays as it is.
type normaliser struct {
	draft    draft
	doc      any
	done     map[string]bool   // schemas that were seen, by their pointers
	ids      map[string]string // pointers by $id and by base#anchor
	refs     []reference
	problems []string
	slips    []string // keywords that are probably misspelt
}

// reference is a $ref with what is needed to resolve it.
type reference struct {
	schema map[string]any
	at     string // of the schema that holds it
	base   string // of the resource that it stands in: "" or the pointer of a schema with an $id
}

// The keywords that hold schemas, by what they hold them in.
var (
	schemaMaps  = []string{"properties", "patternProperties", "definitions", "$defs", "dependentSchemas"}
	schemaLists = []string{"allOf", "anyOf", "oneOf", "prefixItems"}
	schemaOnes  = []string{
		"items", "additionalProperties", "not", "if", "then", "else", "contains",
		"propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema",
	}
)

// walk normalises the schema at a place and all in it.
func (n *normaliser) walk(schema any, at, base string) {
	if n.done[at] {
		return
	}
	n.done[at] = true
	m, ok := schema.(map[string]any)
	n.misspelt(m, at)
	if !ok {
		if _, isBool := schema.(bool); !isBool {
			n.problem(at, "a schema is an object, such as {\"type\": \"string\"}; here stands %s", show(schema))
		}
		return
	}
	base = n.identity(m, at, base)
	n.keywords(m, at)
	if _, ok := m["$ref"].(string); ok {
		n.refs = append(n.refs, reference{m, at, base})
	}
	for _, k := range schemaMaps {
		if all, ok := m[k].(map[string]any); ok {
			for _, name := range slices.Sorted(maps.Keys(all)) {
				n.walk(all[name], pointer(at, k, name), base)
			}
		}
	}
	for _, k := range schemaLists {
		if all, ok := m[k].([]any); ok {
			for i, s := range all {
				n.walk(s, pointer(at, k, strconv.Itoa(i)), base)
			}
		}
	}
	for _, k := range schemaOnes {
		if s, ok := m[k]; ok {
			n.walk(s, pointer(at, k), base)
		}
	}
	n.discriminator(m, at, base)
}

// identity takes the names that a schema has for references, and gives the
// base of the references in it.
func (n *normaliser) identity(m map[string]any, at, base string) string {
	word := "$id"
	if n.draft <= draft4 {
		word = "id"
	}
	if n.draft == openAPI30 {
		return base
	}
	if id, ok := m[word].(string); ok {
		switch name, isAnchor := strings.CutPrefix(id, "#"); {
		case isAnchor && name != "":
			n.ids[base+"#"+name] = at
		case id != "":
			n.ids[strings.TrimSuffix(id, "#")] = at
			base = at
		}
		delete(m, word)
	}
	for _, k := range []string{"$anchor", "$dynamicAnchor"} {
		if name, ok := m[k].(string); ok {
			n.ids[base+"#"+name] = at
			delete(m, k)
		}
	}
	return base
}

// keywords writes the keywords of older drafts as those of 2020-12.
func (n *normaliser) keywords(m map[string]any, at string) {
	delete(m, "$schema")
	delete(m, "$vocabulary")
	if n.draft <= draft7 {
		if _, ok := m["$ref"].(string); ok { // what stands beside it is ignored
			maps.DeleteFunc(m, func(k string, _ any) bool { return k != "$ref" && k != "definitions" && k != "$defs" })
			return
		}
	}
	for _, word := range []string{"$dynamicRef", "$recursiveRef"} {
		if ref, ok := m[word].(string); ok && m["$ref"] == nil {
			m["$ref"] = ref
		}
		delete(m, word)
	}
	delete(m, "$recursiveAnchor")
	n.types(m, at)
	exclusive(m, "exclusiveMinimum", "minimum")
	exclusive(m, "exclusiveMaximum", "maximum")
	if n.draft < draft2020 {
		tuple(m)
	}
	dependencies(m)
	if e, ok := m["example"]; ok && n.draft == openAPI30 || ok && m["examples"] == nil {
		m["examples"] = []any{e}
	} else if many, ok := m["examples"].(map[string]any); ok {
		list := []any{}
		for _, name := range slices.Sorted(maps.Keys(many)) {
			list = append(list, many[name])
		}
		m["examples"] = list
	}
	delete(m, "example")
}

// typeNames are those of JSON Schema.
var typeNames = []string{"null", "boolean", "object", "array", "number", "string", "integer"}

// types checks the names of types, and makes nullable one of them.
func (n *normaliser) types(m map[string]any, at string) {
	var names []any
	switch t := m["type"].(type) {
	case nil:
	case []any:
		names = t
	default:
		names = []any{t}
	}
	for _, name := range names {
		s, ok := name.(string)
		if ok && slices.Contains(typeNames, s) {
			continue
		}
		better := ""
		if near := nearest.Name(s, typeNames); near != "" {
			better = fmt.Sprintf("; did you mean %q?", near)
		}
		n.problem(pointer(at, "type"), "unknown type %s; types are %s%s", show(name), strings.Join(typeNames, ", "), better)
	}
	if nullable, _ := m["nullable"].(bool); nullable && len(names) > 0 && !slices.Contains(names, any("null")) {
		if enum, ok := m["enum"].([]any); !ok || slices.Contains(enum, nil) {
			m["type"] = append(slices.Clone(names), "null")
		}
	}
	delete(m, "nullable")
}

// exclusive makes the truth value of draft-04 the bound that it is since.
func exclusive(m map[string]any, word, bound string) {
	if is, ok := m[word].(bool); ok {
		delete(m, word)
		if b, ok := m[bound]; ok && is {
			m[word] = b
			delete(m, bound)
		}
	}
}

// tuple writes items as a list, which is prefixItems since 2020-12.
func tuple(m map[string]any) {
	if list, ok := m["items"].([]any); ok {
		delete(m, "items")
		if len(list) > 0 {
			m["prefixItems"] = list
		}
		if rest, ok := m["additionalItems"]; ok {
			m["items"] = rest
		}
	}
	delete(m, "additionalItems")
}

// dependencies is two keywords since 2019-09.
func dependencies(m map[string]any) {
	all, ok := m["dependencies"].(map[string]any)
	if !ok {
		return
	}
	delete(m, "dependencies")
	names, schemas := map[string]any{}, map[string]any{}
	for name, d := range all {
		if list, ok := d.([]any); ok {
			names[name] = list
		} else {
			schemas[name] = d
		}
	}
	if len(names) > 0 {
		m["dependentRequired"] = names
	}
	if len(schemas) > 0 {
		m["dependentSchemas"] = schemas
	}
}

// discriminator ties each alternative to the values that stand for it.
// Source: OpenAPI 3.0.3, Discriminator Object.
func (n *normaliser) discriminator(m map[string]any, at, base string) {
	d, ok := m["discriminator"].(map[string]any)
	if !ok {
		return
	}
	property, ok := d["propertyName"].(string)
	if !ok {
		return
	}
	mapping, _ := d["mapping"].(map[string]any)
	for _, word := range []string{"oneOf", "anyOf"} {
		list, _ := m[word].([]any)
		for i, s := range list {
			branch, _ := s.(map[string]any)
			ref, ok := branch["$ref"].(string)
			if !ok {
				continue
			}
			name := ref[strings.LastIndex(ref, "/")+1:]
			var values []any
			for _, value := range slices.Sorted(maps.Keys(mapping)) {
				if to := mapping[value]; to == ref || to == name {
					values = append(values, value)
				}
			}
			if len(mapping) == 0 {
				values = []any{name}
			}
			inner := map[string]any{"$ref": ref}
			list[i] = map[string]any{"allOf": []any{inner, map[string]any{
				"type": "object", "required": []any{property}, "properties": map[string]any{property: map[string]any{"enum": orNever(values)}},
			}}}
			n.refs = slices.DeleteFunc(n.refs, func(r reference) bool { return r.at == pointer(at, word, strconv.Itoa(i)) })
			n.refs = append(n.refs, reference{inner, pointer(at, word, strconv.Itoa(i)), base})
		}
	}
}

// orNever is a list of allowed values; of none, one that no event holds.
func orNever(values []any) []any {
	if len(values) == 0 {
		return []any{"\x00"}
	}
	return values
}

// resolve makes all references pointers into the document, and normalises
// what they lead to.
func (n *normaliser) resolve() {
	for i := 0; i < len(n.refs); i++ {
		r := n.refs[i]
		ref, _ := r.schema["$ref"].(string)
		to, why := n.find(ref, r.base)
		if why != "" {
			n.problem(r.at, "$ref %q: %s", ref, why)
			continue
		}
		target, why := lookUp(n.doc, to)
		if why != "" {
			n.problem(r.at, "$ref %q leads nowhere: %s", ref, why)
			continue
		}
		r.schema["$ref"] = "#" + escapeFragment(to)
		n.walk(target, to, r.base)
	}
}

// find gives the pointer that a reference means.
func (n *normaliser) find(ref, base string) (to, why string) {
	id, fragment, _ := strings.Cut(ref, "#")
	if id != "" {
		at, ok := n.ids[id]
		if !ok {
			return "", "nothing is read from other files or the network; copy that schema into this document and refer to it with #/…"
		}
		base = at
	}
	fragment, err := unescapeFragment(fragment)
	switch {
	case err != nil:
		return "", "it cannot be read: " + err.Error()
	case fragment == "" || fragment[0] == '/':
		return base + fragment, ""
	}
	if at, ok := n.ids[base+"#"+fragment]; ok {
		return at, ""
	}
	return "", "no schema of this document has that name; a place in it is written #/…"
}

func (n *normaliser) problem(at, format string, args ...any) {
	n.problems = append(n.problems, "#"+at+": "+fmt.Sprintf(format, args...))
}

// show writes a value as a message shows it: JSON, not too long.
func show(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	const most = 60
	text := strings.TrimSuffix(b.String(), "\n")
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}

// forgive takes out of a document what drafts forbid and nothing hangs on:
// values that are listed twice, and an empty list of required properties.
func forgive(v any) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			forgive(x)
		}
	case map[string]any:
		for _, word := range []string{"enum", "required"} {
			list, ok := v[word].([]any)
			if !ok {
				continue
			}
			var once []any
			for _, x := range list {
				if !contains(once, x) {
					once = append(once, x)
				}
			}
			if v[word] = once; len(once) == 0 {
				v[word] = list
				if word == "required" {
					delete(v, word)
				}
			}
		}
		for k, x := range v {
			if !slices.Contains([]string{"const", "enum", "default", "example", "examples"}, k) {
				forgive(x)
			}
		}
	}
}
