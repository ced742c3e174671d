package mock

import (
	"maps"
	"slices"
	"strconv"
)

// circles finds the references by which a schema asks of a value that it fits
// that very schema, with nothing taken from the value in between. No validator
// can follow them. Source: JSON Schema 2020-12 Core, 9.4.1.
func (n *normaliser) circles() {
	const (
		walking = 1
		walked  = 2
	)
	state := map[string]int{}
	var walk func(at string)
	walk = func(at string) {
		state[at] = walking
		body, _ := lookUp(n.doc, at)
		o, _ := body.(map[string]any)
		for _, next := range inPlace(at, o) {
			switch state[next] {
			case walking:
				n.problem(at, "this schema leads back to itself: what it refers to (#%s) is the same schema again, not a part of the value", next)
			case 0:
				walk(next)
			}
		}
		state[at] = walked
	}
	for _, at := range slices.Sorted(maps.Keys(n.done)) {
		if state[at] == 0 {
			walk(at)
		}
	}
}

// inPlace are the schemas that one asks the same value to fit, or not to fit.
func inPlace(at string, o map[string]any) []string {
	var all []string
	if to, ok := target(o); ok {
		all = append(all, to)
	}
	for _, word := range []string{"allOf", "anyOf", "oneOf"} {
		list, _ := o[word].([]any)
		for i := range list {
			all = append(all, pointer(at, word, strconv.Itoa(i)))
		}
	}
	for _, word := range []string{"not", "if", "then", "else"} {
		if o[word] != nil {
			all = append(all, pointer(at, word))
		}
	}
	dependent, _ := o["dependentSchemas"].(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(dependent)) {
		all = append(all, pointer(at, "dependentSchemas", name))
	}
	return all
}
