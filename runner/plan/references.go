package plan

import (
	"fmt"
	"maps"
	"regexp"
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
	optional bool   // it may be missing: default(x, y)
	source   string // the expression it stands in
}

// usesOf lists every name used by the holes in a node.
func usesOf(n *schema.Node) []use {
	var out []use
	eachHole(n, func(e *expr.Expr, at schema.Pos) {
		for _, r := range e.Refs() {
			if len(r.Path) > 0 {
				out = append(out, use{r.Path, at, r.Optional, e.String()})
			}
		}
	})
	return out
}

// eachHole visits every expression in a node, with its place.
func eachHole(n *schema.Node, visit func(*expr.Expr, schema.Pos)) {
	n.Walk(func(x *schema.Node) {
		if !x.Open() {
			return
		}
		for i, h := range x.Template.Holes() {
			at := x.Pos
			if i < len(x.Holes) {
				at = x.Holes[i]
			}
			visit(h.Expr, at)
		}
	})
}

// fixed are the names with known fields that every step sees.
var fixed = map[string][]string{
	"run":      {"id", "started_at", "environment"},
	"scenario": {"id", "name", "started_at", "trace_id", "trace_header"},
	"case":     {"name"},
}

// elsewhere are names that exist only in certain places.
var elsewhere = map[string]string{
	"row":    "row exists only in scenarios whose cases come from a file",
	"each":   "each exists only in a step with for_each",
	"params": "params exists only in a steps file",
}

// scenarioScope is what a step may refer to while a scenario, a suite's own
// steps or a block are planned one after the other.
type scenarioScope struct {
	*builder
	suite      *Suite
	vars       Vars
	without    map[string]string // vars that only some cases define: a case that does not
	ids        map[string]*Step  // earlier steps
	all        map[string]string // ids of every step, and where it stands
	hidden     map[string]string // ids that cannot be seen from here, and why
	broken     map[string]bool   // ids of steps that are wrong themselves: that was told
	current    string            // the id of the step being planned
	guess      bool              // the cases could not be read: nobody knows their vars
	suiteSteps map[string]*Step
	columns    []string // of row; nil where there is none
	each       bool     // inside a for_each
	ofSuite    bool
	block      *Block // being planned, nil outside a steps file
}

func newScope(b *builder, suite *Suite, vars Vars) *scenarioScope {
	return &scenarioScope{
		builder: b, suite: suite, vars: vars, ids: map[string]*Step{}, all: map[string]string{},
		hidden: map[string]string{}, broken: map[string]bool{}, suiteSteps: map[string]*Step{},
	}
}

// turns is the scope inside a for_each: what gets an id there is not seen outside.
func (s *scenarioScope) turns() *scenarioScope {
	c := *s
	c.ids, c.each = maps.Clone(s.ids), true
	return &c
}

// idsOf tells where the ids of steps stand, those inside a parallel included.
func idsOf(lists ...[]schema.Step) map[string]string {
	all := map[string]string{}
	var note func(n *schema.Node)
	note = func(n *schema.Node) {
		if id, ok := n.Get("id"); ok && id.Value.Kind == schema.Text {
			all[id.Value.Scalar] = place(n.Pos)
		}
		if inside, ok := n.Get("parallel"); ok {
			for _, x := range inside.Value.Items {
				note(x)
			}
		}
	}
	for _, list := range lists {
		for _, x := range list {
			if x.Fields != nil {
				note(&schema.Node{Pos: x.Pos, Kind: schema.Map, Entries: slices.Concat(x.Fields.Entries, x.Others)})
			}
		}
	}
	return all
}

// check says what is wrong with a name and tells of the step it belongs to.
func (s *scenarioScope) check(u use) *Step {
	head := u.path[0]
	if head == "vars" && len(u.path) > 1 {
		s.varNames[u.path[1]] = true
	}
	if u.optional {
		return s.ids[head]
	}
	if s.block != nil && slices.Contains([]string{"vars", "suite", "scenario", "case"}, head) {
		s.block.outer = append(s.block.outer, u)
		return nil
	}
	switch {
	case head == "vars":
		s.checkVar(u)
	case head == "env":
	case head == "suite":
		return s.checkSuite(u)
	case fixed[head] != nil:
		if s.ofSuite && head != "run" {
			s.p.Add(u.pos, "%s exists only in a scenario, not in a suite's own steps", head)
			return nil
		}
		s.checkName(u, fixed[head])
	case head == "each" && s.each:
		s.checkName(u, []string{"value", "index"})
	case head == "row" && s.guess:
	case head == "row" && s.columns != nil:
		s.checkName(u, s.columns)
	case head == "params" && s.block != nil:
		s.checkName(u, keys(s.block.Params))
	case elsewhere[head] != "":
		s.p.Add(u.pos, "%s", elsewhere[head])
	default:
		return s.checkStep(u)
	}
	return nil
}

// checkName refuses a field that a name with known fields does not have.
func (s *scenarioScope) checkName(u use, known []string) {
	if len(u.path) > 1 && !slices.Contains(known, u.path[1]) {
		s.p.Add(u.pos, "%s has no %q%s", u.path[0], u.path[1], insteadOf(u.path[1], known))
	}
}

func (s *scenarioScope) checkVar(u use) {
	if len(u.path) < 2 || s.vars.nodes[u.path[1]] != nil || s.guess {
		return
	}
	name := u.path[1]
	if lacking := s.without[name]; lacking != "" {
		s.p.Add(u.pos, "the var %q is defined by some cases only, and not by the case %s; give every case a value, or the scenario's vars one for all", name, lacking)
		return
	}
	s.p.Add(u.pos, "there is no var %q%s", name, insteadOf(name, s.vars.Names()))
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
	switch later, ok := s.all[head]; {
	case s.broken[head]:
	case s.hidden[head] != "":
		s.p.Add(u.pos, "%s", s.hidden[head])
	case head == s.current:
		s.p.Add(u.pos, "%s is this step itself; a step cannot use its own result", head)
	case ok:
		s.p.Add(u.pos, "%s is the result of a later step (%s); a step sees only those before it", head, later)
	case dashed(u.source, head) != "":
		name := dashed(u.source, head)
		s.p.Add(u.pos, "%s is read as a subtraction; a name with a dash in it stands in brackets: ['%s']", name, name)
	default:
		s.p.Add(u.pos, "nothing is called %q here%s", head, s.insteadOfName(u))
	}
	return nil
}

// insteadOfName says where a name that no step has could come from.
func (s *scenarioScope) insteadOfName(u use) string {
	head := u.path[0]
	for _, x := range s.ids {
		if x.Block != nil && slices.Contains(x.keys(), head) {
			return fmt.Sprintf("; write %s.%s", x.Common.ID, head)
		}
	}
	switch {
	case s.vars.nodes[head] != nil:
		return "; write vars." + head
	case s.suiteSteps[head] != nil:
		return "; write suite." + head
	case s.block != nil && s.block.Params[head] != (schema.Param{}):
		return "; write params." + head
	}
	known := append(keys(s.ids), "vars", "env", "run", "suite", "scenario", "case")
	if s.block != nil {
		known = append(known, "params")
	}
	if near := schema.DidYouMean(head, known); near != "" {
		return ": no step before this one has that id" + near
	}
	return fmt.Sprintf(": no step before this one has that id; if it is text, quote it: '%s'", head)
}

// dashed finds a name with dashes, the last part of which was taken for a name
// of its own: the - of detail-type is a minus.
func dashed(source, part string) string {
	name := regexp.MustCompile(`\.([A-Za-z_]\w*(?:-[A-Za-z_]\w*)*-` + regexp.QuoteMeta(part) + `)\b`).FindStringSubmatch(source)
	if name == nil {
		return ""
	}
	return name[1]
}

// startsDashed says whether a known name goes on with a dash where a path ends.
func startsDashed(known []string, field string) bool {
	return slices.ContainsFunc(known, func(k string) bool { return strings.HasPrefix(k, field+"-") })
}

// checkFields follows a path into the shape of a step's result.
func (s *scenarioScope) checkFields(u use, name string, step *Step, path []string) {
	if step.ForEach != nil {
		if len(path) > 0 {
			s.p.Add(u.pos, "%s is a list, a result for each turn of its for_each; write %s[0].%s for the first, %s[*].%s for all", name, name, path[0], name, path[0])
		}
		return
	}
	if step.Kind.FreeResult {
		if known := step.keys(); len(path) > 0 && known != nil && !slices.Contains(known, path[0]) && !startsDashed(known, path[0]) {
			s.p.Add(u.pos, "%s (%s) has no %q%s", name, step.Kind.Name, path[0], insteadOf(path[0], known))
		}
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
		if !ok || f.Shape.Type != steps.ListenerType || e.Value.Kind != schema.Text {
			continue
		}
		id := strings.TrimSpace(e.Value.Scalar)
		if e.Value.Open() {
			id = s.listenerIn(e.Value)
		}
		if id == "" {
			continue
		}
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

// listenerIn is the id of the listen step that an expression names and nothing
// more, such as ${orders}.
func (s *scenarioScope) listenerIn(n *schema.Node) string {
	uses := usesOf(n)
	if !n.Hole() || len(uses) != 1 {
		return ""
	}
	name := strings.Join(uses[0].path, ".")
	known := s.ids[name]
	if of, ok := strings.CutPrefix(name, "suite."); ok {
		known = s.suiteSteps[of]
	}
	if known == nil || !hasListener(known) || known.ForEach != nil || uses[0].source != name {
		return ""
	}
	return name
}

func (s *scenarioScope) isListener(id string, at schema.Pos) bool {
	known := s.ids
	name, ofSuite := strings.CutPrefix(id, "suite.")
	if ofSuite {
		known = s.suiteSteps
	}
	step, ok := known[name]
	switch {
	case !ok && s.broken[name] && !ofSuite:
		return false
	case !ok && s.all[name] != "" && !ofSuite:
		s.p.Add(at, "%s is a later step (%s); the listener must be ready before", name, s.all[name])
		return false
	case !ok:
		s.p.Add(at, "no listen step has the id %q%s", id, insteadOf(name, listeners(known)))
		return false
	case step.ForEach != nil && hasListener(step):
		s.p.Add(at, "%s is a list, a listener for each turn of its for_each; write ${%s[0].listener}, or an index of your own", id, id)
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

func keys[V any](m map[string]V) []string {
	l := make([]string, 0, len(m))
	for k := range m {
		l = append(l, k)
	}
	return l
}

func place(at schema.Pos) string { return fmt.Sprintf("line %d", at.Line) }
