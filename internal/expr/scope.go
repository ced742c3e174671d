package expr

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// Scope is what the names of an expression mean. A Scope is read while an
// expression is evaluated and may be shared, unless Rand is set: a *rand.Rand
// serves one goroutine at a time.
type Scope struct {
	// Names holds the top-level names: vars, env, run, a step's id. A value is
	// a plain JSON document or a Lazy one.
	Names map[string]any
	// Lookup, when set, is asked for a top-level name before Names is. $ alone
	// and $[*] see only what Names holds.
	Lookup func(name string) (value any, ok bool, err error)
	// Dir is the folder that paths given to file() and render() start from.
	Dir string
	// Rand feeds random_int(); nil means the generator of the process.
	Rand *rand.Rand
}

// Lazy is a document whose fields are computed when they are asked for, such as
// vars that use one another. Its fields may be lazy too, but a plain document holds
// no lazy one. Field tells a field that does not exist (ok is
// false) from one that cannot be computed (err).
type Lazy interface {
	Field(name string) (value any, ok bool, err error)
	Fields() []string
}

// scopeRoot makes a Scope the document that $ stands for.
type scopeRoot struct{ scope *Scope }

func (r scopeRoot) Field(name string) (any, bool, error) {
	if r.scope == nil {
		return nil, false, nil
	}
	if r.scope.Lookup != nil {
		if v, ok, err := r.scope.Lookup(name); ok || err != nil {
			return v, ok, err
		}
	}
	v, ok := r.scope.Names[name]
	return v, ok, nil
}

func (r scopeRoot) Fields() []string {
	if r.scope == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(r.scope.Names))
}

// document makes a plain document of a lazy one, computing all its fields.
func document(v any) (any, error) {
	lazy, ok := v.(Lazy)
	if !ok {
		return v, nil
	}
	doc := map[string]any{}
	for _, name := range lazy.Fields() {
		field, ok, err := lazy.Field(name)
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		if doc[name], err = document(field); err != nil {
			return nil, err
		}
	}
	return doc, nil
}

// frame is the state of one evaluation; gval hands it to every part of an
// expression as its parameter.
type frame struct {
	scope   *Scope
	root    any  // what $ is
	current any  // what @ is, inside the brackets of a path
	filter  bool // and that is the element a filter looks at
	spent   *int
	depth   int // how many render() calls lead here
	render  func(c *call, path string) (any, error)
}

// maxValues bounds how many values one evaluation may visit or make, so that no
// expression can exhaust the machine.
const maxValues = 2_000_000

// spend counts n values against the bound of this evaluation.
func (f *frame) spend(n int) error {
	if *f.spent += n; *f.spent > maxValues {
		return faultf("more than %d values are visited; select less", maxValues)
	}
	return nil
}
