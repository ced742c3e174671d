package sandbox

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// formTree reads the fields of the query protocol (A.B.member.1.C=x) into a tree.
func formTree(form url.Values) any {
	root := map[string]any{}
	for key, values := range form {
		m := root
		parts := strings.Split(key, ".")
		for i, p := range parts {
			if i == len(parts)-1 {
				m[p] = values[0]
				break
			}
			next, ok := m[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				m[p] = next
			}
			m = next
		}
	}
	return foldLists(root)
}

// foldLists makes a list of every {"member": {"1": …, "2": …}}.
func foldLists(x any) any {
	m, ok := x.(map[string]any)
	if !ok {
		return x
	}
	for k := range m {
		m[k] = foldLists(m[k])
	}
	members, ok := m["member"].(map[string]any)
	if !ok || len(m) != 1 {
		return m
	}
	keys := slices.Collect(maps.Keys(members))
	slices.SortFunc(keys, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return x - y
	})
	list := make([]any, 0, len(keys))
	for _, k := range keys {
		list = append(list, members[k])
	}
	return list
}

// xmlTree writes a tree as the query protocol's XML.
func xmlTree(w io.Writer, name string, x any) {
	if x == nil {
		return
	}
	fmt.Fprintf(w, "<%s>", name)
	switch y := x.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(y)) {
			xmlTree(w, k, y[k])
		}
	case []any:
		for _, e := range y {
			xmlTree(w, "member", e)
		}
	case time.Time:
		writeEscaped(w, y.UTC().Format("2006-01-02T15:04:05.000Z"))
	default:
		writeEscaped(w, fmt.Sprint(y))
	}
	fmt.Fprintf(w, "</%s>", name)
}

func writeEscaped(w io.Writer, text string) {
	_ = xml.EscapeText(w, []byte(text)) // fails only when the reader has left
}
