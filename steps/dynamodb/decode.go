package dynamodb

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/rehearse-dev/rehearse/schema"
)

// toDocument makes a document of an item: plain JSON, or DynamoDB's own.
func toDocument(it item, typed bool) (map[string]any, error) {
	doc := make(map[string]any, len(it))
	for name, v := range it {
		d, err := valueOf(v, typed)
		if err != nil {
			return nil, fmt.Errorf("attribute %q: %w", name, err)
		}
		doc[name] = d
	}
	return doc, nil
}

// valueOf makes a value of an attribute. Plain sets become sorted lists, bytes
// base64, numbers keep their digits.
func valueOf(v types.AttributeValue, typed bool) (any, error) {
	var x any
	var err error
	switch a := v.(type) {
	case *types.AttributeValueMemberS:
		x = a.Value
	case *types.AttributeValueMemberN:
		x, err = number(a.Value, typed)
	case *types.AttributeValueMemberB:
		x = base64.StdEncoding.EncodeToString(a.Value)
	case *types.AttributeValueMemberBOOL:
		x = a.Value
	case *types.AttributeValueMemberNULL:
		if typed {
			x = true
		}
	case *types.AttributeValueMemberL:
		x, err = listValue(a.Value, typed)
	case *types.AttributeValueMemberM:
		x, err = toDocument(a.Value, typed)
	case *types.AttributeValueMemberSS:
		x = sorted(a.Value, strings.Compare, func(s string) any { return s })
	case *types.AttributeValueMemberNS:
		x, err = numbers(a.Value, typed)
	case *types.AttributeValueMemberBS:
		x = sorted(a.Value, bytes.Compare, func(b []byte) any { return base64.StdEncoding.EncodeToString(b) })
	default:
		return nil, fmt.Errorf("an attribute of unknown type %T", v)
	}
	if err != nil || !typed {
		return x, err
	}
	return map[string]any{typeOf(v): x}, nil
}

func listValue(l []types.AttributeValue, typed bool) ([]any, error) {
	out := make([]any, len(l))
	for i, v := range l {
		d, err := valueOf(v, typed)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		out[i] = d
	}
	return out, nil
}

// number keeps the digits; DynamoDB's own JSON has them as text.
func number(s string, typed bool) (any, error) {
	if typed {
		return s, nil
	}
	v, err := schema.ParseJSON([]byte(s))
	if n, ok := v.(json.Number); ok && err == nil {
		return n, nil
	}
	return nil, fmt.Errorf("%q is not a number", s)
}

func numbers(l []string, typed bool) ([]any, error) {
	byValue := func(a, b string) int {
		x, okX := new(big.Rat).SetString(a)
		y, okY := new(big.Rat).SetString(b)
		if !okX || !okY {
			return strings.Compare(a, b)
		}
		return x.Cmp(y)
	}
	out := sorted(l, byValue, func(s string) any { return s })
	for i, s := range out {
		n, err := number(s.(string), typed)
		if err != nil {
			return nil, err
		}
		out[i] = n
	}
	return out, nil
}

// sorted gives a set an order, so that it can be compared.
func sorted[T any](set []T, order func(a, b T) int, show func(T) any) []any {
	out := make([]any, len(set))
	for i, v := range slices.SortedFunc(slices.Values(set), order) {
		out[i] = show(v)
	}
	return out
}

// typeOf names an attribute's type as DynamoDB's own JSON does.
func typeOf(v types.AttributeValue) string {
	switch v.(type) {
	case *types.AttributeValueMemberS:
		return "S"
	case *types.AttributeValueMemberN:
		return "N"
	case *types.AttributeValueMemberB:
		return "B"
	case *types.AttributeValueMemberBOOL:
		return "BOOL"
	case *types.AttributeValueMemberNULL:
		return "NULL"
	case *types.AttributeValueMemberL:
		return "L"
	case *types.AttributeValueMemberM:
		return "M"
	case *types.AttributeValueMemberSS:
		return "SS"
	case *types.AttributeValueMemberNS:
		return "NS"
	case *types.AttributeValueMemberBS:
		return "BS"
	}
	return "unknown"
}

// textOf writes an item as one line, for records and messages.
func textOf(it item, typed bool) (string, error) {
	doc, err := toDocument(it, typed)
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return "", fmt.Errorf("an item cannot be written as JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}

// itemFrom reads what textOf wrote of a typed item.
func itemFrom(text string) (item, error) {
	v, err := schema.ParseJSON([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("a recorded item cannot be read: %w", err)
	}
	doc, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a recorded item is not a mapping: %s", text)
	}
	return toItem(doc, true, "item")
}
