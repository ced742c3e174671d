package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// parseFiller reads what may stand in a field ending in .$: a path ($.a), a path into the context object ($$.a), or an
// intrinsic function: States.Format, States.JsonToString, States.StringToJson, States.UUID, States.Array.
func parseFiller(text string) (filler, error) {
	f, rest, err := parseArgument(strings.TrimSpace(text), 0)
	if err == nil && strings.TrimSpace(rest) != "" {
		err = fmt.Errorf("unexpected %q", rest)
	}
	return f, err
}

const deepestCall = 10 // as AWS allows

func parseArgument(text string, depth int) (filler, string, error) {
	if depth > deepestCall {
		return nil, "", errors.New("intrinsic functions are nested too deeply")
	}
	switch {
	case text == "":
		return nil, "", errors.New("a path or value is missing")
	case text[0] == '$':
		end := pathEnd(text)
		f, err := parsePathFiller(strings.TrimSpace(text[:end]))
		return f, text[end:], err
	case text[0] == '\'':
		return parseText(text[1:])
	case strings.HasPrefix(text, "States."):
		return parseCall(text, depth)
	}
	end := strings.IndexAny(text, ",)")
	if end < 0 {
		end = len(text)
	}
	v, err := parseJSON([]byte(text[:end]))
	if err != nil {
		return nil, "", fmt.Errorf("%q is no path, no intrinsic function and no value", text)
	}
	return func(any, any) (any, error) { return v, nil }, text[end:], nil
}

// pathEnd finds where a path ends inside an argument list; brackets may hold commas in quotes.
func pathEnd(text string) int {
	quoted := false
	for i, c := range text {
		switch {
		case c == '\'':
			quoted = !quoted
		case !quoted && (c == ',' || c == ')'):
			return i
		}
	}
	return len(text)
}

func parsePathFiller(text string) (filler, error) {
	rest, inContext := strings.CutPrefix(text, "$$")
	if inContext {
		text = "$" + rest
	}
	p, err := parseRefPath(text)
	return func(doc, context any) (any, error) {
		from := doc
		if inContext {
			from = context
		}
		v, ok := p.get(from)
		if !ok {
			return nil, fails("States.ParameterPathFailure", "The JSONPath '%s' could not be found in the input '%s'", text, compactJSON(from))
		}
		return v, nil
	}, err
}

// parseText reads a text in single quotes, in which a backslash escapes.
func parseText(text string) (filler, string, error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\'':
			s := b.String()
			return func(any, any) (any, error) { return s, nil }, text[i+1:], nil
		case c == '\\' && i+1 < len(text):
			if next := text[i+1]; next == '\'' {
				b.WriteByte(next)
			} else { // braces stay escaped for States.Format
				b.WriteByte(c)
				b.WriteByte(next)
			}
			i++
		default:
			b.WriteByte(c)
		}
	}
	return nil, "", errors.New("a quote does not end")
}

func parseCall(text string, depth int) (filler, string, error) {
	name, rest, ok := strings.Cut(text, "(")
	run := intrinsics[name]
	if !ok || run == nil {
		return nil, "", fmt.Errorf("the sandbox has no intrinsic function %s", name)
	}
	var arguments []filler
	rest = strings.TrimSpace(rest)
	for !strings.HasPrefix(rest, ")") {
		f, after, err := parseArgument(rest, depth+1)
		if err != nil {
			return nil, "", err
		}
		arguments = append(arguments, f)
		rest = strings.TrimSpace(after)
		if next, ok := strings.CutPrefix(rest, ","); ok {
			rest = strings.TrimSpace(next)
		} else if !strings.HasPrefix(rest, ")") {
			return nil, "", fmt.Errorf("%s: expected a comma or a closing parenthesis", name)
		}
	}
	return func(doc, context any) (any, error) {
		values := make([]any, len(arguments))
		for i, f := range arguments {
			var err error
			if values[i], err = f(doc, context); err != nil {
				return nil, err
			}
		}
		v, err := run(values)
		if err != nil {
			return nil, fails("States.IntrinsicFailure", "%s: %v", name, err)
		}
		return v, nil
	}, rest[1:], nil
}

var intrinsics = map[string]func(arguments []any) (any, error){
	"States.UUID": func(a []any) (any, error) {
		if len(a) != 0 {
			return nil, errors.New("takes nothing")
		}
		return newID(), nil
	},
	"States.Array":  func(a []any) (any, error) { return a, nil },
	"States.Format": format,
	"States.JsonToString": func(a []any) (any, error) {
		if len(a) != 1 {
			return nil, errors.New("takes one value")
		}
		return compactJSON(a[0]), nil
	},
	"States.StringToJson": func(a []any) (any, error) {
		if len(a) == 1 {
			if text, ok := a[0].(string); ok {
				return parseJSON([]byte(text))
			}
		}
		return nil, errors.New("takes one text")
	},
}

// format fills the {} of a template in order.
func format(a []any) (any, error) {
	if len(a) == 0 {
		return nil, errors.New("takes a template")
	}
	template, ok := a[0].(string)
	if !ok {
		return nil, errors.New("takes a template that is a text")
	}
	var b strings.Builder
	next := 1
	for i := 0; i < len(template); i++ {
		switch {
		case template[i] == '\\' && i+1 < len(template):
			i++
			b.WriteByte(template[i])
		case strings.HasPrefix(template[i:], "{}"):
			if next >= len(a) {
				return nil, errors.New("more {} than values")
			}
			switch a[next].(type) {
			case string, json.Number, bool, nil:
			default:
				return nil, errors.New("takes only texts, numbers, booleans and null")
			}
			b.WriteString(textOf(a[next]))
			next++
			i++
		default:
			b.WriteByte(template[i])
		}
	}
	if next != len(a) {
		return nil, errors.New("fewer {} than values")
	}
	return b.String(), nil
}
