package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// Step is one step, checked as far as can be without running it.
type Step struct {
	Phase  string // arrange, act, assert, diagnose, cleanup
	Index  int    // from 0, in its list
	Kind   steps.Kind
	Pos    schema.Pos
	Params *schema.Node // normal, with holes
	Fields *schema.Node // the common fields as written, with holes, but when and for_each
	Common schema.StepFields
	When   *schema.Node // an expression, nil without one
	Expect assertions.Checks
	Uses   []string // ids of other steps it refers to
	Needs  []string // those of them whose results must be there

	// ForEach says for what the step runs again and again, nil for once;
	// WhenEach that its condition is asked at each turn.
	ForEach  *schema.Node
	WhenEach bool
	// Together are the steps of a parallel.
	Together []*Step
	// Block is what a use runs, with the values of its params in With.
	Block *Block
	With  *schema.Node

	place string
	facts steps.Facts // of the parameters, as far as they are known
}

// Place is where the step stands in its case: its phase and index, such as
// assert/0; inside another step that one's place and its own, assert/0/2.
func (s *Step) Place() string { return s.place }

// Within gives the step as it stands inside another place: one of a block's
// steps where the block is used.
func (s *Step) Within(place string) *Step {
	return s.at(fmt.Sprintf("%s/%d", place, s.Index))
}

// Turn gives the i-th turn of a step with for_each: the step itself, once.
func (s *Step) Turn(i int) *Step {
	t := s.at(fmt.Sprintf("%s/%d", s.place, i))
	t.ForEach = nil
	if !s.WhenEach {
		t.When = nil
	}
	return t
}

func (s *Step) at(place string) *Step {
	c := *s
	c.place = place
	c.Together = nil
	for _, x := range s.Together {
		c.Together = append(c.Together, x.Within(place))
	}
	return &c
}

// IDs are the step's own id and those of the steps of a parallel, which
// everything after it sees.
func (s *Step) IDs() []string {
	var l []string
	if s.Common.ID != "" {
		l = append(l, s.Common.ID)
	}
	if s.ForEach == nil {
		for _, x := range s.Together {
			l = append(l, x.IDs()...)
		}
	}
	return l
}

// Label names the step for a person: its kind and, where it has one, its name or id.
func (s *Step) Label() string {
	switch {
	case s.Common.Name != "":
		return s.Kind.Name + " " + s.Common.Name
	case s.Common.ID != "":
		return s.Kind.Name + " " + s.Common.ID
	}
	return s.Kind.Name
}

// Names lists the names that the step's parameters use, such as order.total.
func (s *Step) Names() []string {
	var l []string
	for _, u := range usesOf(s.Params) {
		if name := strings.Join(u.path, "."); !slices.Contains(l, name) {
			l = append(l, name)
		}
	}
	return l
}

// Looks says whether the step, or one inside it, checks something.
func (s *Step) Looks() bool {
	inside := s.Together
	if s.Block != nil {
		inside = s.Block.Steps
	}
	return !s.Expect.Empty() || s.facts.Reads || slices.ContainsFunc(inside, (*Step).Looks)
}

// keys are the names of a free result, nil where nobody knows them.
func (s *Step) keys() []string {
	if s.Block != nil {
		l := make([]string, 0, len(s.Block.Result.Entries))
		for _, e := range s.Block.Result.Entries {
			l = append(l, e.Key)
		}
		return l
	}
	return s.facts.Keys
}
