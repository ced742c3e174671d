package mock

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/rehearse-dev/rehearse/internal/expr"
)

// wish is a part of the value that the caller sets, and what it sets in it.
type wish struct {
	has   bool
	value any
	names map[string]*wish
	items map[int]*wish
}

// readSet puts values and their paths into one tree.
func readSet(set map[string]any) (*wish, error) {
	root := &wish{}
	var problems []string
	for _, text := range slices.Sorted(maps.Keys(set)) {
		keys, err := ReadPath(text)
		if err != nil {
			problems = append(problems, fmt.Sprintf("set: %v", err))
			continue
		}
		value, err := plain(set[text])
		if err != nil {
			problems = append(problems, fmt.Sprintf("set: the value of %q is no JSON: %v", text, err))
			continue
		}
		w := root
		for _, key := range keys {
			w = w.make(key)
		}
		if w.has {
			problems = append(problems, fmt.Sprintf("set: %s is set twice", pathText(keys)))
		}
		w.has, w.value = true, value
	}
	return root, sayAll("", problems)
}

// ReadPath gives the names and indexes (int) of a path where a value can be set;
// the error says why it is none.
func ReadPath(text string) (keys []any, err error) {
	path, err := expr.ParsePath(text)
	if err != nil {
		return nil, fmt.Errorf("%q is not a path: %w", text, err)
	}
	if path.Many() {
		return nil, fmt.Errorf("%q can lead to many places, and a value belongs in one", text)
	}
	keys, ok := path.Keys()
	if !ok {
		return nil, fmt.Errorf("%q has an index that is no place to set: one is a whole number from 0 to %d, written out", text, expr.MaxIndex)
	}
	return keys, nil
}

// plain makes a value one of JSON alone, its numbers json.Number.
func plain(v any) (any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return decode(text)
}

func (w *wish) make(key any) *wish {
	child := w.below(key)
	if child != nil {
		return child
	}
	child = &wish{}
	switch key := key.(type) {
	case string:
		if w.names == nil {
			w.names = map[string]*wish{}
		}
		w.names[key] = child
	case int:
		if w.items == nil {
			w.items = map[int]*wish{}
		}
		w.items[key] = child
	}
	return child
}

// below is what is wished for a property or an element; nil when nothing is.
func (w *wish) below(key any) *wish {
	if w == nil {
		return nil
	}
	switch key := key.(type) {
	case string:
		return w.names[key]
	case int:
		return w.items[key]
	}
	return nil
}

// least is how many elements a list needs for what is set in it.
func (w *wish) least() int {
	n := 0
	if w != nil {
		for i := range w.items {
			n = max(n, i+1)
		}
	}
	return n
}

func (w *wish) wanted() []string {
	if w == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(w.names))
}

// given says whether the value, or a part of it, is set.
func (w *wish) given() bool { return w != nil && (w.has || w.inside()) }

func (w *wish) inside() bool { return w != nil && len(w.names)+len(w.items) > 0 }

// apply gives a value what is set in it; there says whether it is there.
func (w *wish) apply(value any, there bool, path []any) (any, error) {
	if w.has {
		value, there = clone(w.value), true
	}
	if len(w.names) > 0 && len(w.items) > 0 {
		return nil, fmt.Errorf("set: %s cannot be an object, for %s, and a list, for an element", pathText(path), w.wanted()[0])
	}
	if len(w.names) > 0 {
		if !there || value == nil {
			value = map[string]any{}
		}
		m, ok := value.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("set: %s is %s, so nothing can be set below it (%s)", pathText(path), kindOf(value), w.wanted()[0])
		}
		for _, name := range w.wanted() {
			old, ok := m[name]
			v, err := w.names[name].apply(old, ok, append(slices.Clone(path), name))
			if err != nil {
				return nil, err
			}
			m[name] = v
		}
	}
	if len(w.items) > 0 {
		if !there || value == nil {
			value = []any{}
		}
		l, ok := value.([]any)
		if !ok {
			return nil, fmt.Errorf("set: %s is %s and has no elements", pathText(path), kindOf(value))
		}
		for _, i := range slices.Sorted(maps.Keys(w.items)) {
			if i > len(l) {
				return nil, fmt.Errorf("set: %s has %d elements; set %s first", pathText(path), len(l), pathText(append(slices.Clone(path), len(l))))
			}
			if i == len(l) {
				l = append(l, nil)
			}
			v, err := w.items[i].apply(l[i], l[i] != nil, append(slices.Clone(path), i))
			if err != nil {
				return nil, err
			}
			l[i] = v
		}
		value = l
	}
	return value, nil
}

// covers says whether a place, or what it is part of, is set.
func (w *wish) covers(path []any) bool {
	for _, key := range path {
		if w == nil || w.has {
			break
		}
		w = w.below(key)
	}
	return w != nil && w.has
}

// clone copies a JSON value.
func clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, x := range v {
			m[k] = clone(x)
		}
		return m
	case []any:
		l := make([]any, len(v))
		for i, x := range v {
			l[i] = clone(x)
		}
		return l
	}
	return v
}

// kindOf names the kind of a JSON value for a message.
func kindOf(v any) string {
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
	}
	return "an object"
}

// coversText is covers for a path as violations write it.
func (w *wish) coversText(where string) bool {
	path, err := expr.ParsePath(where)
	if err != nil {
		return false
	}
	keys, ok := path.Keys()
	return ok && w.covers(keys)
}
