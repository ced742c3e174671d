package sandbox

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"gopkg.in/yaml.v3"
)

// properties are the evaluated properties of a resource. A maker asks for each by name; what nobody asked for, and
// what has another type than asked for, is an error when the maker is done.
type properties struct {
	node   *yaml.Node
	values map[string]any
	lines  map[string]int
	used   map[string]bool
	err    error
}

// lined is an error that names its line already.
type lined struct {
	line    int
	message string
}

func (e lined) Error() string { return fmt.Sprintf("line %d: %s", e.line, e.message) }

func (p *properties) fail(name, format string, args ...any) {
	if p.err == nil {
		line := p.lines[name]
		if line == 0 {
			line = p.node.Line
		}
		p.err = lined{line, name + ": " + fmt.Sprintf(format, args...)}
	}
}

func (p *properties) get(name string) (any, bool) {
	p.used[name] = true
	v, ok := p.values[name]
	return v, ok && v != nil
}

// ignore names properties that change nothing in the sandbox.
func (p *properties) ignore(names ...string) {
	for _, n := range names {
		p.used[n] = true
	}
}

// text gives a text, number or boolean as text; fallback when it is not there.
func (p *properties) text(name, fallback string) string {
	v, ok := p.get(name)
	if !ok {
		return fallback
	}
	switch v.(type) {
	case map[string]any, []any:
		p.fail(name, "expected a text")
	}
	return scalarText(v)
}

func scalarText(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case int:
		return strconv.Itoa(x)
	}
	return textOf(v)
}

func (p *properties) required(name string) string {
	v := p.text(name, "")
	if v == "" {
		p.fail(name, "is missing")
	}
	return v
}

func (p *properties) number(name string, fallback int) int {
	n, err := strconv.Atoi(p.text(name, strconv.Itoa(fallback)))
	if err != nil {
		p.fail(name, "expected an integer")
	}
	return n
}

// object gives a nested mapping, whose fields are checked in the same way.
func (p *properties) object(name string, read func(*properties)) bool {
	v, ok := p.get(name)
	if !ok {
		return false
	}
	p.nested(name, v, read)
	return true
}

func (p *properties) nested(name string, v any, read func(*properties)) {
	m, ok := v.(map[string]any)
	if !ok {
		p.fail(name, "expected a mapping")
		return
	}
	inner := &properties{node: p.node, values: m, lines: map[string]int{}, used: map[string]bool{}}
	for k := range m {
		inner.lines[k] = p.lines[name]
	}
	read(inner)
	if err := inner.finish(name); err != nil && p.err == nil {
		p.err = err
	}
}

// each visits the mappings of a list.
func (p *properties) each(name string, read func(*properties)) {
	for _, v := range p.list(name) {
		p.nested(name, v, read)
	}
}

func (p *properties) list(name string) []any {
	v, ok := p.get(name)
	if !ok {
		return nil
	}
	l, ok := v.([]any)
	if !ok {
		p.fail(name, "expected a list")
	}
	return l
}

// document gives a whole value as JSON; "" when it is not there. Text is taken to be JSON already.
func (p *properties) document(name string) string {
	v, ok := p.get(name)
	if !ok {
		return ""
	}
	if text, ok := v.(string); ok {
		if !json.Valid([]byte(text)) {
			p.fail(name, "is not JSON")
		}
		return text
	}
	return compactJSON(v)
}

// finish reports the first thing that was wrong.
func (p *properties) finish(of string) error {
	for _, name := range slices.Sorted(maps.Keys(p.values)) {
		if !p.used[name] {
			p.fail(name, "the sandbox does not know this property of %s", of)
		}
	}
	return p.err
}
