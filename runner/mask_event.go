package runner

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/runner/event"
)

// format are the fields that belong to the format of the stream: words that
// it defines itself, and places. They are never masked, whatever is a secret;
// a report could not read them any more. Statuses and causes have types of
// their own for it; numbers of the format are never masked either.
var format = map[reflect.Type][]string{
	reflect.TypeFor[event.RunStart]():       {"Tool", "Shard"},
	reflect.TypeFor[event.StepPlan]():       {"Step", "Kind"},
	reflect.TypeFor[event.ScenarioStart]():  {"ScenarioID", "TraceID"},
	reflect.TypeFor[event.PhaseFinish]():    {"Phase"},
	reflect.TypeFor[event.StepStart]():      {"Phase"},
	reflect.TypeFor[event.Probe]():          {"Outcome"},
	reflect.TypeFor[event.Error]():          {"Type"},
	reflect.TypeFor[event.Check]():          {"Op"},
	reflect.TypeFor[event.Difference]():     {"Kind"},
	reflect.TypeFor[event.SLA]():            {"Status"},
	reflect.TypeFor[event.ScenarioFinish](): {"FailedStep"},
	reflect.TypeFor[event.Resource]():       {"Kind"},
	reflect.TypeFor[event.ResourceChange](): {"Status"},
	reflect.TypeFor[event.Note]():           {"Level"},
}

var stepFinish = reflect.TypeFor[event.StepFinish]()

// formatTypes are the types whose values the format defines.
var formatTypes = []reflect.Type{reflect.TypeFor[event.Status](), reflect.TypeFor[event.Cause](), reflect.TypeFor[event.Type]()}

// sharedNames are the fields that several events name the same thing by, and
// what they name.
var sharedNames = map[reflect.Type]map[string]string{
	reflect.TypeFor[event.CasePlan](): {"File": "file"},
	reflect.TypeFor[event.StepPlan](): {"File": "file"},
	reflect.TypeFor[event.Note]():     {"File": "file"},
	reflect.TypeFor[event.Resource](): {"ID": "resource", "ARN": "resource", "Owner": "case"},
}

// apply gives the event without any secret. The event itself stays as it is:
// others may hold parts of it.
func (m *masker) apply(e event.Event) (clean event.Event) {
	defer func() {
		if r := recover(); r != nil { // nothing leaves that was not looked through
			clean = e
			clean.Type = event.Message
			clean.Body = &event.Note{Level: "error", Text: fmt.Sprintf("the event %d (%s) is left out, because secrets in it could not be hidden", e.Seq, e.Type)}
		}
	}()
	inValue(reflect.ValueOf(e.Body), m.hideText)
	e.Case = m.name("case", e.Case)
	e.Step = m.step(e.Step)
	if p, ok := e.Body.(*event.CasePlan); ok {
		e.Body = m.uniqueName(p)
	}
	if v, changed := m.value(reflect.ValueOf(e.Body), ""); changed {
		e.Body = v.Interface().(event.Body)
	}
	return e
}

// name masks what several events name the same thing by: it stays what it was
// when it was first told, and two of them stay two.
func (m *masker) name(space, raw string) string {
	if raw == "" {
		return ""
	}
	if m.names[space] == nil {
		m.names[space], m.taken[space] = map[string]string{}, map[string]bool{}
	}
	if shown, ok := m.names[space][raw]; ok {
		return shown
	}
	masked := m.text(raw)
	shown := masked
	for n := 2; m.taken[space][shown]; n++ {
		shown = fmt.Sprintf("%s (%d)", masked, n)
	}
	m.names[space][raw], m.taken[space][shown] = shown, true
	return shown
}

// uniqueName masks a case's name so that reports can still tell the cases of
// a file apart.
func (m *masker) uniqueName(p *event.CasePlan) event.Body {
	name := m.name("name in "+p.File, p.Name)
	if name == p.Name {
		return p
	}
	x := *p
	x.Name = name
	return &x
}

// step masks the suite's label in the name of a step of its own.
func (m *masker) step(step string) string {
	label, ok := strings.CutPrefix(step, "suite/")
	if !ok {
		return step
	}
	for _, phase := range []string{"/arrange/", "/cleanup/"} {
		if i := strings.LastIndex(label, phase); i >= 0 {
			return "suite/" + m.text(label[:i]) + label[i:]
		}
	}
	return step
}

// value masks a value of any Go type and says whether that changed it; if so,
// what it gives is a copy. space is the name's space where it is a shared name.
func (m *masker) value(v reflect.Value, space string) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.String:
		if slices.Contains(formatTypes, v.Type()) {
			return v, false
		}
		text := v.String()
		if space != "" {
			text = m.name(space, text)
		} else {
			text = m.text(text)
		}
		if text == v.String() {
			return v, false
		}
		return reflect.ValueOf(text).Convert(v.Type()), true
	case reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		doc, changed := m.document(v.Interface())
		if !changed {
			return v, false
		}
		return reflect.ValueOf(&doc).Elem(), true
	case reflect.Pointer:
		if v.IsNil() {
			return v, false
		}
		x, changed := m.value(v.Elem(), space)
		if !changed {
			return v, false
		}
		p := reflect.New(v.Type().Elem())
		p.Elem().Set(x)
		return p, true
	case reflect.Slice:
		return m.slice(v)
	case reflect.Struct:
		return m.structure(v)
	}
	return v, false
}

func (m *masker) slice(v reflect.Value) (reflect.Value, bool) {
	var copied reflect.Value
	for i := range v.Len() {
		x, changed := m.value(v.Index(i), "")
		if !changed {
			continue
		}
		if !copied.IsValid() {
			copied = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
			reflect.Copy(copied, v)
		}
		copied.Index(i).Set(x)
	}
	if !copied.IsValid() {
		return v, false
	}
	return copied, true
}

func (m *masker) structure(v reflect.Value) (reflect.Value, bool) {
	var copied reflect.Value
	t := v.Type()
	for i := range v.NumField() {
		name := t.Field(i).Name
		if slices.Contains(format[t], name) {
			continue
		}
		x, changed := m.value(v.Field(i), sharedNames[t][name])
		if x.Kind() == reflect.Interface && t == stepFinish && v.FieldByName("Truncated").Bool() {
			if text, ok := v.Field(i).Interface().(string); ok {
				x, changed = m.truncated(text)
			}
		}
		if !changed {
			continue
		}
		if !copied.IsValid() {
			copied = reflect.New(t).Elem()
			copied.Set(v)
		}
		copied.Field(i).Set(x)
	}
	if !copied.IsValid() {
		return v, false
	}
	return copied, true
}

// truncated masks a result that was cut, at whose end half of a secret may stand.
func (m *masker) truncated(result string) (reflect.Value, bool) {
	var clean any = strings.TrimSuffix(m.text(result+ellipsis), ellipsis)
	return reflect.ValueOf(&clean).Elem(), clean != result
}

// document masks a document: texts, numbers and the keys of mappings.
func (m *masker) document(doc any) (any, bool) {
	switch x := doc.(type) {
	case nil, bool:
		return doc, false
	case string:
		if text := m.text(x); text != x {
			return text, true
		}
		return doc, false
	case json.Number:
		if text := x.String(); m.text(text) != text {
			return hidden, true
		}
		return doc, false
	case []any:
		return m.list(x)
	case map[string]any:
		return m.mapping(x)
	}
	if x, ok := plain(doc); ok {
		if clean, changed := m.document(x); changed {
			return clean, true
		}
		return doc, false
	}
	if text := fmt.Sprint(doc); m.text(text) != text {
		return hidden, true
	}
	return doc, false
}

func (m *masker) list(x []any) (any, bool) {
	out, changed := x, false
	for i, e := range x {
		c, differs := m.document(e)
		if !differs {
			continue
		}
		if !changed {
			out, changed = slices.Clone(x), true
		}
		out[i] = c
	}
	return out, changed
}

// mapping masks a mapping. Two keys stay two.
func (m *masker) mapping(x map[string]any) (any, bool) {
	out, changed := x, false
	var keys []string // that are masked
	for k, e := range x {
		if m.text(k) != k {
			keys = append(keys, k)
		}
		c, differs := m.document(e)
		if !differs {
			continue
		}
		if !changed {
			out, changed = maps.Clone(x), true
		}
		out[k] = c
	}
	if len(keys) == 0 {
		return out, changed
	}
	if !changed {
		out = maps.Clone(x)
	}
	slices.Sort(keys)
	for _, k := range keys {
		e := out[k]
		delete(out, k)
		shown := m.text(k)
		for n := 2; ; n++ {
			if _, taken := out[shown]; !taken {
				break
			}
			shown = fmt.Sprintf("%s (%d)", m.text(k), n)
		}
		out[shown] = e
	}
	return out, true
}
