package sandbox

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/xray/types"
)

// traceFilter is the part of X-Ray's filter expressions that the sandbox knows: annotations that must have a value,
// joined by AND. https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html
type traceFilter []annotationIs

type annotationIs struct {
	key   string
	value any // text, float64 or bool
}

var annotationTerm = regexp.MustCompile(`^\s*annotation(?:\.([A-Za-z0-9_]+)|\[([^\]]+)\])\s*=\s*("(?:[^"\\]|\\.)*"|true|false|-?[0-9.]+(?:[eE][-+]?[0-9]+)?)\s*`)

// parseTraceFilter reads a filter expression; "" lets everything through.
func parseTraceFilter(text string) (traceFilter, error) {
	var f traceFilter
	for rest := text; strings.TrimSpace(rest) != ""; {
		m := annotationTerm.FindStringSubmatch(rest)
		if m == nil {
			return nil, invalidRequest("Invalid filter expression: the sandbox knows annotation.KEY = VALUE and annotation[KEY] = VALUE joined by AND, found %q", rest)
		}
		a := annotationIs{key: m[1] + m[2]}
		switch value := m[3]; {
		case value == "true", value == "false":
			a.value = value == "true"
		case value[0] == '"':
			a.value = regexp.MustCompile(`\\(.)`).ReplaceAllString(value[1:len(value)-1], "$1")
		default:
			n, err := strconv.ParseFloat(value, 64)
			if err != nil {
				return nil, invalidRequest("Invalid filter expression: %q is not a number", value)
			}
			a.value = n
		}
		f = append(f, a)
		rest = rest[len(m[0]):]
		next, joined := strings.CutPrefix(rest, "AND ")
		if !joined && rest != "" || joined && strings.TrimSpace(next) == "" {
			return nil, invalidRequest("Invalid filter expression: AND and another term expected at %q", rest)
		}
		rest = next
	}
	return f, nil
}

// match says whether the segments of a trace have all the annotations, each on any of them.
func (f traceFilter) match(segments []xraySegment) bool {
	for _, want := range f {
		has := false
		for _, s := range segments {
			has = has || s.annotations[want.key] == want.value
		}
		if !has {
			return false
		}
	}
	return true
}

func annotationsOf(segments []xraySegment) map[string][]types.ValueWithServiceIds {
	out := map[string][]types.ValueWithServiceIds{}
	for _, s := range segments {
		for key, value := range s.annotations {
			var v types.AnnotationValue
			switch value := value.(type) {
			case string:
				v = &types.AnnotationValueMemberStringValue{Value: value}
			case float64:
				v = &types.AnnotationValueMemberNumberValue{Value: value}
			case bool:
				v = &types.AnnotationValueMemberBooleanValue{Value: value}
			default:
				continue // X-Ray takes no other
			}
			out[key] = append(out[key], types.ValueWithServiceIds{AnnotationValue: v})
		}
	}
	return out
}
