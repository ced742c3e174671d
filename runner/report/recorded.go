package report

import (
	"encoding/json"
	"reflect"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// recorded gives an event as a recording would give it back. Nearly every event
// consists of such values already and is taken as it is, so that what it holds
// is shared: the model changes none of it.
func recorded(e event.Event) (event.Event, error) {
	head := e
	head.Body = nil
	if asRead(reflect.ValueOf(head)) && asRead(reflect.ValueOf(e.Body)) {
		return e, nil
	}
	var back event.Event
	b, err := e.MarshalJSON()
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	return back, err
}

// asRead says whether a value is one that reading JSON gives: its text is
// UTF-8, and what stands in an interface is a plain document.
func asRead(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Interface:
		return v.IsNil() || document(v.Interface())
	case reflect.Pointer:
		return v.IsNil() || asRead(v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !asRead(v.Index(i)) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !asRead(v.Field(i)) {
				return false
			}
		}
	case reflect.Map, reflect.Float32, reflect.Float64:
		return false
	}
	return true
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func document(v any) bool {
	switch t := v.(type) {
	case nil, bool, int: // an int is shown as the number that it is read as
		return true
	case string:
		return utf8.ValidString(t)
	case json.Number:
		return json.Valid([]byte(t)) && (t[0] == '-' || isDigit(t[0])) && isDigit(t[len(t)-1])
	case []any:
		for _, e := range t {
			if !document(e) {
				return false
			}
		}
		return t != nil // nil would become null
	case map[string]any:
		for k, e := range t {
			if !utf8.ValidString(k) || !document(e) {
				return false
			}
		}
		return t != nil
	}
	return false
}
