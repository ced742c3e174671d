package plan

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

func (s *scenarioScope) checkMask(x *Step) {
	for _, path := range x.Common.Mask {
		if _, err := expr.ParsePath(path); err != nil {
			s.p.Add(x.Fields.At("mask"), "%q is not a path: %v", path, err)
		}
	}
}

// checkProbeFields refuses probe fields where nothing is probed.
func (s *scenarioScope) checkProbeFields(x *Step) {
	if x.Kind.Control {
		s.checkControlFields(x)
		return
	}
	c := x.Common
	if c.Keep && x.Params != nil && hasListener(x) {
		s.p.Add(x.Fields.At("keep"), "a listener cannot be kept: the whole run shares it, and it is removed at the run's end")
	}
	if isNothing(x.Fields, "within") {
		s.p.Add(x.Fields.At("within"), "within must be longer than nothing; leave it out to look once")
	}
	if isNothing(x.Fields, "throughout") {
		s.p.Add(x.Fields.At("throughout"), "throughout must be longer than nothing; leave it out to look once")
	}
	if x.Params != nil && !x.Kind.Reads(x.Params) {
		for _, field := range []string{"hold", "throughout"} {
			if e, ok := x.Fields.Get(field); ok {
				s.p.Add(e.KeyPos, "%s needs a step that looks; %s acts, and would have to act again", field, x.Kind.Name)
			}
		}
	}
	if isNothing(x.Fields, "every") {
		s.p.Add(x.Fields.At("every"), "every must be longer than nothing: a probe without a pause floods the service")
	}
	if c.WarnAfter != nil && x.Kind.Name != "" && x.Phase != "assert" && c.Within == nil {
		s.p.Add(x.Fields.At("warn_after"), "warn_after needs a probe: write within, or put the step into assert")
	}
}

// checkControlFields refuses what belongs to the steps that a step stands for.
func (s *scenarioScope) checkControlFields(x *Step) {
	refused := []string{"within", "every", "hold", "throughout", "warn_after", "mask"}
	if !x.Kind.FreeResult {
		refused = append(refused, "expect") // there is no result
	}
	for _, field := range refused {
		if e, ok := x.Fields.Get(field); ok {
			s.p.Add(e.KeyPos, "%s takes no %s; write it on the steps inside", x.Kind.Name, field)
		}
	}
}

func isOpen(n *schema.Node, key string) bool {
	e, ok := n.Get(key)
	return ok && e.Value.Open()
}

// isNothing says whether a duration is written and is zero.
func isNothing(n *schema.Node, key string) bool {
	e, ok := n.Get(key)
	if !ok || e.Value.Open() || e.Value.Kind != schema.Text {
		return false
	}
	d, err := time.ParseDuration(e.Value.Scalar)
	return err == nil && d == 0
}

// foreign are the ways in which other tools write ${vars.x}.
var foreign = regexp.MustCompile(`(?:\{\{-?\s*|\$\(|\$|<<?)(?:(?:vars|env|run|suite|scenario|case|row|each|params)\.[A-Za-z_][\w.]*)(?:\s*-?\}\}|\)|>>?)?`)

// warnOfForeignTemplates tells of text that another tool would expand.
func (s *scenarioScope) warnOfForeignTemplates(nodes ...*schema.Node) {
	for _, n := range nodes {
		n.Walk(func(x *schema.Node) {
			if x.Kind != schema.Text || x.Open() {
				return
			}
			if text := foreign.FindString(x.Scalar); text != "" {
				s.p.Warn(x.Pos, "%s stays text as it is written; rehearse evaluates ${%s}", text, strings.Trim(text, "{}$()-<> "))
			}
		})
	}
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
				if strings.Join(u.path, ".") == "scenario.id" || u.path[0] == "params" || s.ids[u.path[0]] != nil || u.path[0] == "vars" && s.namesAttempt(u) {
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
