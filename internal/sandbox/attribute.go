package sandbox

import (
	"encoding/base64"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// decodeAttribute reads one DynamoDB attribute value ({"S": "x"}).
func decodeAttribute(in any, at string) (ddb.AttributeValue, error) {
	m, ok := in.(map[string]any)
	if !ok || len(m) != 1 {
		return nil, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes (%s)", at)
	}
	for kind, x := range m {
		switch y := x.(type) {
		case string:
			return decodeTextAttribute(kind, y, at)
		case bool:
			switch kind {
			case "BOOL":
				return &ddb.AttributeValueMemberBOOL{Value: y}, nil
			case "NULL":
				return &ddb.AttributeValueMemberNULL{Value: y}, nil
			}
		case map[string]any:
			if kind == "M" {
				return decodeMapAttribute(y, at)
			}
		case []any:
			return decodeListAttribute(kind, y, at)
		}
		return nil, malformed("%s: not a value of type %s", at, kind)
	}
	return nil, nil
}

func decodeTextAttribute(kind, text, at string) (ddb.AttributeValue, error) {
	switch kind {
	case "S":
		return &ddb.AttributeValueMemberS{Value: text}, nil
	case "N":
		n, err := normalNumber(text)
		if err != nil {
			return nil, err
		}
		return &ddb.AttributeValueMemberN{Value: n}, nil
	case "B":
		b, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return nil, malformed("%s: expected base64 text", at)
		}
		return &ddb.AttributeValueMemberB{Value: b}, nil
	}
	return nil, malformed("%s: text is not a value of type %s", at, kind)
}

func decodeMapAttribute(m map[string]any, at string) (ddb.AttributeValue, error) {
	out := make(map[string]ddb.AttributeValue, len(m))
	for k, x := range m {
		v, err := decodeAttribute(x, at+"."+k)
		if err != nil {
			return nil, err
		}
		out[k] = v
	}
	return &ddb.AttributeValueMemberM{Value: out}, nil
}

func decodeListAttribute(kind string, l []any, at string) (ddb.AttributeValue, error) {
	if kind == "L" {
		out := make([]ddb.AttributeValue, len(l))
		for i, x := range l {
			v, err := decodeAttribute(x, fmt.Sprintf("%s[%d]", at, i))
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
		return &ddb.AttributeValueMemberL{Value: out}, nil
	}
	texts := make([]string, len(l))
	for i, x := range l {
		s, ok := x.(string)
		if !ok {
			return nil, malformed("%s[%d]: expected text", at, i)
		}
		texts[i] = s
	}
	switch kind {
	case "SS":
		return &ddb.AttributeValueMemberSS{Value: texts}, nil
	case "NS":
		for i := range texts {
			n, err := normalNumber(texts[i])
			if err != nil {
				return nil, err
			}
			texts[i] = n
		}
		return &ddb.AttributeValueMemberNS{Value: texts}, nil
	case "BS":
		out := make([][]byte, len(texts))
		for i := range texts {
			b, err := base64.StdEncoding.DecodeString(texts[i])
			if err != nil {
				return nil, malformed("%s[%d]: expected base64 text", at, i)
			}
			out[i] = b
		}
		return &ddb.AttributeValueMemberBS{Value: out}, nil
	}
	return nil, malformed("%s: a list is not a value of type %s", at, kind)
}

// normalNumber writes a number the way DynamoDB gives it back: no leading or trailing zeros, no exponent.
func normalNumber(text string) (string, error) {
	if len(text) > 60 || strings.ContainsAny(text, "/_xXpP") {
		return "", invalid("The parameter cannot be converted to a numeric value: %s", text)
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(text), "e"); ok {
		if e, err := strconv.Atoi(exponent); err != nil || e > 125 || e < -130 {
			return "", invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
		}
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return "", invalid("The parameter cannot be converted to a numeric value: %s", text)
	}
	if r.IsInt() {
		return r.Num().String(), nil
	}
	return strings.TrimRight(r.FloatString(130), "0"), nil
}

// encodeAttribute writes one attribute value as a tree.
func encodeAttribute(a ddb.AttributeValue) any {
	switch x := a.(type) {
	case *ddb.AttributeValueMemberS:
		return map[string]any{"S": x.Value}
	case *ddb.AttributeValueMemberN:
		return map[string]any{"N": x.Value}
	case *ddb.AttributeValueMemberB:
		return map[string]any{"B": base64.StdEncoding.EncodeToString(x.Value)}
	case *ddb.AttributeValueMemberBOOL:
		return map[string]any{"BOOL": x.Value}
	case *ddb.AttributeValueMemberNULL:
		return map[string]any{"NULL": x.Value}
	case *ddb.AttributeValueMemberM:
		return map[string]any{"M": encodeItem(x.Value)}
	case *ddb.AttributeValueMemberL:
		l := make([]any, len(x.Value))
		for i := range l {
			l[i] = encodeAttribute(x.Value[i])
		}
		return map[string]any{"L": l}
	case *ddb.AttributeValueMemberSS:
		return map[string]any{"SS": anyList(x.Value)}
	case *ddb.AttributeValueMemberNS:
		return map[string]any{"NS": anyList(x.Value)}
	case *ddb.AttributeValueMemberBS:
		l := make([]any, len(x.Value))
		for i := range l {
			l[i] = base64.StdEncoding.EncodeToString(x.Value[i])
		}
		return map[string]any{"BS": l}
	}
	return nil
}

func encodeItem(item map[string]ddb.AttributeValue) map[string]any {
	m := make(map[string]any, len(item))
	for k, v := range item {
		m[k] = encodeAttribute(v)
	}
	return m
}

func anyList(texts []string) []any {
	l := make([]any, len(texts))
	for i := range l {
		l[i] = texts[i]
	}
	return l
}

// sorted puts the elements of the sets in an encoded value in order: sets have none.
func sorted(encoded any) any {
	switch x := encoded.(type) {
	case []any:
		for i, v := range x {
			x[i] = sorted(v)
		}
	case map[string]any:
		for kind, v := range x {
			l, ok := v.([]any)
			if x[kind] = sorted(v); ok && (kind == "SS" || kind == "NS" || kind == "BS") {
				slices.SortFunc(l, func(a, b any) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
			}
		}
	}
	return encoded
}
