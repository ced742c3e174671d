package schema

import (
	"errors"
	"path/filepath"
	"reflect"
	"strings"
)

// StepsFile holds definitions that scenarios run with use.
type StepsFile struct {
	File        string
	Definitions []Definition // as they stand in the file
}

// Definition is a list of steps with a name, which scenarios run with use.
type Definition struct {
	Params  map[string]Param `json:"params" doc:"What it is given: names, each with required or default."`
	Steps   []Step           `json:"steps" required:"true" doc:"What it does, in order; they see params, their own ids, vars, env, run, suite, scenario and case."`
	Result  map[string]*Node `json:"result" doc:"All that the outside sees: names, each with an expression."`
	Cleanup []Step           `json:"cleanup" doc:"Joins the clean-up of the scenario that uses it."`

	Name string `json:"-"`
	Pos  Pos    `json:"-"` // where the name stands
	Node *Node  `json:"-"`
}

// Param is something that a definition is given.
type Param struct {
	Required bool   `json:"required" doc:"Whether it must be given."`
	Default  *Node  `json:"default" doc:"Its value where it is not given; without one it is null."`
	Doc      string `json:"doc" doc:"What it is, for readers."`
}

var definitionType = reflect.TypeFor[Definition]()

// IsStepsFile says whether a file's name makes it a steps file.
func IsStepsFile(name string) bool {
	return strings.HasSuffix(name, ".steps.yaml") || strings.HasSuffix(name, ".steps.yml")
}

// Definition finds a definition by its name.
func (f *StepsFile) Definition(name string) (Definition, bool) {
	for _, d := range f.Definitions {
		if d.Name == name {
			return d, true
		}
	}
	return Definition{}, false
}

// Names lists the names of the definitions.
func (f *StepsFile) Names() []string {
	l := make([]string, 0, len(f.Definitions))
	for _, d := range f.Definitions {
		l = append(l, d.Name)
	}
	return l
}

// LoadStepsFile reads a steps file from its path. The error says why it cannot
// be read.
func LoadStepsFile(file string, p *Problems) (*StepsFile, error) {
	src, err := readFile(filepath.FromSlash(file))
	if err != nil {
		return nil, errors.New(reason(err))
	}
	return ReadStepsFile(file, src, p), nil
}

// ReadStepsFile reads the definitions of a steps file.
func ReadStepsFile(file string, src []byte, p *Problems) *StepsFile {
	f := &StepsFile{File: file}
	before := p.Errors()
	docs := ReadDocuments(file, src, p)
	for i, n := range docs {
		switch {
		case i > 0:
			p.Add(n.Pos, "a steps file holds one document, this is a second one")
		case n.Kind != Map:
			p.Add(n.Pos, "a steps file is a mapping of names to {params, steps, result, cleanup}, found %s", describe(n))
		default:
			for _, e := range withoutOwn(n).Entries {
				f.Definitions = append(f.Definitions, readDefinition(e, p))
			}
		}
	}
	if len(f.Definitions) == 0 && p.Errors() == before {
		p.Add(Pos{File: file}, "nothing is defined in this file; a definition is a name with {params, steps, result, cleanup}")
	}
	return f
}

func readDefinition(e Entry, p *Problems) Definition {
	d := Definition{Name: e.Key, Pos: e.KeyPos, Node: e.Value}
	if e.Value.Kind != Map {
		p.Add(e.Value.Pos, "%q is defined by a mapping of params, steps, result and cleanup, found %s", e.Key, describe(e.Value))
		return d
	}
	ShapeOf(definitionType).fillLiteral(e.Value, &d, p)
	if s, ok := e.Value.Get("steps"); ok && s.Value.Kind == List && len(s.Value.Items) == 0 {
		p.Add(s.Value.Pos, "%q has no steps, so using it would do nothing", e.Key)
	}
	params, _ := e.Value.Get("params")
	if params.Value == nil {
		return d
	}
	for _, x := range params.Value.Entries {
		_, hasDefault := x.Value.Get("default")
		if d.Params[x.Key].Required && hasDefault {
			p.Add(x.Value.At("default"), "%q is required, so its default is never taken; leave one of the two out", x.Key)
		}
	}
	return d
}
