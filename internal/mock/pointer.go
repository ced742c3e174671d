package mock

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/nearest"
)

var (
	toPointer   = strings.NewReplacer("~", "~0", "/", "~1")
	fromPointer = strings.NewReplacer("~1", "/", "~0", "~")
)

// pointer adds names to a JSON pointer. Source: RFC 6901.
func pointer(at string, names ...string) string {
	for _, name := range names {
		at += "/" + toPointer.Replace(name)
	}
	return at
}

// tokens are the names that a JSON pointer is made of.
func tokens(at string) []string {
	if at == "" {
		return nil
	}
	all := strings.Split(at[1:], "/")
	for i, t := range all {
		all[i] = fromPointer.Replace(t)
	}
	return all
}

// lookUp finds what a JSON pointer leads to, or says where it ends.
func lookUp(doc any, at string) (found any, why string) {
	here := ""
	for _, name := range tokens(at) {
		switch v := doc.(type) {
		case map[string]any:
			next, ok := v[name]
			if !ok {
				return nil, fmt.Sprintf("#%s has no %q%s", here, name, known(name, slices.Sorted(maps.Keys(v))))
			}
			doc = next
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil, fmt.Sprintf("#%s has no element %q; it has %d", here, name, len(v))
			}
			doc = v[i]
		default:
			return nil, fmt.Sprintf("#%s is %s, which has no %q", here, show(doc), name)
		}
		here = pointer(here, name)
	}
	return doc, ""
}

// known says which name was probably meant, or which there are.
func known(wrong string, names []string) string {
	if near := nearest.Name(wrong, names); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	if len(names) == 0 {
		return "; it is empty"
	}
	return "; it has " + listed(names)
}

// listed writes names one after the other, the first of many.
func listed(names []string) string {
	const most = 12
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

func escapeFragment(at string) string {
	return (&url.URL{Fragment: at}).EscapedFragment()
}

func unescapeFragment(s string) (string, error) { return url.PathUnescape(s) }

// pathText writes a place in a value as paths are written: detail.items[0].id;
// $ is the whole. Its parts are names and indexes.
func pathText(path []any) string {
	var b strings.Builder
	for i, part := range path {
		switch part := part.(type) {
		case int:
			if i == 0 {
				b.WriteByte('$')
			}
			fmt.Fprintf(&b, "[%d]", part)
		case string:
			switch {
			case !plainName(part):
				if i == 0 {
					b.WriteByte('$')
				}
				b.WriteString("['" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(part) + "']")
			case i > 0:
				b.WriteString("." + part)
			default:
				b.WriteString(part)
			}
		}
	}
	if b.Len() == 0 {
		return "$"
	}
	return b.String()
}

// plainName says whether a name needs no brackets in a path.
func plainName(s string) bool {
	for i, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '-' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}

// pathIn makes a path of the names that lead to a place in a value.
func pathIn(value any, names []string) []any {
	var path []any
	for _, name := range names {
		switch v := value.(type) {
		case []any:
			i, err := strconv.Atoi(name)
			if err == nil && i >= 0 && i < len(v) {
				path, value = append(path, i), v[i]
				continue
			}
			value = nil
		case map[string]any:
			value = v[name]
		default:
			value = nil
		}
		path = append(path, name)
	}
	return path
}
