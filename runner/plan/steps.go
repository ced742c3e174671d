package plan

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

var idForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// phases plans the steps of a scenario.
func (b *builder) phases(suite *Suite, s *schema.Scenario, vars Vars, cases []variation) Phases {
	in := newScope(b, suite, vars)
	in.without, in.columns = caseVars(cases), columns(cases)
	in.guess = s.Cases.From != nil && len(cases) == 0
	in.suiteSteps = suite.ids
	in.all = idsOf(s.Arrange, s.Act, s.Assert, s.Diagnose, s.Cleanup)
	var p Phases
	p.Arrange = in.steps("arrange", "arrange", s.Arrange)
	p.Act = in.steps("act", "act", s.Act)
	p.Assert = in.steps("assert", "assert", s.Assert)
	before := maps.Clone(in.ids)
	p.Diagnose = in.steps("diagnose", "diagnose", s.Diagnose)
	for id := range in.ids {
		if before[id] == nil {
			in.hidden[id] = id + " is a step of diagnose, and clean-up runs without a diagnosis too"
		}
	}
	in.ids = before
	p.Cleanup = in.steps("cleanup", "cleanup", s.Cleanup)
	b.atEnd = append(b.atEnd, func() { b.warnOfNothingChecked(s, p) })
	return p
}

func (b *builder) warnOfNothingChecked(s *schema.Scenario, p Phases) {
	all := slices.Concat(p.Arrange, p.Act, p.Assert)
	if _, written := s.Node.Get("assert"); len(all) == 0 || written && len(p.Assert) == 0 {
		return // an error already
	}
	if !slices.ContainsFunc(all, (*Step).Looks) {
		b.p.Warn(s.Name, "this scenario checks nothing: it passes as soon as its steps could be carried out; add an assert step that looks at something")
	}
}

// steps plans the steps of one list, which stand at a place, and makes them
// known to those after them.
func (s *scenarioScope) steps(place, phase string, list []schema.Step) []*Step {
	var out []*Step
	for i, written := range list {
		at := fmt.Sprintf("%s/%d", place, i)
		if x := s.step(&Step{Phase: phase, Index: i, Pos: written.Pos, Fields: written.Fields, Common: written.Common, place: at}, written); x != nil {
			out = append(out, x)
		}
	}
	return out
}

func (s *scenarioScope) step(x *Step, w schema.Step) *Step {
	if w.Fields == nil {
		return nil // not a mapping; told already
	}
	s.current = x.Common.ID
	in := s // the scope of what is evaluated at each turn
	if w.Common.ForEach != nil {
		x.ForEach = w.Common.ForEach.Node
		if x.Phase == "assert" && x.ForEach.Kind == schema.List && len(x.ForEach.Items) == 0 {
			s.p.Add(x.ForEach.Pos, "for_each has an empty list, so nothing would be checked")
		}
		in = s.turns()
		x.Uses, x.Needs = s.usesIn(x, x.ForEach)
	}
	s.when(x)
	x.Fields = fieldsWithout(x.Fields, "when", "for_each")
	kind, ok := s.kind(w)
	if ok {
		x.Kind, x.Pos = kind.kind, kind.pos
		in.plan(x, kind.params)
	}
	s.checkID(x, ok)
	if !ok {
		s.broken[x.Common.ID] = true
		return nil
	}
	if x.ForEach != nil {
		for id := range in.ids {
			if s.ids[id] == nil {
				s.hidden[id] = fmt.Sprintf("%s is seen only inside the for_each of %s: it has a result for each turn", id, place(x.Pos))
			}
		}
	}
	return x
}

// plan checks everything about a step of a known kind but its own id.
func (s *scenarioScope) plan(x *Step, params *schema.Node) {
	before := s.p.Errors()
	switch {
	case x.Kind.Control:
		x.Params = params
		s.control(x)
	default:
		x.Params = s.listenerParams(x.Kind, x.Kind.Normal(params, s.p))
		x.Kind.Check(x.Params, s.p)
		x.facts = x.Kind.Facts(x.Params)
	}
	if e, given := x.Fields.Get("expect"); given {
		x.Expect.ReadNode(e.Value, s.p)
		x.facts.Needs = append(x.facts.Needs, steps.SchemaNeeds(x.Expect.Schemas())...)
	}
	s.checkMask(x)
	s.checkIn(x)
	s.checkAccountNames(x)
	s.checkProbeFields(x)
	s.uses(x)
	if s.p.Errors() == before {
		s.refuseForeignTemplates(x.Params, x.Fields)
	}
	s.checkPaths(x)
	if x.Kind.Control {
		return
	}
	s.checkEmptyAnswer(x)
	s.warnOfForeignEvents(x)
}

// control plans the steps that a step stands for.
func (s *scenarioScope) control(x *Step) {
	if x.Kind.Params.Want == schema.Map {
		s.planUse(x)
		return
	}
	if x.Params.Hole() {
		s.p.Add(x.Params.Pos, "the steps of %s must be written out; expressions go into them", x.Kind.Name)
		return
	}
	var list []schema.Step
	before := s.p.Errors()
	x.Kind.Params.Fill(x.Params, "key", &list, s.p)
	if len(list) == 0 && s.p.Errors() == before {
		s.p.Add(x.Params.Pos, "%s takes a list of steps, and there is none", x.Kind.Name)
	}
	x.Together = s.steps(x.place, x.Phase, list)
	inside := x.IDs()
	for _, y := range x.Together { // the whole list waits for what one of its steps needs
		for _, id := range y.Uses {
			if !slices.Contains(inside, id) && !slices.Contains(x.Uses, id) {
				x.Uses = append(x.Uses, id)
			}
		}
	}
	x.Params = &schema.Node{Pos: x.Params.Pos, Kind: schema.Map} // their expressions are their own
}

// when reads the condition, which is asked at each turn where it uses each.
func (s *scenarioScope) when(x *Step) {
	if x.Common.When == nil {
		return
	}
	x.When = schema.AsExpression(x.Common.When, s.p)
	steps.CheckCondition("when", x.When, s.p)
	in := s
	if x.ForEach != nil && slices.ContainsFunc(usesOf(x.When), func(u use) bool { return u.path[0] == "each" }) {
		x.WhenEach, in = true, s.turns()
	}
	uses, needs := in.usesIn(x, x.When)
	x.Uses, x.Needs = merged(x.Uses, uses), merged(x.Needs, needs)
}

func fieldsWithout(n *schema.Node, keys ...string) *schema.Node {
	c := *n
	c.Entries = slices.DeleteFunc(slices.Clone(n.Entries), func(e schema.Entry) bool { return slices.Contains(keys, e.Key) })
	return &c
}

// uses checks every name the step uses and notes the steps it waits for.
func (s *scenarioScope) uses(x *Step) {
	nodes := []*schema.Node{x.Params}
	for _, e := range x.Fields.Entries {
		nodes = append(nodes, e.Value)
	}
	s.checkFiles(nodes...)
	uses, needs := s.usesIn(x, nodes...)
	x.Uses, x.Needs = merged(x.Uses, uses), merged(x.Needs, needs)
	s.after(x)
}

// usesIn checks the names in nodes: the steps they belong to, and those whose
// results must be there.
func (s *scenarioScope) usesIn(x *Step, nodes ...*schema.Node) (uses, needs []string) {
	for _, n := range nodes {
		for _, u := range usesOf(n) {
			step := s.check(u)
			if step == nil {
				continue
			}
			id := u.path[0]
			if id == "suite" {
				id = u.path[1]
			}
			uses = merged(uses, []string{id})
			if !u.optional {
				needs = merged(needs, []string{id})
			}
		}
	}
	return uses, needs
}

func merged(a, b []string) []string {
	for _, id := range b {
		if !slices.Contains(a, id) {
			a = append(a, id)
		}
	}
	return a
}

func (s *scenarioScope) after(x *Step) {
	e, given := x.Fields.Get("after")
	if !given || e.Value.Kind != schema.Text || e.Value.Open() {
		return
	}
	id, at := x.Common.After, e.Value.Pos
	step, ok := s.ids[id]
	switch {
	case x.Phase == "": // a definition that nothing uses may be meant for assert
	case x.Phase != "assert":
		s.p.Add(at, "after belongs into assert; in %s the steps run in their order anyway", x.Phase)
	case s.broken[id]:
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
	if e, written := x.Fields.Get("id"); !written || e.Value.Kind != schema.Text || e.Value.Open() {
		return
	}
	at := x.Fields.At("id")
	first, taken := s.ids[id]
	switch {
	case !idForm.MatchString(id):
		s.p.Add(at, "%q cannot be an id: it takes letters, digits and _, and does not begin with a digit", id)
		s.broken[id] = true
	case slices.Contains(schema.ReservedIDs(), id):
		s.p.Add(at, "%q cannot be an id: expressions use that name for something else", id)
		s.broken[id] = true
	case taken:
		s.p.Add(at, "the id %q is taken by the step in line %d", id, first.Pos.Line)
	case s.hidden[id] != "":
		s.p.Add(at, "the id %q is taken: %s", id, s.hidden[id])
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
	if len(known) == 1 && s.notIndented(known[0], unknown) {
		return foundKind{}, false
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

// notIndented reports a kind whose parameters stand beside it: all that the
// step has too much are its parameters, and the kind has none.
func (s *scenarioScope) notIndented(k foundKind, others []schema.Entry) bool {
	if k.params.Kind != schema.Null || len(others) == 0 {
		return false
	}
	var names []string
	for _, e := range others {
		if _, ok := k.kind.Params.Field(e.Key); !ok {
			return false
		}
		names = append(names, e.Key)
	}
	s.p.Add(others[0].KeyPos, "%s belong to %s: indent them deeper than it", strings.Join(names, ", "), k.kind.Name)
	return true
}

func (s *scenarioScope) insteadOfKind(wrong string, fields []string) string {
	if d := schema.DidYouMean(wrong, slices.Concat(s.catalogue.Names(), s.catalogue.Later(), fields)); d != "" {
		return d
	}
	return "; `rehearse steps` lists the kinds"
}
