package schema

import (
	"encoding/json"
	"math/big"
	"reflect"
	"strconv"
	"time"
)

// Check says everything that can be known to be wrong with a node before its
// holes have values. what names the thing in messages, such as "parameter".
func (s *Shape) Check(n *Node, what string, p *Problems) {
	(&walk{p: p, what: what}).value(s, n, reflect.Value{})
}

// Fill writes a node into *into, a pointer to the shape's type. Defaults fill
// what the node leaves out.
func (s *Shape) Fill(n *Node, what string, into any, p *Problems) {
	(&walk{p: p, what: what}).value(s, n, reflect.ValueOf(into).Elem())
}

// fillLiteral is Fill for what gives a file its structure: a list or a mapping
// there is needed before anything is evaluated, so no expression may stand for it.
func (s *Shape) fillLiteral(n *Node, into any, p *Problems) {
	(&walk{p: p, what: "key", literal: true}).value(s, n, reflect.ValueOf(into).Elem())
}

// walk is one pass over a shape and a node; v is invalid while only checking.
type walk struct {
	p    *Problems
	what string // what a field of the outermost mapping is called
	// literal refuses expressions in place of lists and mappings.
	literal bool
}

func (w *walk) value(s *Shape, n *Node, v reflect.Value) {
	switch {
	case s.Custom:
		w.custom(s, n, v)
		return
	case s.Any:
		if v.IsValid() {
			fillAny(n, v)
		}
		return
	case n.Hole():
		if w.literal && (s.Want == List || s.Want == Map) {
			w.p.Add(n.Pos, "this must be written out: it is needed before anything is evaluated; expressions go into its values")
		}
		return // may become anything
	case n.Kind == Null && v.IsValid() && n.Computed && v.Kind() == reflect.Pointer:
		return // an expression that gave null leaves an optional parameter out
	}
	if v.IsValid() && v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if s.IsDuration() {
		w.duration(n, v)
		return
	}
	if s.Want == Text && n.Kind == Number && n.Computed {
		n = &Node{Pos: n.Pos, Kind: Text, Scalar: n.Scalar, Computed: true} // an expression's number is written out
	}
	if n.Kind != s.Want {
		w.wrongKind(s, n)
		return
	}
	switch s.Want {
	case Text:
		w.text(s, n, v)
	case Number:
		w.number(s, n, v)
	case Bool:
		if v.IsValid() {
			v.SetBool(n.Scalar == "true")
		}
	case List:
		if v.IsValid() {
			v.Set(reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items)))
		}
		for i, x := range n.Items {
			var e reflect.Value
			if v.IsValid() {
				e = v.Index(i)
			}
			w.value(s.Elem, x, e)
		}
	case Map:
		if s.Elem != nil {
			w.freeMap(s, n, v)
		} else {
			w.fields(s, n, v)
		}
	}
}

func (w *walk) custom(s *Shape, n *Node, v reflect.Value) {
	t := elem(s.Type)
	into := reflect.New(t)
	if v.IsValid() {
		if v.Kind() == reflect.Pointer {
			v.Set(into)
		} else {
			into = v.Addr()
		}
	}
	into.Interface().(NodeReader).ReadNode(n, w.p)
}

func fillAny(n *Node, v reflect.Value) {
	if v.Type() == nodeType {
		v.Set(reflect.ValueOf(n))
	} else if d := n.Value(); d != nil {
		v.Set(reflect.ValueOf(d))
	}
}

func (w *walk) wrongKind(s *Shape, n *Node) {
	w.p.Add(n.Pos, "expected %s, found %s%s", s.Word(), describe(n), s.hint(n))
}

func (w *walk) text(s *Shape, n *Node, v reflect.Value) {
	if s.Enum != nil && !n.Open() && !contains(s.Enum, n.Scalar) {
		w.p.Add(n.Pos, "%q is not %s%s", n.Scalar, s.Word(), DidYouMean(n.Scalar, s.Enum))
	}
	if v.IsValid() {
		v.SetString(n.Scalar)
	}
}

func (w *walk) duration(n *Node, v reflect.Value) {
	if n.Open() {
		return
	}
	if n.Kind != Text {
		hint := ""
		if n.Kind == Number {
			hint = "; a number needs its unit, such as " + n.Scalar + "s"
		}
		w.p.Add(n.Pos, "expected a duration such as 500ms, 20s or 1h30m, found %s%s", describe(n), hint)
		return
	}
	d, err := time.ParseDuration(n.Scalar)
	switch {
	case err != nil:
		hint := "write it like 500ms, 20s or 1h30m"
		if meant := asDuration(n.Scalar); meant != "" {
			hint = "write " + meant
		}
		w.p.Add(n.Pos, "%q is not a duration; %s", n.Scalar, hint)
	case d < 0:
		w.p.Add(n.Pos, "a duration cannot be negative: %s", n.Scalar)
	case v.IsValid():
		v.SetInt(int64(d))
	}
}

func (w *walk) number(s *Shape, n *Node, v reflect.Value) {
	if elem(s.Type).Kind() == reflect.Float64 {
		f, err := strconv.ParseFloat(n.Scalar, 64)
		if err != nil {
			w.p.Add(n.Pos, "%s is out of range", n.Scalar)
		} else if v.IsValid() {
			v.SetFloat(f)
		}
		return
	}
	r, ok := new(big.Rat).SetString(n.Scalar) // 3.0 and 3e2 are whole numbers too
	if !ok || !r.IsInt() || !r.Num().IsInt64() {
		w.p.Add(n.Pos, "expected a whole number, found %s", n.Scalar)
	} else if v.IsValid() {
		v.SetInt(r.Num().Int64())
	}
}

func (w *walk) freeMap(s *Shape, n *Node, v reflect.Value) {
	if v.IsValid() {
		v.Set(reflect.MakeMapWithSize(v.Type(), len(n.Entries)))
	}
	for _, x := range n.Entries {
		var e reflect.Value
		if v.IsValid() {
			e = reflect.New(v.Type().Elem()).Elem()
		}
		w.value(s.Elem, x.Value, e)
		if v.IsValid() {
			v.SetMapIndex(reflect.ValueOf(x.Key), e)
		}
	}
}

func (w *walk) fields(s *Shape, n *Node, v reflect.Value) {
	what := w.what
	inner := &walk{p: w.p, what: "key", literal: w.literal}
	seen := make([]bool, len(s.Fields))
	for _, x := range n.Entries {
		i, ok := s.byName[x.Key]
		if !ok {
			w.p.Add(x.KeyPos, "unknown %s %q%s", what, x.Key, s.instead(x.Key))
			continue
		}
		seen[i] = true
		f := s.Fields[i]
		if f.Later {
			w.p.Add(x.KeyPos, "%q belongs to the format, but this version of rehearse cannot honour it yet", x.Key)
			continue
		}
		var e reflect.Value
		if v.IsValid() {
			e = v.FieldByIndex(f.index)
		}
		inner.value(f.Shape, x.Value, e)
	}
	for i, f := range s.Fields {
		switch {
		case seen[i]:
		case f.Required:
			w.p.Add(n.Pos, "%s %q is missing%s", what, f.Name, sentence(f.Doc))
		case f.Default != "" && v.IsValid():
			inner.value(f.Shape, defaultNode(f, n.Pos), v.FieldByIndex(f.index))
		}
	}
}

// instead offers the nearest name, or all of them when there are few.
func (s *Shape) instead(wrong string) string {
	names := s.Names()
	if d := DidYouMean(wrong, names); d != "" || len(names) == 0 {
		return d
	}
	return "; known are " + KnownNames(names)
}

func defaultNode(f Field, at Pos) *Node {
	n := &Node{Pos: at, Kind: f.Shape.Want, Scalar: f.Default}
	if f.Shape.Any {
		n.Kind = Text
	}
	return n
}

func sentence(doc string) string {
	if doc == "" {
		return ""
	}
	return ": " + doc
}

func contains(l []string, s string) bool {
	for _, x := range l {
		if x == s {
			return true
		}
	}
	return false
}

// Document gives the plain JSON document of a Go value, numbers exact.
func Document(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return ParseJSON(b)
}
