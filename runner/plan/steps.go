package plan

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

var idForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// phases plans the steps of a scenario.
func (b *builder) phases(suite *Suite, s *schema.Scenario, vars Vars) Phases {
	wrong := b.p.Errors()
	in := &scenarioScope{builder: b, vars: vars, ids: map[string]*Step{}, all: map[string]string{}, suiteSteps: map[string]*Step{}}
	for _, x := range suite.Arrange {
		if x.Common.ID != "" {
			in.suiteSteps[x.Common.ID] = x
		}
	}
	for _, phase := range [][]schema.Step{s.Arrange, s.Act, s.Assert, s.Diagnose, s.Cleanup} {
		for _, x := range phase {
			if x.Common.ID != "" {
				in.all[x.Common.ID] = place(x.Pos)
			}
		}
	}
	var p Phases
	p.Arrange = in.steps("arrange", s.Arrange)
	p.Act = in.steps("act", s.Act)
	p.Assert = in.steps("assert", s.Assert)
	before := maps.Clone(in.ids)
	p.Diagnose = in.steps("diagnose", s.Diagnose)
	in.ids = before // clean-up runs without a diagnosis too
	p.Cleanup = in.steps("cleanup", s.Cleanup)
	if b.p.Errors() == wrong { // otherwise the errors come first
		b.warnOfNothingChecked(s, p)
	}
	return p
}

func (b *builder) warnOfNothingChecked(s *schema.Scenario, p Phases) {
	all := slices.Concat(p.Arrange, p.Act, p.Assert)
	if _, written := s.Node.Get("assert"); len(all) == 0 || written && len(p.Assert) == 0 {
		return // an error already
	}
	for _, x := range all {
		if !x.Expect.Empty() || x.Kind.Reads(x.Params) {
			return
		}
	}
	b.p.Warn(s.Name, "this scenario checks nothing: it passes as soon as its steps could be carried out; add an assert step that looks at something")
}

// steps plans the steps of one phase and makes them known to those after them.
func (s *scenarioScope) steps(phase string, list []schema.Step) []*Step {
	var out []*Step
	for i, written := range list {
		if x := s.step(phase, i, written); x != nil {
			out = append(out, x)
		}
	}
	return out
}

func (s *scenarioScope) step(phase string, index int, w schema.Step) *Step {
	if w.Fields == nil {
		return nil // not a mapping; told already
	}
	x := &Step{Phase: phase, Index: index, Pos: w.Pos, Fields: w.Fields, Common: w.Common}
	kind, ok := s.kind(w)
	if ok {
		x.Kind, x.Pos = kind.kind, kind.pos
		x.Params = s.listenerParams(x.Kind, x.Kind.Normal(kind.params, s.p))
		x.Kind.Check(x.Params, s.p)
	}
	if e, given := w.Fields.Get("expect"); given {
		x.Expect.ReadNode(e.Value, s.p)
	}
	if w.Common.When != nil {
		x.When = schema.AsExpression(w.Common.When, s.p)
		if !x.When.Open() && x.When.Kind != schema.Bool {
			s.p.Add(x.When.Pos, "when takes an expression that is true or false, found %s", x.When.Kind)
		}
	}
	s.checkMask(x)
	s.checkProbeFields(x)
	if ok {
		s.uses(x)
		s.checkPaths(x)
		s.checkEmptyAnswer(x)
		s.warnOfForeignEvents(x)
	}
	s.checkID(x, ok)
	if !ok {
		return nil
	}
	return x
}

// uses checks every name the step uses and notes the steps it waits for.
func (s *scenarioScope) uses(x *Step) {
	nodes := []*schema.Node{x.Params, x.When}
	for _, e := range x.Fields.Entries {
		if e.Key != "when" {
			nodes = append(nodes, e.Value)
		}
	}
	for _, n := range nodes {
		for _, u := range usesOf(n) {
			step := s.check(u)
			if step == nil {
				continue
			}
			x.Uses = withID(x.Uses, step)
			if !u.optional {
				x.Needs = withID(x.Needs, step)
			}
		}
	}
	s.after(x)
}

func (s *scenarioScope) after(x *Step) {
	id := x.Common.After
	if id == "" {
		return
	}
	at := x.Fields.At("after")
	step, ok := s.ids[id]
	switch {
	case x.Phase != "assert":
		s.p.Add(at, "after belongs into assert; in %s the steps run in their order anyway", x.Phase)
	case !ok:
		s.p.Add(at, "after names no earlier step: %q%s", id, insteadOf(id, keys(s.ids)))
	case step.Phase == "arrange":
		s.p.Add(at, "after names a step of arrange; it takes one of act or assert")
	default:
		x.Uses, x.Needs = withID(x.Uses, step), withID(x.Needs, step)
	}
}

func withID(ids []string, s *Step) []string {
	if slices.Contains(ids, s.Common.ID) {
		return ids
	}
	return append(ids, s.Common.ID)
}

func (s *scenarioScope) checkID(x *Step, ok bool) {
	id := x.Common.ID
	if _, written := x.Fields.Get("id"); !written {
		return
	}
	at := x.Fields.At("id")
	first, taken := s.ids[id]
	switch {
	case !idForm.MatchString(id):
		s.p.Add(at, "%q cannot be an id: it takes letters, digits and _, and does not begin with a digit", id)
	case slices.Contains(reserved, id) || slices.ContainsFunc(expr.Functions(), func(f expr.Function) bool { return f.Name == id }):
		s.p.Add(at, "%q cannot be an id: expressions use that name for something else", id)
	case taken:
		s.p.Add(at, "the id %q is taken by the step in line %d", id, first.Pos.Line)
	case ok:
		s.ids[id] = x
	}
}

// found is the kind of a step as it was written.
type foundKind struct {
	kind   steps.Kind
	params *schema.Node
	pos    schema.Pos
}

// kind finds the one kind among the keys that are not common fields.
func (s *scenarioScope) kind(w schema.Step) (foundKind, bool) {
	var known []foundKind
	var unknown []schema.Entry
	for _, e := range w.Others {
		if k, ok := s.catalogue.Kind(e.Key); ok {
			known = append(known, foundKind{k, e.Value, e.KeyPos})
		} else {
			unknown = append(unknown, e)
		}
	}
	fields := schema.FieldsShape().Names()
	for _, e := range unknown {
		switch {
		case slices.Contains(s.catalogue.Later(), e.Key):
			s.p.Add(e.KeyPos, "the step kind %q belongs to the format, but this version of rehearse does not have it yet", e.Key)
		case len(known) > 0:
			s.p.Add(e.KeyPos, "unknown field %q of a step%s", e.Key, insteadOf(e.Key, fields))
		default:
			s.p.Add(e.KeyPos, "unknown step kind %q%s", e.Key, s.insteadOfKind(e.Key, fields))
		}
	}
	switch {
	case len(known) > 1:
		s.p.Add(known[1].pos, "a step has one kind, and this one has %s and %s; make them two steps", known[0].kind.Name, known[1].kind.Name)
		return foundKind{}, false
	case len(known) == 0 && len(unknown) == 0:
		s.p.Add(w.Pos, "this step has no kind: it needs a key such as put_event or execution; `rehearse steps` lists them")
	}
	if len(known) == 0 {
		return foundKind{}, false
	}
	return known[0], true
}

func (s *scenarioScope) insteadOfKind(wrong string, fields []string) string {
	if d := schema.DidYouMean(wrong, append(s.catalogue.Names(), fields...)); d != "" {
		return d
	}
	return "; `rehearse steps` lists the kinds"
}

func (s *scenarioScope) checkMask(x *Step) {
	for _, path := range x.Common.Mask {
		if _, err := expr.ParsePath(path); err != nil {
			s.p.Add(x.Fields.At("mask"), "%q is not a path: %v", path, err)
		}
	}
}

// checkProbeFields refuses probe fields where nothing is probed.
func (s *scenarioScope) checkProbeFields(x *Step) {
	c := x.Common
	if c.Keep && x.Params != nil && hasListener(x) {
		s.p.Add(x.Fields.At("keep"), "a listener cannot be kept: the whole run shares it, and it is removed at the run's end")
	}
	if c.Within != nil && *c.Within == 0 && !isOpen(x.Fields, "within") {
		s.p.Add(x.Fields.At("within"), "within must be longer than nothing; leave it out to look once")
	}
	if c.Throughout != nil && *c.Throughout == 0 && !isOpen(x.Fields, "throughout") {
		s.p.Add(x.Fields.At("throughout"), "throughout must be longer than nothing; leave it out to look once")
	}
	if x.Params != nil && !x.Kind.Reads(x.Params) {
		for _, field := range []string{"hold", "throughout"} {
			if e, ok := x.Fields.Get(field); ok {
				s.p.Add(e.KeyPos, "%s needs a step that looks; %s acts, and would have to act again", field, x.Kind.Name)
			}
		}
	}
	if c.Every != nil && *c.Every == 0 && !isOpen(x.Fields, "every") {
		s.p.Add(x.Fields.At("every"), "every must be longer than nothing: a probe without a pause floods the service")
	}
	if c.WarnAfter != nil && x.Kind.Name != "" && x.Phase != "assert" && c.Within == nil {
		s.p.Add(x.Fields.At("warn_after"), "warn_after needs a probe: write within, or put the step into assert")
	}
}

func isOpen(n *schema.Node, key string) bool {
	e, ok := n.Get(key)
	return ok && e.Value.Open()
}

// warnOfForeignEvents looks at steps that take from a listener: without a name
// of this attempt in what they ask for, another case's event could satisfy them.
func (s *scenarioScope) warnOfForeignEvents(x *Step) {
	takes := ""
	for _, f := range x.Kind.Params.Fields {
		if f.Shape.Type == steps.ListenerType {
			takes = f.Name
		}
	}
	if takes == "" || s.ofSuite {
		return
	}
	for _, n := range []*schema.Node{x.Params, x.Fields} {
		for _, e := range n.Entries {
			if e.Key == takes {
				continue
			}
			for _, u := range usesOf(e.Value) {
				if strings.Join(u.path, ".") == "scenario.id" || s.ids[u.path[0]] != nil || u.path[0] == "vars" && s.namesAttempt(u) {
					return
				}
			}
		}
	}
	s.p.Warn(x.Pos, "%s names neither scenario.id nor a step's result: an event of another case could satisfy it", x.Kind.Name)
}

// namesAttempt says whether a var leads to scenario.id.
func (s *scenarioScope) namesAttempt(u use) bool {
	if len(u.path) < 2 {
		return false
	}
	return slices.ContainsFunc(usesOf(s.vars.nodes[u.path[1]]), func(v use) bool { return v.path[0] == "scenario" })
}
