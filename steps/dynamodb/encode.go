package dynamodb

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// toItem makes an item of a document: plain JSON, or DynamoDB's own JSON where
// typed says so. Numbers go as the digits they were written with.
func toItem(doc map[string]any, typed bool, what string) (item, error) {
	convert := fromPlain
	if typed {
		convert = fromTyped
	}
	out := item{}
	for name, v := range doc {
		a, err := convert(v, what+"."+name)
		if err != nil {
			return nil, steps.Final(err)
		}
		out[name] = a
	}
	return out, nil
}

// fromPlain makes an attribute of plain JSON. JSON has no sets and no bytes.
func fromPlain(v any, at string) (types.AttributeValue, error) {
	switch x := v.(type) {
	case nil:
		return &types.AttributeValueMemberNULL{Value: true}, nil
	case bool:
		return &types.AttributeValueMemberBOOL{Value: x}, nil
	case json.Number:
		return &types.AttributeValueMemberN{Value: x.String()}, nil
	case string:
		return &types.AttributeValueMemberS{Value: x}, nil
	case []any:
		return listOf(x, at, fromPlain)
	case map[string]any:
		return mapOf(x, at, fromPlain)
	}
	return nil, fmt.Errorf("%s: a %T has no place in an item", at, v)
}

type converter func(any, string) (types.AttributeValue, error)

func listOf(l []any, at string, convert converter) (types.AttributeValue, error) {
	out := make([]types.AttributeValue, len(l))
	for i, v := range l {
		a, err := convert(v, fmt.Sprintf("%s[%d]", at, i))
		if err != nil {
			return nil, err
		}
		out[i] = a
	}
	return &types.AttributeValueMemberL{Value: out}, nil
}

func mapOf(m map[string]any, at string, convert converter) (types.AttributeValue, error) {
	out := make(item, len(m))
	for name, v := range m {
		a, err := convert(v, at+"."+name)
		if err != nil {
			return nil, err
		}
		out[name] = a
	}
	return &types.AttributeValueMemberM{Value: out}, nil
}

// fromTyped makes an attribute of DynamoDB's own JSON: {"S": "text"}.
func fromTyped(v any, at string) (types.AttributeValue, error) {
	m, ok := v.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, fmt.Errorf("%s is not in DynamoDB's own JSON; write a mapping with one type, such as {S: text} or {N: \"12\"}", at)
	}
	for name, x := range m {
		if a, ok, err := typedValue(name, x, at); ok || err != nil {
			return a, err
		}
		return nil, fmt.Errorf("%s: %q is not a type of DynamoDB; there are S, N, B, BOOL, NULL, L, M, SS, NS and BS", at, name)
	}
	return nil, nil // not reached: m has one element
}

// typedValue converts a value of a named type; ok is false for an unknown type.
func typedValue(name string, x any, at string) (a types.AttributeValue, ok bool, err error) {
	wrong := func(want string) (types.AttributeValue, bool, error) {
		return nil, true, fmt.Errorf("%s: %s takes %s", at, name, want)
	}
	switch name {
	case "S":
		if s, ok := x.(string); ok {
			return &types.AttributeValueMemberS{Value: s}, true, nil
		}
		return wrong("text")
	case "N":
		if s, ok := digits(x); ok {
			return &types.AttributeValueMemberN{Value: s}, true, nil
		}
		return wrong(`a number as text, such as "12"`)
	case "B":
		if b, ok := bytesOf(x); ok {
			return &types.AttributeValueMemberB{Value: b}, true, nil
		}
		return wrong("text in base64")
	case "BOOL":
		if b, ok := x.(bool); ok {
			return &types.AttributeValueMemberBOOL{Value: b}, true, nil
		}
		return wrong("true or false")
	case "NULL":
		if x == true {
			return &types.AttributeValueMemberNULL{Value: true}, true, nil
		}
		return wrong("true")
	case "L":
		if l, ok := x.([]any); ok {
			a, err = listOf(l, at, fromTyped)
			return a, true, err
		}
		return wrong("a list")
	case "M":
		if m, ok := x.(map[string]any); ok {
			a, err = mapOf(m, at, fromTyped)
			return a, true, err
		}
		return wrong("a mapping")
	}
	return typedSet(name, x, at)
}

func typedSet(name string, x any, at string) (types.AttributeValue, bool, error) {
	switch name {
	case "SS":
		s, err := setOf(x, at, "SS takes a list of text", func(v any) (string, bool) { s, ok := v.(string); return s, ok })
		return &types.AttributeValueMemberSS{Value: s}, true, err
	case "NS":
		s, err := setOf(x, at, "NS takes a list of numbers as text", digits)
		return &types.AttributeValueMemberNS{Value: s}, true, err
	case "BS":
		s, err := setOf(x, at, "BS takes a list of text in base64", bytesOf)
		return &types.AttributeValueMemberBS{Value: s}, true, err
	}
	return nil, false, nil
}

func setOf[T any](x any, at, want string, convert func(any) (T, bool)) ([]T, error) {
	l, ok := x.([]any)
	if !ok || len(l) == 0 {
		return nil, fmt.Errorf("%s: %s, at least one", at, want)
	}
	out := make([]T, len(l))
	for i, v := range l {
		if out[i], ok = convert(v); !ok {
			return nil, fmt.Errorf("%s[%d]: %s", at, i, want)
		}
	}
	return out, nil
}

// digits takes a number, or text that is one.
func digits(x any) (string, bool) {
	switch n := x.(type) {
	case json.Number:
		return n.String(), true
	case string:
		v, err := schema.ParseJSON([]byte(n))
		_, ok := v.(json.Number)
		return n, err == nil && ok
	}
	return "", false
}

func bytesOf(x any) ([]byte, bool) {
	s, ok := x.(string)
	if !ok {
		return nil, false
	}
	b, err := base64.StdEncoding.DecodeString(s)
	return b, err == nil
}
