package mock

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is a schema that values can be made from and checked against. It may
// be used by many goroutines at once.
type Schema struct {
	form  Form
	draft draft
	at    string // the pointer of the schema in the document
	doc   any    // the document, its schemas written as those of 2020-12

	mu       sync.Mutex
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // of doc, by their pointers
	patterns map[string]*pattern           // by how the document writes them

	slips  []string
	cycles map[string]bool // whether the schema at a pointer leads back to itself

	judge *jsonschema.Schema // the schema as it was written, of the JSON Schema form
	open  *openapi3.Schema   // the same of OpenAPI 3.0

	unread []string           // patterns that cannot be read
	lax    *jsonschema.Schema // where they match everything; nil when there are none
}

// maxText is the longest document that is read, in bytes. The registry's own
// limit is 100,000. Source: EventBridge schema registry quotas.
const maxText = 4 << 20

// maxDepth is how deep a document may be nested, in objects and lists: what a
// schema costs grows faster than its depth.
const maxDepth = 300

// deeper says whether a document has more levels than some.
func deeper(v any, levels int) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, x := range v {
			if levels == 0 || deeper(x, levels-1) {
				return true
			}
		}
	case []any:
		for _, x := range v {
			if levels == 0 || deeper(x, levels-1) {
				return true
			}
		}
	}
	return false
}

// Read reads a schema document, which is JSON text. The form may be Detected.
// part names one of the schemas in components/schemas, or in the definitions of
// a JSON Schema; "" is the whole event: AWSEvent where there is one, otherwise
// the only schema of an OpenAPI document and the JSON Schema itself.
//
// The error says what is wrong with the document, all of it at once. Nothing is
// fetched: a $ref that leads out of the document is an error.
func Read(text []byte, form Form, part string) (*Schema, error) {
	doc, err := decode(text)
	if err != nil {
		return nil, err
	}
	if deeper(doc, maxDepth) {
		return nil, fmt.Errorf("the schema is nested more than %d levels deep, which is the most that is read", maxDepth)
	}
	forgive(doc)
	top, ok := doc.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a schema document is a JSON object; this one is %s", show(doc))
	}
	if form, err = formOf(top, form); err != nil {
		return nil, err
	}
	s := &Schema{form: form, compiled: map[string]*jsonschema.Schema{}, patterns: map[string]*pattern{}, cycles: map[string]bool{}}
	if s.draft, err = draftOf(top, form); err != nil {
		return nil, err
	}
	if s.at, err = choosePart(top, form, part); err != nil {
		return nil, err
	}
	if err := s.normalise(doc); err != nil {
		return nil, err
	}
	return s, s.prepare(text)
}

func decode(text []byte) (any, error) {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch {
	case len(text) > maxText:
		return nil, fmt.Errorf("the schema has more than %d MiB, which is the most that is read", maxText>>20)
	case len(bytes.TrimSpace(text)) == 0:
		return nil, errors.New("the schema is empty; a JSON document belongs here")
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("the schema cannot be read as JSON: %s", sayJSON(text, err))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the schema cannot be read as JSON: more text follows the document, from line %d on", lineAt(text, dec.InputOffset()))
	}
	return doc, nil
}

// sayJSON words an error of the JSON reader.
func sayJSON(text []byte, err error) string {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends in the middle"
	case errors.As(err, &syntax):
		return fmt.Sprintf("line %d: %v", lineAt(text, syntax.Offset), err)
	}
	return err.Error()
}

func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:min(int(offset), len(text))], []byte("\n"))
}

// formOf finds the form of a document, or checks the one it is said to have.
func formOf(top map[string]any, form Form) (Form, error) {
	_, open := top["openapi"]
	switch {
	case top["swagger"] != nil:
		return form, errors.New("this is an OpenAPI 2 (Swagger) document; OpenAPI 3 and JSON Schema are understood: convert it first")
	case form == Detected && open:
		return OpenAPI3, nil
	case form == Detected:
		return JSONSchema, nil
	case form != OpenAPI3 && form != JSONSchema:
		return form, fmt.Errorf("unknown form of schema %q; there are %s and %s", form, OpenAPI3, JSONSchema)
	case form == OpenAPI3 && !open:
		return form, fmt.Errorf("this is no OpenAPI document: it has no \"openapi\", such as \"openapi\": \"3.0.0\"; a JSON Schema has the form %s", JSONSchema)
	case form == JSONSchema && open:
		return form, fmt.Errorf("this is an OpenAPI document, whose form is %s, not %s", OpenAPI3, JSONSchema)
	}
	return form, nil
}

var drafts = map[string]struct {
	draft draft
	lib   *jsonschema.Draft
}{
	"json-schema.org/draft-04/schema":      {draft4, jsonschema.Draft4},
	"json-schema.org/draft-06/schema":      {draft6, jsonschema.Draft6},
	"json-schema.org/draft-07/schema":      {draft7, jsonschema.Draft7},
	"json-schema.org/draft/2019-09/schema": {draft2019, jsonschema.Draft2019},
	"json-schema.org/draft/2020-12/schema": {draft2020, jsonschema.Draft2020},
	"json-schema.org/schema":               {draft4, jsonschema.Draft4}, // the registry has no other
}

// draftOf finds which draft the document's keywords follow.
func draftOf(top map[string]any, form Form) (draft, error) {
	if form == OpenAPI3 {
		version := fmt.Sprint(top["openapi"])
		switch {
		case strings.HasPrefix(version, "3.0"):
			return openAPI30, nil
		case strings.HasPrefix(version, "3.1"), strings.HasPrefix(version, "3.2"):
			return draft2020, nil
		}
		return 0, fmt.Errorf("unknown version %s of OpenAPI; 3.0 and 3.1 are understood", show(top["openapi"]))
	}
	url, ok := top["$schema"]
	if !ok {
		return draft4, nil
	}
	_, rest, _ := strings.Cut(strings.TrimSuffix(fmt.Sprint(url), "#"), "://")
	d, ok := drafts[rest]
	if !ok {
		return 0, fmt.Errorf("unknown $schema %s; known are http://json-schema.org/draft-04/schema#, draft-06, draft-07, https://json-schema.org/draft/2019-09/schema and 2020-12", show(url))
	}
	return d.draft, nil
}

// eventName is the schema of the whole event in the registry's OpenAPI documents.
const eventName = "AWSEvent"

// choosePart gives the pointer of the schema that is asked for.
func choosePart(top map[string]any, form Form, part string) (string, error) {
	if form == JSONSchema {
		return chooseDefinition(top, part)
	}
	components, _ := top["components"].(map[string]any)
	schemas, _ := components["schemas"].(map[string]any)
	names := slices.Sorted(maps.Keys(schemas))
	switch _, event := schemas[eventName]; {
	case len(names) == 0:
		return "", errors.New("the document has no schemas: components/schemas is missing or empty")
	case part == "" && event:
		part = eventName
	case part == "" && len(names) == 1:
		part = names[0]
	case part == "":
		return "", fmt.Errorf("the document has no schema %s but several others: name one of %s", eventName, listed(names))
	}
	if _, ok := schemas[part]; !ok {
		return "", fmt.Errorf("components/schemas has no %q%s", part, known(part, names))
	}
	return pointer("", "components", "schemas", part), nil
}

func chooseDefinition(top map[string]any, part string) (string, error) {
	if part == "" {
		return "", nil
	}
	var names []string
	for _, word := range []string{"definitions", "$defs"} {
		all, _ := top[word].(map[string]any)
		if _, ok := all[part]; ok {
			return pointer("", word, part), nil
		}
		names = append(names, slices.Sorted(maps.Keys(all))...)
	}
	if len(names) == 0 {
		return "", fmt.Errorf("the schema has no %q: it has no definitions; leave the name out to mean the schema itself", part)
	}
	return "", fmt.Errorf("the schema's definitions have no %q%s", part, known(part, names))
}

// normalise writes the document's schemas as those of 2020-12.
func (s *Schema) normalise(doc any) error {
	n := &normaliser{draft: s.draft, doc: doc, done: map[string]bool{}, ids: map[string]string{}}
	roots := map[string]any{"": doc}
	if s.form == OpenAPI3 {
		roots = map[string]any{}
		schemas, _ := lookUp(doc, "/components/schemas")
		for name, schema := range schemas.(map[string]any) {
			roots[pointer("/components/schemas", name)] = schema
		}
	}
	for _, at := range slices.Sorted(maps.Keys(roots)) {
		n.walk(roots[at], at, "")
	}
	n.resolve()
	if len(n.problems) == 0 {
		n.problems = wrongKeywords(roots)
	}
	if len(n.problems) == 0 {
		n.circles()
	}
	s.doc, s.slips = doc, n.slips
	return sayAll("the schema is wrong: ", n.problems)
}

// sayAll is one error of several problems, nil of none.
func sayAll(before string, problems []string) error {
	const most = 20
	switch n := len(problems); {
	case n == 0:
		return nil
	case n == 1:
		return errors.New(before + problems[0])
	case n > most:
		problems = append(problems[:most:most], fmt.Sprintf("and %d more", n-most))
	}
	if before == "" {
		return errors.New(strings.Join(problems, "\n"))
	}
	return errors.New(strings.TrimRight(before, " ") + "\n  " + strings.Join(problems, "\n  "))
}

// recursive says whether the schema at a pointer leads back to itself.
func (s *Schema) recursive(at string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, known := s.cycles[at]
	if !known {
		is = s.leadsTo(at, at, map[string]bool{})
		s.cycles[at] = is
	}
	return is
}

func (s *Schema) leadsTo(from, to string, seen map[string]bool) bool {
	body, _ := lookUp(s.doc, from)
	for _, ref := range refsIn(body) {
		if ref == to {
			return true
		}
		if !seen[ref] {
			seen[ref] = true
			if s.leadsTo(ref, to, seen) {
				return true
			}
		}
	}
	return false
}

// target is the pointer that a normalised schema's $ref leads to.
func target(o map[string]any) (to string, ok bool) {
	ref, ok := o["$ref"].(string)
	to, _ = unescapeFragment(strings.TrimPrefix(ref, "#")) // it was written so
	return to, ok
}

// refsIn are the pointers that the $refs in a normalised schema lead to.
func refsIn(v any) []string {
	var all []string
	switch v := v.(type) {
	case map[string]any:
		if to, ok := target(v); ok {
			all = append(all, to)
		}
		for _, x := range v {
			all = append(all, refsIn(x)...)
		}
	case []any:
		for _, x := range v {
			all = append(all, refsIn(x)...)
		}
	}
	return all
}
