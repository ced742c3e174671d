package plan

import (
	"regexp"
	"slices"
	"strings"

	"github.com/rehearse-dev/rehearse/internal/expr"
	"github.com/rehearse-dev/rehearse/schema"
	"github.com/rehearse-dev/rehearse/steps"
)

func (s *scenarioScope) checkMask(x *Step) {
	list, _ := x.Fields.Get("mask")
	for i, text := range x.Common.Mask {
		if i >= len(list.Value.Items) {
			return
		}
		at := list.Value.Items[i].Pos
		path, err := expr.ParsePath(text)
		if err != nil {
			s.p.Add(at, "%q is not a path: %v", text, err)
			continue
		}
		s.checkPath(x, path, at)
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
	if !x.facts.Reads {
		for _, field := range []string{"hold", "throughout"} {
			if e, ok := x.Fields.Get(field); ok {
				s.p.Add(e.KeyPos, "%s needs a step that looks; %s acts, and would have to act again", field, x.Kind.Name)
			}
		}
	}
	s.checkQuiet(x)
	if c.WarnAfter != nil && x.Kind.Name != "" && x.Phase != "assert" && c.Within == nil {
		s.p.Add(x.Fields.At("warn_after"), "warn_after needs a probe: write within, or put the step into assert")
	}
}

// checkQuiet refuses clocks that leave a step no time to see that nothing more comes.
func (s *scenarioScope) checkQuiet(x *Step) {
	if !x.Kind.Settles {
		return
	}
	if e, ok := x.Fields.Get("throughout"); ok {
		s.p.Add(e.KeyPos, "%s waits by itself until nothing more comes, and throughout would end at its first look; leave it out", x.Kind.Name)
	}
	_, expects := x.Fields.Get("expect")
	if x.Common.Within == nil || x.facts.Early && !expects && x.Common.ID == "" {
		return
	}
	if quiet := x.facts.Quiet; *x.Common.Within > 0 && *x.Common.Within < quiet { // 0: that was told
		s.p.Add(x.Fields.At("within"), "a within of %s is too short: this %s passes only when nothing more has come for %s (settle); write a longer within or a shorter settle", *x.Common.Within, x.Kind.Name, quiet)
	}
}

// checkControlFields refuses what belongs to the steps that a step stands for.
func (s *scenarioScope) checkControlFields(x *Step) {
	refused := []string{"within", "every", "hold", "throughout", "warn_after", "in", "mask"}
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

// foreign are the ways in which other tools write ${vars.x}.
var foreign = regexp.MustCompile(`(?:\{\{-?\s*|\$\(|\$|<<?)(?:(?:vars|env|run|suite|scenario|case|row|each|params)\.[A-Za-z_][\w.]*)(?:\s*-?\}\}|\)|>>?)?`)

// refuseForeignTemplates refuses text that another tool would expand: left as
// it is, a check could look for something that never comes.
func (s *scenarioScope) refuseForeignTemplates(nodes ...*schema.Node) {
	for _, n := range nodes {
		n.Walk(func(x *schema.Node) {
			if x.Kind != schema.Text || x.Open() {
				return
			}
			if text := foreign.FindString(x.Scalar); text != "" {
				s.p.Add(x.Pos, "%s is not evaluated; write ${%s}, or ${'%s'} to mean the text as it stands", text, strings.Trim(text, "{}$()-<> "), text)
			}
		})
	}
}

// checkFiles refuses files that expressions name in so many words and that are
// not there.
func (s *scenarioScope) checkFiles(nodes ...*schema.Node) {
	for _, n := range nodes {
		eachHole(n, func(e *expr.Expr, at schema.Pos) {
			for _, f := range e.Files() {
				new(steps.File).ReadNode(&schema.Node{Pos: at, Kind: schema.Text, Scalar: f.Path}, s.p)
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
