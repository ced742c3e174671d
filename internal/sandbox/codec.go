package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	xraytypes "github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// The codec turns the SDK's own input and output structs into trees of map[string]any, []any, string, bool,
// json.Number and time.Time, and back. The wire formats (JSON, query, XML) are thin layers around such trees.

var (
	timeType      = reflect.TypeFor[time.Time]()
	attributeType = reflect.TypeFor[ddb.AttributeValue]()
)

// casing is how a service spells the fields of its documents.
type casing int

const (
	pascal casing = iota // QueueUrl
	camel                // executionArn
)

func (c casing) name(field string) string {
	if c == camel {
		return strings.ToLower(field[:1]) + field[1:]
	}
	return field
}

// layout is the wire name of each field of a struct.
type layout struct {
	index map[string]int
	names []string // by field index; "" for what never goes on the wire
}

type layoutKey struct {
	t reflect.Type
	c casing
}

// oddNames are fields that their service spells otherwise than all its others.
var oddNames = map[reflect.Type]map[string]string{
	reflect.TypeFor[sqs.CreateQueueInput](): {"Tags": "tags"},
}

var layouts sync.Map // layoutKey -> *layout

func layoutOf(t reflect.Type, c casing) *layout {
	if l, ok := layouts.Load(layoutKey{t, c}); ok {
		return l.(*layout)
	}
	l := &layout{index: map[string]int{}, names: make([]string, t.NumField())}
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() || f.Name == "ResultMetadata" {
			continue
		}
		l.names[i] = c.name(f.Name)
		if odd, ok := oddNames[t]; ok && odd[f.Name] != "" {
			l.names[i] = odd[f.Name]
		}
		l.index[l.names[i]] = i
	}
	layouts.Store(layoutKey{t, c}, l)
	return l
}

// decode fills v from a tree. What the struct does not know is ignored, as AWS does; what has the wrong shape is an
// error that names its place.
func decode(v reflect.Value, in any, c casing, at string) error {
	if in == nil && v.Type() != attributeType {
		return nil
	}
	switch v.Type() {
	case timeType:
		return decodeTime(v, in, at)
	case attributeType:
		av, err := decodeAttribute(in, at)
		if err == nil {
			v.Set(reflect.ValueOf(av))
		}
		return err
	}
	switch v.Kind() {
	case reflect.Pointer:
		p := reflect.New(v.Type().Elem())
		if err := decode(p.Elem(), in, c, at); err != nil {
			return err
		}
		v.Set(p)
		return nil
	case reflect.Struct:
		return decodeStruct(v, in, c, at)
	case reflect.Slice:
		return decodeSlice(v, in, c, at)
	case reflect.Map:
		return decodeMap(v, in, c, at)
	case reflect.Interface:
		return malformed("%s: a union that the sandbox does not read", at)
	}
	return decodeScalar(v, in, at)
}

func decodeStruct(v reflect.Value, in any, c casing, at string) error {
	m, ok := in.(map[string]any)
	if !ok {
		return malformed("%s: expected a structure", at)
	}
	l := layoutOf(v.Type(), c)
	for name, x := range m {
		i, ok := l.index[name]
		if !ok {
			continue
		}
		if err := decode(v.Field(i), x, c, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func decodeSlice(v reflect.Value, in any, c casing, at string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		s, ok := in.(string)
		b, err := base64.StdEncoding.DecodeString(s)
		if !ok || err != nil {
			return malformed("%s: expected base64 text", at)
		}
		v.SetBytes(b)
		return nil
	}
	l, ok := in.([]any)
	if !ok {
		return malformed("%s: expected a list", at)
	}
	s := reflect.MakeSlice(v.Type(), len(l), len(l))
	for i := range l {
		if err := decode(s.Index(i), l[i], c, fmt.Sprintf("%s[%d]", at, i)); err != nil {
			return err
		}
	}
	v.Set(s)
	return nil
}

func decodeMap(v reflect.Value, in any, c casing, at string) error {
	m, ok := in.(map[string]any)
	if !ok {
		return malformed("%s: expected a map", at)
	}
	mv := reflect.MakeMapWithSize(v.Type(), len(m))
	for k, x := range m {
		e := reflect.New(v.Type().Elem()).Elem()
		if err := decode(e, x, c, at+"."+k); err != nil {
			return err
		}
		mv.SetMapIndex(reflect.ValueOf(k).Convert(v.Type().Key()), e)
	}
	v.Set(mv)
	return nil
}

func decodeTime(v reflect.Value, in any, at string) error {
	switch x := in.(type) {
	case json.Number:
		f, err := x.Float64()
		if err != nil {
			return malformed("%s: expected a time", at)
		}
		v.Set(reflect.ValueOf(time.UnixMilli(int64(f * 1e3)).UTC()))
		return nil
	case string:
		t, err := time.Parse(time.RFC3339, x)
		if err != nil {
			return malformed("%s: expected a time", at)
		}
		v.Set(reflect.ValueOf(t))
		return nil
	}
	return malformed("%s: expected a time", at)
}

// decodeScalar takes text for numbers and booleans too: the query protocol knows nothing else.
func decodeScalar(v reflect.Value, in any, at string) error {
	var text string
	switch x := in.(type) {
	case string:
		text = x
	case json.Number:
		if v.Kind() == reflect.String {
			return malformed("%s: expected text, not a number", at)
		}
		text = x.String()
	case bool:
		if v.Kind() != reflect.Bool {
			return malformed("%s: a boolean where none belongs", at)
		}
		v.SetBool(x)
		return nil
	default:
		return malformed("%s: a structure or list where a plain value belongs", at)
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(text)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return malformed("%s: expected a boolean", at)
		}
		v.SetBool(b)
		return nil
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(text, 10, v.Type().Bits())
		if err != nil {
			return malformed("%s: expected an integer", at)
		}
		v.SetInt(n)
		return nil
	case reflect.Float32, reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return malformed("%s: expected a number", at)
		}
		v.SetFloat(n)
		return nil
	}
	return malformed("%s: the sandbox does not read a %s", at, v.Type())
}

// encode gives the tree of a value; nil for what is not set.
func encode(v reflect.Value, c casing) any {
	if v.Type() == timeType {
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return encode(v.Elem(), c)
	case reflect.Interface:
		switch x := v.Interface().(type) {
		case ddb.AttributeValue:
			return encodeAttribute(x)
		case xraytypes.AnnotationValue:
			return encodeAnnotation(x)
		}
		return nil
	case reflect.Struct:
		m := map[string]any{}
		for i, name := range layoutOf(v.Type(), c).names {
			if name == "" {
				continue
			}
			if x := encode(v.Field(i), c); x != nil {
				m[name] = x
			}
		}
		return m
	case reflect.Slice:
		return encodeSlice(v, c)
	case reflect.Map:
		if v.IsNil() {
			return nil
		}
		m := map[string]any{}
		for k, x := range v.Seq2() {
			m[k.String()] = encode(x, c)
		}
		return m
	case reflect.String:
		if v.Len() == 0 && v.Type().Name() != "string" { // an enumeration that is not set
			return nil
		}
		return v.String()
	case reflect.Bool:
		return v.Bool()
	case reflect.Int, reflect.Int32, reflect.Int64:
		return json.Number(strconv.FormatInt(v.Int(), 10))
	case reflect.Float32, reflect.Float64:
		return json.Number(strconv.FormatFloat(v.Float(), 'f', -1, 64))
	}
	return nil
}

func encodeAnnotation(x xraytypes.AnnotationValue) any {
	switch y := x.(type) {
	case *xraytypes.AnnotationValueMemberStringValue:
		return map[string]any{"StringValue": y.Value}
	case *xraytypes.AnnotationValueMemberNumberValue:
		return map[string]any{"NumberValue": y.Value}
	case *xraytypes.AnnotationValueMemberBooleanValue:
		return map[string]any{"BooleanValue": y.Value}
	}
	return nil
}

func encodeSlice(v reflect.Value, c casing) any {
	if v.IsNil() {
		return nil
	}
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return base64.StdEncoding.EncodeToString(v.Bytes())
	}
	l := make([]any, v.Len())
	for i := range l {
		l[i] = encode(v.Index(i), c)
	}
	return l
}

// jsonTimes turns the times of a tree into seconds since 1970 with three decimals, as the JSON protocols want them.
func jsonTimes(x any) any {
	switch y := x.(type) {
	case time.Time:
		return json.Number(strconv.FormatFloat(float64(y.UnixMilli())/1e3, 'f', 3, 64))
	case map[string]any:
		for k := range y {
			y[k] = jsonTimes(y[k])
		}
	case []any:
		for i := range y {
			y[i] = jsonTimes(y[i])
		}
	}
	return x
}
