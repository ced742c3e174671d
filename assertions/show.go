package assertions

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rehearse-dev/rehearse/schema"
)

const (
	shownLength       = 200 // characters of a value in a message
	shownShortLength  = 80  // of a differing field
	comparedDocuments = 160 // from this length on documents are not shown beside their differences
	comparedText      = 40  // from this length on a message says where texts part
	aroundText        = 40  // characters of longer ones shown on both sides of that place
)

// kindName is what messages call a value's type.
func kindName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case string:
		return "text"
	case []any:
		return "a list"
	case map[string]any:
		return "a mapping"
	}
	return fmt.Sprintf("a %T", v)
}

// show writes a value as one line of JSON, cut to a readable length.
func show(v any) string { return showCut(v, shownLength) }

func showShort(v any) string { return showCut(v, shownShortLength) }

// showTyped names the type of a scalar, which its text alone may hide.
func showTyped(v any) string {
	switch v.(type) {
	case string:
		return showShort(v) + " (text)"
	case json.Number:
		return showShort(v) + " (number)"
	}
	return showShort(v)
}

func showCut(v any, most int) string {
	w := shower{most: most * 4} // bytes: enough for so many characters
	w.value(v)
	r := []rune(w.b.String())
	if len(r) <= most {
		return string(r)
	}
	return string(r[:most]) + "…"
}

// shower writes JSON until it has enough.
type shower struct {
	b    bytes.Buffer
	most int
}

func (w *shower) enough() bool { return w.b.Len() > w.most }

func (w *shower) value(v any) {
	if w.enough() {
		return
	}
	switch v := v.(type) {
	case map[string]any:
		w.b.WriteByte('{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			if w.enough() {
				return
			}
			if i > 0 {
				w.b.WriteByte(',')
			}
			w.text(k)
			w.b.WriteByte(':')
			w.value(v[k])
		}
		w.b.WriteByte('}')
	case []any:
		w.b.WriteByte('[')
		for i, e := range v {
			if w.enough() {
				return
			}
			if i > 0 {
				w.b.WriteByte(',')
			}
			w.value(e)
		}
		w.b.WriteByte(']')
	case string:
		w.text(v)
	case json.Number:
		w.b.WriteString(string(v))
	case nil:
		w.b.WriteString("null")
	default:
		fmt.Fprint(&w.b, v)
	}
}

func (w *shower) text(s string) {
	if len(s) > w.most {
		s = strings.ToValidUTF8(s[:w.most], "")
	}
	e := json.NewEncoder(&w.b)
	e.SetEscapeHTML(false)
	if e.Encode(s) == nil { // a buffer takes everything, and text can always be encoded
		w.b.Truncate(w.b.Len() - 1) // the line's end
	}
}

// showPair shows two values that should be the same: of long texts what stands
// around the place where they part.
func showPair(want, got any) (string, string) {
	w, ok1 := want.(string)
	g, ok2 := got.(string)
	if !ok1 || !ok2 || w == g || min(len(w), len(g)) <= shownShortLength {
		return show(want), show(got)
	}
	a, b := []rune(w), []rune(g)
	i := parting(a, b)
	return around(a, i), around(b, i)
}

// parting is where two texts begin to differ.
func parting(a, b []rune) int {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	return i
}

// sayWhereTextsPart says where two texts of some length begin to differ; "" for
// others.
func sayWhereTextsPart(want, got any) string {
	w, ok1 := want.(string)
	g, ok2 := got.(string)
	if !ok1 || !ok2 || w == g {
		return ""
	}
	a, b := []rune(w), []rune(g)
	if min(len(a), len(b)) < comparedText {
		return ""
	}
	i := parting(a, b)
	s := fmt.Sprintf("; they differ from character %d on", i+1)
	if before := string(a[:i]); strings.Contains(before, "\n") {
		line := strings.Count(before, "\n") + 1
		s = fmt.Sprintf("; they differ from line %d, character %d on", line, utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:])+1)
	}
	return s
}

func around(r []rune, i int) string {
	from, to := max(0, i-aroundText), min(len(r), i+aroundText)
	s := show(string(r[from:to]))
	if from > 0 {
		s = "…" + s
	}
	if to < len(r) {
		s += "…"
	}
	return s
}

// sayTypes says that two scalars differ in type, which never converts.
func sayTypes(want, got any) string {
	if kindName(want) == kindName(got) {
		return ""
	}
	switch want.(type) {
	case map[string]any, []any:
		return fmt.Sprintf("; that is %s and not %s", kindName(got), kindName(want))
	}
	switch got.(type) {
	case map[string]any, []any:
		return fmt.Sprintf("; that is %s and not %s", kindName(got), kindName(want))
	case nil:
		return ""
	}
	if want == nil {
		return ""
	}
	return fmt.Sprintf("; %s (%s) is not %s (%s): types are never converted", showShort(got), typeWord(got), showShort(want), typeWord(want))
}

// sayLookalike says that one of several values looks like what was wanted and
// is of another type.
func sayLookalike(want any, values []any) string {
	for _, v := range values {
		if kindName(v) != kindName(want) && plainText(v) == plainText(want) {
			return sayTypes(want, v)
		}
	}
	return ""
}

func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return showShort(v)
}

// sayHiddenJSON points to the document that a text holds, where an operator
// looks for a document.
func sayHiddenJSON(op string, found any) string {
	s, ok := found.(string)
	if !ok || !strings.HasPrefix(s, "{") && !strings.HasPrefix(s, "[") || !json.Valid([]byte(s)) {
		return ""
	}
	return fmt.Sprintf("; the text holds JSON: to look inside write json: {$: {%s: …}}", op)
}

func typeWord(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case json.Number:
		return "number"
	}
	return "boolean"
}

// describe says what stands at a node, for a message.
func describe(n *schema.Node) string {
	switch n.Kind {
	case schema.Text:
		return "the text " + showShort(n.Scalar)
	case schema.Number:
		return "the number " + n.Scalar
	case schema.Bool:
		return n.Scalar
	}
	return n.Kind.String()
}
