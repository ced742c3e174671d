package expr

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// typeName is what messages call the type of a value.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "text"
	case []any:
		return "list"
	case map[string]any, Lazy:
		return "document"
	}
	if _, ok := numberText(v); ok {
		return "number"
	}
	return reflect.TypeOf(v).String()
}

// Equal reports whether two JSON values are the same. Numbers compare by value
// and exactly (1 is 1.0 and 10e-1), nothing is converted: 1 is not "1".
// Documents and lists compare at every depth.
func Equal(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == nil
	case bool:
		y, ok := b.(bool)
		return ok && x == y
	case string:
		y, ok := b.(string)
		return ok && x == y
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, Equal)
	case map[string]any:
		y, ok := b.(map[string]any)
		return ok && maps.EqualFunc(x, y, Equal)
	}
	x, ok1 := numberText(a)
	y, ok2 := numberText(b)
	if !ok1 || !ok2 {
		return ok1 == ok2 && reflect.DeepEqual(a, b)
	}
	if x == y {
		return true
	}
	dx, ok1 := parseDecimal(x)
	dy, ok2 := parseDecimal(y)
	return ok1 && ok2 && dx.compare(dy) == 0
}

// Compare orders two numbers, exactly, or two texts, by their characters. It
// returns -1, 0 or +1. Anything else has no order: the error names both types.
func Compare(a, b any) (int, error) {
	if x, ok := a.(string); ok {
		if y, ok := b.(string); ok {
			return strings.Compare(x, y), nil
		}
	}
	x, ok1 := numberText(a)
	y, ok2 := numberText(b)
	if !ok1 || !ok2 {
		return 0, faultf("%s and %s have no order; only two numbers or two texts do", typeName(a), typeName(b))
	}
	dx, ok1 := parseDecimal(x)
	dy, ok2 := parseDecimal(y)
	if !ok1 || !ok2 {
		return 0, faultf("%s and %s cannot be compared: one is no number or its exponent is too long", shorten(x), shorten(y))
	}
	return dx.compare(dy), nil
}

// maxText bounds a text that an expression makes, in bytes.
const maxText = 64 << 20

func checkText(n int) error {
	if n > maxText {
		return faultf("the text would be longer than %d MiB", maxText>>20)
	}
	return nil
}

// textOf is a value inside text: numbers as they are written, true and false,
// documents and lists as compact JSON. null has no text.
func textOf(v any) (string, error) {
	switch x := v.(type) {
	case string:
		return x, nil
	case bool:
		if x {
			return "true", nil
		}
		return "false", nil
	case nil:
		return "", faultf("the value is null, which is no text; default(x, \"\") gives another value")
	}
	if s, ok := numberText(v); ok {
		return s, nil
	}
	return compact(v)
}

// compact is v as JSON on one line, keys sorted, numbers as they are written
// and without escapes that only HTML needs.
func compact(v any) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return "", &fault{msg: "cannot be written as JSON: " + err.Error(), cause: err}
	}
	if err := checkText(b.Len()); err != nil {
		return "", err
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
