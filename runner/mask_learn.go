package runner

import (
	"encoding/json"
	"reflect"
	"regexp"
	"strings"

	"github.com/rehearse-dev/rehearse/steps"
)

// What lets somebody in is often known by its name: it is hidden wherever it
// is seen, in a document that a look brings or in the text of an error.

// inDocument tells of the credentials that stand in a document under their
// names, as headers and queries do, and of those in its texts.
func inDocument(doc any, tell func(string)) {
	switch x := doc.(type) {
	case string:
		inText(x, tell)
	case []any:
		for _, e := range x {
			inDocument(e, tell)
		}
	case map[string]any:
		for name, e := range x {
			named(name, e, tell)
			inDocument(e, tell)
		}
	}
}

func named(name string, v any, tell func(string)) {
	switch x := v.(type) {
	case string:
		for _, c := range steps.Credentials(name, x) {
			tell(c)
		}
	case []any: // a header that came several times
		for _, e := range x {
			if s, ok := e.(string); ok {
				named(name, s, tell)
			}
		}
	}
}

// inURL are the parts of URLs, and of what a service says of a signature, that
// let somebody in.
var inURL = regexp.MustCompile(`(?i)(?:x-amz-(?:signature|security-token|credential)["']?\s*[=:]\s*["']?|[?&]signature=)([^&\s"'<>\\,]+)` +
	`|[a-z]://[^/?#\s"'@:]*:([^/?#\s"'@]+)@`)

// inText tells of the credentials in a text: presigned signatures and the
// passwords of URLs.
func inText(s string, tell func(string)) {
	if !mayName(s) {
		return
	}
	for _, v := range append(views(s), view{text: s}) {
		for _, found := range inURL.FindAllStringSubmatch(v.text, -1) {
			tell(found[1] + found[2]) // one of them is empty
		}
	}
}

// mayName says whether a text may hold what inURL looks for: escapes leave
// letters as they are.
func mayName(s string) bool {
	if !strings.ContainsAny(s, "=:%") {
		return false
	}
	for _, part := range []string{"ignature", "IGNATURE", "ecurity-", "redential", "@", "%40"} {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// inValue tells of the credentials in what an event tells.
func inValue(v reflect.Value, tell func(string)) {
	switch v.Kind() {
	case reflect.String:
		inText(v.String(), tell)
	case reflect.Pointer:
		if !v.IsNil() {
			inValue(v.Elem(), tell)
		}
	case reflect.Interface:
		switch x := v.Interface().(type) {
		case nil, bool, json.Number:
		case string, []any, map[string]any:
			inDocument(x, tell)
		default:
			if doc, ok := plain(x); ok {
				inDocument(doc, tell)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			inValue(v.Index(i), tell)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			inValue(v.Field(i), tell)
		}
	}
}
