package expr

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

func (n *path) lost(i int, why string) *fault {
	return &fault{msg: strings.TrimSpace(n.upTo(i) + " " + why), missing: true, current: n.from == fromCurrent}
}

// nowhere says why v, which stands before segment i, has nothing at key.
func (n *path) nowhere(i int, v, key any) *fault {
	name, isName := key.(string)
	var fields []string
	switch x := v.(type) {
	case map[string]any:
		fields = slices.Collect(maps.Keys(x))
	case Lazy:
		fields = x.Fields()
	case []any:
		if isName {
			return n.lost(i, fmt.Sprintf("is a list and has no field %q%s", shorten(name), n.lengthHint(i, name, "; [0] is its first element, [*] all of them")))
		}
		return n.lost(i, fmt.Sprintf("has %s, so there is no [%v]%s", counted(len(x), "element"), key, belowHint(key, len(x))))
	default:
		return n.lost(i, fmt.Sprintf("is %s, so it has no %s%s", typeName(v), what(key), n.lengthHint(i, name, "")))
	}
	if !isName {
		return n.lost(i, fmt.Sprintf("is a document, so it has no element [%v]; its fields have names", key))
	}
	if i == 0 && n.from == fromName {
		hint := n.hint
		if nearest.Name(name, fields) != "" {
			hint = ""
		}
		return n.lost(0, fmt.Sprintf("nothing is named %q%s%s", shorten(name), suggest(name, fields, "there are"), hint))
	}
	if n.isEnvironment(i) {
		near := ";"
		if s := nearest.Name(name, fields); s != "" {
			near = fmt.Sprintf("; did you mean %q?", s)
		}
		return &fault{missing: true, msg: fmt.Sprintf(`the environment variable %q is not set%s default(x, "…") gives another value where one is not`, shorten(name), near)}
	}
	if dashed := n.dashed(i, fields); dashed != "" {
		return n.lost(i, fmt.Sprintf(`has no %q; a name with a dash stands in brackets: %s["%s"]`, name, n.upTo(i), dashed))
	}
	if len(fields) == 0 {
		return n.lost(i, fmt.Sprintf("is an empty document, so it has no %q", shorten(name)))
	}
	return n.lost(i, fmt.Sprintf("has no %q%s", shorten(name), suggest(name, fields, "it has")))
}

// isEnvironment reports whether segment i names an environment variable.
func (n *path) isEnvironment(i int) bool {
	return i == 1 && (n.from == fromName || n.from == fromRoot) && n.segments[0].kind == segmentName && n.segments[0].name == "env"
}

// lengthHint is for people who look for the length of what stands before
// segment i in a field of it; others are told otherwise.
func (n *path) lengthHint(i int, name, otherwise string) string {
	switch name {
	case "length", "size", "count":
		return fmt.Sprintf("; write length(%s)", n.upTo(i))
	}
	return otherwise
}

func belowHint(key any, length int) string {
	if at, ok := integer(key); ok && at < 0 && length > 0 {
		return "; indexes count from 0, the last is [length(@) - 1]"
	}
	return ""
}

// dashed is the field that is written out in the source from segment i on,
// where a dash has been read as a minus.
func (n *path) dashed(i int, fields []string) string {
	s := &n.segments[i]
	start := s.end - len(s.name)
	if s.kind != segmentName || start < 0 || !strings.HasPrefix(n.source[s.end:], "-") {
		return ""
	}
	longest := ""
	for _, f := range fields {
		if len(f) > max(len(s.name), len(longest)) && strings.HasPrefix(n.source[start:], f) {
			longest = f
		}
	}
	return longest
}

func what(key any) string {
	if name, ok := key.(string); ok {
		return fmt.Sprintf("field %q", shorten(name))
	}
	return fmt.Sprintf("element [%v]", key)
}
