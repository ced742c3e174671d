package plan

import (
	"slices"

	"github.com/rehearse-dev/rehearse/assertions"
	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
)

// checkPaths follows the paths of the checks into the shape of the result.
func (s *scenarioScope) checkPaths(x *Step) {
	for _, p := range x.Expect.Paths() {
		s.checkPath(x, p.Path, p.Pos)
	}
}

// checkPath refuses a path that can never lead anywhere in a step's result.
func (s *scenarioScope) checkPath(x *Step, path *expr.Path, at schema.Pos) {
	leading := path.Leading()
	if x.Kind.FreeResult {
		if known := x.keys(); len(leading) > 0 && known != nil && !slices.Contains(known, leading[0]) {
			s.p.Add(at, "the result of %s has no %q%s", x.Kind.Name, leading[0], insteadOf(leading[0], known))
		}
		return
	}
	if len(leading) > 0 && slices.Contains(x.facts.Absent, leading[0]) {
		s.p.Add(at, "with these parameters the result of %s never has %q, whatever is there", x.Kind.Name, leading[0])
		return
	}
	shape, name := x.Kind.Result, "the result of "+x.Kind.Name
	for _, field := range leading {
		if shape == nil || shape.Any || shape.Custom || shape.Want != schema.Map || shape.Elem != nil {
			return
		}
		f, ok := shape.Field(field)
		if !ok {
			s.p.Add(at, "%s has no %q%s", name, field, insteadOf(field, shape.Names()))
			return
		}
		shape, name = f.Shape, field
	}
}

// checkEmptyAnswer asks for throughout or hold where the checks of a reading
// step would hold although there is nothing: the first empty look would pass.
func (s *scenarioScope) checkEmptyAnswer(x *Step) {
	if x.Phase != "assert" || MustHold(x.Common) || isOpen(x.Fields, "hold") || isOpen(x.Fields, "throughout") || !x.facts.Reads || s.demandsOpen(x) {
		return
	}
	var ignored schema.Problems
	b := x.Kind.Bind(x.Params, &ignored)
	checks := Checks(b.Success, b.Demands, x.Expect)
	if ignored.Errors() > 0 || !checks.Known() {
		return // told already, or only the run can tell
	}
	if HoldsOnNothing(x, checks) {
		s.p.Add(x.Pos, "this holds on an empty answer, so the first look would pass before anything could happen; write how long it must hold: throughout: 5s (from the first look on) or hold: 5s (once it holds)")
	}
}

// MustHold says whether a step asks its checks to hold for a while.
func MustHold(c schema.StepFields) bool {
	return c.Throughout != nil || c.Hold != nil && *c.Hold > 0
}

// demandsOpen says whether a parameter that may decide what is demanded, such
// as a count, is an expression: then only the run can tell.
func (s *scenarioScope) demandsOpen(x *Step) bool {
	return slices.ContainsFunc(x.Params.Entries, func(e schema.Entry) bool {
		f, ok := x.Kind.Params.Field(e.Key)
		return ok && e.Value.Hole() && (f.Shape.Custom || f.Shape.Want != schema.Text)
	})
}

// HoldsOnNothing says whether checks hold on the answer that a kind gives when
// there is nothing.
func HoldsOnNothing(x *Step, checks assertions.Checks) bool {
	if x.Kind.Pure {
		return false // it looks at what is there already
	}
	empty, err := x.Kind.EmptyAnswer()
	return err == nil && checks.Holds(empty)
}

// Checks puts a step's checks together: what the kind takes for success, where
// no check of the user's stands on that path, what the parameters demand, and
// what the user expects.
func Checks(success, demands, expect assertions.Checks) assertions.Checks {
	return success.Uncovered(expect).And(demands).And(expect)
}
