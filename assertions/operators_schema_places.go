package assertions

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// found is the value that the library speaks of.
func (v *violations) found(e *jsonschema.ValidationError) any {
	return valueAt(v.doc, e.InstanceLocation)
}

// valueAt goes down into a document.
func valueAt(doc any, at []string) any {
	for _, token := range at {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(d) {
				return nil
			}
			doc = d[i]
		default:
			return nil
		}
	}
	return doc
}

// location writes a place as a path.
func location(doc any, at []string) string {
	path := ""
	for i, token := range at {
		if _, ok := valueAt(doc, at[:i]).([]any); ok {
			path += "[" + token + "]"
		} else {
			path = childPath(path, token)
		}
	}
	switch {
	case path == "":
		return "$"
	case path[0] == '[':
		return "$" + path
	}
	return path
}

// keyword is the value of a keyword of the schema at a URL.
func (v *violations) keyword(at, name string) any {
	address, fragment, _ := strings.Cut(at, "#")
	m, _ := valueAt(v.schema.docs[address], fragmentTokens(fragment)).(map[string]any)
	if m == nil {
		return nil
	}
	switch value := m[name].(type) {
	case bool: // of draft-04
		if bound, ok := map[string]string{"exclusiveMaximum": "maximum", "exclusiveMinimum": "minimum"}[name]; ok && value {
			return m[bound]
		}
		return value
	default:
		return value
	}
}

// unwieldy finds a number that nothing can calculate with.
func unwieldy(v any) (json.Number, bool) {
	switch v := v.(type) {
	case json.Number:
		if tooLong(string(v)) {
			return v, true
		}
	case []any:
		for _, e := range v {
			if n, ok := unwieldy(e); ok {
				return n, true
			}
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if n, ok := unwieldy(v[k]); ok {
				return n, true
			}
		}
	}
	return "", false
}
