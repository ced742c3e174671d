package schema

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"
)

// Shape describes what YAML or JSON a Go type stands for. One description
// serves strict checking, filling, the reference and the editor schema.
//
// Struct fields say what they are in tags: `json` the name, `doc` a sentence,
// `required:"true"`, `default` the text of the default, `enum:"a|b"`, and
// `later:"true"` for keys of the format that this version cannot honour yet.
type Shape struct {
	Type   reflect.Type
	Want   Kind
	Any    bool   // any document
	Custom bool   // the type reads its node itself (NodeReader)
	Elem   *Shape // of lists, and of mappings with free keys
	Fields []Field
	Enum   []string
	byName map[string]int
}

// Field is one key of a mapping with fixed keys.
type Field struct {
	Name, Doc, Default string
	Required, Later    bool
	Shape              *Shape
	index              []int
}

// NodeReader is a type that reads its node itself. It is called at load, when
// holes are still open, and again when they have values.
type NodeReader interface {
	ReadNode(n *Node, p *Problems)
}

// Describer is a type that describes itself to editors, as JSON Schema.
type Describer interface {
	EditorSchema() map[string]any
}

var (
	durationType   = reflect.TypeFor[time.Duration]()
	nodeType       = reflect.TypeFor[*Node]()
	nodeReaderType = reflect.TypeFor[NodeReader]()

	shapes     sync.Map   // reflect.Type → *Shape, complete
	describing sync.Mutex // held by who adds to shapes
)

// ShapeOf gives the shape of a type. It panics on a type that no YAML stands
// for, which a test of the catalogue would meet first.
func ShapeOf(t reflect.Type) *Shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*Shape)
	}
	describing.Lock()
	defer describing.Unlock()
	begun := begunShapes{}
	s := begun.of(t)
	for t, s := range begun {
		shapes.LoadOrStore(t, s)
	}
	return s
}

// begunShapes are shapes that are not known to others yet: types may contain
// themselves, and nobody may see one half described.
type begunShapes map[reflect.Type]*Shape

func (b begunShapes) of(t reflect.Type) *Shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*Shape)
	}
	if s, ok := b[t]; ok {
		return s
	}
	s := &Shape{Type: t}
	b[t] = s
	b.describe(s, t)
	return s
}

func (b begunShapes) describe(s *Shape, t reflect.Type) {
	switch {
	case t == nodeType:
		s.Any = true
		return
	case t == durationType:
		s.Want = Text
		return
	case reflect.PointerTo(t).Implements(nodeReaderType):
		s.Custom = true
		return
	}
	switch t.Kind() {
	case reflect.Pointer:
		*s = *b.of(t.Elem())
		s.Type = t
	case reflect.String:
		s.Want = Text
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Float64:
		s.Want = Number
	case reflect.Bool:
		s.Want = Bool
	case reflect.Interface:
		s.Any = true
	case reflect.Slice:
		s.Want, s.Elem = List, b.of(t.Elem())
	case reflect.Map:
		s.Want, s.Elem = Map, b.of(t.Elem())
	case reflect.Struct:
		s.Want = Map
		s.byName = map[string]int{}
		b.structFields(s, t, nil)
	default:
		panic("no shape for " + t.String())
	}
}

func (b begunShapes) structFields(s *Shape, t reflect.Type, index []int) {
	for i := range t.NumField() {
		f := t.Field(i)
		at := append(append([]int(nil), index...), i)
		if f.Anonymous {
			b.structFields(s, f.Type, at)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		shape := b.of(f.Type)
		if e := f.Tag.Get("enum"); e != "" {
			c := *shape
			c.Enum = strings.Split(e, "|")
			shape = &c
		}
		s.byName[name] = len(s.Fields)
		s.Fields = append(s.Fields, Field{
			Name: name, Doc: f.Tag.Get("doc"), Default: f.Tag.Get("default"),
			Required: f.Tag.Get("required") == "true", Later: f.Tag.Get("later") == "true",
			Shape: shape, index: at,
		})
	}
}

// Field finds a field by its name.
func (s *Shape) Field(name string) (Field, bool) {
	i, ok := s.byName[name]
	if !ok {
		return Field{}, false
	}
	return s.Fields[i], true
}

// Names lists the names of the fields that can be written.
func (s *Shape) Names() []string {
	l := make([]string, 0, len(s.Fields))
	for _, f := range s.Fields {
		if !f.Later {
			l = append(l, f.Name)
		}
	}
	return l
}

// IsDuration says whether the shape is a duration such as 20s.
func (s *Shape) IsDuration() bool { return elem(s.Type) == durationType }

func elem(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer && t != nodeType {
		return t.Elem()
	}
	return t
}

// Word names the shape for a reader: "text", "a list of text", "20s".
func (s *Shape) Word() string {
	switch {
	case s.Any:
		return "any document"
	case s.Custom:
		if w, ok := reflect.New(elem(s.Type)).Interface().(fmt.Stringer); ok {
			return w.String()
		}
		return "a document"
	case s.IsDuration():
		return "a duration such as 500ms, 20s or 1h30m"
	case s.Enum != nil:
		return "one of " + strings.Join(s.Enum, ", ")
	case s.Want == List:
		return "a list of " + s.Elem.words()
	case s.Want == Number && elem(s.Type).Kind() != reflect.Float64:
		return "a whole number"
	}
	return s.Want.String()
}

// words is the plural of Word.
func (s *Shape) words() string {
	word := s.Word()
	switch {
	case word == "text", s.Enum != nil, s.Any:
		return word
	case s.IsDuration():
		return "durations such as 500ms, 20s or 1h30m"
	case s.Want == List && !s.Custom:
		return "lists of " + s.Elem.words()
	case !strings.HasPrefix(word, "a "):
		return word
	}
	one, more, _ := strings.Cut(word[2:], " of ")
	if strings.Count(one, " ") > 1 {
		return word // more than a noun
	}
	if more != "" {
		more = " of " + more
	}
	return one + "s" + more
}
