package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

// use is one name that an expression uses.
type use struct {
	path     []string
	pos      schema.Pos
	optional bool // it may be missing: default(x, y)
}

// usesOf lists every name used by the holes in a node.
func usesOf(n *schema.Node) []use {
	var out []use
	n.Walk(func(x *schema.Node) {
		if !x.Open() {
			return
		}
		for i, h := range x.Template.Holes() {
			at := x.Pos
			if i < len(x.Holes) {
				at = x.Holes[i]
			}
			for _, r := range h.Expr.Refs() {
				if len(r.Path) > 0 {
					out = append(out, use{r.Path, at, r.Optional})
				}
			}
		}
	})
	return out
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

// fixed are the names with known fields that every step sees.
var fixed = map[string][]string{
	"run":      {"id", "started_at", "environment"},
	"scenario": {"id", "name", "started_at", "trace_id", "trace_header"},
	"case":     {"name"},
}

// elsewhere are names that exist only in certain places.
var elsewhere = map[string]string{
	"row":    "row exists only in cases that come from a file",
	"each":   "each exists only in a step with for_each",
	"params": "params exists only in a steps file",
}

// reserved names cannot be the id of a step.
var reserved = []string{"vars", "env", "run", "suite", "scenario", "case", "row", "each", "params", "true", "false", "null", "in"}

// scenarioScope is what a step may refer to while a scenario, or a suite's own
// steps, are planned one after the other.
type scenarioScope struct {
	*builder
	vars       Vars
	ids        map[string]*Step // earlier steps
	all        map[string]string
	suiteSteps map[string]*Step
	ofSuite    bool
}

// check says what is wrong with a name and tells of the step it belongs to.
func (s *scenarioScope) check(u use) *Step {
	head := u.path[0]
	if u.optional {
		return s.ids[head]
	}
	switch {
	case head == "vars":
		if len(u.path) > 1 && s.vars.nodes[u.path[1]] == nil {
			s.p.Add(u.pos, "there is no var %q%s", u.path[1], insteadOf(u.path[1], s.vars.Names()))
		}
	case head == "env":
	case head == "suite":
		return s.checkSuite(u)
	case fixed[head] != nil:
		if s.ofSuite && head != "run" {
			s.p.Add(u.pos, "%s exists only in a scenario, not in a suite's own steps", head)
		} else if len(u.path) > 1 && !slices.Contains(fixed[head], u.path[1]) {
			s.p.Add(u.pos, "%s has no %q%s", head, u.path[1], insteadOf(u.path[1], fixed[head]))
		}
	case elsewhere[head] != "":
		s.p.Add(u.pos, "%s", elsewhere[head])
	default:
		return s.checkStep(u)
	}
	return nil
}

// checkSuite tells of the step, too, where it is one of the suite's own that refers to it.
func (s *scenarioScope) checkSuite(u use) *Step {
	if len(u.path) < 2 {
		return nil
	}
	step, ok := s.suiteSteps[u.path[1]]
	if s.ofSuite {
		step, ok = s.ids[u.path[1]]
	}
	if !ok {
		s.p.Add(u.pos, "the suite's arrange has no step with the id %q%s", u.path[1], insteadOf(u.path[1], keys(s.suiteSteps)))
		return nil
	}
	s.checkFields(u, "suite."+u.path[1], step, u.path[2:])
	if s.ofSuite {
		return step
	}
	return nil
}

func (s *scenarioScope) checkStep(u use) *Step {
	head := u.path[0]
	step, ok := s.ids[head]
	if ok {
		s.checkFields(u, head, step, u.path[1:])
		return step
	}
	if later, ok := s.all[head]; ok {
		s.p.Add(u.pos, "%s is the result of a later step (%s); a step sees only those before it", head, later)
		return nil
	}
	known := append(keys(s.ids), "vars", "env", "run", "suite", "scenario", "case")
	s.p.Add(u.pos, "nothing is called %q here: no step before this one has that id%s", head, schema.DidYouMean(head, known))
	return nil
}

// checkFields follows a path into the shape of a step's result.
func (s *scenarioScope) checkFields(u use, name string, step *Step, path []string) {
	if step.Kind.FreeResult {
		return
	}
	shape := step.Kind.Result
	for _, field := range path {
		if shape == nil || shape.Any || shape.Custom || shape.Want != schema.Map || shape.Elem != nil {
			return
		}
		f, ok := shape.Field(field)
		if !ok {
			s.p.Add(u.pos, "%s (%s) has no %q%s", name, step.Kind.Name, field, insteadOf(field, shape.Names()))
			return
		}
		shape, name = f.Shape, name+"."+field
	}
}

// listenerParams turns parameters that name a listen step into expressions for
// its result, so that everything else treats them as such.
func (s *scenarioScope) listenerParams(k steps.Kind, n *schema.Node) *schema.Node {
	c := *n
	c.Entries = slices.Clone(n.Entries)
	for i, e := range c.Entries {
		f, ok := k.Params.Field(e.Key)
		if !ok || f.Shape.Type != steps.ListenerType || e.Value.Kind != schema.Text || e.Value.Open() {
			continue
		}
		id := strings.TrimSpace(e.Value.Scalar)
		if !s.isListener(id, e.Value.Pos) {
			continue
		}
		t, err := expr.ParseTemplate("${" + id + ".listener}")
		if err != nil {
			s.p.Add(e.Value.Pos, "%q is not the id of a listen step", id)
			continue
		}
		v := *e.Value
		v.Template, v.Holes = t, []schema.Pos{v.Pos}
		c.Entries[i].Value = &v
	}
	return &c
}

func (s *scenarioScope) isListener(id string, at schema.Pos) bool {
	known := s.ids
	name, ofSuite := strings.CutPrefix(id, "suite.")
	if ofSuite {
		known = s.suiteSteps
	}
	step, ok := known[name]
	switch {
	case !ok && s.all[name] != "" && !ofSuite:
		s.p.Add(at, "%s is a later step (%s); the listener must be ready before", name, s.all[name])
		return false
	case !ok:
		s.p.Add(at, "no listen step has the id %q%s", id, insteadOf(name, listeners(known)))
		return false
	case !hasListener(step):
		s.p.Add(at, "%s is a %s step, not a listen step%s", id, step.Kind.Name, insteadOf(name, listeners(known)))
		return false
	}
	return true
}

func hasListener(s *Step) bool {
	_, ok := s.Kind.Result.Field("listener")
	return ok
}

func listeners(m map[string]*Step) []string {
	var l []string
	for id, s := range m {
		if hasListener(s) {
			l = append(l, id)
		}
	}
	return l
}

func keys(m map[string]*Step) []string {
	l := make([]string, 0, len(m))
	for k := range m {
		l = append(l, k)
	}
	return l
}

func place(at schema.Pos) string { return fmt.Sprintf("line %d", at.Line) }
