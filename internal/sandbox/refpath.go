package sandbox

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// refPath is a JSONPath that names exactly one place: $.a.b[0]['c-d']. Step Functions calls it a reference path.
type refPath struct {
	text  string
	steps []any // string for a field, int for an element
}

// parseRefPath reads a reference path. Wildcards, slices, filters and `..` are errors.
func parseRefPath(text string) (refPath, error) {
	p := refPath{text: text}
	if !strings.HasPrefix(text, "$") {
		return p, fmt.Errorf("path %q does not begin with $", text)
	}
	for rest := text[1:]; rest != ""; {
		switch {
		case strings.HasPrefix(rest, "['") || strings.HasPrefix(rest, `["`):
			end := strings.Index(rest[2:], rest[1:2]+"]")
			if end < 0 {
				return p, fmt.Errorf("path %q: a bracket that does not end", text)
			}
			p.steps = append(p.steps, rest[2:2+end])
			rest = rest[2+end+2:]
		case rest[0] == '[':
			inside, after, _ := strings.Cut(rest[1:], "]")
			n, err := strconv.Atoi(inside)
			if err != nil || n < 0 {
				return p, fmt.Errorf("path %q: the sandbox follows only names and indexes, not [%s]", text, inside)
			}
			p.steps = append(p.steps, n)
			rest = after
		case rest[0] == '.':
			name := rest[1:]
			if i := strings.IndexAny(name, ".["); i >= 0 {
				name = name[:i]
			}
			if name == "" || strings.ContainsAny(name, "*()?@,: ") {
				return p, fmt.Errorf("path %q: the sandbox follows only names and indexes", text)
			}
			p.steps = append(p.steps, name)
			rest = rest[1+len(name):]
		default:
			return p, fmt.Errorf("path %q: unexpected %q", text, rest)
		}
	}
	return p, nil
}

// get finds the value at the path; false when there is none.
func (p refPath) get(doc any) (any, bool) {
	for _, step := range p.steps {
		switch s := step.(type) {
		case string:
			m, ok := doc.(map[string]any)
			if !ok {
				return nil, false
			}
			if doc, ok = m[s]; !ok {
				return nil, false
			}
		case int:
			l, ok := doc.([]any)
			if !ok || s >= len(l) {
				return nil, false
			}
			doc = l[s]
		}
	}
	return doc, true
}

// set gives a document like doc with v at the path; fields on the way are made. doc itself stays as it is.
func (p refPath) set(doc, v any) (any, error) {
	return setAt(p, doc, v, p.steps)
}

func setAt(p refPath, doc, v any, steps []any) (any, error) {
	if len(steps) == 0 {
		return v, nil
	}
	name, ok := steps[0].(string)
	if !ok {
		return nil, fmt.Errorf("path %q: the sandbox does not write to elements of lists", p.text)
	}
	m, ok := doc.(map[string]any)
	if !ok && doc != nil {
		return nil, fmt.Errorf("path %q: there is no object to put %q into", p.text, name)
	}
	out := make(map[string]any, len(m)+1)
	for k, x := range m {
		out[k] = x
	}
	inner, err := setAt(p, m[name], v, steps[1:])
	if err != nil {
		return nil, err
	}
	out[name] = inner
	return out, nil
}

// textOf writes a value into text: strings as they are, everything else as JSON.
func textOf(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case json.Number:
		return x.String()
	}
	return compactJSON(v)
}
